/*
 * External interrupts and NMIs: when they are taken (SDM vol. 3A sections 6.8 and 6.9; vol. 2 under STI, MOV, POP, HLT) and what they push. The local
 * APIC sends them to its own processor, so that they are pending exactly when the instructions under test begin.
 */
#include "machine.h"

#define VECTOR 0x50u
#define OTHER 0x60u
#define IDT_ERROR(v) ((v) * 8 + 2)

/* ---- the local APIC: SDM vol. 3A chapter 11 ---- */

#define APIC 0xfee00000u
#define APIC_BASE 0x1b
#define APIC_ID 0x20
#define APIC_EOI 0xb0
#define APIC_SPURIOUS 0xf0
#define APIC_IN_SERVICE 0x100
#define APIC_REQUEST 0x200
#define APIC_ICR 0x300
#define APIC_LVT_LINT0 0x350
#define SELF 0x40000u
#define DELIVERY_NMI 0x400u

static volatile u32 *apic(u32 reg)
{
    return (volatile u32 *)(APIC + reg);
}

static void apic_on(void)
{
    wrmsr(APIC_BASE, rdmsr(APIC_BASE) | 0x800);
    *apic(APIC_SPURIOUS) = 0x1ff;
}

void board_interrupts(int on)
{
    apic_on();
    *apic(APIC_LVT_LINT0) = on ? 0x700 : 0x10000;
}

static void send(u32 vector)
{
    *apic(APIC_ICR) = SELF | vector;
}

static void send_nmi(void)
{
    *apic(APIC_ICR + 0x10) = *apic(APIC_ID);
    *apic(APIC_ICR) = DELIVERY_NMI;
}

static void end_of_interrupt(void)
{
    *apic(APIC_EOI) = 0;
}

static int requested(u32 vector)
{
    return *apic(APIC_REQUEST + vector / 32 * 16) >> vector % 32 & 1;
}

/* ---- where interrupts are taken ---- */

static struct {
    u32 vector, eip, eflags, count;
} seen[8];
static u32 events;

