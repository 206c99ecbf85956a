/* The machine as the checks use it: tables of descriptors, stacks, the way into any processor state and back. */
#ifndef MACHINE_H
#define MACHINE_H

#include "verdicts.h"

/* ---- selectors ---- */

#ifdef HOSTED
/*
 * A program of Linux in 32-bit mode: its flat segments, and the local descriptor table for what tests put into SLOTs. Only ring 3 is there.
 */
#define CODE(ring) ((u16)0x23)
#define DATA(ring) ((u16)0x2b)
#define SLOT(n) ((u16)(8 * (n) | 4))
__asm__(".set user_code, 0x23");
#else
#define CODE(ring) ((u16)(0x08 + 0x10 * (ring) + (ring)))
#define DATA(ring) ((u16)(0x10 + 0x10 * (ring) + (ring)))
#define CONFORMING(dpl) ((u16)(0x48 + 8 * (dpl)))
/* 16-bit code and data at LOW, by ring. */
#define CODE16(ring) ((u16)(0x68 + 0x10 * (ring) + (ring)))
#define DATA16(ring) ((u16)(0x70 + 0x10 * (ring) + (ring)))
#define TSS_MAIN 0xa8
#define TSS_DOUBLE 0xb0
#define TSS_A 0xb8
#define TSS_B 0xc0
#define LDT 0xc8
/* Descriptors for a test to do with as it likes. */
#define SLOT(n) ((u16)(0xd0 + 8 * (n)))
__asm__(".set user_code, 0x3b");
#endif
#define SLOTS 16
#ifdef HOSTED
#define GDT_ENTRIES SLOTS
#else
#define GDT_ENTRIES (SLOT(SLOTS) / 8)
#endif
#define LDT_ENTRIES 8
#define IDT_ENTRIES 256
/* The first ring there is, and whether a kind of segment can be made. */
extern const u32 first_ring;
int can_make(u32 type);

/* ---- descriptors: SDM vol. 3A sections 3.4.5 and 3.5 ---- */

#define ACCESSED 1
#define PRESENT 0x80
#define SEGMENT 0x10
#define DPL(n) ((n) << 5)
/* Types of segments. */
#define DATA_RO 0x10
#define DATA_RW 0x12
#define DOWN_RO 0x14
#define DOWN_RW 0x16
#define CODE_X 0x18
#define CODE_RX 0x1a
#define CONF_X 0x1c
#define CONF_RX 0x1e
/* Types of system descriptors. */
#define TSS16 1
#define LDT_TYPE 2
#define TSS16_BUSY 3
#define CALL16 4
#define TASK_GATE 5
#define INT16 6
#define TRAP16 7
#define TSS32 9
#define TSS32_BUSY 11
#define CALL32 12
#define INT32 14
#define TRAP32 15
/* Upper nibble of byte 6. */
#define GRANULAR 8
#define BIG 4

extern u64 gdt[GDT_ENTRIES], ldt[LDT_ENTRIES], idt[IDT_ENTRIES];

/* limit: the 20 bits as they are in the descriptor; access: P, DPL, S and type; flags: G, D/B, L, AVL. */
u64 descriptor(u32 base, u32 limit, u32 access, u32 flags);
u64 gate(u16 selector, u32 offset, u32 access, u32 parameters);
/* The place of a selector's descriptor in gdt or ldt. */
u64 *descriptor_of(u16 selector);
u32 base_of(u16 selector);
u8 access_of(u16 selector);
/* Puts all tables, stacks and control registers back to how they are between checks. */
void machine_reset(void);

/* The part of it that is registers: GDTR, IDTR, LDTR and TR with their descriptors. */
void registers_reset(void);

/* ---- task state segments: SDM vol. 3A section 7.2 ---- */

