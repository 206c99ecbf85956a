/* A page's mapping changes under processors that use it: after they have been interrupted to flush it, none sees the old one (SDM vol. 3A, 4.10.5). */
#include "machine.h"

#define WINDOW 0x40000000u

static u32 directory[1024] __attribute__((aligned(4096)));
static volatile u32 table[1024] __attribute__((aligned(4096)));
static u32 frames[2][1024] __attribute__((aligned(4096)));
static struct cell flushed[MAX_PROCESSORS];
/* Odd while the mapping is being changed. */
static volatile u32 generation, stop, stale, lost, used;
static u32 rounds;

static void flush(int number)
{
    asm volatile("invlpg (%0)" : : "r"(WINDOW) : "memory");
    flushed[number].v = generation;
}

static void shoot(void)
{
    asm volatile("invlpg (%0)" : : "r"(WINDOW) : "memory");
    apic_write(0x300, 0xc0000 | VECTOR_FLUSH);
    for (int n = 1; n < processors; n++)
        while (flushed[n].v != generation)
            pause();
}

static void paging(void)
{
    asm volatile("movl %%cr4, %%eax; orl $0x10, %%eax; movl %%eax, %%cr4; movl %0, %%cr3; movl %%cr0, %%eax; orl $0x80000000, %%eax; movl %%eax, %%cr0"
                 : : "r"(directory) : "eax", "memory");
}

static void no_paging(void)
{
    asm volatile("movl %%cr0, %%eax; andl $0x7fffffff, %%eax; movl %%eax, %%cr0; xorl %%eax, %%eax; movl %%eax, %%cr3" : : : "eax", "memory");
}

static void remapped(int number)
{
    volatile u32 *word = (volatile u32 *) WINDOW;
    paging();
    if (number == 0) {
        asm volatile("sti");
        for (u32 i = 0; i < rounds; i++) {
            generation++;
            table[0] = (u32) frames[i & 1] | 3;
            shoot();
            generation++;
            delay(4000);
        }
        stop = 1;
        asm volatile("cli");
    } else {
        asm volatile("sti");
        while (!stop) {
            u32 before = generation;
            u32 seen = *word;
            u32 after = generation;
            /* Rounds count from 0, and each is two generations. */
            if (before == after && !(before & 1) && before && seen != ((before / 2 - 1) & 1))
                xadd(&stale, 1);
        }
        asm volatile("cli");
    }
    no_paging();
}

/* Stores through a mapping that is being moved: each goes to the one frame or the other, none is lost, and none comes late. */
static void written(int number)
{
    volatile u32 *word = (volatile u32 *) WINDOW + 1;
    paging();
    if (number == 0) {
        asm volatile("sti");
        for (u32 i = 0; i < rounds; i++) {
            u32 *old = frames[~i & 1];
            generation++;
            table[0] = (u32) frames[i & 1] | 3;
            shoot();
            u32 at_flush = *(volatile u32 *) (old + 1);
            generation++;
            delay(4000);
            lost += *(volatile u32 *) (old + 1) != at_flush;
        }
        stop = 1;
        asm volatile("cli");
    } else {
        asm volatile("sti");
        for (u32 n = 0; !stop; n++)
            *word = n;
        asm volatile("cli");
    }
    no_paging();
}

/* One processor clears an entry, others use its page and so set accessed and dirty bits in it: a cleared entry stays cleared. */
static void cleared(int number)
{
    paging();
    if (number == 0) {
        for (u32 i = 0; i < rounds * 10; i++) {
            u32 old = 0;
            table[1] = (u32) frames[0] | 3;
            delay(200);
            asm volatile("xchgl %0, %1" : "+r"(old), "+m"(table[1]) : : "memory");
            used += old >> 6 & 1;
            delay(200);
            lost += table[1] != 0;
        }
        stop = 1;
    } else {
        while (!stop)
            asm volatile("movl $1f, %%ecx; movl %1, %%edx; invlpg (%0); incl (%0); 1:" : : "r"(WINDOW + 4096), "i"(EXPECTED_FAULT) : "ecx", "edx", "memory");
    }
    no_paging();
}

static void start(void)
{
    generation = stop = stale = lost = used = 0;
    for (int i = 0; i < MAX_PROCESSORS; i++)
        flushed[i].v = 0;
    table[0] = (u32) frames[1] | 3;
    frames[0][0] = 0;
    frames[1][0] = 1;
}

void checks_translations(void)
{
    for (u32 i = 0; i < 1024; i++)
        directory[i] = i << 22 | 0x83;
    directory[WINDOW >> 22] = (u32) table | 7;
    on_flush = flush;
    rounds = 100 * scale;
    start();
    on_each(processors, remapped);
    verdict("remapped", stale == 0, "stale", stale);
    start();
    on_each(processors, written);
    verdict("written", lost == 0, "late", lost);
    start();
    on_each(processors, cleared);
    verdict("cleared-entries", lost == 0, lost ? "came back" : "dirtied", lost ? lost : used);
}
