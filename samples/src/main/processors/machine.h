/* The machine as these checks see it: 32-bit protected mode, flat, interrupts off but where a check wants them. */
#include <stddef.h>
#include <stdint.h>

#define MAX_PROCESSORS 32
#define START_UP 0x8000
#define APIC 0xfee00000u

#define VECTOR_COUNT 64
#define VECTOR_FLUSH 65

/* A page fault with this in EDX goes on at the address in ECX. */
#define EXPECTED_FAULT 0xfa417

typedef uint32_t u32;
typedef uint64_t u64;

/* Apart, so that processors do not get in each other's way unless they are meant to. */
struct cell { volatile u32 v; u32 pad[31]; };

extern int processors;
extern u32 scale, litmus_scale;

void print(const char *text);
void print_number(u32 n);
/* "ok name" or "FAIL name: what", with a number that tells more. */
void verdict(const char *name, int good, const char *what, u32 number);
/* Runs f(number) on the first n processors, and returns when all are done. */
void on_each(int n, void (*f)(int));
/* All of the processors that run on_each's function wait here for each other; no PAUSE, to let them go on close together. */
void barrier(int n);

/* Interrupts taken, by processor: VECTOR_COUNT, NMI; and what VECTOR_FLUSH does. */
extern struct cell counted[MAX_PROCESSORS], nmis[MAX_PROCESSORS];
extern void (*volatile on_flush)(int);
int number_of_this(void);
/* The APIC id of a processor, in the place where destinations are written. */
u32 destination(int number);

static inline void outb(u32 port, u32 value) { asm volatile("outb %b0, %w1" : : "a"(value), "Nd"(port)); }
static inline u32 inb(u32 port) { unsigned char v; asm volatile("inb %w1, %0" : "=a"(v) : "Nd"(port)); return v; }
static inline void apic_write(u32 reg, u32 value) { *(volatile u32 *) (APIC + reg) = value; }
static inline u32 apic_read(u32 reg) { return *(volatile u32 *) (APIC + reg); }
static inline void pause(void) { asm volatile("pause" ::: "memory"); }
/* Time for others, without a hint to the monitor that this one waits. */
static inline void delay(u32 n) { while (n--) asm volatile("nop"); }
static inline void serialize(void) { u32 a = 0, c = 0; asm volatile("cpuid" : "+a"(a), "+c"(c) : : "ebx", "edx", "memory"); }
static inline u32 xadd(volatile u32 *p, u32 n) { asm volatile("lock xaddl %0, %1" : "+r"(n), "+m"(*p) : : "memory"); return n; }

void checks_apic(void);
void checks_locked(void);
void checks_code(void);
void checks_translations(void);
void checks_litmus(void);
