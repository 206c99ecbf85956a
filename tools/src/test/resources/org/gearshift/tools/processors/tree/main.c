/* Every piece of work by a thread of its own, all at once, several times; a queue under a mutex gives out the work. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "work.h"

enum { THREADS = 4, WORKS = 8, SEEDS = 6 };

static const struct { const char *name; uint64_t (*work)(uint32_t); } works[WORKS] = {
    {"bits", bits}, {"digest", digest}, {"queens", queens}, {"life", life}, {"sorted", sorted}, {"digits", digits}, {"matrix", matrix}, {"text", text},
};
static uint64_t results[WORKS * SEEDS];
static int given, done;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t finished = PTHREAD_COND_INITIALIZER;

static void *thread(void *unused)
{
    (void) unused;
    for (;;) {
        pthread_mutex_lock(&lock);
        int n = given < WORKS * SEEDS ? given++ : -1;
        pthread_mutex_unlock(&lock);
        if (n < 0)
            return NULL;
        results[n] = works[n % WORKS].work(n / WORKS * 2654435769u + 1);
        pthread_mutex_lock(&lock);
        done++;
        pthread_cond_signal(&finished);
        pthread_mutex_unlock(&lock);
    }
}

int main(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, thread, NULL))
            return 2;
    pthread_mutex_lock(&lock);
    while (done < WORKS * SEEDS)
        pthread_cond_wait(&finished, &lock);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int w = 0; w < WORKS; w++) {
        printf("%s", works[w].name);
        for (int s = 0; s < SEEDS; s++)
            printf(" %016" PRIx64, results[s * WORKS + w]);
        printf("\n");
    }
    return 0;
}
