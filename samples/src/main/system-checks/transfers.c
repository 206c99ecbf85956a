/* Far transfers through call gates, far returns and IRET: SDM vol. 2 under CALL, JMP, RET and IRET; vol. 3A section 5.8. */
#include "machine.h"

#define GATE SLOT(0)
#define STACK SLOT(2)

SNIPPET(gate_jump, "ljmp *(%ebp)");
SNIPPET(gate_call, "lcall *(%ebp)");
SNIPPET(gate_call_word, "lcallw *(%ebp)");

/* A far pointer whose offset a gate ignores, 32- or 16-bit. */
static u32 far_pointer[2];

static struct state through(u32 cpl, const char *code, u16 selector)
{
    struct state s = ring_state(cpl, code);
    far_pointer[0] = code == gate_call_word ? (u32)selector << 16 : 0xdeadbeef;
    far_pointer[1] = selector;
    /* EBP addresses the stack segment, which is flat here. */
    s.ebp = (u32)far_pointer;
    return s;
}

/* ---- who may use a gate, and where it leads ---- */

/* The vector a transfer through a gate ends in, or 0; *error its error code. */
static u32 gate_vector(int call, u32 cpl, u32 rpl, u32 gate_dpl, u32 present, int conforming, u32 dpl, u32 *error)
{
    *error = GATE;
    if (gate_dpl < max(cpl, rpl))
        return GP;
    if (!present)
        return NP;
    *error = TARGET;
    if (dpl > cpl || (!call && !conforming && dpl != cpl))
        return GP;
    return 0;
}

static void gate_access(u32 kind, int call, int conforming, u32 dpl)
{
    u32 bytes = kind == CALL16 ? 2 : 4;
    const char *code = call ? gate_call : gate_jump;
    check("gate%u.%s.%s%u", 8 * bytes, call ? "call" : "jmp", conforming ? "conforming" : "ring", dpl);
    set_target(conforming ? CONF_RX : CODE_RX, dpl, 0xffff);
    for (u32 n = 0; n < 4 * 4 * 4 * 2; n++) {
        u32 cpl = n & 3, rpl = n >> 2 & 3, gate_dpl = n >> 4 & 3, present = n >> 6, error;
        gdt[GATE >> 3] = gate(TARGET, (u32)low_landing, kind | DPL(gate_dpl) | (present ? PRESENT : 0), 0);
        tag("cpl %u rpl %u gate dpl %u %s", cpl, rpl, gate_dpl, present ? "present" : "absent");
        struct state s = through(cpl, code, GATE | rpl);
        u32 v = gate_vector(call, cpl, rpl, gate_dpl, present, conforming, dpl, &error);
        const struct outcome *o = run(&s);
        if (v) {
            if (ended(o, v, error, code, 0))
                same("esp", s.esp, o->esp);
            continue;
        }
        u32 ring = conforming ? cpl : dpl;
        if (!arrived_low(o, ring))
            continue;
        if (!call) {
            same("esp", s.esp, o->esp);
        } else if (ring == cpl) {
            same("esp", s.esp - 2 * bytes, o->esp);
            same("return eip", ((u32)code + 3) & (bytes == 2 ? 0xffff : 0xffffffff), element(o->esp, 0, bytes));
            same("return cs", CODE(cpl), element(o->esp, 1, bytes) & 0xffff);
        } else {
            same("esp", STACK_TOP(inner_stack[ring]) - 4 * bytes, o->esp);
            same("ss", DATA(ring), o->ss & 0xffff);
            same("return eip", ((u32)code + 3) & (bytes == 2 ? 0xffff : 0xffffffff), element(o->esp, 0, bytes));
            same("return cs", CODE(cpl), element(o->esp, 1, bytes) & 0xffff);
            same("return esp", s.esp & (bytes == 2 ? 0xffff : 0xffffffff), element(o->esp, 2, bytes));
            same("return ss", DATA(cpl), element(o->esp, 3, bytes) & 0xffff);
        }
    }
}

