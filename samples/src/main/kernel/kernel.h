/* What the files of the sample kernel share. */
#ifndef KERNEL_H
#define KERNEL_H
#include <machine.h>

#define PAGE 4096u
#define USER_BASE 0x40000000u
#define USER_STACK_TOP 0x40100000u
#define USER_HEAP 0x50000000u
#define KERNEL_MAPPED 0x4000000u /* the first 64 MiB are mapped one to one, for the kernel only */

#define PRESENT 1u
#define WRITABLE 2u
#define USER 4u
#define ACCESSED 32u
#define DIRTY 64u

enum { CALL_EXIT, CALL_WRITE, CALL_GETPID, CALL_YIELD, CALL_TICKS, CALL_UNMAP, CALL_FORK_LIKE, CALL_ROUNDS };

/* The machine's own: pc/, xen/ or xen32/. */
void console_init(u32 info);
void put(char c);
void console_flush(void);
/* What it was started with, or 0. */
const char *command_line(u32 info);

/* print.c */
void print(const char *s);
void print_unsigned(u32 v);
void print_hex(u32 v);

/* memory.c */
u32 page_alloc(void);
void page_free(u32 page);
void space_destroy(u32 directory);
u32 space_copy(u32 directory);
extern u32 pages_in_use;

/* paging.c of the machine: address spaces. Each has the kernel's pages one to one, and its own from USER_BASE on. */
void memory_init(void);
u32 space_create(void);
/* Gives back the tables of a space whose pages have been given back. */
void space_release(u32 directory);
entry_t *page_entry(u32 directory, u32 address, int create);
extern u32 kernel_directory;

/* traps.c of the machine */
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
void benchmarks_warm_up(void);
void benchmarks_run(void);
/* How often each benchmark is gone through, 1 unless the command line says rounds=N. */
extern u32 rounds;
void rounds_from(const char *line);
#define MOST_ROUNDS 100u

/*
 * What a round takes once the machine below has got used to it, as a translator has to, and is not kept from it by others: the shortest of the later half. A function of kernel and user
 * mode both, neither of which may call the other's.
 */
__attribute__((always_inline)) static inline u64 settled(const u64 *times, u32 n)
{
    u64 least = times[n / 2];
    for (u32 i = n / 2 + 1; i < n; i++)
        least = times[i] < least ? times[i] : least;
    return least;
}

/* Of all rounds, those behind the warming up. */
__attribute__((always_inline)) static inline u32 measured_rounds(u32 all)
{
    return all - all / 2;
}

/* Cycles of one operation. */
__attribute__((always_inline)) static inline u32 each(u64 cycles, u32 operations)
{
    u32 result, rest;
    u32 high = (u32)(cycles >> 32) % operations;
    __asm__("divl %4" : "=a"(result), "=d"(rest) : "0"((u32)cycles), "1"(high), "r"(operations));
    return result;
}

/* The machine's own. */
void power_off(void);

#endif
