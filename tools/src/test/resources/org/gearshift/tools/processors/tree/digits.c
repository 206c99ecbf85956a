/* Digits of e by a spigot. */
#include "work.h"

uint64_t digits(uint32_t seed)
{
    enum { N = 400 };
    int remainders[N];
    uint64_t sum = seed;
    for (int i = 0; i < N; i++)
        remainders[i] = 1;
    for (int d = 0; d < N / 2; d++) {
        int carry = 0;
        for (int i = N - 1; i >= 0; i--) {
            int v = remainders[i] * 10 + carry;
            remainders[i] = v % (i + 2);
            carry = v / (i + 2);
        }
        sum = sum * 31 + carry;
    }
    return sum;
}
