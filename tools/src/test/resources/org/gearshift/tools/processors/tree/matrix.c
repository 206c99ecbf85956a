/* Products of small numbers in double precision: exact, so that no order of additions matters. */
#include "work.h"

#define SIDE 48

uint64_t matrix(uint32_t seed)
{
    static _Thread_local double a[SIDE][SIDE], b[SIDE][SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) {
        a[i / SIDE][i % SIDE] = next(&seed) % 1000;
        b[i / SIDE][i % SIDE] = next(&seed) % 1000;
    }
    uint64_t sum = 0;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            double c = 0;
            for (int k = 0; k < SIDE; k++)
                c += a[i][k] * b[k][j];
            sum = sum * 7 + (uint64_t) c;
        }
    return sum;
}