/* What a gate may not name: every descriptor type, present or not. */
static void gate_targets(u32 kind)
{
    static const u16 nowhere[] = {0, 3, sizeof gdt, 0xfff8, 4, 0xfffc};
    for (u32 call = 0; call < 2; call++) {
        const char *code = call ? gate_call : gate_jump;
        for (u32 type = 0; type < 32; type++) {
            check("gate%u.%s.target.type%x", kind == CALL16 ? 16 : 32, call ? "call" : "jmp", type);
            for (u32 n = 0; n < 4 * 4 * 2; n++) {
                u32 cpl = n & 3, dpl = n >> 2 & 3, present = n >> 4;
                gdt[TARGET >> 3] = descriptor(LOW, 0xffff, type | DPL(dpl) | (present ? PRESENT : 0), BIG);
                /* The RPL of the selector in a gate does not matter. */
                gdt[GATE >> 3] = gate(TARGET | (n & 3), (u32)low_landing, kind | DPL(3) | PRESENT, 0);
                struct state s = through(cpl, code, GATE);
                tag("cpl %u dpl %u %s", cpl, dpl, present ? "present" : "absent");
                const struct outcome *o = run(&s);
                int conforming = (type & 0x1c) == 0x1c;
                if ((type & 0x18) != 0x18 || dpl > cpl || (!call && !conforming && dpl != cpl))
                    ended(o, GP, TARGET, code, 0);
                else if (!present)
                    ended(o, NP, TARGET, code, 0);
                else
                    arrived_low(o, conforming ? cpl : dpl);
            }
        }
        check("gate%u.%s.nowhere", kind == CALL16 ? 16 : 32, call ? "call" : "jmp");
        for (u32 i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
            gdt[GATE >> 3] = gate(nowhere[i], (u32)low_landing, kind | DPL(3) | PRESENT, 0);
            struct state s = through(3, code, GATE);
            tag("selector %x", nowhere[i]);
            ended(run(&s), GP, nowhere[i] & ~3u, code, 0);
        }
        check("gate%u.%s.limit", kind == CALL16 ? 16 : 32, call ? "call" : "jmp");
        for (u32 dpl = call ? 1 : 3; dpl < 4; dpl++) {
            for (u32 beyond = 0; beyond < 2; beyond++) {
                set_target(CODE_RX, dpl, (u32)low_landing + 2 - beyond * 3);
                gdt[GATE >> 3] = gate(TARGET, (u32)low_landing, kind | DPL(3) | PRESENT, 0);
                struct state s = through(3, code, GATE);
                tag("to ring %u, %s", dpl, beyond ? "beyond" : "within");
                const struct outcome *o = run(&s);
                if (beyond)
                    ended(o, GP, 0, code, 0), same("esp", s.esp, o->esp);
                else
                    arrived_low(o, dpl);
            }
        }
    }
}

/* ---- parameters ---- */