struct tss32 {
    u32 link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags, eax, ecx, edx, ebx, esp, ebp, esi, edi, es, cs, ss, ds, fs, gs, ldt;
    u16 trap, map_base;
};
struct tss16 {
    u16 link, sp0, ss0, sp1, ss1, sp2, ss2, ip, flags, ax, cx, dx, bx, sp, bp, si, di, es, cs, ss, ds, ldt;
};
#define MAP_BYTES 8193
extern struct tss_main {
    struct tss32 tss;
    u8 map[MAP_BYTES];
} tss_main;
extern struct tss32 tss_double;
extern union tss_any {
    struct tss32 wide;
    struct tss16 narrow;
    u8 bytes[0x400];
} tss_a, tss_b;

/* ---- memory ---- */

#define PAGE 4096u
/* 64 KiB below 1 MiB for 16-bit code, and for its stack and data. */
#define LOW 0x20000u
#define LOW_DATA 0x30000u
/* The address of a label in section .low once copied. */
#define LOW_ADDRESS(label) (LOW + (u32)(label))
/* Stacks of the rings, for TSSs and for probes: each a page. */
extern u8 inner_stack[3][PAGE], probe_stack[4][PAGE];
#define STACK_TOP(stack) ((u32)(stack) + PAGE)
/* Memory for tests; aligned to a page. */
extern u8 scratch[16 * PAGE];

/* ---- EFLAGS ---- */

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
/* Vector of the first external interrupt. */
#define IRQ_BASE 0x20
/* What a landing place that is not an exception handler executes. */
#define LANDED 0x30

/* ---- probes ---- */

/* A processor state, in the order in which it is loaded. ves .. vgs are the segments of virtual-8086 mode. */
struct state {
    u32 edi, esi, ebp, reserved, ebx, edx, ecx, eax;
    u32 gs, fs, es, ds;
    u32 eip, cs, eflags, esp, ss, ves, vds, vfs, vgs;
};

#define FRAME 16
struct outcome {
    /* Which handler was reached. */
    u32 vector;
    /* Registers there. */
    u32 eax, ebx, ecx, edx, esi, edi, ebp;
    u32 ds, es, fs, gs;
    /* EFLAGS and SS:ESP at its first instruction, and what the stack held. */
    u32 handler_flags, handler_ss, handler_esp;
    u32 frame[FRAME];
    /* The frame taken apart; error is 0 if the vector has none. ves .. vgs only if VM is set in eflags. */
    u32 error, eip, cs, eflags, esp, ss, ves, vds, vfs, vgs;
    /* Bytes the frame takes if it is on a stack of its own. */
    u32 depth;
    u32 cr2;
};

/* State of ring 0..3 at an address: 32-bit flat segments, the ring's probe stack, interrupts off. */
struct state ring_state(u32 ring, const void *code);
/* State in virtual-8086 mode at a label in .low, with everything at LOW and the stack at LOW_DATA. */
struct state v86_state(const void *label, u32 iopl);
/* int $LANDED: for any ring. */
extern const char landing_place[];
#define LANDING ((u32)landing_place)
/* The same at LOW, and the code segment that gates under test lead to: based there, so that 16 bits of offset reach it. */
extern const char low_landing[];
#define TARGET SLOT(1)
void set_target(u32 type, u32 dpl, u32 limit);
/* Runs from a state until a handler is reached, and says what it found. */
const struct outcome *run(const struct state *s);
/* The vector is taken by INT n in what follows: no error code is expected. -1 for none. */
void software_vector(int vector);
/*
 * Called when a handler is reached; frame is EIP, CS, EFLAGS ..., and may be changed. 1: return from the interrupt (of a vector without error
 * code); 0: the probe ends.
 */
typedef int (*interceptor)(u32 vector, u32 *frame);
void intercept(interceptor f);
/* A triple fault, by number (faults.c). */
void triple_fault(u32 which);

/* Lets the 8259s' interrupts through the local APIC, or not. */
void board_interrupts(int on);

