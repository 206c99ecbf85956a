/* Segments, the interrupt table and the task's stack, for 32-bit code. */
#include "../kernel.h"

extern void reload_segments(void);

static u64 gdt[6];
static u64 idt[256];
static struct { u32 link, esp0, ss0; u32 rest[22]; u16 trap, iopb; } tss;

struct __attribute__((packed)) table { u16 limit; u32 base; };

void set_gate(int vector, void (*stub)(void), u32 attributes)
{
    u32 a = (u32)stub;
    idt[vector] = (u64)((a & 0xffff0000u) | attributes) << 32 | 0x00080000u | (a & 0xffff);
}

void set_kernel_stack(u32 top)
{
    tss.esp0 = top;
}

void tables_init(void)
{
    gdt[1] = 0x00cf9a000000ffffull;
    gdt[2] = 0x00cf92000000ffffull;
    gdt[3] = 0x00cffa000000ffffull;
    gdt[4] = 0x00cff2000000ffffull;
    u32 t = (u32)&tss;
    gdt[5] = (u64)(t & 0xff000000u) << 32 | 0x0000890000000000ull | (u64)(t & 0xffffffu) << 16 | (sizeof tss - 1);
    tss.ss0 = 0x10;
    tss.iopb = sizeof tss;
    struct table g = { sizeof gdt - 1, (u32)gdt };
    load_gdt(&g);
    reload_segments();
    load_task(0x28);
    struct table i = { sizeof idt - 1, (u32)idt };
    load_idt(&i);
}
