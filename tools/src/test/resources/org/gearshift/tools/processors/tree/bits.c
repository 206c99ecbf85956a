/* Counting, reversing and rotating bits. */
#include "work.h"

static uint64_t reversed(uint64_t v)
{
    uint64_t r = 0;
    for (int i = 0; i < 64; i++)
        r |= (v >> i & 1) << (63 - i);
    return r;
}

uint64_t bits(uint32_t seed)
{
    uint64_t sum = 0;
    for (int i = 0; i < 2000; i++) {
        uint64_t v = (uint64_t) next(&seed) << 32 | next(&seed);
        int by = next(&seed) & 63;
        sum += reversed(v) ^ (v << by | v >> (-by & 63));
        sum += (uint64_t) __builtin_popcountll(v) << (i & 31);
    }
    return sum;
}
