/* Software interrupts and exceptions through gates: SDM vol. 3A chapter 6, vol. 2 under INT n. */
#include "machine.h"

#define VECTOR 0x60
#define STACK SLOT(2)
/* Error code that names a vector. */
#define IDT_ERROR(v) ((v) * 8 + 2)
#define EXT 1

SNIPPET(int_n, "int $0x60");
SNIPPET(int_3, "int3");
SNIPPET(int_3_long, ".byte 0xcd, 3");
SNIPPET(into, "into");
SNIPPET(int_1, ".byte 0xf1");
SNIPPET(undefined, "ud2");
SNIPPET(divide, "divl %ecx");
SNIPPET(bound, "boundl %eax, (%ebp)");
SNIPPET(protection, "movl $0xfff8, %ecx; movl %ecx, %es");
SNIPPET(privileged, "hlt");

/* What raises what, how. A gate's DPL counts for INT n, INT3 and INTO only; EXT is set for all others. */
static const struct event {
    const char *name, *code;
    u32 vector;
    /* Checked against the gate's DPL. */
    int software;
    /* Instruction's offset in the snippet, and its length if the saved EIP is behind it. */
    u32 offset, trap;
    /* Error code it pushes, -1 for none. */
    int error;
} events[] = {
    {"int.n", int_n, VECTOR, 1, 0, 2, -1}, {"int3", int_3, BP, 1, 0, 1, -1}, {"int.3", int_3_long, BP, 1, 0, 2, -1},
    {"into", into, OF, 1, 0, 1, -1}, {"int1", int_1, DB, 0, 0, 1, -1}, {"ud2", undefined, UD, 0, 0, 0, -1},
    {"div", divide, DE, 0, 0, 0, -1}, {"bound", bound, BR, 0, 0, 0, -1}, {"segment", protection, GP, 0, 5, 0, 0xfff8},
    {"privileged", privileged, GP, 0, 0, 0, 0},
};
#define EVENTS (sizeof events / sizeof events[0])

static u32 bounds[2] = {1, 2};

static struct state raising(const struct event *e, u32 ring)
{
    struct state s = ring_state(ring, e->code);
    s.eflags |= F_OF | F_CF;
    s.ebp = (u32)bounds;
    return s;
}

static void set_gate(u32 vector, u16 selector, u32 offset, u32 access)
{
    idt[vector] = gate(selector, offset, access, 0);
}

static u64 saved_gate;

static void keep_gate(u32 vector)
{
    saved_gate = idt[vector];
}

static void restore_gate(u32 vector)
{
    idt[vector] = saved_gate;
}

/* EXT bits seen and wrong since the last report: what else is compared shall not hang on them. */
static u32 ext_seen, ext_wrong;

/* Like ended, except that EXT is only counted. */
static int ended_with(const struct event *e, const struct outcome *o, u32 vector, u32 error, u32 offset)
{
    ext_seen++;
    ext_wrong += (o->error & EXT) != (e->software ? 0 : EXT);
    struct outcome other = *o;
    other.error &= ~(u32)EXT;
    return ended(&other, vector, error & ~(u32)EXT, e->code, offset);
}

static void report_ext(const struct event *e, const char *where)
{
    if (!ext_seen)
        return;
    check("%s.ext.%s", e->name, where);
    same("wrong EXT bits", 0, ext_wrong);
    ext_seen = ext_wrong = 0;
}

static int is_interrupt_gate(u32 type)
{
    return type == INT16 || type == TRAP16 || type == INT32 || type == TRAP32;
}

/* ---- which gates may be used ---- */

static void gate_types(const struct event *e)
{
    keep_gate(e->vector);
    for (u32 type = 0; type < 32; type++) {
        if (type == TASK_GATE)
            continue;
        check("%s.gate.type%x", e->name, type);
        for (u32 n = 0; n < 4 * 4 * 2; n++) {
            u32 cpl = n & 3, dpl = n >> 2 & 3, present = n >> 4;
            if (e->code == privileged && !cpl)
                continue;
            set_target(CODE_RX, 0, 0xffff);
            set_gate(e->vector, TARGET, (u32)low_landing, type | DPL(dpl) | (present ? PRESENT : 0));
            struct state s = raising(e, cpl);
            tag("cpl %u gate dpl %u %s", cpl, dpl, present ? "present" : "absent");
            const struct outcome *o = run(&s);
            u32 error = IDT_ERROR(e->vector), vector = 0;
            if (!is_interrupt_gate(type) || (e->software && dpl < cpl))
                vector = GP;
            else if (!present)
                vector = NP;
            if (vector && (e->vector == DE || e->vector == GP))
                vector = DF, error = 0;
            if (vector && vector == DF)
                same("vector.error", DF << 24, o->vector << 24 | o->error);
            else if (vector)
                ended_with(e, o, vector, error, e->code == int_1 && o->eip != (u32)int_1 ? 1 : e->offset);
            else
                arrived_low(o, 0);
        }
    }
    restore_gate(e->vector);
    report_ext(e, "gate");
}

