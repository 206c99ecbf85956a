/* Segments, the interrupt table, the interrupt controllers and the timer, and where every trap arrives. */
#include "../kernel.h"

#define TIMER_HZ 250u

extern void stub0(void), stub6(void), stub8(void), stub13(void), stub14(void), stub32(void), stub39(void), stub48(void), stub128(void);
extern void reload_segments(void);
extern char boot_stack_top[];

volatile u32 ticks;
volatile u32 soft_interrupts;

static u64 gdt[6];
static u64 idt[256];
static struct { u32 link, esp0, ss0; u32 rest[22]; u16 trap, iopb; } tss;

struct __attribute__((packed)) table { u16 limit; u32 base; };

static void gate(int vector, void (*stub)(void), u32 attributes)
{
    u32 a = (u32)stub;
    idt[vector] = (u64)((a & 0xffff0000u) | attributes) << 32 | 0x00080000u | (a & 0xffff);
}

void set_kernel_stack(u32 top)
{
    tss.esp0 = top;
}

static void interrupt_controllers_init(void)
{
    out8(0x20, 0x11); out8(0xa0, 0x11);
    out8(0x21, 32); out8(0xa1, 40);
    out8(0x21, 4); out8(0xa1, 2);
    out8(0x21, 1); out8(0xa1, 1);
    out8(0x21, 0xfe); out8(0xa1, 0xff);
    u32 divisor = 1193182u / TIMER_HZ;
    out8(0x43, 0x34);
    out8(0x40, (u8)divisor);
    out8(0x40, (u8)(divisor >> 8));
}

void traps_init(void)
{
    gdt[1] = 0x00cf9a000000ffffull;
    gdt[2] = 0x00cf92000000ffffull;
    gdt[3] = 0x00cffa000000ffffull;
    gdt[4] = 0x00cff2000000ffffull;
    u32 t = (u32)&tss;
    gdt[5] = (u64)(t & 0xff000000u) << 32 | 0x0000890000000000ull | (u64)(t & 0xffffffu) << 16 | (sizeof tss - 1);
    tss.ss0 = 0x10;
    tss.iopb = sizeof tss;
    set_kernel_stack((u32)boot_stack_top);
    struct table g = { sizeof gdt - 1, (u32)gdt };
    load_gdt(&g);
    reload_segments();
    load_task(0x28);
    gate(0, stub0, 0x8e00);
    gate(6, stub6, 0x8e00);
    gate(8, stub8, 0x8e00);
    gate(13, stub13, 0x8e00);
    gate(14, stub14, 0x8e00);
    gate(32, stub32, 0x8e00);
    gate(39, stub39, 0x8e00);
    gate(48, stub48, 0x8e00);
    gate(128, stub128, 0xee00);
    struct table i = { sizeof idt - 1, (u32)idt };
    load_idt(&i);
    interrupt_controllers_init();
}

static void die(struct frame *f)
{
    print("kernel trap ");
    print_unsigned(f->vector);
    print(" error ");
    print_hex(f->error);
    print(" at ");
    print_hex(f->pc);
    print(" address ");
    print_hex(fault_address());
    print("\n");
    halt_forever();
}

struct frame *trap(struct frame *f)
{
    switch (f->vector) {
    case 32:
        ticks++;
        out8(0x20, 0x20);
        return process_running() ? process_switch(f) : f;
    case 39:
        return f; /* spurious */
    case 48:
        soft_interrupts++;
        return f;
    case 128:
        return process_trap(f);
    case 14:
        return process_page_fault(f, fault_address());
    default:
        die(f);
        return f;
    }
}