static void parameters(u32 kind)
{
    u32 bytes = kind == CALL16 ? 2 : 4;
    for (u32 cpl = 1; cpl < 4; cpl++) {
        for (u32 ring = 0; ring < cpl; ring++) {
            check("gate%u.parameters.%u.to.%u", 8 * bytes, cpl, ring);
            set_target(CODE_RX, ring, 0xffff);
            for (u32 count = 0; count < 32; count++) {
                gdt[GATE >> 3] = gate(TARGET, (u32)low_landing, kind | DPL(3) | PRESENT, count);
                struct state s = through(cpl, gate_call, GATE);
                for (u32 i = 0; i < 64; i++)
                    ((u32 *)s.esp)[i] = 0x12340000 + i * 0x10001;
                fill(inner_stack[ring], 0x5a, PAGE);
                tag("%u parameters", count);
                const struct outcome *o = run(&s);
                if (!arrived_low(o, ring))
                    continue;
                u32 top = STACK_TOP(inner_stack[ring]);
                same("esp", top - (4 + count) * bytes, o->esp);
                same("ss", DATA(ring), o->ss & 0xffff);
                for (u32 i = 0; i < count; i++)
                    same("parameter", element(s.esp, i, bytes), element(o->esp, 2 + i, bytes));
                same("return esp", s.esp & (bytes == 2 ? 0xffff : 0xffffffff), element(o->esp, 2 + count, bytes));
                same("return ss", DATA(cpl), element(o->esp, 3 + count, bytes) & 0xffff);
            }
        }
    }
    /* Gates that lead to the same level copy nothing. */
    check("gate%u.parameters.same.level", 8 * bytes);
    for (u32 ring = 0; ring < 4; ring++) {
        set_target(CODE_RX, ring, 0xffff);
        gdt[GATE >> 3] = gate(TARGET, (u32)low_landing, kind | DPL(3) | PRESENT, 9);
        struct state s = through(ring, gate_call, GATE);
        tag("ring %u", ring);
        const struct outcome *o = run(&s);
        arrived_low(o, ring);
        same("esp", s.esp - 2 * bytes, o->esp);
    }
    /* The operand size of the CALL does not matter, the gate's does. */
    check("gate%u.operand.size", 8 * bytes);
    for (u32 ring = 0; ring < 4; ring++) {
        set_target(CODE_RX, ring, 0xffff);
        gdt[GATE >> 3] = gate(TARGET, (u32)low_landing, kind | DPL(3) | PRESENT, 1);
        struct state s = through(3, gate_call_word, GATE);
        tag("ring %u", ring);
        const struct outcome *o = run(&s);
        arrived_low(o, ring);
        same("esp", ring == 3 ? s.esp - 2 * bytes : STACK_TOP(inner_stack[ring]) - 5 * bytes, o->esp);
    }
}

/* ---- the stack a gate switches to ---- */

static u32 *tss_stack(u32 ring)
{
    return &tss_main.tss.esp0 + 2 * ring;
}

static void bad_stacks(u32 kind)
{
    u32 bytes = kind == CALL16 ? 2 : 4;
    u32 bits = 8 * bytes;
    for (u32 ring = 1; ring < 3; ring++) {
        u32 *esp = tss_stack(ring), *ss = esp + 1, good_esp = *esp, good_ss = *ss;
        set_target(CODE_RX, ring, 0xffff);
        gdt[GATE >> 3] = gate(TARGET, (u32)low_landing, kind | DPL(3) | PRESENT, 3);
        struct state s = through(3, gate_call, GATE);
        const struct outcome *o;

        check("gate%u.stack.selector.ring%u", bits, ring);
        static const u16 selectors[] = {0, sizeof gdt, 0xfff8, 4};
        for (u32 i = 0; i < sizeof selectors / sizeof selectors[0]; i++) {
            *ss = selectors[i] ? selectors[i] | ring : 0;
            tag("selector %x", *ss);
            o = run(&s);
            ended(o, TS, selectors[i], gate_call, 0), same("esp", s.esp, o->esp);
        }
        for (u32 n = 0; n < 32 * 4 * 4 * 2; n++) {
            u32 type = n & 31, dpl = n >> 5 & 3, rpl = n >> 7 & 3, present = n >> 9;
            if (n % 512 == 0)
                check("gate%u.stack.types.%s.ring%u", bits, present ? "present" : "absent", ring);
            gdt[STACK >> 3] = descriptor(0, (type & 0x1c) == 0x14 ? 0 : 0xfffff, type | DPL(dpl) | (present ? PRESENT : 0), GRANULAR | BIG);
            *ss = STACK | rpl;
            tag("type %x dpl %u rpl %u %s", type, dpl, rpl, present ? "present" : "absent");
            o = run(&s);
            if (rpl != ring || dpl != ring || (type & 0x1a) != 0x12)
                ended(o, TS, STACK, gate_call, 0);
            else if (!present)
                ended(o, SS, STACK, gate_call, 0);
            else
                arrived_low(o, ring), same("ss", STACK | ring, o->ss & 0xffff), same("esp", good_esp - 7 * bytes, o->esp);
        }
        /* Room for four elements and three parameters, in segments of all kinds. */
        check("gate%u.stack.room.ring%u", bits, ring);
        for (u32 n = 0; n < 16; n++) {
            u32 down = n & 1, flags = n & 2 ? BIG : 0, needs = 7 * bytes, short_of = n & 4 ? 1 : 0, at_start = n >> 3;
            if (down && at_start)
                continue;
            u32 limit = 0x7ff;
            gdt[STACK >> 3] = descriptor((u32)scratch, limit, PRESENT | DPL(ring) | (down ? DOWN_RW : DATA_RW), flags);
            /* Either the lowest byte is the first of the segment, or the highest is its last. */
            *esp = down ? limit + 1 + needs - short_of : at_start ? needs - short_of : limit + 1 + short_of;
            *ss = STACK | ring;
            tag("%s flags %x esp %x", down ? "down" : "up", flags, *esp);
            o = run(&s);
            if (short_of)
                ended(o, SS, STACK, gate_call, 0), same("esp", s.esp, o->esp);
            else
                arrived_low(o, ring), same("esp", *esp - needs, o->esp);
        }
        *esp = good_esp;
        *ss = good_ss;
        /* Earlier editions of the manual count the unused upper half of SS as well: limits in between are apart. */
        u32 needed = 4 + 8 * ring + 5;
        for (u32 between = 0; between < 2; between++) {
            check("gate%u.stack.tss.limit%s.ring%u", bits, between ? ".between" : "", ring);
            for (u32 limit = 0x0b; limit < 0x30; limit++) {
                if (between != (limit == needed || limit == needed + 1))
                    continue;
                gdt[TSS_MAIN >> 3] = descriptor((u32)&tss_main, limit, PRESENT | TSS32, 0);
                load_task(TSS_MAIN);
                tag("limit %x", limit);
                o = run(&s);
                if (limit < needed)
                    ended(o, TS, TSS_MAIN, gate_call, 0);
                else
                    arrived_low(o, ring);
            }
        }
        registers_reset();
    }
}

