/* Segments, the interrupt table and the task's stack, for 64-bit code. */
#include "../kernel.h"

extern void reload_segments(void);

static u64 gdt[7];
static struct { u64 low, high; } idt[256];
static struct __attribute__((packed)) { u32 none; u64 rsp0; u8 rest[90]; u16 iopb; } tss;

struct __attribute__((packed)) table { u16 limit; u64 base; };

void set_gate(int vector, void (*stub)(void), u32 attributes)
{
    u32 a = (u32)(u64)stub;
    idt[vector].low = (u64)((a & 0xffff0000u) | attributes) << 32 | 0x00080000u | (a & 0xffff);
}

void set_kernel_stack(u32 top)
{
    tss.rsp0 = top;
}

void tables_init(void)
{
    gdt[1] = 0x00af9a000000ffffull;
    gdt[2] = 0x00cf92000000ffffull;
    gdt[3] = 0x00affa000000ffffull;
    gdt[4] = 0x00cff2000000ffffull;
    u32 t = (u32)(u64)&tss;
    gdt[5] = (u64)(t & 0xff000000u) << 32 | 0x0000890000000000ull | (u64)(t & 0xffffffu) << 16 | (sizeof tss - 1);
    tss.iopb = sizeof tss;
    struct table g = { sizeof gdt - 1, (u64)gdt };
    load_gdt(&g);
    reload_segments();
    load_task(0x28);
    struct table i = { sizeof idt - 1, (u64)idt };
    load_idt(&i);
}
