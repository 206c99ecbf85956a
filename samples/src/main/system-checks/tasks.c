/* Task switches: SDM vol. 3A chapter 7. */
#include "paging.h"

#define VECTOR 0x60
#define GATE SLOT(0)
#define SUBJECT SLOT(2)
#define STACK SLOT(3)
#define LOCAL_TABLE SLOT(4)

SNIPPET(far_jump, "ljmp *(%ebp)");
SNIPPET(far_call, "lcall *(%ebp)");
SNIPPET(int_n, "int $0x60");
SNIPPET(undefined, "ud2");
SNIPPET(protection, "hlt");
SNIPPET(iret_long, "iretl");
SNIPPET(iret_and_more, "iretl; int $0x30");
/* IRET into a probe with NT set would itself be a task return: the snippet sets it. */
SNIPPET(nested_return, "pushfl; orl $0x4000, (%esp); popfl; iretl");
SNIPPET(mark_and_return, "movl $0x600d600d, %eax; iretl");
SNIPPET(nothing, "nop");
LOW_SNIPPET(low_code, "nop");

static u8 task_stack[2][1024] __attribute__((aligned(16)));
static u32 far_pointer[2];

/* A task: what its TSS is, and which ring it runs at. */
struct task {
    u16 selector;
    union tss_any *tss;
    int wide;
    u32 ring;
};

static void describe(const struct task *t)
{
    u32 bytes = t->wide ? sizeof(struct tss32) : sizeof(struct tss16);
    gdt[t->selector >> 3] = descriptor((u32)t->tss, bytes - 1, PRESENT | DPL(3) | (t->wide ? TSS32 : TSS16), 0);
}

/* Registers with recognizable values; a wide task starts at landing_place, a narrow one at low_landing. */
static void make(const struct task *t)
{
    describe(t);
    fill(t->tss, 0, sizeof *t->tss);
    u32 ring = t->ring, which = t->tss == &tss_b;
    if (t->wide) {
        struct tss32 *w = &t->tss->wide;
        w->esp0 = (u32)(task_stack[which] + sizeof task_stack[0]);
        w->ss0 = DATA(0);
        w->cr3 = read_cr3();
        w->eip = LANDING;
        w->eflags = F_ONE | F_CF | F_ZF | F_ID;
        w->eax = 0xa1a2a3a4, w->ecx = 0xc1c2c3c4, w->edx = 0xd1d2d3d4, w->ebx = 0xb1b2b3b4;
        w->ebp = 0x51525354, w->esi = 0x61626364, w->edi = 0x71727374;
        w->esp = STACK_TOP(probe_stack[ring]) - 1024;
        w->cs = CODE(ring);
        w->ss = w->ds = w->es = w->fs = w->gs = DATA(ring);
        w->map_base = sizeof *w;
    } else {
        struct tss16 *n = &t->tss->narrow;
        n->sp0 = 0xa000;
        n->ss0 = DATA16(0);
        n->ip = (u16)(u32)low_landing;
        n->flags = F_ONE | F_CF | F_ZF;
        n->ax = 0xa3a4, n->cx = 0xc3c4, n->dx = 0xd3d4, n->bx = 0xb3b4, n->bp = 0x5354, n->si = 0x6364, n->di = 0x7374;
        n->sp = 0x9000;
        set_target(CODE_RX, ring, 0xffff);
        n->cs = TARGET | ring;
        n->ss = n->ds = n->es = DATA16(ring);
    }
}

enum way { JUMP_TSS, CALL_TSS, JUMP_GATE, CALL_GATE, INTERRUPT, EXCEPTION, WITH_ERROR, WAYS };
static const struct {
    const char *name, *code;
    /* Where the saved EIP is. */
    u32 after;
    int nested;
} ways[] = {
    {"jmp.tss", far_jump, 3, 0}, {"call.tss", far_call, 3, 1}, {"jmp.gate", far_jump, 3, 0}, {"call.gate", far_call, 3, 1},
    {"int", int_n, 2, 1}, {"exception", undefined, 0, 1}, {"error.code", protection, 0, 1},
};

static u32 way_vector(enum way w)
{
    return w == INTERRUPT ? VECTOR : w == EXCEPTION ? UD : GP;
}