/* A 16-bit TSS: its stacks are 16-bit pointers. */
static void narrow_task(void)
{
    check("gate.tss16");
    struct tss16 *t = &tss_a.narrow;
    fill(&tss_a, 0, sizeof tss_a);
    for (u32 ring = 0; ring < 3; ring++) {
        (&t->sp0)[2 * ring] = (u16)(0x4000 + 0x1000 * ring);
        (&t->sp0)[2 * ring + 1] = DATA16(ring);
    }
    for (u32 kind = CALL16; kind <= CALL32; kind += CALL32 - CALL16) {
        u32 bytes = kind == CALL16 ? 2 : 4;
        for (u32 ring = 0; ring < 3; ring++) {
            gdt[TSS_A >> 3] = descriptor((u32)&tss_a, sizeof *t - 1, PRESENT | TSS16, 0);
            load_task(TSS_A);
            set_target(CODE_RX, ring, 0xffff);
            gdt[GATE >> 3] = gate(TARGET, (u32)low_landing, kind | DPL(3) | PRESENT, 2);
            struct state s = through(3, gate_call, GATE);
            tag("gate %u ring %u", 8 * bytes, ring);
            const struct outcome *o = run(&s);
            arrived_low(o, ring);
            same("ss", DATA16(ring), o->ss & 0xffff);
            same("sp", 0x4000 + 0x1000 * ring - 6 * bytes, o->esp & 0xffff);
            same("return ss", DATA(3), element(LOW_DATA + 0x4000 + 0x1000 * ring - bytes, 0, bytes) & 0xffff);
        }
    }
    check("gate.tss16.limit");
    /* Interrupts need the stack of ring 0. */
    for (u32 limit = 5; limit < 16; limit++) {
        for (u32 ring = 1; ring < 3; ring++) {
            gdt[TSS_A >> 3] = descriptor((u32)&tss_a, limit, PRESENT | TSS16, 0);
            load_task(TSS_A);
            set_target(CODE_RX, ring, 0xffff);
            struct state s = through(3, gate_call, GATE);
            tag("limit %x ring %u", limit, ring);
            if (limit < 2 + 4 * ring + 3)
                ended(run(&s), TS, TSS_A, gate_call, 0);
            else
                arrived_low(run(&s), ring);
        }
    }
    registers_reset();
}

/* ---- there and back ---- */

