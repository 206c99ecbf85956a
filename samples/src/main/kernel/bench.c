/* Micro-benchmarks of what only a kernel can do. One line each: b NAME CYCLES-PER-OPERATION */
#include "kernel.h"

void report(const char *name, u32 count, u64 cycles)
{
    u32 each, rest;
    u32 high = (u32)(cycles >> 32) % count;
    __asm__("divl %4" : "=a"(each), "=d"(rest) : "0"((u32)cycles), "1"(high), "r"(count));
    print("b ");
    print(name);
    print(" ");
    print_unsigned(each);
    print("\n");
}

static void page_table_update(void)
{
    u32 window = KERNEL_MAPPED - PAGE;
    entry_t *e = page_entry(kernel_directory, window, 0);
    entry_t saved = *e;
    u32 one = page_alloc(), two = page_alloc();
    u32 wrong = 0;
    *(u32 *)one = 1;
    *(u32 *)two = 2;
    u64 t = time_stamp();
    for (u32 i = 0; i < 10000; i++) {
        change_mapping(e, window, entry(i & 1 ? two : one, PRESENT | WRITABLE));
        if (*(volatile u32 *)window != (i & 1) + 1)
            wrong++;
    }
    t = time_stamp() - t;
    change_mapping(e, window, saved);
    page_free(one);
    page_free(two);
    if (wrong)
        print("page-table update not seen\n");
    report("page-table-update", 10000, t);
}

static void port_io(void)
{
    u64 t = time_stamp();
    for (u32 i = 0; i < 20000; i++)
        in8(0x21);
    report("port-in", 20000, time_stamp() - t);
}

static void interrupt(void)
{
    soft_interrupts = 0;
    u64 t = time_stamp();
    for (u32 i = 0; i < 20000; i++)
        __asm__ volatile("int $48" ::: "memory");
    t = time_stamp() - t;
    if (soft_interrupts != 20000)
        print("interrupts lost\n");
    report("interrupt", 20000, t);
}

static void context_switch(void)
{
    u32 a = space_create(), b = space_create();
    set_page_entry(page_entry(a, USER_BASE, 1), entry(page_alloc(), PRESENT | WRITABLE));
    set_page_entry(page_entry(b, USER_BASE, 1), entry(page_alloc(), PRESENT | WRITABLE));
    u64 t = time_stamp();
    for (u32 i = 0; i < 5000; i++) {
        load_address_space(a);
        *(volatile u32 *)USER_BASE += 1;
        load_address_space(b);
        *(volatile u32 *)USER_BASE += 2;
    }
    t = time_stamp() - t;
    u32 seen = *(volatile u32 *)USER_BASE;
    load_address_space(kernel_directory);
    space_destroy(a);
    space_destroy(b);
    if (seen != 10000)
        print("address spaces mixed up\n");
    report("address-space-switch", 10000, t);
}

static void timer(void)
{
    u32 start = ticks;
    while (ticks - start < 5)
        wait_for_interrupt();
    print("timer: interrupts arrive\n");
}

void benchmarks_run(void)
{
    page_table_update();
    port_io();
    interrupt();
    context_switch();
    timer();
}