/* The state from which a way leads to a task's selector. */
static struct state leading(enum way w, u16 selector, u32 ring)
{
    struct state s = ring_state(ring, ways[w].code);
    far_pointer[0] = 0xdeadbeef;
    far_pointer[1] = w == JUMP_TSS || w == CALL_TSS ? selector : GATE;
    s.ebp = (u32)far_pointer;
    s.eax = 0x1a1b1c1d, s.ebx = 0x2a2b2c2d, s.ecx = 0x3a3b3c3d, s.edx = 0x4a4b4c4d, s.esi = 0x5a5b5c5d, s.edi = 0x6a6b6c6d;
    s.eflags |= F_CF | F_DF | F_IOPL(2);
    if (w >= INTERRUPT)
        idt[way_vector(w)] = gate(selector, 0, PRESENT | DPL(3) | TASK_GATE, 0);
    else
        gdt[GATE >> 3] = gate(selector, 0, PRESENT | DPL(3) | TASK_GATE, 0);
    return s;
}

static u32 busy(u16 selector)
{
    return access_of(selector) >> 1 & 1;
}

/* Registers that the landing handler saw are those of the task. */
static void check_entered(const struct task *t, const struct outcome *o, u32 extra)
{
    u32 mask = t->wide ? ~0u : 0xffff;
    same("vector", LANDED, o->vector);
    same("eip", t->wide ? LANDING + 2 : (u32)low_landing + 2, o->eip);
    same("cs", t->wide ? CODE(t->ring) : TARGET | t->ring, o->cs & 0xffff);
    same("eax", 0xa1a2a3a4 & mask, o->eax & mask);
    same("ecx", 0xc1c2c3c4 & mask, o->ecx & mask);
    same("edx", 0xd1d2d3d4 & mask, o->edx & mask);
    same("ebx", 0xb1b2b3b4 & mask, o->ebx & mask);
    same("ebp", 0x51525354 & mask, o->ebp & mask);
    same("esi", 0x61626364 & mask, o->esi & mask);
    same("edi", 0x71727374 & mask, o->edi & mask);
    same("ss", t->wide ? DATA(t->ring) : DATA16(t->ring), o->ss & 0xffff);
    same("esp", ((t->wide ? STACK_TOP(probe_stack[t->ring]) - 1024 : 0x9000) - extra) & mask, o->esp & mask);
    same("ds", t->wide ? DATA(t->ring) : DATA16(t->ring), o->ds);
    same("es", t->wide ? DATA(t->ring) : DATA16(t->ring), o->es);
    if (t->wide) {
        same("fs", DATA(t->ring), o->fs);
        same("gs", DATA(t->ring), o->gs);
    }
}

static void check_saved(const struct task *from, const struct state *s, u32 eip, u32 clear)
{
    /* RF of a saved image: not compared. */
    if (from->wide) {
        const struct tss32 *w = from->selector == TSS_MAIN ? &tss_main.tss : &from->tss->wide;
        same("saved eip", eip, w->eip);
        same("saved eflags", s->eflags & ~clear, w->eflags & ~F_RF);
        same("saved eax", s->eax, w->eax);
        same("saved ecx", s->ecx, w->ecx);
        same("saved edx", s->edx, w->edx);
        same("saved ebx", s->ebx, w->ebx);
        same("saved esp", s->esp, w->esp);
        same("saved ebp", s->ebp, w->ebp);
        same("saved esi", s->esi, w->esi);
        same("saved edi", s->edi, w->edi);
        same("saved es", s->es, w->es & 0xffff);
        same("saved cs", s->cs, w->cs & 0xffff);
        same("saved ss", s->ss, w->ss & 0xffff);
        same("saved ds", s->ds, w->ds & 0xffff);
        same("saved fs", s->fs, w->fs & 0xffff);
        same("saved gs", s->gs, w->gs & 0xffff);
    } else {
        const struct tss16 *n = &from->tss->narrow;
        same("saved ip", eip & 0xffff, n->ip);
        same("saved flags", s->eflags & ~clear & 0xffff, n->flags);
        same("saved ax", s->eax & 0xffff, n->ax);
        same("saved cx", s->ecx & 0xffff, n->cx);
        same("saved dx", s->edx & 0xffff, n->dx);
        same("saved bx", s->ebx & 0xffff, n->bx);
        same("saved sp", s->esp & 0xffff, n->sp);
        same("saved di", s->edi & 0xffff, n->di);
        same("saved cs", s->cs, n->cs);
        same("saved ss", s->ss, n->ss);
        same("saved ds", s->ds, n->ds);
        same("saved es", s->es, n->es);
    }
}

/* ---- every way, between tasks of both sizes, from and to rings 0 and 3 ---- */

