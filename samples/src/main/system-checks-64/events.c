/* External interrupts and NMIs in 64-bit mode: SDM vol. 3A sections 6.7, 6.8, 6.14.5 and 10.8.6. The local APIC sends them to its own processor. */
#include "machine.h"

#define OTHER 0x70u
#define APIC 0xfee00000u
#define APIC_BASE 0x1b
#define APIC_ID 0x20
#define APIC_EOI 0xb0
#define APIC_SPURIOUS 0xf0
#define APIC_REQUEST 0x200
#define APIC_ICR 0x300
#define SELF 0x40000u
#define DELIVERY_NMI 0x400u

static volatile u32 *apic(u32 reg)
{
    return (volatile u32 *)(u64)(APIC + reg);
}

static void apic_on(void)
{
    wrmsr(APIC_BASE, rdmsr(APIC_BASE) | 0x800);
    *apic(APIC_SPURIOUS) = 0x1ff;
}

static struct {
    u32 vector;
    u64 rip, rflags, rsp, ss, frame;
} seen[8];
static u32 events;
/* What an NMI handler does before it returns. */
static int nested;

static void send(u32 vector)
{
    *apic(APIC_ICR) = SELF | vector;
}

static void send_nmi(void)
{
    *apic(APIC_ICR + 0x10) = *apic(APIC_ID);
    *apic(APIC_ICR) = DELIVERY_NMI;
}

static int note(u32 vector, u64 *frame)
{
    if (vector != VECTOR && vector != OTHER && vector != NMI)
        return 0;
    if (events < sizeof seen / sizeof seen[0]) {
        seen[events].vector = vector;
        seen[events].rip = frame[0], seen[events].rflags = frame[2], seen[events].rsp = frame[3], seen[events].ss = frame[4];
        seen[events].frame = (u64)frame;
    }
    events++;
    if (vector == NMI) {
        if (nested) {
            nested = 0;
            send_nmi();
        }
    } else {
        *apic(APIC_EOI) = 0;
    }
    return 1;
}

static const struct outcome *watched(const struct state *s)
{
    events = 0;
    intercept(note);
    const struct outcome *o = run(s);
    intercept(0);
    return o;
}

SNIPPET(w_sti, "nop; sti; nop; nop; nop");
SNIPPET(w_sti_mov_ss, "movl %ss, %eax; sti; movl %eax, %ss; nop; nop");
SNIPPET(w_sti_cli, "sti; cli; nop; nop");
SNIPPET(w_popf, "pushq %rcx; popfq; nop; nop");
SNIPPET(w_sti_hlt, "sti; hlt; nop; nop");
SNIPPET(w_sti_jump, "sti; jmp 1f; nop; 1: nop; nop");
SNIPPET(w_sti_call, "sti; call 1f; nop; 1: popq %rax; nop");
SNIPPET(w_sysret, "sysretq");
SNIPPET(w_nops, "nop; nop; nop");
SNIPPET(w_rep, "sti; nop; rep stosb; nop");

static void places(void)
{
    static const struct {
        const char *name, *code;
        u32 taken_at;
        int kernel;
    } shadows[] = {{"sti", w_sti, 3, 0}, {"sti.mov.ss", w_sti_mov_ss, 6, 0}, {"popf", w_popf, 2, 0}, {"sti.hlt", w_sti_hlt, 2, 1}, {"sti.jmp", w_sti_jump, 4, 0},
        {"sti.call", w_sti_call, 7, 0}};
    for (u32 i = 0; i < sizeof shadows / sizeof shadows[0]; i++) {
        check("%s", (word)shadows[i].name);
        for (u32 ring = 0; ring < (shadows[i].kernel ? 1u : 4u); ring++) {
            for (u32 ist = 0; ist < 8; ist += 3) {
                idt[VECTOR].low = (idt[VECTOR].low & ~(7ull << 32)) | (u64)ist << 32;
                struct state s = ring_state(ring, shadows[i].code);
                s.rflags |= F_IOPL(3);
                s.rcx = F_ONE | F_IF | F_IOPL(3);
                send(VECTOR);
                tag("ring %u ist %u", ring, ist);
                finished(watched(&s));
                same("events", 1, events);
                same("vector", VECTOR, seen[0].vector);
                same("rip", s.rip + shadows[i].taken_at, seen[0].rip);
                same("if", F_IF, seen[0].rflags & F_IF);
                same("ss", DATA(ring), seen[0].ss);
                u64 top = ist ? STACK_TOP(ist_stack[ist - 1]) : ring ? STACK_TOP(inner_stack[0]) : seen[0].rsp;
                same("frame", (top & ~15ull) - 40, seen[0].frame);
            }
        }
        machine_reset();
    }
    check("sti.cli");
    struct state s = ring_state(0, w_sti_cli);
    send(VECTOR);
    finished(watched(&s));
    same("events", 0, events);
    s = ring_state(0, w_sti);
    finished(watched(&s));
    same("taken later", 1, events);
    check("sysret");
    wrmsr(EFER, EFER_LME | EFER_LMA | EFER_SCE);
    wrmsr(STAR, (u64)SYSRET_BASE << 48 | (u64)CODE0 << 32);
    s = ring_state(0, w_sysret);
    s.rcx = AT(3, w_nops);
    s.r11 = F_ONE | F_IF;
    s.rsp = AT(3, STACK_TOP(probe_stack[3]) - 64);
    send(VECTOR);
    finished(watched(&s));
    same("events", 1, events);
    same("rip", s.rcx, seen[0].rip);
    machine_reset();
}

