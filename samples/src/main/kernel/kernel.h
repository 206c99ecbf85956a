/* What the files of the sample kernel share. */
#ifndef KERNEL_H
#define KERNEL_H
#include "machine.h"

#define PAGE 4096u
#define USER_BASE 0x40000000u
#define USER_STACK_TOP 0x40100000u
#define USER_HEAP 0x50000000u
#define KERNEL_MAPPED 0x4000000u /* the first 64 MiB are mapped one to one, for the kernel only */

#define PRESENT 1u
#define WRITABLE 2u
#define USER 4u

/* What an interrupt leaves on the kernel stack, lowest address first. */
struct frame {
    u32 es, ds;
    u32 edi, esi, ebp, unused_esp, ebx, edx, ecx, eax;
    u32 vector, error;
    u32 eip, cs, eflags, esp, ss; /* esp and ss only when it came from user mode */
};

enum { CALL_EXIT, CALL_WRITE, CALL_GETPID, CALL_YIELD, CALL_TICKS, CALL_UNMAP, CALL_FORK_LIKE };

/* console.c */
void console_init(void);
void print(const char *s);
void print_unsigned(u32 v);
void print_hex(u32 v);

/* memory.c */
void memory_init(void);
u32 page_alloc(void);
void page_free(u32 page);
u32 space_create(void);
void space_destroy(u32 directory);
u32 space_copy(u32 directory);
u32 *page_entry(u32 directory, u32 address, int create);
extern u32 kernel_directory;
extern u32 pages_in_use;

/* traps.c */
void traps_init(void);
void set_kernel_stack(u32 top);
extern volatile u32 ticks;
extern volatile u32 soft_interrupts;

/* process.c */
struct process;
void processes_run(void);
struct frame *process_trap(struct frame *f);
struct frame *process_switch(struct frame *f);
struct frame *process_page_fault(struct frame *f, u32 address);
int process_running(void);

/* bench.c */
void benchmarks_run(void);
void report(const char *name, u32 count, u64 cycles);

/* power.c */
void power_off(void);

static inline void copy(void *to, const void *from, u32 n)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) :: "memory");
}
static inline void zero(void *to, u32 n)
{
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(0) : "memory");
}
#endif