static void switches(enum way w)
{
    for (u32 n = 0; n < 16; n++) {
        struct task from = {TSS_B, &tss_b, (int)(n & 1), n & 2 ? 3 : 0}, to = {TSS_A, &tss_a, (int)(n >> 2 & 1), n & 8 ? 3 : 0};
        if (w == WITH_ERROR && from.ring == 0)
            continue;
        check("%s.%s.ring%u.to.%s.ring%u", ways[w].name, from.wide ? "32" : "16", from.ring, to.wide ? "32" : "16", to.ring);
        for (u32 nt = 0; nt < 2; nt++) {
            machine_reset();
            make(&from);
            describe(&from);
            load_task(TSS_B);
            make(&to);
            if (nt) {
                if (to.wide)
                    to.tss->wide.eflags |= F_NT;
                else
                    to.tss->narrow.flags |= F_NT;
            }
            struct state s = leading(w, TSS_A, from.ring);
            s.eflags |= nt ? 0 : F_NT;
            if (s.eflags & F_NT && from.ring == 0)
                s.eflags &= ~F_NT;
            u16 link_before = *(u16 *)&tss_a;
            tag("nt %u", nt);
            const struct outcome *o = run(&s);
            u32 ts = read_cr0() & CR0_TS;
            u16 current = task_register();
            u32 element_bytes = w == WITH_ERROR ? (to.wide ? 4 : 2) : 0;
            check_entered(&to, o, element_bytes);
            check_saved(&from, &s, (u32)ways[w].code + ways[w].after, 0);
            same("task register", TSS_A, current);
            same("cr0.ts", CR0_TS, ts);
            same("busy new", 1, busy(TSS_A));
            same("busy old", (u32)ways[w].nested, busy(TSS_B));
            same("back link", ways[w].nested ? TSS_B : link_before, *(u16 *)&tss_a);
            u32 flags = F_ONE | F_CF | F_ZF | (to.wide ? F_ID : 0) | (ways[w].nested || nt ? F_NT : 0);
            same("eflags", flags, o->eflags & ~F_RF);
            if (w == WITH_ERROR) {
                u32 at = to.wide ? o->esp : LOW_DATA + (o->esp & 0xffff);
                same("error code", 0, element(at, 0, element_bytes));
            }
            __asm__ volatile("clts");
        }
    }
    machine_reset();
}

/* ---- and back: IRET with NT ---- */

static void returns(void)
{
    for (u32 n = 0; n < 8; n++) {
        struct task from = {TSS_B, &tss_b, (int)(n & 1), n & 4 ? 3 : 0}, back = {TSS_A, &tss_a, (int)(n >> 1 & 1), 3};
        check("iret.%s.ring%u.to.%s", from.wide ? "32" : "16", from.ring, back.wide ? "32" : "16");
        machine_reset();
        make(&from);
        make(&back);
        load_task(TSS_B);
        *(u16 *)&tss_b = TSS_A;
        gdt[TSS_A >> 3] |= 0x20000000000ull;
        struct state s = ring_state(from.ring, iret_long);
        s.eflags |= F_NT | F_DF;
        s.eax = 0x01020304;
        s.eflags &= ~F_NT;
        s.eip = (u32)nested_return;
        const struct outcome *o = run(&s);
        u32 ts = read_cr0() & CR0_TS;
        u16 current = task_register();
        check_entered(&back, o, 0);
        same("task register", TSS_A, current);
        same("cr0.ts", CR0_TS, ts);
        same("busy new", 1, busy(TSS_A));
        same("busy old", 0, busy(TSS_B));
        same("eflags", F_ONE | F_CF | F_ZF | (back.wide ? F_ID : 0), o->eflags);
        s.eflags |= F_DF;
        check_saved(&from, &s, (u32)nested_return + 10, F_NT);
        same("back link kept", TSS_A, *(u16 *)&tss_b);
        __asm__ volatile("clts");
    }
    machine_reset();
    /* What the link may name. */
    static const struct {
        const char *name;
        u16 selector;
        u32 access, vector;
    } links[] = {
        {"available", SUBJECT, PRESENT | TSS32, TS}, {"data", SUBJECT, PRESENT | DATA_RW, TS}, {"absent", SUBJECT, TSS32_BUSY, NP},
        {"ldt", SUBJECT, PRESENT | LDT_TYPE, TS}, {"call.gate", SUBJECT, PRESENT | CALL32, TS}, {"local", 4, 0, TS}, {"beyond", 0xfff8, 0, TS},
        {"null", 0, 0, TS}, {"absent.16", SUBJECT, TSS16_BUSY, NP}, {"available.16", SUBJECT, PRESENT | TSS16, TS},
    };
    for (u32 i = 0; i < sizeof links / sizeof links[0]; i++) {
        check("iret.link.%s", links[i].name);
        for (u32 ring = 0; ring < 4; ring += 3) {
            gdt[SUBJECT >> 3] = descriptor((u32)&tss_a, 0x67, links[i].access, 0);
            tss_main.tss.link = links[i].selector;
            struct state s = ring_state(ring, nested_return);
            tag("ring %u", ring);
            const struct outcome *o = run(&s);
            ended(o, links[i].vector, links[i].selector, nested_return, 9);
            same("task register", TSS_MAIN, task_register());
            same("busy", 1, busy(TSS_MAIN));
            same("nt", F_NT, o->eflags & F_NT);
        }
    }
    machine_reset();
}

