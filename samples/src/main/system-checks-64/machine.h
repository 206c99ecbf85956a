/* The machine as the checks of 64-bit mode use it: tables of descriptors, stacks, the way into any processor state and back. */
#ifndef MACHINE_H
#define MACHINE_H

#include "../system-checks/verdicts.h"
#include "layout.h"

/* ---- selectors ---- */

/* Flat 64-bit code and data by ring. Those of rings 0 and 3 lie as SYSCALL, SYSRET, SYSENTER and SYSEXIT want them. */
#define CODE(ring) ((u16)((ring) == 0 ? CODE0 : (ring) == 3 ? 0x2b : 0x28 + 0x10 * (ring) + (ring)))
#define DATA(ring) ((u16)((ring) == 0 ? 0x10 : (ring) == 3 ? 0x23 : 0x30 + 0x10 * (ring) + (ring)))
/* 32-bit code of rings 0 and 3: compatibility mode. */
#define COMPATIBLE(ring) ((u16)((ring) == 3 ? 0x1b : 0x58))
#define SYSRET_BASE 0x18
#define TSS_MAIN 0x60
#define LDT 0x70
/* Descriptors for a test to do with as it likes; gates, TSSs and LDTs take two. */
#define SLOT(n) ((u16)(0x80 + 8 * (n)))
#define SLOTS 16
#define GDT_ENTRIES (SLOT(SLOTS) / 8)
#define LDT_ENTRIES 8
#define IDT_ENTRIES 256

/* ---- descriptors: SDM vol. 3A sections 3.4.5, 3.5, 5.8.3.1, 6.14.1 and 7.2.3 ---- */

#define ACCESSED 1
#define PRESENT 0x80
#define DPL(n) ((n) << 5)
#define DATA_RW 0x12
#define CODE_RX 0x1a
#define CONF_RX 0x1e
#define LDT_TYPE 2
#define TSS64 9
#define TSS64_BUSY 11
#define CALL64 12
#define INT64 14
#define TRAP64 15
/* Upper nibble of byte 6. */
#define GRANULAR 8
#define BIG 4
#define LONG 2

extern u64 gdt[GDT_ENTRIES], ldt[LDT_ENTRIES];
extern struct gate64 {
    u64 low, high;
} idt[IDT_ENTRIES];

/* access: P, DPL, S and type; flags: G, D/B, L, AVL. */
u64 descriptor(u32 base, u32 limit, u32 access, u32 flags);
/* A 64-bit interrupt, trap or call gate. */
struct gate64 gate(u16 selector, u64 offset, u32 access, u32 ist);
/* Puts one, or the descriptor of a TSS or an LDT, into two slots. */
void set_wide(u16 selector, struct gate64 g);
struct gate64 system_descriptor(u64 base, u32 limit, u32 access);
u8 access_of(u16 selector);
/* Puts all tables, stacks and control registers back to how they are between checks. */
void machine_reset(void);

/* ---- task state segment: SDM vol. 3A section 7.7 ---- */

#define MAP_BYTES 8193
extern struct __attribute__((packed)) tss {
    u32 reserved0;
    u64 rsp[3], reserved1, ist[7], reserved2;
    u16 reserved3, map_base;
    u8 map[MAP_BYTES];
} tss_main;

/* ---- memory ---- */

#define PAGE 4096u
/* Stacks of TSS fields and for probes: each a page. */
extern u8 inner_stack[3][PAGE], ist_stack[7][PAGE], probe_stack[4][PAGE];
#define STACK_TOP(stack) ((u64)(stack) + PAGE)
/* Memory for tests; aligned to a page. */
extern u8 scratch[4 * PAGE];
/* Where code of a ring sees memory of the image. */
#define AT(ring, address) ((u64)(address) + ((ring) == 3 ? USER : 0))

/* ---- RFLAGS ---- */

#define F_CF 0x1
#define F_ONE 0x2
#define F_ZF 0x40
#define F_TF 0x100
#define F_IF 0x200
#define F_DF 0x400
#define F_OF 0x800
#define F_IOPL(n) ((u32)(n) << 12)
#define F_NT 0x4000
#define F_RF 0x10000
#define F_VM 0x20000
#define F_AC 0x40000
#define F_ID 0x200000

/* ---- vectors ---- */

enum { DE, DB, NMI, BP, OF, BR, UD, NM, DF, V9, TS, NP, SS, GP, PF, V15, MF, AC, MC, XM };
/* An unused one, whose gate a test may change, and its place in error codes. */
#define VECTOR 0x60
#define IDT_ERROR(v) ((v) * 8 + 2)
#define EXT 1

/* ---- probes ---- */

/* A processor state, in the order in which it is loaded. Null FS and GS leave their bases. */
struct state {
    u64 gs, fs, es, ds, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rdx, rcx, rbx, rax;
    u64 rip, cs, rflags, rsp, ss;
};

