/* Every privileged operation of the sample kernel, for a PC: 32-bit code, two-level page tables. ../xen/machine.h is the same for a paravirtual domain. */
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

static inline void out8(u16 port, u8 v) { __asm__ volatile("outb %0,%1" :: "a"(v), "Nd"(port)); }
static inline void out16(u16 port, u16 v) { __asm__ volatile("outw %0,%1" :: "a"(v), "Nd"(port)); }
static inline u8 in8(u16 port) { u8 v; __asm__ volatile("inb %1,%0" : "=a"(v) : "Nd"(port)); return v; }

static inline u64 time_stamp(void) { u64 t; __asm__ volatile("rdtsc" : "=A"(t)); return t; }

static inline void interrupts_on(void) { __asm__ volatile("sti" ::: "memory"); }
static inline void interrupts_off(void) { __asm__ volatile("cli" ::: "memory"); }
static inline void wait_for_interrupt(void) { __asm__ volatile("sti; hlt; cli" ::: "memory"); }
static inline void halt_forever(void) { for (;;) __asm__ volatile("cli; hlt"); }

static inline void load_gdt(const void *pointer) { __asm__ volatile("lgdt (%0)" :: "r"(pointer) : "memory"); }
static inline void load_idt(const void *pointer) { __asm__ volatile("lidt (%0)" :: "r"(pointer) : "memory"); }
static inline void load_task(u16 selector) { __asm__ volatile("ltr %0" :: "r"(selector)); }

static inline void load_address_space(u32 directory) { __asm__ volatile("movl %0,%%cr3" :: "r"(directory) : "memory"); }
static inline u32 fault_address(void) { u32 v; __asm__ volatile("movl %%cr2,%0" : "=r"(v)); return v; }
static inline void flush_page(u32 address) { __asm__ volatile("invlpg (%0)" :: "r"(address) : "memory"); }
static inline void set_page_entry(entry_t *e, entry_t value) { *(volatile entry_t *)e = value; }
/* Changes what a page of the current address space maps. */
static inline void change_mapping(entry_t *e, u32 address, entry_t value) { set_page_entry(e, value); flush_page(address); }
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
