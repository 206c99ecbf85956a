/* The interrupt table's entries, the interrupt controllers and the timer, and where every trap arrives. */
#include "../kernel.h"

#define TIMER_HZ 250u

extern void stub0(void), stub6(void), stub8(void), stub13(void), stub14(void), stub32(void), stub39(void), stub48(void), stub128(void);
/* tables.c */
void set_gate(int vector, void (*stub)(void), u32 attributes);
void tables_init(void);
extern char boot_stack_top[];

volatile u32 ticks;
volatile u32 soft_interrupts;

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
    tables_init();
    set_kernel_stack((u32)(unsigned long)boot_stack_top);
    set_gate(0, stub0, 0x8e00);
    set_gate(6, stub6, 0x8e00);
    set_gate(8, stub8, 0x8e00);
    set_gate(13, stub13, 0x8e00);
    set_gate(14, stub14, 0x8e00);
    set_gate(32, stub32, 0x8e00);
    set_gate(39, stub39, 0x8e00);
    set_gate(48, stub48, 0x8e00);
    set_gate(128, stub128, 0xee00);
    interrupt_controllers_init();
}

static void die(struct frame *f)
{
    print("kernel trap ");
    print_unsigned((u32)f->vector);
    print(" error ");
    print_hex((u32)f->error);
    print(" at ");
    print_hex((u32)f->pc);
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
