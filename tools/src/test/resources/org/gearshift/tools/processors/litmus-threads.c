/* The litmus tests of samples/src/main/processors as a program with threads, one bound to each processor: litmus N runs each N times 10,240 times. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include "litmus.c"

int processors;
u32 scale = 1, litmus_scale;
static int bad;
static void (*todo)(int);
static volatile u32 arrived, phase;

void print(const char *text)
{
    printf("%s", text);
}

void print_number(u32 n)
{
    printf("%u", n);
}

void verdict(const char *name, int good, const char *what, u32 number)
{
    printf("%-4s %-12s %s %u", good ? "ok" : "FAIL", name, what, number);
    bad += !good;
}

void barrier(int n)
{
    u32 now = phase;
    if (xadd(&arrived, 1) == (u32) n - 1) {
        arrived = 0;
        phase = now + 1;
    } else {
        for (u32 spins = 0; phase == now; spins++)
            if (spins > 2000)
                pause();
    }
}

static void *thread(void *number)
{
    int n = (int) (long) number;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(n, &set);
    if (sched_setaffinity(0, sizeof set, &set))
        exit(2);
    todo(n);
    return NULL;
}

void on_each(int n, void (*f)(int))
{
    pthread_t threads[MAX_PROCESSORS];
    todo = f;
    for (int i = 0; i < n; i++)
        if (pthread_create(&threads[i], NULL, thread, (void *) (long) i))
            exit(2);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    processors = CPU_COUNT(&set);
    litmus_scale = argc > 1 ? atoi(argv[1]) : 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    checks_litmus();
    return bad != 0;
}
