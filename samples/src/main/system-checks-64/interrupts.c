/* Interrupts and exceptions in IA-32e mode: SDM vol. 3A section 6.14; vol. 2 under INT n. */
#include "machine.h"

#define TARGET SLOT(1)

SNIPPET(int_n, "int $0x60");
SNIPPET(undefined, "ud2");
SNIPPET(load_bad, "movl %eax, %ds");

static u64 landing(void)
{
    /* Memory of ring 3: every ring may execute it. */
    return AT(3, landing_place);
}

/* All types of entries, for INT n of every ring. */
static void types(void)
{
    for (u32 ring = 0; ring < 4; ring++) {
        check("types.ring%u", ring);
        for (u32 access = 0; access < 256; access++) {
            idt[VECTOR] = gate(CODE(0), landing(), access, 0);
            struct state s = ring_state(ring, int_n);
            tag("access %x", access);
            const struct outcome *o = run(&s);
            u32 type = access & 0x1f, dpl = access >> 5 & 3;
            if ((type != INT64 && type != TRAP64) || dpl < ring)
                ended(o, GP, IDT_ERROR(VECTOR), s.rip);
            else if (!(access & PRESENT))
                ended(o, NP, IDT_ERROR(VECTOR), s.rip);
            else
                landed(o, landing(), CODE(0));
        }
    }
    machine_reset();
    /* Exceptions do not look at the gate's privilege, and set EXT. */
    for (u32 ring = 0; ring < 4; ring++) {
        check("types.exception.ring%u", ring);
        for (u32 access = 0; access < 256; access++) {
            idt[UD] = gate(CODE(0), landing(), access, 0);
            struct state s = ring_state(ring, undefined);
            tag("access %x", access);
            const struct outcome *o = run(&s);
            u32 type = access & 0x1f;
            if (type != INT64 && type != TRAP64)
                ended(o, GP, IDT_ERROR(UD) | EXT, s.rip);
            else if (!(access & PRESENT))
                ended(o, NP, IDT_ERROR(UD) | EXT, s.rip);
            else
                landed(o, landing(), CODE(0));
        }
    }
    machine_reset();
}

/* Where a gate leads: all types of code, L and D, privileges. */
static void targets(void)
{
    for (u32 ring = 0; ring < 4; ring++) {
        for (u32 dpl = 0; dpl < 4; dpl++) {
            check("target.ring%u.dpl%u", ring, dpl);
            for (u32 n = 0; n < 32 * 4 * 2; n++) {
                u32 type = n & 0x1f, flags = n >> 5 & 3, present = n >> 7;
                int wide = flags == 1, code = (type & 0x18) == 0x18, conforming = (type & 4) != 0;
                if (!wide && !present)
                    continue;
                gdt[TARGET >> 3] = descriptor(0, 0xfffff, (present ? PRESENT : 0) | DPL(dpl) | type, GRANULAR | flags << 1);
                idt[VECTOR] = gate(TARGET, landing(), PRESENT | DPL(3) | INT64, 0);
                struct state s = ring_state(ring, int_n);
                tag("type %x flags %x present %u", type, flags << 1, present);
                const struct outcome *o = run(&s);
                if (!code || dpl > ring || (present && !wide))
                    ended(o, GP, TARGET, s.rip);
                else if (!present)
                    ended(o, NP, TARGET, s.rip);
                else {
                    u32 now = conforming ? ring : dpl;
                    landed(o, landing(), (u16)(TARGET | now));
                    same("ss", now < ring ? now : DATA(ring), o->ss & 0xffff);
                    same("accessed", type | ACCESSED, access_of(TARGET) & 0x1f);
                }
            }
        }
    }
    machine_reset();
    check("target.null");
    for (u32 rpl = 0; rpl < 4; rpl++) {
        idt[VECTOR] = gate((u16)rpl, landing(), PRESENT | DPL(3) | INT64, 0);
        struct state s = ring_state(3, int_n);
        ended(run(&s), GP, 0, s.rip);
        idt[UD] = gate((u16)rpl, landing(), PRESENT | INT64, 0);
        s = ring_state(3, undefined);
        ended(run(&s), GP, EXT, s.rip);
    }
    machine_reset();
    check("target.beyond");
    idt[VECTOR] = gate(sizeof gdt, landing(), PRESENT | DPL(3) | INT64, 0);
    struct state s = ring_state(3, int_n);
    ended(run(&s), GP, sizeof gdt, s.rip);
    machine_reset();
    check("target.not.canonical");
    static const u64 bad[] = {LOWER_END + 1, UPPER_START - 1, 0x8000000000000000ull, 0x0100000000000000ull};
    for (u32 i = 0; i < 4; i++) {
        for (u32 ring = 0; ring < 4; ring++) {
            tag("offset %x ring %u", bad[i], ring);
            idt[VECTOR] = gate(CODE(0), bad[i], PRESENT | DPL(3) | INT64, 0);
            struct state t = ring_state(ring, int_n);
            ended(run(&t), GP, 0, t.rip);
            idt[UD] = gate(CODE(0), bad[i], PRESENT | INT64, 0);
            t = ring_state(ring, undefined);
            ended(run(&t), GP, EXT, t.rip);
        }
    }
    machine_reset();
}