/* Notes an interrupt and goes on. */
static int note(u32 vector, u32 *frame)
{
    if (vector != VECTOR && vector != OTHER && vector != NMI && vector != DB)
        return 0;
    if (events < sizeof seen / sizeof seen[0]) {
        seen[events].vector = vector;
        seen[events].eip = frame[0];
        seen[events].eflags = frame[2];
    }
    events++;
    if (vector == VECTOR)
        end_of_interrupt();
    if (vector == OTHER)
        out8(0x20, 0x20);
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

/* Takes what is still pending, so that the next case starts clean. */
SNIPPET(drain_code, "sti; nop; nop; cli");
static void drain(void)
{
    struct state s = ring_state(0, drain_code);
    watched(&s);
}

SNIPPET(w_sti, "nop; sti; nop; nop; nop");
SNIPPET(w_sti_sti, "sti; sti; nop; nop");
SNIPPET(w_sti_cli, "sti; cli; nop; nop");
SNIPPET(w_sti_mov_ss, "movl %ss, %eax; sti; movl %eax, %ss; nop; nop");
SNIPPET(w_sti_pop_ss, "pushl %ss; sti; popl %ss; nop; nop");
SNIPPET(w_sti_lss, "sti; lss (%edi), %esp; nop; nop");
SNIPPET(w_sti_mov_ds, "movl %ds, %eax; sti; movl %eax, %ds; nop; nop");
SNIPPET(w_popf, "pushl %ecx; popfl; nop; nop");
SNIPPET(w_iret, "pushl %ecx; pushl %cs; pushl $1f; iretl; 1: nop; nop");
SNIPPET(w_sti_hlt, "sti; hlt; nop; nop");
SNIPPET(w_sti_jump, "sti; jmp 1f; nop; 1: nop; nop");
SNIPPET(w_sti_call, "sti; call 1f; nop; 1: popl %eax; nop");
SNIPPET(w_sti_pushf, "sti; pushfl; popl %eax; nop");
SNIPPET(w_sti_rep, "movl $5, %ecx; sti; rep stosb; nop");
SNIPPET(w_sti_string, "sti; stosb; nop");
SNIPPET(w_sti_fp, "fninit; sti; fld1; fstp %st; nop");
SNIPPET(w_sti_cpuid, "sti; cpuid; nop");
SNIPPET(w_sti_int, "sti; int $0x60; nop");

/* Interrupt pending, IF clear: the place where it is taken. */
static const struct {
    const char *name, *code;
    u32 taken_at;
    /* Only ring 0. */
    int kernel;
} shadows[] = {
    {"sti", w_sti, 3, 0}, {"sti.sti", w_sti_sti, 2, 0}, {"sti.mov.ss", w_sti_mov_ss, 6, 0}, {"sti.pop.ss", w_sti_pop_ss, 4, 0},
    {"sti.lss", w_sti_lss, 4, 0}, {"sti.mov.ds", w_sti_mov_ds, 5, 0}, {"popf", w_popf, 2, 0}, {"iret", w_iret, 8, 0}, {"sti.hlt", w_sti_hlt, 2, 1},
    {"sti.jmp", w_sti_jump, 4, 0}, {"sti.call", w_sti_call, 7, 0}, {"sti.pushf", w_sti_pushf, 2, 0}, {"sti.stos", w_sti_string, 2, 0},
    {"sti.fld", w_sti_fp, 5, 0}, {"sti.cpuid", w_sti_cpuid, 3, 0},
};

static struct state event_state(u32 ring, const char *code)
{
    static u32 pointer[2];
    struct state s = ring_state(ring, code);
    s.eflags |= F_IOPL(3);
    s.ecx = F_ONE | F_IF | F_IOPL(3);
    s.edi = (u32)scratch;
    if (code == w_sti_lss) {
        pointer[0] = s.esp;
        pointer[1] = DATA(ring);
        s.edi = (u32)pointer;
    }
    return s;
}

static void places(void)
{
    for (u32 i = 0; i < sizeof shadows / sizeof shadows[0]; i++) {
        check("%s", shadows[i].name);
        for (u32 ring = 0; ring < (shadows[i].kernel ? 1u : 4u); ring++) {
            struct state s = event_state(ring, shadows[i].code);
            send(VECTOR);
            tag("ring %u", ring);
            finished(watched(&s));
            same("events", 1, events);
            same("vector", VECTOR, seen[0].vector);
            same("eip", (u32)shadows[i].code + shadows[i].taken_at, seen[0].eip);
            same("if", F_IF, seen[0].eflags & F_IF);
        }
    }
    check("sti.cli");
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = event_state(ring, w_sti_cli);
        send(VECTOR);
        tag("ring %u", ring);
        finished(watched(&s));
        same("events", 0, events);
        same("still pending", 1, (u32)requested(VECTOR));
        drain();
        same("taken later", 1, events);
    }
    /* IF set when STI begins: nothing is held back. */
    check("sti.with.if");
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = event_state(ring, w_sti);
        s.eflags |= F_IF;
        send(VECTOR);
        tag("ring %u", ring);
        finished(watched(&s));
        same("eip", (u32)w_sti, seen[0].eip);
    }
    /* With IF the interrupt is taken before the first element of a repeated instruction, and ECX is whole. */
    check("sti.rep");
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = event_state(ring, w_sti_rep);
        send(VECTOR);
        tag("ring %u", ring);
        const struct outcome *o = watched(&s);
        finished(o);
        same("events", 1, events);
        same("ecx", 0, o->ecx);
        /* After one iteration, or after all of them: STI covers an instruction, and processors differ in what that is. */
        same("eip", 1, seen[0].eip == (u32)w_sti_rep + 6 || seen[0].eip == (u32)w_sti_rep + 8);
    }
    check("sti.int");
    for (u32 ring = 0; ring < 4; ring++) {
        idt[OTHER] |= (u64)DPL(3) << 40;
        struct state s = event_state(ring, w_sti_int);
        send(VECTOR);
        tag("ring %u", ring);
        finished(watched(&s));
        /* INT n is the instruction behind STI; its gate clears IF. */
        same("events", 2, events);
        same("first", OTHER, seen[0].vector);
        same("second", VECTOR, seen[1].vector);
        same("eip", (u32)w_sti_int + 3, seen[1].eip);
    }
    /* Without IF nothing comes, without IOPL nobody sets it. */
    check("masked");
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = event_state(ring, w_popf);
        s.ecx = F_ONE | F_IOPL(3);
        send(VECTOR);
        tag("ring %u", ring);
        finished(watched(&s));
        same("events", 0, events);
        if (ring) {
            s.ecx |= F_IF;
            s.eflags &= ~F_IOPL(3);
            finished(watched(&s));
            same("events without IOPL", 0, events);
            s = event_state(ring, w_sti);
            s.eflags &= ~F_IOPL(3);
            ended(watched(&s), GP, 0, w_sti, 1);
            same("events", 0, events);
        }
        drain();
    }
}

