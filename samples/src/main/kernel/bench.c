/*
 * Micro-benchmarks of what only a kernel can do. One line each: b NAME CYCLES-PER-OPERATION OPERATIONS; all rounds are counted in these, in those only such that are like others. A first half of the rounds goes through all rows and is not
 * measured: what the first rows found new, the translator knows then for all of them.
 */
#include "kernel.h"

u32 rounds = 1;

void rounds_from(const char *line)
{
    static const char name[] = "rounds=";
    for (; line && *line; line++) {
        u32 n = 0;
        while (name[n] && line[n] == name[n])
            n++;
        if (name[n])
            continue;
        u32 value = 0;
        for (line += n; *line >= '0' && *line <= '9' && value <= MOST_ROUNDS; line++)
            value = value * 10 + (u32)(*line - '0');
        rounds = value < 1 ? 1 : value > MOST_ROUNDS ? MOST_ROUNDS : value;
        return;
    }
}

static int measured;

/* Goes through a benchmark, of which one round takes some milliseconds. */
static void row(const char *name, u32 operations, u64 (*round)(u32 operations))
{
    u64 times[MOST_ROUNDS];
    u32 n = measured ? measured_rounds(rounds) : rounds - measured_rounds(rounds), i = 0;
    while (i < n)
        times[i++] = round(operations);
    if (!measured || !i)
        return;
    print("b ");
    print(name);
    print(" ");
    print_unsigned(each(settled(times, n), operations));
    print(" ");
    print_unsigned(operations * n);
    print("\n");
}

static u32 one, two;

static u64 page_table_update(u32 operations)
{
    u32 window = KERNEL_MAPPED - PAGE;
    entry_t *e = page_entry(kernel_directory, window, 0);
    entry_t saved = *e;
    u32 wrong = 0;
    *(u32 *)one = 1;
    *(u32 *)two = 2;
    u64 t = time_stamp();
    for (u32 i = 0; i < operations; i++) {
        change_mapping(e, window, entry(i & 1 ? two : one, PRESENT | WRITABLE | ACCESSED)); /* accessed from the start, as kernels make entries for themselves */
        if (*(volatile u32 *)window != (i & 1) + 1)
            wrong++;
    }
    t = time_stamp() - t;
    change_mapping(e, window, saved);
    if (wrong)
        print("page-table update not seen\n");
    return t;
}

static u64 port_io(u32 operations)
{
    u64 t = time_stamp();
    for (u32 i = 0; i < operations; i++)
        in8(0x21);
    return time_stamp() - t;
}

static u64 interrupt(u32 operations)
{
    soft_interrupts = 0;
    u64 t = time_stamp();
    for (u32 i = 0; i < operations; i++)
        __asm__ volatile("int $48" ::: "memory");
    t = time_stamp() - t;
    if (soft_interrupts != operations)
        print("interrupts lost\n");
    return t;
}

static u32 first_space, second_space;

static u64 context_switch(u32 operations)
{
    u64 t = time_stamp();
    load_address_space(first_space);
    *(volatile u32 *)USER_BASE = 0;
    for (u32 i = 0; i < operations; i += 2) {
        load_address_space(first_space);
        *(volatile u32 *)USER_BASE += 1;
        load_address_space(second_space);
        *(volatile u32 *)USER_BASE += 2;
    }
    t = time_stamp() - t;
    load_address_space(first_space);
    if (*(volatile u32 *)USER_BASE != operations / 2)
        print("address spaces mixed up\n");
    load_address_space(kernel_directory);
    return t;
}

static void address_spaces(void)
{
    first_space = space_create();
    second_space = space_create();
    set_page_entry(page_entry(first_space, USER_BASE, 1), entry(page_alloc(), PRESENT | WRITABLE));
    set_page_entry(page_entry(second_space, USER_BASE, 1), entry(page_alloc(), PRESENT | WRITABLE));
    row("address-space-switch", 40000, context_switch);
    space_destroy(first_space);
    space_destroy(second_space);
}

static void timer(void)
{
    u32 start = ticks;
    while (ticks - start < 5)
        wait_for_interrupt();
    print("timer: interrupts arrive\n");
}

static void rows(void)
{
    one = page_alloc();
    two = page_alloc();
    row("page-table-update", 20000, page_table_update);
    page_free(one);
    page_free(two);
    row("port-in", 40000, port_io);
    row("interrupt", 20000, interrupt);
    address_spaces();
}

void benchmarks_warm_up(void)
{
    rows();
}

void benchmarks_run(void)
{
    measured = 1;
    rows();
    timer();
}