/* What is pushed, and where: the frame always has SS and RSP, and lies at a multiple of 16. */
static void frame(const struct outcome *o, const struct state *s, u64 top, u64 rip, u64 image, int error)
{
    same("rip", rip, o->rip);
    same("cs", s->cs, o->cs);
    same("rflags", image, o->rflags);
    same("rsp", s->rsp, o->rsp);
    same("ss", s->ss, o->ss);
    same("handler rsp", (top & ~15ull) - 40 - (error ? 8 : 0), o->handler_rsp);
}

static void frames(void)
{
    static const u64 flags[] = {F_ONE, F_ONE | F_IF, F_ONE | F_NT | F_OF | F_CF, F_ONE | F_AC | F_ID | F_DF | F_IF, F_ONE | F_IOPL(3) | F_IF};
    for (u32 ring = 0; ring < 4; ring++) {
        check("frame.ring%u", ring);
        for (u32 n = 0; n < 5 * 16 * 8 * 2; n++) {
            u32 low = n & 15, ist = n >> 4 & 7, trap = n >> 7 & 1;
            u64 image = flags[n >> 8];
            for (u32 kind = 0; kind < 3; kind++) {
                u32 vector = kind == 0 ? VECTOR : kind == 1 ? UD : GP;
                struct gate64 g = idt[vector];
                idt[vector] = gate(CODE(0), (u64)(g.high << 32 | (g.low >> 32 & 0xffff0000) | (g.low & 0xffff)), PRESENT | DPL(3) | (trap ? TRAP64 : INT64), ist);
                struct state s = ring_state(ring, kind == 0 ? int_n : kind == 1 ? undefined : load_bad);
                s.rsp += low;
                s.rflags = image;
                s.rax = 0x1234;
                tag("vector %x rsp %x ist %u trap %u rflags %x", vector, s.rsp, ist, trap, image);
                u64 top = ist ? STACK_TOP(ist_stack[ist - 1]) : ring ? STACK_TOP(inner_stack[0]) : s.rsp;
                const struct outcome *o = run(&s);
                if (!same("vector", vector, o->vector))
                    continue;
                same("error", kind == 2 ? 0x1234 : 0, o->error);
                frame(o, &s, top, s.rip + (kind == 0 ? 2 : 0), image | (kind ? F_RF : 0), kind == 2);
                same("handler flags", image & ~(u64)(F_TF | F_NT | F_RF | F_VM | (trap ? 0 : F_IF)), o->handler_flags);
                same("handler ss", ring ? 0 : DATA(0), o->handler_ss);
            }
        }
    }
    machine_reset();
    /* Stacks of the middle levels, as the task state has them. */
    for (u32 ring = 2; ring < 4; ring++) {
        check("frame.levels.ring%u", ring);
        for (u32 level = 1; level < 3 && level < ring; level++) {
            for (u32 low = 0; low < 16; low++) {
                tss_main.rsp[level] = STACK_TOP(inner_stack[level]) - 64 + low;
                gdt[TARGET >> 3] = descriptor(0, 0xfffff, PRESENT | DPL(level) | CODE_RX, GRANULAR | LONG);
                idt[VECTOR] = gate(TARGET, landing(), PRESENT | DPL(3) | INT64, 0);
                struct state s = ring_state(ring, int_n);
                tag("level %u rsp %x", level, tss_main.rsp[level]);
                const struct outcome *o = run(&s);
                landed(o, landing(), (u16)(TARGET | level));
                const u64 *f = (const u64 *)((tss_main.rsp[level] & ~15ull) - 40);
                same("stack", (u64)f, o->rsp);
                same("null ss", level, o->ss);
                same("rip", s.rip + 2, f[0]);
                same("cs", s.cs, f[1]);
                same("rsp", s.rsp, f[3]);
                same("ss", s.ss, f[4]);
            }
        }
    }
    machine_reset();
    /* The values of the task state need not be aligned either. */
    check("frame.unaligned");
    for (u32 low = 0; low < 16; low++) {
        tss_main.rsp[0] = STACK_TOP(inner_stack[0]) - 64 + low;
        tss_main.ist[2] = STACK_TOP(ist_stack[2]) - 64 + low;
        struct state s = ring_state(3, undefined);
        tag("low %x", low);
        frame(run(&s), &s, tss_main.rsp[0], s.rip, F_ONE | F_RF, 0);
        idt[UD].low |= 3ull << 32;
        frame(run(&s), &s, tss_main.ist[2], s.rip, F_ONE | F_RF, 0);
        idt[UD].low &= ~(7ull << 32);
    }
    machine_reset();
}