/* A calls B calls C, and all the way back; each sets registers that the others must not see. */
SNIPPET(outer, "lcall *(%ebp); nop");

static void chain(void)
{
    check("chain");
    struct task a = {TSS_A, &tss_a, 1, 3}, b = {TSS_B, &tss_b, 1, 0};
    for (u32 i = 0; i < 4; i++) {
        machine_reset();
        make(&a);
        make(&b);
        static u32 to_b[2] = {0, TSS_B};
        tss_a.wide.eip = (u32)outer;
        tss_a.wide.ebp = (u32)to_b;
        tss_b.wide.eip = (u32)iret_and_more;
        struct state s = ring_state(i & 1 ? 3 : 0, outer);
        far_pointer[1] = TSS_A;
        gdt[TSS_A >> 3] |= (u64)DPL(3) << 40;
        s.ebp = (u32)far_pointer;
        s.eax = 0x10101010 + i;
        tag("round %u", i);
        /* main -> A -> B -> A, which stops at its breakpoint. */
        const struct outcome *o = run(&s);
        ended(o, BP, 0, outer, 5);
        same("in A", 0xa1a2a3a4, o->eax);
        same("task register", TSS_A, task_register());
        same("A nested", F_NT, o->eflags & F_NT);
        same("B busy", 0, busy(TSS_B));
        same("A busy", 1, busy(TSS_A));
        same("main busy", 1, busy(TSS_MAIN));
        same("B eip", (u32)iret_and_more + 1, tss_b.wide.eip);
        same("B nt", 0, tss_b.wide.eflags & F_NT);
        same("B link", TSS_A, tss_b.wide.link & 0xffff);
        /* Again into B: it goes on behind its IRET. */
        s = ring_state(0, outer);
        s.ebp = (u32)to_b;
        gdt[TSS_A >> 3] = descriptor((u32)&tss_a, 0x67, PRESENT | TSS32_BUSY, 0);
        o = run(&s);
        same("behind IRET", (u32)iret_and_more + 3, o->eip);
        same("vector", LANDED, o->vector);
        __asm__ volatile("clts");
    }
    machine_reset();
}

/* An interrupt handler as a task, which returns to where it was. */
static void handler_task(void)
{
    check("handler.returns");
    struct task h = {TSS_A, &tss_a, 1, 0};
    make(&h);
    tss_a.wide.eip = (u32)mark_and_return;
    idt[VECTOR] = gate(TSS_A, 0, PRESENT | DPL(3) | TASK_GATE, 0);
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = ring_state(ring, int_n);
        s.eax = 0x77 + ring;
        tss_a.wide.eip = (u32)mark_and_return;
        tag("ring %u", ring);
        const struct outcome *o = run(&s);
        ended(o, BP, 0, int_n, 3);
        same("eax", 0x77 + ring, o->eax);
        same("cs", CODE(ring), o->cs & 0xffff);
        same("handler's eax", 0x600d600d, tss_a.wide.eax);
        same("task register", TSS_MAIN, task_register());
        same("eflags", s.eflags, o->eflags);
        same("busy", 0, busy(TSS_A));
        same("cr0.ts", CR0_TS, read_cr0() & CR0_TS);
        __asm__ volatile("clts");
    }
    machine_reset();
}

/* ---- who may, and what may be named ---- */

static void privileges(void)
{
    struct task a = {TSS_A, &tss_a, 1, 3};
    for (enum way w = JUMP_TSS; w <= INTERRUPT; w++) {
        int direct = w <= CALL_TSS;
        check("%s.privilege", ways[w].name);
        for (u32 n = 0; n < 128; n++) {
            u32 cpl = n & 3, dpl = n >> 2 & 3, rpl = n >> 4 & 3, present = n >> 6;
            if (w == INTERRUPT && rpl)
                continue;
            machine_reset();
            make(&a);
            struct state s = leading(w, TSS_A, cpl);
            if (direct) {
                gdt[TSS_A >> 3] = descriptor((u32)&tss_a, 0x67, (present ? PRESENT : 0) | DPL(dpl) | TSS32, 0);
                far_pointer[1] = TSS_A | rpl;
            } else if (w == INTERRUPT) {
                idt[VECTOR] = gate(TSS_A, 0, (present ? PRESENT : 0) | DPL(dpl) | TASK_GATE, 0);
            } else {
                gdt[GATE >> 3] = gate(TSS_A, 0, (present ? PRESENT : 0) | DPL(dpl) | TASK_GATE, 0);
                far_pointer[1] = GATE | rpl;
            }
            tag("cpl %u dpl %u rpl %u %s", cpl, dpl, rpl, present ? "present" : "absent");
            const struct outcome *o = run(&s);
            u32 error = direct ? TSS_A : w == INTERRUPT ? VECTOR * 8 + 2 : GATE;
            if (dpl < cpl || (w != INTERRUPT && dpl < rpl))
                ended(o, GP, error, ways[w].code, 0);
            else if (!present)
                ended(o, NP, error, ways[w].code, 0);
            else
                same("vector", LANDED, o->vector);
            __asm__ volatile("clts");
        }
    }
    machine_reset();
}