SNIPPET(call_and_stop, "lcall *(%ebp)");
#define RETURNS(n) LOW_SNIPPET32(returns_##n, "lretl $" #n)
RETURNS(0);
RETURNS(4);
RETURNS(60);
RETURNS(120);
RETURNS(0x600);

static const struct {
    u32 bytes;
    const char *code;
} releases[] = {{0, returns_0}, {4, returns_4}, {60, returns_60}, {120, returns_120}, {0x600, returns_0x600}};

/* Parameters go onto the inner stack and are released from both. */
static void round_trips(void)
{
    for (u32 cpl = 0; cpl < 4; cpl++) {
        for (u32 ring = 0; ring <= cpl; ring++) {
            check("round.trip.%u.to.%u", cpl, ring);
            set_target(CODE_RX, ring, 0xffff);
            for (u32 n = 0; n < 3 * 5; n++) {
                u32 count = n / 5 * 15, r = n % 5;
                gdt[GATE >> 3] = gate(TARGET, (u32)releases[r].code, CALL32 | DPL(3) | PRESENT, count);
                /* The inner stack must hold what is released from it: parameters, and more if it says so. */
                if (ring != cpl && releases[r].bytes != 4 * count)
                    continue;
                struct state s = through(cpl, call_and_stop, GATE);
                s.esp = STACK_TOP(probe_stack[cpl]) - 0x800;
                tag("%u parameters, %u bytes released", count, releases[r].bytes);
                const struct outcome *o = run(&s);
                ended(o, BP, 0, call_and_stop, 4);
                same("esp", s.esp + releases[r].bytes, o->esp);
                same("cs", CODE(cpl), o->cs & 0xffff);
                same("ss", DATA(cpl), o->ss & 0xffff);
            }
        }
    }
}

SNIPPET(return_long, "lret");
SNIPPET(return_word, "lretw");
SNIPPET(return_release, "lret $0x40");
SNIPPET(return_word_release, "lretw $0x40");
SNIPPET(iret_long, "iretl");
SNIPPET(iret_word, "iretw");

static const struct back {
    const char *name, *code;
    u32 bytes, release, flags;
} backs[] = {
    {"retf", return_long, 4, 0, 0}, {"retfw", return_word, 2, 0, 0}, {"retf.release", return_release, 4, 0x40, 0},
    {"retfw.release", return_word_release, 2, 0x40, 0}, {"iret", iret_long, 4, 0, 1}, {"iretw", iret_word, 2, 0, 1},
};

static void put(u8 **p, u32 bytes, u32 v)
{
    copy(*p, &v, bytes);
    *p += bytes;
}

/* A return frame at the probe's stack pointer. */
static struct state returning(const struct back *b, u32 cpl, u16 cs, u32 eip, u32 flags, u16 ss, u32 esp)
{
    struct state s = ring_state(cpl, b->code);
    u8 *p = (u8 *)s.esp;
    put(&p, b->bytes, eip);
    put(&p, b->bytes, cs);
    if (b->flags)
        put(&p, b->bytes, flags);
    p += b->release;
    put(&p, b->bytes, esp);
    put(&p, b->bytes, ss);
    return s;
}

static u32 frame_bytes(const struct back *b)
{
    return (b->flags ? 3 : 2) * b->bytes + b->release;
}

/* Each level to each level, with 32- and 16-bit stacks outside. */
static void returns(const struct back *b)
{
    for (u32 cpl = 0; cpl < 4; cpl++) {
        for (u32 ring = cpl; ring < 4; ring++) {
            check("%s.%u.to.%u", b->name, cpl, ring);
            for (u32 n = 0; n < 8; n++) {
                u32 conforming = n & 1, narrow = n >> 1 & 1, pointer = n >> 2;
                set_target(conforming ? CONF_RX : CODE_RX, conforming ? ring & n : ring, 0xffff);
                u16 ss = narrow ? DATA16(ring) : DATA(ring);
                u32 esp = pointer ? 0x56784320 : 0x34567;
                u32 mask = b->bytes == 2 ? 0xffff : 0xffffffff;
                struct state s = returning(b, cpl, TARGET | ring, (u32)low_landing, F_ONE | F_CF, ss, esp);
                tag("%s to ss %x esp %x", conforming ? "conforming" : "", ss, esp);
                const struct outcome *o = run(&s);
                if (!arrived_low(o, ring))
                    continue;
                if (ring == cpl) {
                    same("esp", s.esp + frame_bytes(b), o->esp);
                    same("ss", DATA(cpl), o->ss & 0xffff);
                } else {
                    same("ss", ss, o->ss & 0xffff);
                    u32 seen = narrow ? 0xffff : 0xffffffff;
                    same("esp", ((esp & mask) + b->release) & seen, o->esp & seen);
                }
                same("cf", b->flags, o->eflags & F_CF);
            }
        }
    }
}