/* Stacks that cannot be used. */
static void stacks(void)
{
    static const u64 bad[] = {LOWER_END + 1 + 64, UPPER_START - 64, 0x8000000000000000ull};
    check("stack.not.canonical");
    for (u32 i = 0; i < 3; i++) {
        for (u32 exception = 0; exception < 2; exception++) {
            idt[SS].low |= 2ull << 32;
            u32 v = exception ? UD : VECTOR;
            tag("rsp %x vector %x", bad[i], v);
            tss_main.rsp[0] = bad[i];
            idt[v].low |= (u64)DPL(3) << 40;
            struct state s = ring_state(3, exception ? undefined : int_n);
            ended(run(&s), SS, exception ? EXT : 0, s.rip);
            machine_reset();
            idt[SS].low |= 2ull << 32;
            tss_main.ist[3] = bad[i];
            idt[v].low |= 4ull << 32 | (u64)DPL(3) << 40;
            for (u32 ring = 0; ring < 4; ring++) {
                s = ring_state(ring, exception ? undefined : int_n);
                ended(run(&s), SS, exception ? EXT : 0, s.rip);
            }
            machine_reset();
        }
    }
    check("stack.absent");
    for (u32 ring = 0; ring < 4; ring++) {
        idt[PF].low |= 2ull << 32;
        tss_main.ist[3] = 0x7f0000000000ull;
        idt[VECTOR].low |= 4ull << 32 | (u64)DPL(3) << 40;
        struct state s = ring_state(ring, int_n);
        tag("ring %u", ring);
        const struct outcome *o = run(&s);
        ended(o, PF, 2, s.rip);
        same("page", 0x7f0000000000ull - PAGE, o->cr2 & ~0xfffull);
    }
    machine_reset();
    check("stack.tss.limit");
    set_wide(TSS_MAIN, system_descriptor((u64)&tss_main, 36 + 6 * 8 + 6, PRESENT | TSS64));
    load_task(TSS_MAIN);
    for (u32 ring = 0; ring < 4; ring++) {
        idt[VECTOR] = gate(CODE(0), landing(), PRESENT | DPL(3) | INT64, 7);
        struct state s = ring_state(ring, int_n);
        tag("ist 7 ring %u", ring);
        ended(run(&s), TS, TSS_MAIN, s.rip);
        idt[UD].low |= 7ull << 32;
        s = ring_state(ring, undefined);
        ended(run(&s), TS, TSS_MAIN | EXT, s.rip);
        idt[VECTOR] = gate(CODE(0), landing(), PRESENT | DPL(3) | INT64, 6);
        s = ring_state(ring, int_n);
        landed(run(&s), landing(), CODE(0));
        idt[UD].low &= ~(7ull << 32);
    }
    machine_reset();
    set_wide(TSS_MAIN, system_descriptor((u64)&tss_main, 4 + 2 * 8 + 6, PRESENT | TSS64));
    load_task(TSS_MAIN);
    gdt[TARGET >> 3] = descriptor(0, 0xfffff, PRESENT | DPL(2) | CODE_RX, GRANULAR | LONG);
    idt[VECTOR] = gate(TARGET, landing(), PRESENT | DPL(3) | INT64, 0);
    struct state s = ring_state(3, int_n);
    tag("level 2");
    ended(run(&s), TS, TSS_MAIN, s.rip);
    machine_reset();
}