/* What a task gate, or a far pointer, names: every type; and TSSs that are too short. */
static void named(void)
{
    for (enum way w = JUMP_GATE; w <= EXCEPTION; w++) {
        for (u32 type = 0; type < 32; type++) {
            check("%s.type%x", ways[w].name, type);
            for (u32 present = 0; present < 2; present++) {
                machine_reset();
                struct task a = {SUBJECT, &tss_a, type >= 8, 3};
                make(&a);
                gdt[SUBJECT >> 3] = descriptor((u32)&tss_a, 0x67, (present ? PRESENT : 0) | type, 0);
                struct state s = leading(w, SUBJECT, 3);
                tag("%s", present ? "present" : "absent");
                struct outcome o = *run(&s);
                if (w == EXCEPTION)
                    o.error &= ~1u;
                if (type != TSS32 && type != TSS16)
                    ended(&o, GP, SUBJECT, ways[w].code, 0);
                else if (!present)
                    ended(&o, NP, SUBJECT, ways[w].code, 0);
                else
                    same("vector", LANDED, o.vector);
                __asm__ volatile("clts");
            }
        }
        check("%s.nowhere", ways[w].name);
        static const u16 nowhere[] = {0, sizeof gdt, 0xfff8, 4, TSS_A | 4};
        for (u32 i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
            machine_reset();
            struct state s = leading(w, nowhere[i], 3);
            tag("selector %x", nowhere[i]);
            struct outcome o = *run(&s);
            if (w == EXCEPTION)
                o.error &= ~1u;
            ended(&o, GP, nowhere[i], ways[w].code, 0);
        }
    }
    for (enum way w = JUMP_TSS; w <= EXCEPTION; w++) {
        check("%s.tss.limit", ways[w].name);
        for (u32 n = 0; n < 10; n++) {
            int wide = n < 5;
            u32 limit = (wide ? 0x65 : 0x29) + n % 5;
            machine_reset();
            struct task a = {TSS_A, &tss_a, wide, 3};
            make(&a);
            gdt[TSS_A >> 3] = descriptor((u32)&tss_a, limit, PRESENT | DPL(3) | (wide ? TSS32 : TSS16), 0);
            struct state s = leading(w, TSS_A, 3);
            tag("%s limit %x", wide ? "32" : "16", limit);
            struct outcome o = *run(&s);
            if (w == EXCEPTION)
                o.error &= ~1u;
            if (limit < (wide ? 0x67u : 0x2bu)) {
                ended(&o, TS, TSS_A, ways[w].code, 0);
                same("task register", TSS_MAIN, task_register());
            } else {
                same("vector", LANDED, o.vector);
            }
            __asm__ volatile("clts");
        }
    }
    machine_reset();
}

/* ---- faults in the new task ---- */

/* One field of the new task is wrong; the fault is taken in the new task, before its first instruction. */
static void new_context(enum way w, int wide, u32 field, u16 selector, u64 d, u32 vector)
{
    machine_reset();
    struct task a = {TSS_A, &tss_a, wide, 3};
    make(&a);
    if (selector & ~7)
        gdt[selector >> 3] = d;
    *(u16 *)(tss_a.bytes + field) = selector;
    struct state s = leading(w, TSS_A, 3);
    struct outcome o = *run(&s);
    u16 current = task_register();
    __asm__ volatile("clts");
    if (w == EXCEPTION)
        o.error &= ~1u;
    if (!vector) {
        same("vector", LANDED, o.vector);
        return;
    }
    same("vector.error", vector << 24 | (selector & ~3u), o.vector << 24 | o.error);
    same("eip", wide ? LANDING : (u32)low_landing, o.eip);
    same("task register", TSS_A, current);
    same("busy", 1, busy(TSS_A));
    same("old task busy", (u32)ways[w].nested, busy(TSS_MAIN));
}

