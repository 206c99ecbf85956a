/* Every privileged operation of the sample kernel, for a PC: 32-bit code, two-level page tables. ../pc64/machine.h is the same for 64-bit code, ../xen/machine.h for a paravirtual domain. */
#ifndef MACHINE_H
#define MACHINE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define MACHINE_NAME "pc"
#define BOOT_PROTOCOL "multiboot"
#define BOOT_MAGIC 0x2badb002u

/* What an interrupt leaves on the kernel stack, lowest address first. sp and ss are there only when it came from user mode. */
struct frame {
    u32 es, ds;
    u32 edi, esi, ebp, unused_esp, b, edx, c, a;
    u32 vector, error;
    u32 pc, cs, flags, sp, ss;
};

static inline void frame_start(struct frame *f, u32 pc, u32 sp, u32 argument)
{
    f->es = f->ds = 0x23;
    f->pc = pc;
    f->cs = 0x1b;
    f->flags = 0x202;
    f->sp = sp;
    f->ss = 0x23;
    f->a = argument;
}

/* An entry of the lowest page tables: the page it maps and what it allows. */
typedef u32 entry_t;
static inline entry_t entry(u32 page, u32 allows) { return page | allows; }
static inline u32 entry_page(entry_t e) { return e & ~4095u; }

#include "../pc/instructions.h"

static inline u64 time_stamp(void) { u64 t; __asm__ volatile("rdtsc" : "=A"(t)); return t; }

static inline void load_address_space(u32 directory) { __asm__ volatile("movl %0,%%cr3" :: "r"(directory) : "memory"); }
static inline u32 fault_address(void) { u32 v; __asm__ volatile("movl %%cr2,%0" : "=r"(v)); return v; }
static inline void enable_paging(u32 directory)
{
    u32 v;
    load_address_space(directory);
    __asm__ volatile("movl %%cr0,%0" : "=r"(v));
    v |= 0x80010000u; /* PG, WP */
    __asm__ volatile("movl %0,%%cr0" :: "r"(v) : "memory");
}

static inline void copy(void *to, const void *from, u32 n)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) :: "memory");
}
static inline void zero(void *to, u32 n)
{
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(0) : "memory");
}
#endif