struct outcome {
    /* Which handler was reached. */
    u32 vector;
    /* Registers there. */
    u64 rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
    u64 ds, es, fs, gs;
    /* Flags, SS and RSP at its first instruction. */
    u64 handler_flags, handler_ss, handler_rsp;
    /* The frame; error is 0 if the vector has none. */
    u64 error, rip, cs, rflags, rsp, ss;
    u64 cr2;
};

/* State of a ring in 64-bit mode at code of the image: the ring's probe stack, interrupts off, data segments null. */
struct state ring_state(u32 ring, const void *code);
/* The same in 32-bit code of rings 0 and 3. */
struct state compatible_state(u32 ring, const void *code);
extern const char landing_place[];
/* Runs from a state until a handler is reached, and says what it found. */
const struct outcome *run(const struct state *s);
/* The vector is taken by INT n in what follows: no error code is expected. -1 for none. */
void software_vector(int vector);
/* Called when a handler is reached; frame is RIP, CS, RFLAGS, RSP, SS, and may be changed. 1: return from the interrupt; 0: the probe ends. */
typedef int (*interceptor)(u32 vector, u64 *frame);
void intercept(interceptor f);

/* Code that ends in a breakpoint, for probes of any ring. */
#define SNIPPET(name, text) \
    extern const char name[]; \
    __asm__(".pushsection .snippets,\"ax\",@progbits\n" #name ":\n" text "\nint3\n.popsection")
/* 32-bit code. */
#define SNIPPET32(name, text) SNIPPET(name, ".code32\n" text "\nint3\n.code64")

/* ---- instructions ---- */

#define READ_REGISTER(name) static inline u64 read_##name(void) { u64 v; __asm__ volatile("movq %%" #name ", %0" : "=r"(v)); return v; }
#define WRITE_REGISTER(name) static inline void write_##name(u64 v) { __asm__ volatile("movq %0, %%" #name : : "r"(v) : "memory"); }
READ_REGISTER(cr0) READ_REGISTER(cr2) READ_REGISTER(cr3) READ_REGISTER(cr4) READ_REGISTER(cr8) READ_REGISTER(dr6) READ_REGISTER(dr7)
WRITE_REGISTER(cr0) WRITE_REGISTER(cr2) WRITE_REGISTER(cr3) WRITE_REGISTER(cr4) WRITE_REGISTER(cr8)
WRITE_REGISTER(dr0) WRITE_REGISTER(dr1) WRITE_REGISTER(dr2) WRITE_REGISTER(dr3) WRITE_REGISTER(dr6) WRITE_REGISTER(dr7)
static inline void invlpg(u64 a) { __asm__ volatile("invlpg (%0)" : : "r"(a) : "memory"); }
static inline void load_task(u16 s) { __asm__ volatile("ltr %0" : : "r"(s) : "memory"); }
static inline void load_ldt(u16 s) { __asm__ volatile("lldt %0" : : "r"(s) : "memory"); }
static inline u64 rdmsr(u32 n) { u32 a, d; __asm__ volatile("rdmsr" : "=a"(a), "=d"(d) : "c"(n)); return (u64)d << 32 | a; }
static inline void wrmsr(u32 n, u64 v) { __asm__ volatile("wrmsr" : : "c"(n), "a"((u32)v), "d"((u32)(v >> 32)) : "memory"); }
static inline void cpuid(u32 leaf, u32 *r)
{
    __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(0));
}
void load_gdt(u64 base, u16 limit);
void load_idt(u64 base, u16 limit);

#define FS_BASE 0xc0000100
#define GS_BASE 0xc0000101
#define KERNEL_GS_BASE 0xc0000102
#define STAR 0xc0000081
#define LSTAR 0xc0000082
#define CSTAR 0xc0000083
#define FMASK 0xc0000084
#define SYSENTER_CS 0x174
#define SYSENTER_ESP 0x175
#define SYSENTER_EIP 0x176

#define CR0_PE 1u
#define CR0_ET 0x10u
#define CR0_NE 0x20u
#define CR0_WP 0x10000u
#define CR0_AM 0x40000u
#define CR4_TSD 4u
#define CR4_DE 8u
#define CR4_PSE 0x10u
#define CR4_PGE 0x80u
#define CR4_OSFXSR 0x200u
#define CR4_UMIP 0x800u
#define CR4_PCIDE 0x20000u
#define CR4_SMEP 0x100000u
#define CR4_SMAP 0x200000u

/* The last canonical address of the lower half, and the first of the upper. */
#define LOWER_END 0x7fffffffffffull
#define UPPER_START 0xffff800000000000ull
static inline int canonical(u64 a) { return (u64)((long long)(a << 16) >> 16) == a; }

void *fill(void *to, u32 value, u64 bytes);
void *copy(void *to, const void *from, u64 bytes);

/* ---- usual comparisons ---- */

/* A probe ended in a vector, with its error code, with this RIP. */
int ended(const struct outcome *o, u32 vector, u64 error, u64 rip);
/* A probe ended in its final breakpoint. */
int finished(const struct outcome *o);
/* A probe reached landing_place, seen at this address, with this CS. */
int landed(const struct outcome *o, u64 landing, u16 cs);

#endif
