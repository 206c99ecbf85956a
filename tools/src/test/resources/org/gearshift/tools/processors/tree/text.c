/* Numbers to text and back, with the C library's printf, strtoull and memory functions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "work.h"

uint64_t text(uint32_t seed)
{
    char line[200], copy[200];
    uint64_t sum = 0;
    for (int i = 0; i < 3000; i++) {
        uint64_t v = (uint64_t) next(&seed) << 32 | next(&seed);
        int n = snprintf(line, sizeof line, "%llx %d %.6f %s", (unsigned long long) v, (int) v, (double) (v >> 40) / 64, i & 1 ? "odd" : "even");
        memset(copy, 0, sizeof copy);
        memcpy(copy, line, n);
        if (strtoull(copy, NULL, 16) != v || strcmp(line, copy))
            return 0;
        for (char *c = copy; *c; c++)
            sum = sum * 33 + *c;
    }
    return sum;
}