static void new_contexts(void)
{
    static const enum way some[] = {JUMP_TSS, CALL_GATE, INTERRUPT, EXCEPTION};
    for (u32 i = 0; i < sizeof some / sizeof some[0]; i++) {
        enum way w = some[i];
        for (u32 wide = 0; wide < 2; wide++) {
            static const struct {
                const char *name;
                u8 narrow, wide;
            } fields[] = {{"es", 34, 72}, {"cs", 36, 76}, {"ss", 38, 80}, {"ds", 40, 84}, {"fs", 0, 88}, {"gs", 0, 92}, {"ldt", 42, 96}};
            for (u32 f = 0; f < sizeof fields / sizeof fields[0]; f++) {
                u32 field = wide ? fields[f].wide : fields[f].narrow;
                if (!field)
                    continue;
                const char *name = fields[f].name;
                for (u32 n = 0; n < 32 * 2; n++) {
                    u32 type = n & 31, present = n >> 5;
                    if (n % 32 == 0)
                        check("%s.%s.%s.%s", ways[w].name, wide ? "32" : "16", name, present ? "types" : "absent");
                    for (u32 dpl = 0; dpl < 4; dpl += 3) {
                        u16 selector = SUBJECT | 3;
                        u64 d = descriptor(name[0] == 'c' && !wide ? LOW : 0, (type & 0x1c) == 0x14 ? 0 : 0xfffff,
                            type | DPL(dpl) | (present ? PRESENT : 0), GRANULAR | BIG);
                        u32 v;
                        if (name[0] == 'l') {
                            selector = SUBJECT;
                            v = type != LDT_TYPE || !present ? TS : 0;
                        } else if (name[0] == 'c') {
                            int conforming = (type & 0x1c) == 0x1c;
                            v = (type & 0x18) != 0x18 || (conforming ? dpl > 3 : dpl != 3) ? TS : present ? 0 : NP;
                        } else if (name[1] == 's' && name[0] == 's') {
                            v = (type & 0x1a) != 0x12 || dpl != 3 ? TS : present ? 0 : SS;
                        } else {
                            int readable = type >= 16 && (type & 0xa) != 8, conforming = (type & 0x1c) == 0x1c;
                            v = !readable || (!conforming && dpl < 3) ? TS : present ? 0 : NP;
                        }
                        tag("type %x dpl %u", type, dpl);
                        new_context(w, (int)wide, field, selector, d, v);
                    }
                }
                check("%s.%s.%s.nowhere", ways[w].name, wide ? "32" : "16", name);
                static const u16 nowhere[] = {0, 0xfff8, 4};
                for (u32 k = 0; k < 3; k++) {
                    u16 selector = nowhere[k] | (name[0] == 'l' ? 0 : 3);
                    if (k == 0 && name[0] == 'c')
                        continue;
                    tag("selector %x", selector);
                    int null_is_bad = name[0] == 's';
                    machine_reset();
                    struct task a = {TSS_A, &tss_a, (int)wide, 3};
                    make(&a);
                    *(u16 *)(tss_a.bytes + field) = selector;
                    struct state s = leading(w, TSS_A, 3);
                    struct outcome o = *run(&s);
                    __asm__ volatile("clts");
                    if (w == EXCEPTION)
                        o.error &= ~1u;
                    if (k == 0 && !null_is_bad)
                        same("vector", LANDED, o.vector);
                    else
                        same("vector.error", TS << 24 | (selector & ~3u), o.vector << 24 | o.error);
                }
            }
        }
        check("%s.eip.beyond", ways[w].name);
        machine_reset();
        struct task a = {TSS_A, &tss_a, 1, 3};
        make(&a);
        gdt[SUBJECT >> 3] = descriptor(0, 0xfff, PRESENT | DPL(3) | CODE_RX, BIG);
        tss_a.wide.cs = SUBJECT | 3;
        struct state s = leading(w, TSS_A, 3);
        struct outcome o = *run(&s);
        o.error &= ~1u;
        same("vector.error", GP << 24, o.vector << 24 | o.error);
        same("eip", LANDING, o.eip);
        same("task register", TSS_A, task_register());
        __asm__ volatile("clts");
    }
    machine_reset();
}

/* EXT of error codes: set for an exception's task gate only. */
static void external_bits(void)
{
    for (enum way w = INTERRUPT; w <= EXCEPTION; w++) {
        check("%s.ext", ways[w].name);
        for (u32 kind = 0; kind < 3; kind++) {
            machine_reset();
            struct task a = {TSS_A, &tss_a, 1, 3};
            make(&a);
            if (kind == 0)
                gdt[TSS_A >> 3] = descriptor((u32)&tss_a, 0x67, PRESENT | TSS32_BUSY, 0);
            else if (kind == 1)
                gdt[TSS_A >> 3] = descriptor((u32)&tss_a, 0x20, PRESENT | TSS32, 0);
            else
                tss_a.wide.ds = DATA(0);
            struct state s = leading(w, TSS_A, 3);
            tag("kind %u", kind);
            const struct outcome *o = run(&s);
            __asm__ volatile("clts");
            same("ext", w == EXCEPTION, o->error & 1);
        }
    }
    machine_reset();
}