/* CR8 is the task priority: interrupts of its class and below wait. */
static void priority(void)
{
    check("task.priority");
    for (u32 class = 0; class < 16; class++) {
        struct state s = ring_state(0, w_sti);
        write_cr8(class);
        send(VECTOR);
        send(OTHER);
        tag("cr8 %u", class);
        finished(watched(&s));
        u32 expected = (class < VECTOR >> 4) + (class < OTHER >> 4);
        same("events", expected, events);
        if (expected)
            same("first", OTHER, seen[0].vector);
        write_cr8(0);
        finished(watched(&s));
        same("the rest", 2 - expected, events);
    }
    machine_reset();
}

/* An NMI: its gate's stack, and no other before IRET. */
static void nmis(void)
{
    for (u32 ring = 0; ring < 4; ring += 3) {
        check("nmi.ring%u", ring);
        for (u32 ist = 0; ist < 8; ist++) {
            idt[NMI].low = (idt[NMI].low & ~(7ull << 32)) | (u64)ist << 32;
            /* Sent from ring 0, it is taken at once: so a probe of ring 0 does it. */
            struct state s = ring_state(0, w_nops);
            events = 0;
            nested = 1;
            tag("ist %u", ist);
            intercept(note);
            extern const char w_store[];
            s.rip = (u64)w_store;
            s.rbx = APIC + APIC_ICR;
            s.rax = DELIVERY_NMI;
            *apic(APIC_ICR + 0x10) = *apic(APIC_ID);
            const struct outcome *o = run(&s);
            intercept(0);
            finished(o);
            same("events", 2, events);
            same("first", NMI, seen[0].vector);
            same("second", NMI, seen[1].vector);
            same("the second waits for the first", seen[0].rip, seen[1].rip);
            if (ist)
                same("frame", STACK_TOP(ist_stack[ist - 1]) - 40, seen[0].frame);
        }
        machine_reset();
    }
}
SNIPPET(w_store, "movl %eax, (%rbx); nop; nop; nop; nop");

/* Between the elements of a repeated instruction: RF is set, and what is left is right. */
static void repeated(void)
{
    check("rep");
    for (u32 ring = 0; ring < 4; ring += 3) {
        struct state s = ring_state(ring, w_rep);
        s.rflags |= F_IOPL(3);
        s.rdi = AT(ring, scratch);
        s.rcx = 100;
        s.rax = 0x5a;
        send(VECTOR);
        fill(scratch, 0, 128);
        tag("ring %u", ring);
        const struct outcome *o = watched(&s);
        finished(o);
        same("events", 1, events);
        same("rip", s.rip + 2, seen[0].rip);
        same("rcx", 0, o->rcx);
        same("rdi", s.rdi + 100, o->rdi);
        same("last", 0x5a, scratch[99]);
        same("behind", 0, scratch[100]);
    }
}

/* A page fault midway: RIP, RCX, RDI tell what is left, with counts beyond 32 bits and, by prefix, of 32 bits. */
SNIPPET(w_stos, "rep stosq");
SNIPPET(w_stos32, "addr32 rep stosb");
static void faulted(void)
{
    extern void map_top(u64 memory, u64 bits);
    map_top((u64)scratch, 7);
    check("rep.fault");
    for (u32 ring = 0; ring < 4; ring += 3) {
        /* The page before the last is absent. */
        for (u32 left = 1; left < 20; left++) {
            struct state s = ring_state(ring, w_stos);
            s.rflags |= F_DF;
            s.rdi = (LOWER_END & ~0xfffull) + 8 * (left - 1);
            s.rcx = 0x500000000ull;
            tag("ring %u elements %u", ring, left);
            const struct outcome *o = run(&s);
            ended(o, PF, 2 | (ring ? 4 : 0), s.rip);
            same("cr2", (LOWER_END & ~0xfffull) - 8, o->cr2);
            same("rcx", 0x500000000ull - left, o->rcx);
            same("rdi", (LOWER_END & ~0xfffull) - 8, o->rdi);
            same("rf", F_RF, o->rflags & F_RF);
        }
    }
    map_top(0, 0);
    check("rep.count32");
    for (u32 ring = 0; ring < 4; ring += 3) {
        struct state s = ring_state(ring, w_stos32);
        s.rdi = 0x7700000000ull | AT(ring, scratch);
        s.rcx = 0xffffffff00000005ull;
        s.rax = 0x33;
        tag("ring %u", ring);
        const struct outcome *o = run(&s);
        finished(o);
        same("rcx", 0, o->rcx);
        same("rdi", AT(ring, scratch) + 5, o->rdi);
        same("last", 0x33, scratch[4]);
    }
}

void checks_events64(void)
{
    apic_on();
    places();
    priority();
    nmis();
    repeated();
    faulted();
}