/* The stack a return to an outer level loads. */
static void return_stacks(const struct back *b)
{
    for (u32 ring = 1; ring < 4; ring++) {
        set_target(CODE_RX, ring, 0xffff);
        check("%s.stack.types.ring%u", b->name, ring);
        for (u32 n = 0; n < 32 * 4 * 4 * 2; n++) {
            u32 type = n & 31, dpl = n >> 5 & 3, rpl = n >> 7 & 3, present = n >> 9;
            gdt[STACK >> 3] = descriptor(0, (type & 0x1c) == 0x14 ? 0 : 0xfffff, type | DPL(dpl) | (present ? PRESENT : 0), GRANULAR | BIG);
            struct state s = returning(b, ring - 1, TARGET | ring, (u32)low_landing, F_ONE, STACK | rpl, 0x8000);
            tag("type %x dpl %u rpl %u %s", type, dpl, rpl, present ? "present" : "absent");
            const struct outcome *o = run(&s);
            if (rpl != ring || dpl != ring || (type & 0x1a) != 0x12)
                ended(o, GP, STACK, b->code, 0), same("esp", s.esp, o->esp);
            else if (!present)
                ended(o, SS, STACK, b->code, 0), same("esp", s.esp, o->esp);
            else
                arrived_low(o, ring), same("ss", STACK | ring, o->ss & 0xffff);
        }
        check("%s.stack.nowhere.ring%u", b->name, ring);
        static const u16 nowhere[] = {0, sizeof gdt, 0xfff8, 4, 0xfffc};
        for (u32 i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
            struct state s = returning(b, ring - 1, TARGET | ring, (u32)low_landing, F_ONE, nowhere[i] | ring, 0x8000);
            tag("selector %x", nowhere[i]);
            ended(run(&s), GP, nowhere[i], b->code, 0);
        }
        check("%s.limit.ring%u", b->name, ring);
        for (u32 same_level = 0; same_level < 2; same_level++) {
            set_target(CODE_RX, ring, (u32)low_landing - 1);
            struct state s = returning(b, ring - 1 + same_level, TARGET | ring, (u32)low_landing, F_ONE, DATA(ring), 0x8000);
            tag("%s level", same_level ? "same" : "outer");
            ended(run(&s), GP, 0, b->code, 0);
        }
    }
}

/* Data segments that the outer level may not use become null. */
static void nulled(const struct back *b)
{
    static const struct {
        u32 type;
        const char *name;
    } kinds[] = {{DATA_RO, "data"}, {DATA_RW, "data.writable"}, {DOWN_RW, "expand.down"}, {CODE_RX, "code"}, {CONF_RX, "conforming"}};
    set_target(CODE_RX, 0, 0xffff);
    for (u32 k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        check("%s.nulled.%s", b->name, kinds[k].name);
        for (u32 n = 0; n < 4 * 4 * 4; n++) {
            u32 dpl = n & 3, cpl = n >> 2 & 3, ring = n >> 4;
            if (ring < cpl || (dpl < cpl && kinds[k].type != CONF_RX))
                continue;
            gdt[STACK >> 3] = descriptor(0, 0xfffff, PRESENT | DPL(dpl) | kinds[k].type, GRANULAR | BIG);
            set_target(CODE_RX, ring, 0xffff);
            tag("dpl %u, %u to %u", dpl, cpl, ring);
            for (u32 reg = 0; reg < 4; reg++) {
                struct state s = returning(b, cpl, TARGET | ring, (u32)low_landing, F_ONE, DATA(ring), 0x8000);
                s.ds = s.es = s.fs = s.gs = 0;
                *(reg == 0 ? &s.ds : reg == 1 ? &s.es : reg == 2 ? &s.fs : &s.gs) = STACK | cpl;
                const struct outcome *o = run(&s);
                arrived_low(o, ring);
                u32 got = reg == 0 ? o->ds : reg == 1 ? o->es : reg == 2 ? o->fs : o->gs;
                same("selector", ring > dpl && kinds[k].type != CONF_RX ? 0 : STACK | cpl, got);
            }
        }
    }
}