/* ---- what else a switch loads ---- */

SNIPPET(use_local, "movw $7, %ax; movw %ax, %ds; int $0x30");

static void local_tables(void)
{
    check("ldt.loaded");
    struct task a = {TSS_A, &tss_a, 1, 3};
    for (u32 i = 0; i < 4; i++) {
        machine_reset();
        make(&a);
        ldt[0] = descriptor(0x1234 * i, 0xfffff, PRESENT | DPL(3) | DATA_RW, GRANULAR | BIG);
        gdt[LOCAL_TABLE >> 3] = descriptor((u32)ldt, 7, PRESENT | LDT_TYPE, 0);
        tss_a.wide.ldt = LOCAL_TABLE;
        tss_a.wide.eip = (u32)use_local;
        /* And a segment of the task from its own table. */
        tss_a.wide.gs = i & 1 ? 7 : DATA(3);
        struct state s = leading(i & 2 ? JUMP_TSS : INTERRUPT, TSS_A, 3);
        tag("case %u", i);
        const struct outcome *o = run(&s);
        same("vector", LANDED, o->vector);
        same("ds", 7, o->ds);
        same("gs", i & 1 ? 7 : DATA(3), o->gs);
        same("ldtr", LOCAL_TABLE, ldt_register());
        __asm__ volatile("clts");
    }
    machine_reset();
}

static void page_tables(void)
{
    static u32 other[1024] __attribute__((aligned(4096)));
    check("cr3.loaded");
    tables_build(TWO_LEVEL, 1);
    paging_on(CR0_WP, CR4_PSE);
    u32 first = read_cr3();
    map(TEST, 0x1800000, P | W | U);
    copy(other, (const void *)first, sizeof other);
    other[TEST >> 22] = 0x1800000 | P | W | U | PS;
    *(u32 *)0x1800000 = 0x11111111;
    *(u32 *)0x1801000 = 0x22222222;
    SNIPPET(read_both, "movl 0x40000000, %eax; movl 0x40001000, %ebx; int $0x30");
    struct task a = {TSS_A, &tss_a, 1, 3};
    for (u32 i = 0; i < 4; i++) {
        make(&a);
        describe(&a);
        tss_a.wide.cr3 = i & 1 ? (u32)other : first;
        tss_a.wide.eip = (u32)read_both;
        gdt[TSS_MAIN >> 3] = descriptor((u32)&tss_main, sizeof tss_main - 1, PRESENT | TSS32, 0);
        write_cr3(first);
        load_task(TSS_MAIN);
        struct state s = leading(CALL_TSS, TSS_A, 0);
        s.eip = (u32)far_call;
        tag("case %u", i);
        const struct outcome *o = run(&s);
        same("eax", 0x11111111, o->eax);
        if (i & 1) {
            same("vector", LANDED, o->vector);
            same("ebx", 0x22222222, o->ebx);
        } else {
            same("vector.error", PF << 24 | E_U, o->vector << 24 | o->error);
        }
        same("cr3", i & 1 ? (u32)other : first, read_cr3());
        __asm__ volatile("clts");
    }
    write_cr3(first);
    registers_reset();
    /* A page fault while the new task's state is read: nothing has changed. */
    check("tss.page.absent");
    map(TEST + 0x10000, 0x1810000, P | W);
    map(TEST + 0x11000, 0x1811000, P | W);
    for (u32 i = 0; i < 4; i++) {
        u32 at = TEST + 0x11000 - 0x30;
        copy((void *)(0x1811000 - 0x30), &tss_a, 0x68);
        set_entry(1, TEST + 0x10000 + (i & 1) * PAGE, 0);
        invlpg(TEST + 0x10000);
        invlpg(TEST + 0x11000);
        gdt[SUBJECT >> 3] = descriptor(at, 0x67, PRESENT | DPL(3) | TSS32, 0);
        struct state s = leading(i & 2 ? INTERRUPT : JUMP_TSS, SUBJECT, 3);
        s.eip = (u32)ways[i & 2 ? INTERRUPT : JUMP_TSS].code;
        /* The far pointer must be a user's. */
        u32 *stack = (u32 *)s.esp;
        stack[0] = 0, stack[1] = SUBJECT;
        s.ebp = s.esp;
        tag("case %u", i);
        const struct outcome *o = run(&s);
        same("vector", PF, o->vector);
        same("error", 0, o->error & ~(u32)E_W);
        same("page", TEST + 0x10000 + (i & 1) * PAGE, o->cr2 & ~0xfffu);
        same("eip", s.eip, o->eip);
        same("task register", TSS_MAIN, task_register());
        same("busy", 0, busy(SUBJECT));
        same("old busy", 1, busy(TSS_MAIN));
        map(TEST + 0x10000, 0x1810000, P | W);
        map(TEST + 0x11000, 0x1811000, P | W);
        idt[VECTOR] = gate(CODE(0), LANDING, PRESENT | INT32, 0);
    }
    paging_off();
    machine_reset();
}

