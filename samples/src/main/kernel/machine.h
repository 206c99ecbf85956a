/* Every privileged operation of the sample kernel, for a PC. A paravirtual twin is the same kernel with another header of this name. */
#ifndef MACHINE_H
#define MACHINE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define MACHINE_NAME "pc"

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
static inline void set_page_entry(u32 *entry, u32 value) { *(volatile u32 *)entry = value; }
static inline void enable_paging(u32 directory)
{
    u32 v;
    load_address_space(directory);
    __asm__ volatile("movl %%cr0,%0" : "=r"(v));
    v |= 0x80010000u; /* PG, WP */
    __asm__ volatile("movl %0,%%cr0" :: "r"(v) : "memory");
}
#endif