/* ---- the frame, and EFLAGS in the handler ---- */

static void frames(const struct event *e)
{
    u32 rf_seen = 0, rf_wrong = 0;
    static const struct {
        const char *name;
        u32 type;
    } kinds[] = {{"int16", INT16}, {"trap16", TRAP16}, {"int32", INT32}, {"trap32", TRAP32}};
    keep_gate(e->vector);
    for (u32 k = 0; k < 4; k++) {
        u32 bytes = kinds[k].type < 8 ? 2 : 4, mask = bytes == 2 ? 0xffff : 0xffffffff;
        for (u32 conforming = 0; conforming < 2; conforming++) {
            check("%s.frame.%s.%s", e->name, kinds[k].name, conforming ? "conforming" : "ring");
            for (u32 n = 0; n < 4 * 4 * 4; n++) {
                u32 cpl = n & 3, dpl = n >> 2 & 3, flags = n >> 4;
                if (dpl > cpl || (e->code == privileged && !cpl))
                    continue;
                set_target(conforming ? CONF_RX : CODE_RX, dpl, 0xffff);
                set_gate(e->vector, TARGET, (u32)low_landing, PRESENT | DPL(3) | kinds[k].type);
                struct state s = raising(e, cpl);
                s.eflags |= (flags & 1 ? F_NT | F_DF | F_ID : F_IOPL(3)) | (flags & 2 ? F_IF : 0);
                u32 ring = conforming ? cpl : dpl;
                tag("cpl %u dpl %u flags %x", cpl, dpl, s.eflags);
                const struct outcome *o = run(&s);
                if (!arrived_low(o, ring))
                    continue;
                u32 elements = 3 + (e->error >= 0) + (ring < cpl ? 2 : 0), at = o->esp, i = 0;
                same("esp", (ring < cpl ? STACK_TOP(inner_stack[ring]) : s.esp) - elements * bytes, o->esp);
                same("ss", DATA(ring), o->ss & 0xffff);
                if (e->error >= 0)
                    same("error code", (u32)e->error, element(at, i++, bytes));
                same("eip", ((u32)e->code + e->offset + e->trap) & mask, element(at, i++, bytes));
                same("cs", CODE(cpl), element(at, i++, bytes) & 0xffff);
                u32 flags_seen = element(at, i++, bytes);
                same("eflags", s.eflags & mask, flags_seen & ~F_RF);
                /* RF is pushed set for faults, where there is room for it. */
                rf_wrong += bytes == 4 && (flags_seen & F_RF) != (e->trap ? 0 : F_RF);
                rf_seen++;
                if (ring < cpl) {
                    same("old esp", s.esp & mask, element(at, i++, bytes));
                    same("old ss", DATA(cpl), element(at, i++, bytes) & 0xffff);
                }
                u32 cleared = F_NT | F_TF | F_RF | F_VM | (kinds[k].type & 1 ? 0 : F_IF);
                same("handler eflags", s.eflags & ~cleared, o->eflags);
            }
        }
    }
    restore_gate(e->vector);
    check("%s.frame.rf", e->name);
    same("seen", 1, rf_seen != 0);
    same("wrong RF", 0, rf_wrong);
}

/* ---- the code a gate leads to ---- */