static void debug_trap(void)
{
    check("debug.trap");
    struct task a = {TSS_A, &tss_a, 1, 0};
    for (u32 n = 0; n < 8; n++) {
        machine_reset();
        a.ring = n & 1 ? 3 : 0;
        make(&a);
        tss_a.wide.trap = n >> 1 & 1;
        write_dr6(0);
        struct state s = leading(n & 4 ? JUMP_GATE : INTERRUPT, TSS_A, 3);
        tag("case %u", n);
        const struct outcome *o = run(&s);
        if (n & 2) {
            same("vector", DB, o->vector);
            same("eip", LANDING, o->eip);
            same("dr6", 0x8000, read_dr6() & 0xe00f);
            same("task register", TSS_A, task_register());
        } else {
            same("vector", LANDED, o->vector);
            same("dr6", 0, read_dr6() & 0xe00f);
        }
        __asm__ volatile("clts");
    }
    write_dr6(0);
    machine_reset();
    /* Local breakpoints end with the task. */
    check("dr7.local");
    make(&a);
    write_dr0((u32)nothing), write_dr1((u32)nothing);
    write_dr7(0x055);
    struct state s = leading(INTERRUPT, TSS_A, 3);
    run(&s);
    same("dr7", 0x400, read_dr7() & 0x4ff);
    write_dr7(0x0aa);
    machine_reset();
    make(&a);
    s = leading(INTERRUPT, TSS_A, 3);
    run(&s);
    same("dr7 global", 0x4aa, read_dr7() & 0x4ff);
    write_dr7(0);
    __asm__ volatile("clts");
    machine_reset();
}

/* A task in virtual-8086 mode. */
static void virtual_task(void)
{
    check("v86");
    struct task a = {TSS_A, &tss_a, 1, 3};
    for (u32 n = 0; n < 4; n++) {
        machine_reset();
        make(&a);
        struct tss32 *w = &tss_a.wide;
        w->eflags = F_ONE | F_VM | F_IOPL(n) | F_CF;
        w->cs = LOW >> 4, w->ss = LOW_DATA >> 4, w->ds = 0x1234, w->es = 0x5678, w->fs = 0x9abc, w->gs = 0xdef0;
        w->eip = (u32)low_code, w->esp = 0x8000;
        struct state s = leading(n & 1 ? INTERRUPT : JUMP_TSS, TSS_A, n & 2 ? 3 : 0);
        tag("case %u", n);
        const struct outcome *o = run(&s);
        ended(o, BP, 0, low_code, 2);
        same("eflags", w->eflags | (n & 1 ? F_NT : 0), o->eflags);
        same("cs", LOW >> 4, o->cs & 0xffff);
        same("ds", 0x1234, o->vds & 0xffff);
        same("es", 0x5678, o->ves & 0xffff);
        same("fs", 0x9abc, o->vfs & 0xffff);
        same("gs", 0xdef0, o->vgs & 0xffff);
        same("eax", 0xa1a2a3a4, o->eax);
        __asm__ volatile("clts");
    }
    machine_reset();
    /* An interrupt from V86 mode through a task gate, and back. */
    check("v86.handler");
    LOW_SNIPPET(low_int, "int $0x60");
    struct task h = {TSS_A, &tss_a, 1, 0};
    make(&h);
    tss_a.wide.eip = (u32)mark_and_return;
    idt[VECTOR] = gate(TSS_A, 0, PRESENT | DPL(3) | TASK_GATE, 0);
    struct state s = v86_state(low_int, 3);
    s.vgs = 0x4321;
    const struct outcome *o = run(&s);
    ended(o, BP, 0, low_int, 3);
    same("gs", 0x4321, o->vgs & 0xffff);
    same("eflags", s.eflags, o->eflags);
    __asm__ volatile("clts");
    machine_reset();
}

void checks_tasks(void)
{
    for (enum way w = JUMP_TSS; w < WAYS; w++)
        switches(w);
    returns();
    chain();
    handler_task();
    privileges();
    named();
    new_contexts();
    external_bits();
    local_tables();
    page_tables();
    debug_trap();
    virtual_task();
}