/* ---- EFLAGS of IRET ---- */

#define RULED (F_CF | F_ZF | F_DF | F_OF | F_IF | F_IOPL(3) | F_NT | F_AC | F_ID)
#define ALWAYS (F_CF | F_ZF | F_DF | F_OF | F_NT | F_AC | F_ID)

static void iret_flags(const struct back *b)
{
    for (u32 cpl = 0; cpl < 4; cpl++) {
        check("%s.flags.cpl%u", b->name, cpl);
        for (u32 n = 0; n < 4 * 4 * 16; n++) {
            u32 iopl = n & 3, ring = n >> 2 & 3, image = F_ONE;
            if (ring < cpl)
                continue;
            image |= n & 0x10 ? F_IF : 0;
            image |= n & 0x20 ? F_IOPL(3) : 0;
            image |= n & 0x40 ? F_CF | F_AC | F_NT | F_OF : F_ZF | F_ID | F_DF;
            set_target(CODE_RX, ring, 0xffff);
            struct state s = returning(b, cpl, TARGET | ring, (u32)low_landing, image, DATA(ring), 0x8000);
            s.eflags |= F_IOPL(iopl) | F_CF | F_DF;
            u32 changed = ALWAYS | (cpl <= iopl ? F_IF : 0) | (cpl == 0 ? F_IOPL(3) : 0);
            if (b->bytes == 2)
                changed &= 0xffff;
            tag("iopl %u to ring %u image %x", iopl, ring, image);
            const struct outcome *o = run(&s);
            if (arrived_low(o, ring))
                same("eflags", (s.eflags & ~changed) | (image & changed), o->eflags & (RULED | F_VM | F_ONE));
        }
    }
}

/* Only ring 0 enters virtual-8086 mode; others lose the bit. */
static void iret_vm(void)
{
    for (u32 cpl = 1; cpl < 4; cpl++) {
        check("iret.vm.cpl%u", cpl);
        for (u32 ring = cpl; ring < 4; ring++) {
            set_target(CODE_RX, ring, 0xffff);
            struct state s = returning(&backs[4], cpl, TARGET | ring, (u32)low_landing, F_ONE | F_VM, DATA(ring), 0x8000);
            /* A breakpoint where the processor would be if it did. */
            *(u8 *)((TARGET | ring) * 16 + (u32)low_landing) = 0xcc;
            tag("to ring %u", ring);
            const struct outcome *o = run(&s);
            if (arrived_low(o, ring))
                same("eflags", F_ONE, o->eflags);
        }
    }
}

void checks_transfers(void)
{
    for (u32 kind = CALL16; kind <= CALL32; kind += CALL32 - CALL16) {
        for (u32 call = 0; call < 2; call++) {
            for (u32 dpl = 0; dpl < 4; dpl++) {
                gate_access(kind, (int)call, 0, dpl);
                gate_access(kind, (int)call, 1, dpl);
            }
        }
        gate_targets(kind);
        parameters(kind);
        bad_stacks(kind);
    }
    narrow_task();
    round_trips();
    for (u32 i = 0; i < sizeof backs / sizeof backs[0]; i++) {
        returns(&backs[i]);
        return_stacks(&backs[i]);
        nulled(&backs[i]);
        if (backs[i].flags)
            iret_flags(&backs[i]);
    }
    iret_vm();
}