/* Code that ends in a breakpoint, for probes of any ring. */
#define SNIPPET(name, text) \
    extern const char name[]; \
    __asm__(".pushsection .snippets,\"ax\",@progbits\n" #name ":\n" text "\nint3\n.popsection")
/* 16-bit code, to be run at LOW. */
#define LOW_SNIPPET(name, text) \
    extern const char name[]; \
    __asm__(".pushsection .low,\"awx\",@progbits\n.code16\n" #name ":\n" text "\nint3\n.code32\n.popsection")

/* 32-bit code there. */
#define LOW_SNIPPET32(name, text) \
    extern const char name[]; \
    __asm__(".pushsection .low,\"awx\",@progbits\n" #name ":\n" text "\nint3\n.popsection")

/* ---- instructions ---- */

#ifdef HOSTED
/* A hosted program has no control registers. */
static inline void write_cr0(u32 v) { (void)v; }
#else
static inline void out32(u16 port, u32 v) { __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port)); }
#define READ_REGISTER(name) static inline u32 read_##name(void) { u32 v; __asm__ volatile("movl %%" #name ", %0" : "=r"(v)); return v; }
#define WRITE_REGISTER(name) static inline void write_##name(u32 v) { __asm__ volatile("movl %0, %%" #name : : "r"(v) : "memory"); }
READ_REGISTER(cr0) READ_REGISTER(cr2) READ_REGISTER(cr3) READ_REGISTER(cr4) READ_REGISTER(dr6) READ_REGISTER(dr7)
WRITE_REGISTER(cr0) WRITE_REGISTER(cr2) WRITE_REGISTER(cr3) WRITE_REGISTER(cr4)
WRITE_REGISTER(dr0) WRITE_REGISTER(dr1) WRITE_REGISTER(dr2) WRITE_REGISTER(dr3) WRITE_REGISTER(dr6) WRITE_REGISTER(dr7)
static inline void invlpg(u32 a) { __asm__ volatile("invlpg (%0)" : : "r"(a) : "memory"); }
static inline void load_task(u16 s) { __asm__ volatile("ltr %0" : : "r"(s) : "memory"); }
static inline void load_ldt(u16 s) { __asm__ volatile("lldt %0" : : "r"(s) : "memory"); }
static inline u16 task_register(void) { u16 s; __asm__ volatile("str %0" : "=r"(s)); return s; }
static inline u16 ldt_register(void) { u16 s; __asm__ volatile("sldt %0" : "=r"(s)); return s; }
static inline u64 rdmsr(u32 n) { u64 v; __asm__ volatile("rdmsr" : "=A"(v) : "c"(n)); return v; }
static inline void wrmsr(u32 n, u64 v) { __asm__ volatile("wrmsr" : : "c"(n), "A"(v)); }
static inline void cpuid(u32 leaf, u32 *r)
{
    __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(0));
}
void load_tables(void);
#endif

#define CR0_PE 1u
#define CR0_MP 2u
#define CR0_EM 4u
#define CR0_TS 8u
#define CR0_ET 0x10u
#define CR0_NE 0x20u
#define CR0_WP 0x10000u
#define CR0_AM 0x40000u
#define CR0_NW 0x20000000u
#define CR0_CD 0x40000000u
#define CR0_PG 0x80000000u
#define CR4_VME 1u
#define CR4_TSD 4u
#define CR4_DE 8u
#define CR4_PSE 0x10u
#define CR4_PAE 0x20u
#define CR4_PGE 0x80u
#define CR4_OSFXSR 0x200u
#define CR4_UMIP 0x800u
#define CR4_SMEP 0x100000u
#define CR4_SMAP 0x200000u
#define EFER 0xc0000080u
#define EFER_NXE 0x800u

static inline u32 max(u32 a, u32 b) { return a > b ? a : b; }
void *fill(void *to, u32 value, u32 bytes);
void *copy(void *to, const void *from, u32 bytes);

/* ---- usual comparisons ---- */

/* A probe ended in vector (with its error code) at an instruction so many bytes into a snippet. */
int ended(const struct outcome *o, u32 vector, u32 error, const char *snippet, u32 offset);
/* A probe ended in its final breakpoint. */
int finished(const struct outcome *o);
/* A probe reached landing_place, with this CS. */
int landed(const struct outcome *o, u16 cs);
/* A probe reached low_landing in TARGET at this ring. */
int arrived_low(const struct outcome *o, u32 ring);
/* Element n of a stack with elements of 2 or 4 bytes. */
u32 element(u32 at, u32 n, u32 bytes);

#endif
