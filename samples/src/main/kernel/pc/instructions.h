/* Instructions of a PC's kernel that are the same in 32-bit and in 64-bit code. */
#ifndef INSTRUCTIONS_H
#define INSTRUCTIONS_H

static inline void out8(u16 port, u8 v) { __asm__ volatile("outb %0,%1" :: "a"(v), "Nd"(port)); }
static inline void out16(u16 port, u16 v) { __asm__ volatile("outw %0,%1" :: "a"(v), "Nd"(port)); }
static inline u8 in8(u16 port) { u8 v; __asm__ volatile("inb %1,%0" : "=a"(v) : "Nd"(port)); return v; }

static inline void interrupts_on(void) { __asm__ volatile("sti" ::: "memory"); }
static inline void interrupts_off(void) { __asm__ volatile("cli" ::: "memory"); }
static inline void wait_for_interrupt(void) { __asm__ volatile("sti; hlt; cli" ::: "memory"); }
static inline void halt_forever(void) { for (;;) __asm__ volatile("cli; hlt"); }

static inline void load_gdt(const void *pointer) { __asm__ volatile("lgdt (%0)" :: "r"(pointer) : "memory"); }
static inline void load_idt(const void *pointer) { __asm__ volatile("lidt (%0)" :: "r"(pointer) : "memory"); }
static inline void load_task(u16 selector) { __asm__ volatile("ltr %0" :: "r"(selector)); }

static inline void set_page_entry(entry_t *e, entry_t value) { *(volatile entry_t *)e = value; }
static inline void flush_page(u32 address) { __asm__ volatile("invlpg (%0)" :: "r"((void *)address) : "memory"); }
/* Maps a page of the current address space where there was none, so that no translation of it is held. */
static inline void add_mapping(entry_t *e, u32 address, entry_t value) { (void)address; set_page_entry(e, value); }
/* Changes what a page of the current address space maps. */
static inline void change_mapping(entry_t *e, u32 address, entry_t value) { set_page_entry(e, value); flush_page(address); }
#endif