/* ---- frames and error codes ---- */

SNIPPET(spin, "1: jmp 1b");
LOW_SNIPPET(low_spin, "1: jmp 1b");

static void frames(void)
{
    for (u32 type = 6; type < 16; type += type == 7 ? 7 : 1) {
        u32 bytes = type < 8 ? 2 : 4, mask = bytes == 2 ? 0xffff : ~0u;
        check("frame.gate%x", type);
        for (u32 cpl = 0; cpl < 4; cpl++) {
            for (u32 ring = 0; ring <= cpl; ring++) {
                set_target(CODE_RX, ring, 0xffff);
                idt[VECTOR] = gate(TARGET, (u32)low_landing, PRESENT | type, 0);
                struct state s = event_state(cpl, spin);
                s.eflags |= F_IF | F_NT * (cpl > 0) | F_DF;
                send(VECTOR);
                tag("%u to %u", cpl, ring);
                const struct outcome *o = run(&s);
                end_of_interrupt();
                if (!arrived_low(o, ring))
                    continue;
                u32 at = o->esp;
                same("esp", (ring < cpl ? STACK_TOP(inner_stack[ring]) - 2 * bytes : s.esp) - 3 * bytes, at);
                same("eip", (u32)spin & mask, element(at, 0, bytes));
                same("cs", CODE(cpl), element(at, 1, bytes) & 0xffff);
                same("eflags", s.eflags & mask, element(at, 2, bytes));
                same("handler eflags", s.eflags & ~(F_NT | (type & 1 ? 0 : F_IF)), o->eflags);
            }
        }
    }
    check("frame.v86");
    set_target(CODE_RX, 0, 0xffff);
    idt[VECTOR] = gate(TARGET, (u32)low_landing, PRESENT | INT32, 0);
    for (u32 iopl = 0; iopl < 4; iopl++) {
        struct state s = v86_state(low_spin, iopl);
        s.eflags |= F_IF;
        s.vgs = 0x4711;
        send(VECTOR);
        tag("iopl %u", iopl);
        const struct outcome *o = run(&s);
        end_of_interrupt();
        arrived_low(o, 0);
        same("esp", STACK_TOP(inner_stack[0]) - 36, o->esp);
        same("eip", s.eip, element(o->esp, 0, 4));
        same("eflags", s.eflags, element(o->esp, 2, 4));
        same("gs", 0x4711, element(o->esp, 8, 4) & 0xffff);
        same("gs in the handler", 0, o->gs);
    }
    machine_reset();
}

/* What delivery of an external interrupt runs into has EXT set, and is no double fault. */
static void refused(void)
{
    static const struct {
        const char *name;
        u32 access, code_access, vector, error;
    } cases[] = {
        {"gate.absent", INT32, PRESENT | CODE_RX, NP, IDT_ERROR(VECTOR)}, {"gate.invalid", PRESENT | CALL32, PRESENT | CODE_RX, GP, IDT_ERROR(VECTOR)},
        {"code.absent", PRESENT | INT32, CODE_RX, NP, TARGET}, {"code.data", PRESENT | INT32, PRESENT | DATA_RW, GP, TARGET},
    };
    u32 wrong = 0;
    for (u32 i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check("refused.%s", cases[i].name);
        for (u32 ring = 0; ring < 4; ring++) {
            gdt[TARGET >> 3] = descriptor(LOW, 0xffff, cases[i].code_access, BIG);
            idt[VECTOR] = gate(TARGET, (u32)low_landing, cases[i].access, 0);
            struct state s = event_state(ring, spin);
            s.eflags |= F_IF;
            send(VECTOR);
            tag("ring %u", ring);
            struct outcome o = *run(&s);
            end_of_interrupt();
            wrong += !(o.error & 1);
            o.error &= ~1u;
            ended(&o, cases[i].vector, cases[i].error, spin, 0);
        }
    }
    check("refused.ext");
    same("without EXT", 0, wrong);
    machine_reset();
}

