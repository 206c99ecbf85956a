#include <stddef.h>
#include <stdint.h>

/* Each works out a number from a seed, always the same one for that seed. */
uint64_t bits(uint32_t seed);
uint64_t digest(uint32_t seed);
uint64_t queens(uint32_t seed);
uint64_t life(uint32_t seed);
uint64_t sorted(uint32_t seed);
uint64_t digits(uint32_t seed);
uint64_t matrix(uint32_t seed);
uint64_t text(uint32_t seed);

static inline uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}
