/* Every privileged operation of the sample kernel, for a PC in 64-bit mode: four-level page tables. Everything lies below 4 GiB, so that addresses are kept in 32 bits. */
#ifndef MACHINE_H
#define MACHINE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define MACHINE_NAME "pc, 64-bit"
#define BOOT_PROTOCOL "PVH"
#define BOOT_MAGIC 0x336ec578u

/* What an interrupt leaves on the kernel stack, lowest address first. */
struct frame {
    u64 r15, r14, r13, r12, r11, r10, r9, r8;
    u64 rdi, rsi, rbp, b, rdx, c, a;
    u64 vector, error;
    u64 pc, cs, flags, sp, ss;
};

static inline void frame_start(struct frame *f, u32 pc, u32 sp, u32 argument)
{
    f->pc = pc;
    f->cs = 0x1b;
    f->flags = 0x202;
    f->sp = sp;
    f->ss = 0x23;
    f->a = argument;
}

/* An entry of the page tables: the page it leads to and what it allows. */
typedef u64 entry_t;
static inline entry_t entry(u32 page, u32 allows) { return page | allows; }
static inline u32 entry_page(entry_t e) { return (u32)e & ~4095u; }

#include "../pc/instructions.h"

static inline u64 time_stamp(void)
{
    u32 low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (u64)high << 32 | low;
}

static inline void load_address_space(u32 directory) { __asm__ volatile("movq %0,%%cr3" :: "r"((u64)directory) : "memory"); }
static inline u32 fault_address(void) { u64 v; __asm__ volatile("movq %%cr2,%0" : "=r"(v)); return (u32)v; }

static inline void copy(void *to, const void *from, u32 n)
{
    u64 count = n;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) :: "memory");
}
static inline void zero(void *to, u32 n)
{
    u64 count = n;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0) : "memory");
}
#endif