/* ---- order ---- */

SNIPPET(two_nops, "nop; nop");

static void order(void)
{
    /* A single-step trap comes before the interrupt. */
    check("order.step");
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = event_state(ring, w_popf);
        s.eflags |= F_TF;
        send(VECTOR);
        tag("ring %u", ring);
        finished(watched(&s));
        same("first", DB, seen[0].vector);
        same("second", DB, seen[1].vector);
        same("behind popf", (u32)w_popf + 2, seen[1].eip);
        same("third", VECTOR, seen[2].vector);
        same("same place", (u32)w_popf + 2, seen[2].eip);
        write_dr6(0);
    }
    /* Of two requests, the higher class; the other when IF allows it again. */
    check("order.priority");
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = event_state(ring, two_nops);
        s.eflags |= F_IF;
        send(VECTOR);
        send(OTHER);
        tag("ring %u", ring);
        events = 0;
        intercept(note);
        const struct outcome *o = run(&s);
        intercept(0);
        finished(o);
        same("first", OTHER, seen[0].vector);
        same("only until its end", 1, events);
        end_of_interrupt();
        drain();
        same("second", VECTOR, seen[0].vector);
    }
    /* A pending interrupt comes before the instruction, and so before its fault. */
    SNIPPET(undefined, "ud2");
    check("order.fault");
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = event_state(ring, undefined);
        s.eflags |= F_IF;
        send(VECTOR);
        tag("ring %u", ring);
        ended(watched(&s), UD, 0, undefined, 0);
        same("events", 1, events);
        same("eip", (u32)undefined, seen[0].eip);
    }
}

/* ---- inside a repeated instruction ---- */

SNIPPET(long_rep, "1: movl $0x400000, %ecx; movl %edx, %edi; rep stosb; jmp 1b");
static u32 inside[3];
static int until_inside(u32 vector, u32 *frame)
{
    if (vector != IRQ_BASE)
        return 0;
    out8(0x20, 0x20);
    u32 rep = (u32)long_rep + 7;
    if (frame[0] != rep)
        return 1;
    inside[0]++;
    inside[1] = frame[2];
    return 0;
}

/* The timer interrupts it: EIP stays on it, the registers say where it is, RF is set; and it goes on from there. */
static void interrupted_rep(void)
{
    check("rep.interrupted");
    board_interrupts(1);
    for (u32 ring = 0; ring < 4; ring += 3) {
        u32 rf_missing = 0, found = 0;
        for (u32 try = 0; try < 200 && found < 4; try++) {
            inside[0] = 0;
            struct state s = event_state(ring, long_rep);
            s.edx = 0x1000000;
            s.eflags |= F_IF;
            *(u8 *)0x1000000 = 1;
            out8(0x43, 0x34);
            out8(0x40, (u8)(40 + try));
            out8(0x40, 0);
            out8(0x21, 0xfe);
            intercept(until_inside);
            const struct outcome *o = run(&s);
            intercept(0);
            out8(0x21, 0xff);
            out8(0x43, 0x30);
            if (!inside[0] || o->ecx == 0x400000 || o->ecx == 0)
                continue;
            found++;
            tag("ring %u", ring);
            same("edi", 0x1000000 + (0x400000 - o->ecx), o->edi);
            same("eip", (u32)long_rep + 7, o->eip);
            rf_missing += !(inside[1] & F_RF);
        }
        same("found", 4, found);
        check(ring ? "rep.interrupted.rf.ring3" : "rep.interrupted.rf.ring0");
        same("images without RF", 0, rf_missing);
        if (!ring)
            check("rep.interrupted.ring3");
    }
    board_interrupts(0);
}

/* ---- HLT ---- */

SNIPPET(halt, "hlt; nop");

