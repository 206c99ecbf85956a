/* The C library's qsort, and a search tree on its heap. */
#include <stdlib.h>
#include "work.h"

struct node { struct node *less, *more; uint32_t key; };

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;
    return (x > y) - (x < y);
}

static uint64_t taken_down(struct node *n, uint64_t sum)
{
    if (!n)
        return sum;
    sum = taken_down(n->less, sum) * 31 + n->key;
    sum = taken_down(n->more, sum);
    free(n);
    return sum;
}

uint64_t sorted(uint32_t seed)
{
    enum { N = 5000 };
    uint32_t *all = malloc(N * sizeof *all);
    struct node *root = NULL;
    for (int i = 0; i < N; i++) {
        struct node **at = &root;
        all[i] = next(&seed);
        while (*at)
            at = all[i] < (*at)->key ? &(*at)->less : &(*at)->more;
        *at = calloc(1, sizeof **at);
        (*at)->key = all[i];
    }
    qsort(all, N, sizeof *all, by_value);
    uint64_t sum = 0;
    for (int i = 0; i < N; i++)
        sum = sum * 31 + all[i];
    free(all);
    return sum == taken_down(root, 0) ? sum : 0;
}