static void gate_targets(const struct event *e)
{
    keep_gate(e->vector);
    for (u32 type = 0; type < 32; type++) {
        check("%s.target.type%x", e->name, type);
        for (u32 n = 0; n < 4 * 4 * 2; n++) {
            u32 cpl = n & 3, dpl = n >> 2 & 3, present = n >> 4;
            gdt[TARGET >> 3] = descriptor(LOW, 0xffff, type | DPL(dpl) | (present ? PRESENT : 0), BIG);
            set_gate(e->vector, TARGET | (n & 3), (u32)low_landing, PRESENT | DPL(3) | INT32);
            struct state s = raising(e, cpl);
            tag("cpl %u dpl %u %s", cpl, dpl, present ? "present" : "absent");
            const struct outcome *o = run(&s);
            if ((type & 0x18) != 0x18 || dpl > cpl)
                ended_with(e, o, GP, TARGET, e->offset);
            else if (!present)
                ended_with(e, o, NP, TARGET, e->offset);
            else
                arrived_low(o, (type & 0x1c) == 0x1c ? cpl : dpl);
        }
    }
    check("%s.target.nowhere", e->name);
    static const u16 nowhere[] = {0, 3, sizeof gdt, 0xfff8, 4, 0xfffc};
    for (u32 i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        set_gate(e->vector, nowhere[i], 0, PRESENT | DPL(3) | INT32);
        struct state s = raising(e, 3);
        tag("selector %x", nowhere[i]);
        ended_with(e, run(&s), GP, (nowhere[i] & ~3u), e->offset);
    }
    check("%s.target.limit", e->name);
    for (u32 dpl = 0; dpl < 4; dpl++) {
        set_target(CODE_RX, dpl, (u32)low_landing - 1);
        set_gate(e->vector, TARGET, (u32)low_landing, PRESENT | DPL(3) | INT32);
        struct state s = raising(e, 3);
        tag("ring %u", dpl);
        ended_with(e, run(&s), GP, 0, e->offset), same("esp", s.esp, run(&s)->esp);
    }
    restore_gate(e->vector);
    report_ext(e, "target");
}

/* ---- the stack of the level a gate leads to ---- */

static void bad_stacks(const struct event *e)
{
    keep_gate(e->vector);
    for (u32 ring = 1; ring < 3; ring++) {
        u32 *esp = &tss_main.tss.esp0 + 2 * ring, *ss = esp + 1, good_esp = *esp, good_ss = *ss;
        set_target(CODE_RX, ring, 0xffff);
        set_gate(e->vector, TARGET, (u32)low_landing, PRESENT | DPL(3) | INT32);
        struct state s = raising(e, 3);
        check("%s.stack.selector.ring%u", e->name, ring);
        static const u16 selectors[] = {0, sizeof gdt, 0xfff8, 4};
        for (u32 i = 0; i < sizeof selectors / sizeof selectors[0]; i++) {
            *ss = selectors[i] ? selectors[i] | ring : 0;
            tag("selector %x", *ss);
            ended_with(e, run(&s), TS, selectors[i], e->offset), same("esp", s.esp, run(&s)->esp);
        }
        for (u32 n = 0; n < 32 * 4 * 4 * 2; n++) {
            u32 type = n & 31, dpl = n >> 5 & 3, rpl = n >> 7 & 3, present = n >> 9;
            if (n % 512 == 0)
                check("%s.stack.types.%s.ring%u", e->name, present ? "present" : "absent", ring);
            gdt[STACK >> 3] = descriptor(0, (type & 0x1c) == 0x14 ? 0 : 0xfffff, type | DPL(dpl) | (present ? PRESENT : 0), GRANULAR | BIG);
            *ss = STACK | rpl;
            tag("type %x dpl %u rpl %u", type, dpl, rpl);
            const struct outcome *o = run(&s);
            if (rpl != ring || dpl != ring || (type & 0x1a) != 0x12)
                ended_with(e, o, TS, STACK, e->offset);
            else if (!present)
                ended_with(e, o, SS, STACK, e->offset);
            else
                arrived_low(o, ring), same("ss", STACK | ring, o->ss & 0xffff);
        }
        check("%s.stack.room.ring%u", e->name, ring);
        u32 needs = 4 * (5 + (e->error >= 0));
        for (u32 n = 0; n < 8; n++) {
            u32 down = n & 1, flags = n & 2 ? BIG : 0, short_of = n >> 2;
            gdt[STACK >> 3] = descriptor((u32)scratch, 0x7ff, PRESENT | DPL(ring) | (down ? DOWN_RW : DATA_RW), flags);
            *esp = (down ? 0x800 + needs : flags ? needs : 0x10000 + needs) - short_of;
            *ss = STACK | ring;
            tag("%s flags %x esp %x", down ? "down" : "up", flags, *esp);
            const struct outcome *o = run(&s);
            if (short_of)
                ended_with(e, o, SS, STACK, e->offset), same("esp", s.esp, o->esp);
            else
                arrived_low(o, ring);
        }
        *esp = good_esp;
        *ss = good_ss;
        check("%s.stack.tss.limit.ring%u", e->name, ring);
        for (u32 limit = 0x0b; limit < 4 + 8 * ring + 5; limit++) {
            gdt[TSS_MAIN >> 3] = descriptor((u32)&tss_main, limit, PRESENT | TSS32, 0);
            load_task(TSS_MAIN);
            tag("limit %x", limit);
            ended_with(e, run(&s), TS, TSS_MAIN, e->offset);
        }
        registers_reset();
    }
    restore_gate(e->vector);
    report_ext(e, "stack");
}

/* ---- the table's limit ---- */