static void halts(void)
{
    check("hlt.pending");
    struct state s = event_state(0, w_sti_hlt);
    for (u32 i = 0; i < 3; i++) {
        send(VECTOR);
        finished(watched(&s));
        same("eip", (u32)w_sti_hlt + 2, seen[0].eip);
        same("events", 1, events);
    }
    /* The timer ticks until it has found the processor halted. */
    check("hlt.timer");
    board_interrupts(1);
    for (u32 count = 600; count < 6000; count += 1700) {
        idt[IRQ_BASE] = idt[OTHER];
        s = event_state(0, halt);
        s.eflags |= F_IF;
        out8(0x43, 0x34);
        out8(0x40, (u8)count);
        out8(0x40, (u8)(count >> 8));
        out8(0x21, 0xfe);
        tag("count %u", count);
        finished(watched(&s));
        out8(0x21, 0xff);
        same("woken", 1, events >= 1 && events <= 8);
        same("eip", (u32)halt + 1, seen[events - 1].eip);
    }
    out8(0x43, 0x30);
    board_interrupts(0);
    machine_reset();
}

/* ---- NMI ---- */

static u32 nmis, nmi_eips[4], last_nmi_eip;
static int nested_nmi, from_timer;
static int count_nmi(u32 vector, u32 *frame)
{
    if (vector != NMI)
        return 0;
    if (from_timer) {
        /* Acknowledged by polling: the controller's output falls, and may rise again. */
        out8(0x20, 0x0c);
        in8(0x20);
        out8(0x20, 0x20);
    }
    if (nmis < 4)
        nmi_eips[nmis] = frame[0];
    last_nmi_eip = frame[0];
    nmis++;
    if (nested_nmi) {
        nested_nmi = 0;
        send_nmi();
    }
    return 1;
}

static const struct outcome *with_nmi(const struct state *s)
{
    nmis = 0;
    intercept(count_nmi);
    const struct outcome *o = run(s);
    intercept(0);
    return o;
}

/* It takes an APIC a while. */
SNIPPET(sends_nmi, "movl %eax, (%edi); jmp 1f; 1: movl $1000, %ecx; 2: loop 2b; nop");
#define SENDS_NMI_LENGTH 13

static void non_maskable(void)
{
    check("nmi");
    *apic(APIC_ICR + 0x10) = *apic(APIC_ID);
    for (u32 ring = 0; ring < 4; ring++) {
        for (u32 flag = 0; flag < 2; flag++) {
            /* IF does not matter. */
            struct state s = event_state(ring, sends_nmi);
            s.eflags |= flag ? F_IF : 0;
            s.edi = APIC + APIC_ICR;
            s.eax = DELIVERY_NMI;
            tag("ring %u if %u", ring, flag);
            finished(with_nmi(&s));
            same("taken", 1, nmis);
            same("soon", 1, nmi_eips[0] >= (u32)sends_nmi + 2 && nmi_eips[0] <= (u32)sends_nmi + SENDS_NMI_LENGTH);
        }
    }
    /* Another one waits until IRET. */
    check("nmi.nested");
    nested_nmi = 1;
    struct state s = event_state(3, sends_nmi);
    s.edi = APIC + APIC_ICR;
    s.eax = DELIVERY_NMI;
    finished(with_nmi(&s));
    same("taken", 2, nmis);
    same("behind the first", 1, nmi_eips[1] >= (u32)sends_nmi + 2 && nmi_eips[1] <= (u32)sends_nmi + SENDS_NMI_LENGTH);
    /* It ends HLT with IF clear: here the timer, by way of LINT0, until it has found the processor halted. */
    check("nmi.hlt");
    from_timer = 1;
    s = event_state(0, halt);
    out8(0x43, 0x34);
    out8(0x40, 0);
    out8(0x40, 0x10);
    nmis = 0;
    intercept(count_nmi);
    *apic(APIC_LVT_LINT0) = DELIVERY_NMI;
    out8(0x21, 0xfe);
    finished(run(&s));
    *apic(APIC_LVT_LINT0) = 0x10000;
    intercept(0);
    out8(0x21, 0xff);
    out8(0x43, 0x30);
    from_timer = 0;
    same("taken", 1, nmis >= 1);
    same("eip", (u32)halt + 1, last_nmi_eip);
}

void checks_events(void)
{
    apic_on();
    places();
    frames();
    refused();
    order();
    interrupted_rep();
    halts();
    non_maskable();
}
