/* Ways to put queens on a board so that none attacks another. */
#include "work.h"

static uint64_t ways(uint32_t all, uint32_t columns, uint32_t left, uint32_t right)
{
    uint64_t n = columns == all;
    for (uint32_t free = all & ~(columns | left | right); free; free &= free - 1) {
        uint32_t bit = free & -free;
        n += ways(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return n;
}

uint64_t queens(uint32_t seed)
{
    return ways((1u << (8 + seed % 2)) - 1, 0, 0, 0);
}