#define NUMBERED(n) SNIPPET(int_##n, "int $" #n)
NUMBERED(0x40);
NUMBERED(0x80);
NUMBERED(0xff);

static void table_limit(void)
{
    static const struct {
        u32 vector;
        const char *code;
    } cases[] = {{0x40, int_0x40}, {0x80, int_0x80}, {0xff, int_0xff}};
    struct __attribute__((packed)) {
        u16 limit;
        u32 base;
    } pointer = {0, (u32)idt};
    check("table.limit");
    for (u32 i = 0; i < 3; i++) {
        idt[cases[i].vector] = gate(CODE(0), LANDING, PRESENT | DPL(3) | INT32, 0);
        for (u32 n = 0; n < 18; n++) {
            pointer.limit = (u16)(cases[i].vector * 8 - 1 + n % 9);
            __asm__ volatile("lidt %0" : : "m"(pointer));
            struct state s = ring_state(n < 9 ? 0 : 3, cases[i].code);
            tag("int %x limit %x cpl %u", cases[i].vector, pointer.limit, n < 9 ? 0 : 3);
            const struct outcome *o = run(&s);
            if (cases[i].vector * 8 + 7 <= pointer.limit)
                same("vector", LANDED, o->vector);
            else
                ended(o, GP, IDT_ERROR(cases[i].vector), cases[i].code, 0);
        }
    }
    registers_reset();
    /* The base need not be aligned. */
    check("table.unaligned");
    copy(scratch + 13, idt, sizeof idt);
    pointer.limit = sizeof idt - 1;
    pointer.base = (u32)scratch + 13;
    __asm__ volatile("lidt %0" : : "m"(pointer));
    struct state s = ring_state(0, int_n);
    ended(run(&s), VECTOR, 0, int_n, 2);
    registers_reset();
}

/* INT n pushes no error code, whatever the vector. */
#define ALL_VECTORS N(8) N(10) N(11) N(12) N(13) N(14) N(17) N(21)
#define N(n) SNIPPET(software_##n, "int $" #n);
ALL_VECTORS
#undef N

static void no_error_codes(void)
{
    static const struct {
        u32 vector;
        const char *code;
    } cases[] = {
#define N(n) {n, software_##n},
        ALL_VECTORS
#undef N
    };
    check("int.n.no.error.code");
    for (u32 i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (u32 cpl = 0; cpl < 4; cpl++) {
            keep_gate(cases[i].vector);
            idt[cases[i].vector] |= (u64)DPL(3) << 40;
            software_vector((int)cases[i].vector);
            struct state s = ring_state(cpl, cases[i].code);
            tag("int %u cpl %u", cases[i].vector, cpl);
            const struct outcome *o = run(&s);
            ended(o, cases[i].vector, 0, cases[i].code, 2);
            if (cpl)
                same("depth", 20, o->depth);
            software_vector(-1);
            restore_gate(cases[i].vector);
        }
    }
}

/* INTO without OF, BOUND within bounds. */
static void conditional(void)
{
    check("into.not.taken");
    for (u32 cpl = 0; cpl < 4; cpl++) {
        struct state s = ring_state(cpl, into);
        s.eflags |= F_CF;
        ended(run(&s), BP, 0, into, 2);
    }
    check("bound.within");
    static const struct {
        int low, high, index, outside;
    } cases[] = {{0, 10, 0, 0}, {0, 10, 10, 0}, {0, 10, 11, 1}, {0, 10, -1, 1}, {-5, 5, -5, 0}, {-5, 5, -6, 1}, {5, 4, 5, 1}};
    for (u32 i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bounds[0] = (u32)cases[i].low;
        bounds[1] = (u32)cases[i].high;
        struct state s = ring_state(3, bound);
        s.ebp = (u32)bounds;
        s.eax = (u32)cases[i].index;
        tag("case %u", i);
        if (cases[i].outside)
            ended(run(&s), BR, 0, bound, 0);
        else
            finished(run(&s));
    }
    bounds[0] = 1;
    bounds[1] = 2;
}

void checks_interrupts(void)
{
    for (u32 i = 0; i < EVENTS; i++)
        gate_types(&events[i]);
    for (u32 i = 0; i < EVENTS; i++)
        frames(&events[i]);
    /* Contributory exceptions become double faults: other checks. INT1's saved EIP if its delivery fails is not defined. */
    for (u32 i = 0; i < EVENTS; i++) {
        if (events[i].vector == DE || events[i].vector == GP || events[i].code == int_1)
            continue;
        /* The final breakpoint of a probe needs its gate. */
        gate_targets(&events[i]);
        bad_stacks(&events[i]);
    }
    table_limit();
    no_error_codes();
    conditional();
}
