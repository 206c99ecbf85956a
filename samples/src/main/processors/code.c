/* Code that one processor writes and others run (SDM vol. 3A, 9.1.3): after a serializing instruction they run what was written before. */
#include "machine.h"

static unsigned char page[2 * 4096] __attribute__((aligned(4096)));
static volatile u32 published, stop, stale, calls;
static u32 rounds;
typedef u32 (*function)(void);

/* movl $value, %eax; ret: the value on a multiple of four. */
static void emit(unsigned char *at, u32 value)
{
    at[3] = 0xb8;
    *(u32 *) (at + 4) = value;
    at[8] = 0xc3;
}

static void patched(int number)
{
    unsigned char *at = page + 64;
    if (number == 0) {
        for (u32 i = 1; i <= rounds; i++) {
            *(volatile u32 *) (at + 4) = i;
            published = i;
            for (u32 n = calls; calls - n < 20; )
                pause();
        }
        stop = 1;
    } else {
        while (!stop) {
            u32 before = published;
            serialize();
            for (int i = 0; i < 50; i++)
                if (((function) (at + 3))() < before)
                    xadd(&stale, 1);
            xadd(&calls, 1);
        }
    }
}

static volatile function next;

/* New code at ever new places, and in a page that has been run before; whoever has seen the pointer may call. */
static void published_code(int number)
{
    if (number == 0) {
        for (u32 i = 1; i <= rounds; i++) {
            unsigned char *at = page + 4096 + i * 16 % 4096;
            emit(at, i);
            published = i;
            next = (function) (at + 3);
            for (u32 n = calls; calls - n < 4; )
                pause();
        }
        stop = 1;
    } else {
        while (!stop) {
            u32 before = published;
            function f = next;
            serialize();
            if (f && f() < before - 1)
                xadd(&stale, 1);
            xadd(&calls, 1);
        }
    }
}

static void start(void)
{
    stop = stale = calls = published = 0;
}

void checks_code(void)
{
    start();
    rounds = 60 * scale;
    emit(page + 64, 0);
    on_each(processors, patched);
    verdict("patched-code", stale == 0, "stale", stale);
    start();
    on_each(processors, published_code);
    verdict("published-code", stale == 0, "stale", stale);
}
