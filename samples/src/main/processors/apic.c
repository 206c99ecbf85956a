/* Interrupts between processors: every way to name a destination (SDM vol. 3A, 11.6). */
#include "machine.h"

static void take_interrupts(int number)
{
    if (number == 0)
        return;
    asm volatile("sti");
    while (!counted[0].pad[0])
        pause();
    asm volatile("cli");
}

static u32 sum(struct cell *cells)
{
    u32 all = 0;
    for (int i = 0; i < processors; i++)
        all += cells[i].v;
    return all;
}

/* Sends, and waits until as many as expected have come; then a little longer for those that should not. */
static void send(u32 high, u32 low, struct cell *cells, u32 expected)
{
    apic_write(0x310, high);
    apic_write(0x300, low);
    for (u32 i = 0; i < 2000000 && sum(cells) < expected; i++)
        pause();
    for (u32 i = 0; i < 1000; i++)
        pause();
}

static void clear(void)
{
    for (int i = 0; i < processors; i++)
        counted[i].v = nmis[i].v = 0;
}

static void sender(int number)
{
    if (number) {
        take_interrupts(number);
        return;
    }
    asm volatile("sti");
    u32 wrong = 0;
    for (int to = 0; to < processors; to++) {
        clear();
        send(destination(to), VECTOR_COUNT, counted, 1);
        wrong += counted[to].v != 1 || sum(counted) != 1;
    }
    verdict("physical", !wrong, "wrong", wrong);
    clear();
    send(0, 0xc0000 | VECTOR_COUNT, counted, processors - 1);
    verdict("all-but-self", counted[0].v == 0 && sum(counted) == (u32) processors - 1, "came", sum(counted));
    clear();
    send(0, 0x80000 | VECTOR_COUNT, counted, processors);
    verdict("all", sum(counted) == (u32) processors, "came", sum(counted));
    clear();
    send(0, 0x40000 | VECTOR_COUNT, counted, 1);
    verdict("self", counted[0].v == 1 && sum(counted) == 1, "came", sum(counted));
    clear();
    send(0xff000000, VECTOR_COUNT, counted, processors);
    verdict("physical-broadcast", sum(counted) == (u32) processors, "came", sum(counted));
    clear();
    send(3u << 24, 0x800 | VECTOR_COUNT, counted, 2);
    verdict("logical", counted[0].v == 1 && counted[1].v == 1 && sum(counted) == 2, "came", sum(counted));
    clear();
    apic_write(0x80, 0x20);
    send(3u << 24, 0x900 | VECTOR_COUNT, counted, 1);
    apic_write(0x80, 0);
    verdict("lowest-priority", counted[1].v == 1 && sum(counted) == 1, "came", sum(counted));
    clear();
    send(destination(1), 0x400, nmis, 1);
    verdict("nmi", nmis[1].v == 1 && sum(nmis) == 1, "came", sum(nmis));
    clear();
    u32 many = 100 * scale;
    for (u32 i = 0; i < many; i++)
        for (u32 n = 1, before = counted[n].v; n == 1; n++) {
            apic_write(0x310, destination(1));
            apic_write(0x300, VECTOR_COUNT);
            while (counted[1].v == before)
                pause();
        }
    verdict("many", counted[1].v == many, "came", counted[1].v);
    asm volatile("cli");
    counted[0].pad[0] = 1;
}

static volatile u32 halted;

static void sleeper(int number)
{
    if (number == 1) {
        u32 before = counted[1].v;
        halted = 1;
        while (counted[1].v == before)
            asm volatile("sti; hlt; cli" ::: "memory");
    } else if (number == 0) {
        while (!halted)
            pause();
        for (u32 i = 0; i < 10000; i++)
            pause();
        apic_write(0x310, destination(1));
        apic_write(0x300, VECTOR_COUNT);
    }
}

void checks_apic(void)
{
    on_each(processors, sender);
    on_each(2, sleeper);
    verdict("wakes-from-halt", 1, "interrupts", counted[1].v);
}