/* The end of the table, which has 16 bytes an entry. */
static void limits(void)
{
    check("table.limit");
    idt[VECTOR].low |= (u64)DPL(3) << 40;
    for (u32 limit = VECTOR * 16; limit < VECTOR * 16 + 17; limit++) {
        load_idt((u64)idt, (u16)limit);
        struct state s = ring_state(3, int_n);
        tag("limit %x", limit);
        if (limit < VECTOR * 16 + 15)
            ended(run(&s), GP, IDT_ERROR(VECTOR), s.rip);
        else
            ended(run(&s), VECTOR, 0, s.rip + 2);
    }
    machine_reset();
    check("table.high");
    load_idt((u64)idt + HIGH, sizeof idt - 1);
    load_gdt((u64)gdt + HIGH, sizeof gdt - 1);
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = ring_state(ring, undefined);
        tag("ring %u", ring);
        ended(run(&s), UD, 0, s.rip);
    }
    machine_reset();
}

/* Pairs of exceptions: one after the other, or a double fault (table 6-5). */
static void pairs(void)
{
    for (u32 ring = 0; ring < 4; ring += 3) {
        check("pairs.ring%u", ring);
        /* The handler's gate is absent: #NP while the first is delivered. */
        static const struct {
            u32 vector;
            const char *code;
            int contributory;
        } first[] = {{UD, undefined, 0}, {GP, load_bad, 1}};
        for (u32 i = 0; i < 2; i++) {
            tag("vector %u", first[i].vector);
            idt[first[i].vector].low &= ~((u64)PRESENT << 40);
            struct state s = ring_state(ring, first[i].code);
            s.rax = 0x1234;
            if (first[i].contributory)
                ended(run(&s), DF, 0, s.rip);
            else
                ended(run(&s), NP, IDT_ERROR(first[i].vector) | EXT, s.rip);
            machine_reset();
        }
        /* A page fault on the handler's stack: benign first, contributory first, page fault first. */
        static const u64 nowhere = 0x7f0000000000ull;
        SNIPPET(touch, "movl (%rbx), %eax");
        for (u32 i = 0; i < 3; i++) {
            u32 v = i == 0 ? UD : i == 1 ? GP : PF;
            tag("page fault after %u", v);
            idt[PF].low |= 2ull << 32;
            idt[v].low |= 4ull << 32;
            if (v == PF)
                idt[PF].low = (idt[PF].low & ~(7ull << 32)) | 4ull << 32;
            tss_main.ist[3] = nowhere;
            struct state s = ring_state(ring, i == 0 ? undefined : i == 1 ? load_bad : touch);
            s.rax = 0x1234;
            s.rbx = nowhere + 0x100;
            const struct outcome *o = run(&s);
            if (i == 2)
                ended(o, DF, 0, s.rip);
            else
                ended(o, PF, 2, s.rip);
            machine_reset();
        }
    }
}

void checks_interrupts64(void)
{
    types();
    targets();
    frames();
    stacks();
    limits();
    pairs();
}
