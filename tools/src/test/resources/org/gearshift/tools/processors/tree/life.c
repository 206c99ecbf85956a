/* Conway's Life on a torus. */
#include <string.h>
#include "work.h"

#define SIDE 64

uint64_t life(uint32_t seed)
{
    static _Thread_local unsigned char now[SIDE][SIDE], then[SIDE][SIDE];
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            now[y][x] = next(&seed) & 1;
    uint64_t sum = 0;
    for (int generation = 0; generation < 20; generation++) {
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                int n = -now[y][x];
                for (int dy = -1; dy <= 1; dy++)
                    for (int dx = -1; dx <= 1; dx++)
                        n += now[(y + dy) & (SIDE - 1)][(x + dx) & (SIDE - 1)];
                then[y][x] = n == 3 || (n == 2 && now[y][x]);
                sum = sum * 3 + then[y][x];
            }
        memcpy(now, then, sizeof now);
    }
    return sum;
}
