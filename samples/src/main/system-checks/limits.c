/* Limits and access rights of segments, as every access checks them: SDM vol. 3A sections 5.3 to 5.5. */
#include "machine.h"

#define T SLOT(0)
/* Memory nobody else uses: bases of segments under test lie 64 KiB into it. */
#define WILD 0x1000000u
#define BASE (WILD + 0x10000)

/* ---- data accesses through ES, by offset EBX ---- */

SNIPPET(read1, "movb %es:(%ebx), %al");
SNIPPET(read2, "movw %es:(%ebx), %ax");
SNIPPET(read4, "movl %es:(%ebx), %eax");
SNIPPET(read8, "bound %eax, %es:(%ebx)");
SNIPPET(read10, "fninit; fldt %es:(%ebx)");
SNIPPET(write1, "movb %al, %es:(%ebx)");
SNIPPET(write2, "movw %ax, %es:(%ebx)");
SNIPPET(write4, "movl %eax, %es:(%ebx)");
SNIPPET(write8, "fninit; fistpll %es:(%ebx)");
SNIPPET(modify4, "addl %eax, %es:(%ebx)");
SNIPPET(compare4, "cmpl %eax, %es:(%ebx)");
SNIPPET(exchange2, "xchgw %ax, %es:(%ebx)");
SNIPPET(strings4, "movl %ebx, %edi; stosl");
SNIPPET(scan1, "movl %ebx, %edi; scasb");

static const struct access {
    const char *name, *code;
    u32 bytes, writes;
    /* Where in the snippet the access is. */
    u32 offset;
} accesses[] = {
    {"mov.read1", read1, 1, 0, 0}, {"mov.read2", read2, 2, 0, 0}, {"mov.read4", read4, 4, 0, 0}, {"bound.read8", read8, 8, 0, 0},
    {"fld.read10", read10, 10, 0, 2}, {"mov.write1", write1, 1, 1, 0}, {"mov.write2", write2, 2, 1, 0}, {"mov.write4", write4, 4, 1, 0},
    {"fistp.write8", write8, 8, 1, 2}, {"add.modify4", modify4, 4, 1, 0}, {"cmp.read4", compare4, 4, 0, 0}, {"xchg.modify2", exchange2, 2, 1, 0},
    {"stos.write4", strings4, 4, 1, 2}, {"scas.read1", scan1, 1, 0, 2},
};

static const struct {
    u32 raw, flags, limit;
} limits[] = {
    {0, BIG, 0}, {1, 0, 1}, {0xff, BIG, 0xff}, {0xfff, 0, 0xfff}, {0xfff, BIG, 0xfff}, {0xffff, 0, 0xffff}, {0xffff, BIG, 0xffff},
    {0xfffe, 0, 0xfffe}, {0, GRANULAR, 0xfff}, {1, GRANULAR | BIG, 0x1fff}, {0xf, GRANULAR, 0xffff}, {0x10, GRANULAR | BIG, 0x10fff},
    {0x10, GRANULAR, 0x10fff},
};

static int is_down(u32 type) { return (type & 0x1c) == 0x14; }

static int within(u32 type, u32 limit, u32 flags, u32 offset, u32 bytes)
{
    u64 end = (u64)offset + bytes - 1;
    if (is_down(type))
        return offset > limit && end <= (flags & BIG ? 0xffffffffu : 0xffffu);
    return end <= limit;
}

static int permitted(u32 type, int writes)
{
    return writes ? (type & 0x1a) == 0x12 : (type & 0xa) != 8;
}

/* Whether an offset lies where a segment of this base may be touched at all: within the memory set aside. */
static int reachable(u32 offset)
{
    return offset < 0x20000 || offset >= 0xffff8000u;
}

static void one_access(const struct access *a, u32 cpl, u32 type, u32 limit, u32 flags, u32 offset)
{
    u8 *memory = (u8 *)(BASE + offset);
    fill(memory - 4, 0x11, 24);
    struct state s = ring_state(cpl, a->code);
    s.es = T | cpl;
    s.ebx = offset;
    s.eax = 0x11111111;
    const struct outcome *o = run(&s);
    if (permitted(type, a->writes) && within(type, limit, flags, offset, a->bytes)) {
        finished(o);
    } else {
        ended(o, GP, 0, a->code, a->offset);
        same("memory", 0x11111111, *(u32 *)memory);
    }
}

static void data_accesses(void)
{
    for (u32 i = 0; i < sizeof accesses / sizeof accesses[0]; i++) {
        const struct access *a = &accesses[i];
        for (u32 type = DATA_RO; type < 32; type += 2) {
            if (type == CODE_X || type == CONF_X || !can_make(type))
                continue;
            check("%s.type%x", a->name, type);
            for (u32 l = 0; l < sizeof limits / sizeof limits[0]; l++) {
                for (u32 cpl = first_ring; cpl < 4; cpl += 3) {
                    gdt[T >> 3] = descriptor(BASE, limits[l].raw, PRESENT | DPL(cpl) | type, limits[l].flags);
                    u32 limit = limits[l].limit;
                    const u32 offsets[] = {0, 1, limit - a->bytes, limit - a->bytes + 1, limit - a->bytes + 2, limit, limit + 1, limit + 2,
                        0xffff - a->bytes, 0xffff - a->bytes + 1, 0xffff - a->bytes + 2, 0xffff, 0x10000, 0xffffffffu - a->bytes,
                        0u - a->bytes};
                    for (u32 k = 0; k < sizeof offsets / sizeof offsets[0]; k++) {
                        if (reachable(offsets[k]) && offsets[k] <= 0u - a->bytes) {
                            tag("limit %x flags %x cpl %u offset %x", limits[l].raw, limits[l].flags, cpl, offsets[k]);
                            one_access(a, cpl, type, limit, limits[l].flags, offsets[k]);
                        }
                    }
                }
            }
        }
    }
}

/* Null selectors may be loaded and not used. */
static void null_segments(void)
{
    for (u32 i = 0; i < sizeof accesses / sizeof accesses[0]; i++) {
        check("null.%s", accesses[i].name);
        for (u32 n = 4 * first_ring; n < 16; n++) {
            struct state s = ring_state(n >> 2, accesses[i].code);
            s.es = n & 3;
            s.ebx = (u32)scratch;
            s.eax = 0;
            tag("cpl %u selector %u", n >> 2, n & 3);
            ended(run(&s), GP, 0, accesses[i].code, accesses[i].offset);
        }
    }
}

/* ---- overrides: which register is checked ---- */

#define OVERRIDE(r) \
    SNIPPET(override_##r, "movl %" #r ":(%ebx), %eax"); \
    SNIPPET(override_write_##r, "movl %eax, %" #r ":(%ebx)")
OVERRIDE(ds);
OVERRIDE(es);
OVERRIDE(fs);
OVERRIDE(gs);
OVERRIDE(ss);
OVERRIDE(cs);
SNIPPET(by_ebp, "movl (%ebp), %eax");
SNIPPET(by_esp, "movl (%esp), %eax");
SNIPPET(by_ebp_scaled, "movl (%ebp,%eax,4), %eax");
SNIPPET(by_ebp_index, "movl (%ebx,%ebp), %eax");
SNIPPET(by_bp16, "movl %eax, (%bp,%si)");
SNIPPET(by_bx16, "movl %eax, (%bx,%si)");
SNIPPET(by_moffs, "movl 0x2000, %eax");

/* The segment an instruction uses has a limit of 0xfff, all others are flat; it reads or writes at offset 0x2000. */
static void overrides(void)
{
    enum { R_DS, R_ES, R_FS, R_GS, R_SS };
    static const struct {
        const char *name, *code;
        u32 reg;
    } uses[] = {
        {"ds", override_ds, R_DS}, {"ds.write", override_write_ds, R_DS}, {"es", override_es, R_ES}, {"es.write", override_write_es, R_ES},
        {"fs", override_fs, R_FS}, {"fs.write", override_write_fs, R_FS}, {"gs", override_gs, R_GS}, {"gs.write", override_write_gs, R_GS},
        {"ss", override_ss, R_SS}, {"ss.write", override_write_ss, R_SS}, {"ebp", by_ebp, R_SS}, {"esp", by_esp, R_SS},
        {"ebp.scaled", by_ebp_scaled, R_SS}, {"ebx.ebp", by_ebp_index, R_DS}, {"bp.si", by_bp16, R_SS}, {"bx.si", by_bx16, R_DS},
        {"moffs", by_moffs, R_DS},
    };
    for (u32 i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        check("override.%s", uses[i].name);
        for (u32 reg = R_DS; reg <= R_SS; reg++) {
            gdt[T >> 3] = descriptor(BASE, 0xfff, PRESENT | DPL(3) | DATA_RW, BIG);
            gdt[SLOT(1) >> 3] = descriptor(BASE, 0xfffff, PRESENT | DPL(3) | DATA_RW, GRANULAR | BIG);
            struct state s = ring_state(3, uses[i].code);
            s.ds = s.es = s.fs = s.gs = s.ss = SLOT(1) | 3;
            *(reg == R_DS ? &s.ds : reg == R_ES ? &s.es : reg == R_FS ? &s.fs : reg == R_GS ? &s.gs : &s.ss) = T | 3;
            s.ebx = s.ebp = s.esp = s.edx = 0x2000;
            s.eax = s.esi = 0;
            if (uses[i].code == by_ebp_index)
                s.ebp = 0;
            tag("limited register %u", reg);
            const struct outcome *o = run(&s);
            if (reg == uses[i].reg)
                ended(o, reg == R_SS ? SS : GP, 0, uses[i].code, 0);
            else
                finished(o);
        }
    }
    check("override.cs");
    for (u32 type = CODE_X; type < 32; type += 2) {
        if (!can_make(type))
            continue;
        gdt[T >> 3] = descriptor(0, 0xfffff, PRESENT | DPL(3) | type, GRANULAR | BIG);
        for (u32 write = 0; write < 2; write++) {
            const char *code = write ? override_write_cs : override_cs;
            struct state s = ring_state(3, code);
            s.cs = T | 3;
            s.ebx = BASE;
            tag("type %x write %u", type, write);
            if (permitted(type, (int)write))
                finished(run(&s));
            else
                ended(run(&s), GP, 0, code, 0);
        }
    }
}

/* ---- stacks ---- */

/* The stack pointer comes from EDX: IRET would load only half of it for a 16-bit stack. */
#define STACK_SNIPPET(name, text) SNIPPET(name, "movl %edx, %esp; " text)
#define AT 2
STACK_SNIPPET(push_long, "pushl %eax");
STACK_SNIPPET(push_word, "pushw %ax");
STACK_SNIPPET(push_segment, "pushl %ds");
STACK_SNIPPET(push_immediate, "pushl $0x12345678");
STACK_SNIPPET(pushf_long, "pushfl");
STACK_SNIPPET(pusha_long, "pushal");
STACK_SNIPPET(pusha_word, "pushaw");
STACK_SNIPPET(pop_long, "popl %eax");
STACK_SNIPPET(pop_word, "popw %ax");
STACK_SNIPPET(pop_segment, "popl %ds");
STACK_SNIPPET(popf_long, "popfl");
STACK_SNIPPET(popa_long, "popal");
STACK_SNIPPET(call_near, "call 1f; nop; 1:");
STACK_SNIPPET(call_indirect, "call *%eax");
STACK_SNIPPET(return_near, "ret");
STACK_SNIPPET(return_far, "lret");
STACK_SNIPPET(interrupt_return, "iretl");
STACK_SNIPPET(call_far, "lcall *%cs:1f; 1: .long 2f; .word user_code; 2:");
STACK_SNIPPET(enter_zero, "enter $0, $0");
STACK_SNIPPET(enter_one, "enter $0, $1");
STACK_SNIPPET(leave_frame, "leave");
STACK_SNIPPET(ss_read, "movl (%esp), %eax");

/* Elements an instruction moves: the first lies so many bytes from ESP. */
static const struct stack_use {
    const char *name, *code;
    int first;
    u32 bytes, count;
} stack_uses[] = {
    {"push.long", push_long, -4, 4, 1}, {"push.word", push_word, -2, 2, 1}, {"push.segment", push_segment, -4, 4, 1},
    {"push.immediate", push_immediate, -4, 4, 1}, {"pushf", pushf_long, -4, 4, 1}, {"pusha.long", pusha_long, -32, 4, 8},
    {"pusha.word", pusha_word, -16, 2, 8}, {"pop.long", pop_long, 0, 4, 1}, {"pop.word", pop_word, 0, 2, 1},
    {"pop.segment", pop_segment, 0, 4, 1}, {"popf", popf_long, 0, 4, 1}, {"popa", popa_long, 0, 4, 8}, {"call.near", call_near, -4, 4, 1},
    {"call.indirect", call_indirect, -4, 4, 1}, {"ret.near", return_near, 0, 4, 1}, {"ret.far", return_far, 0, 4, 2},
    {"iret", interrupt_return, 0, 4, 3}, {"call.far", call_far, -8, 4, 2}, {"enter.0", enter_zero, -4, 4, 1}, {"enter.1", enter_one, -8, 4, 2},
    {"leave", leave_frame, 0, 4, 1}, {"mov", ss_read, 0, 4, 1},
};

static void use_stack(const struct stack_use *u, u32 type, u32 limit, u32 flags, u32 esp)
{
    u32 mask = flags & BIG ? 0xffffffffu : 0xffffu;
    int fits = 1;
    if (u->code == ss_read)
        mask = 0xffffffff;
    for (u32 i = 0; i < u->count; i++)
        fits &= within(type, limit, flags, (esp + (u32)u->first + i * u->bytes) & mask, u->bytes);
    struct state s = ring_state(3, u->code);
    s.ss = T | 3;
    s.edx = esp;
    s.ebp = esp;
    s.eax = (u32)u->code + AT + 2;
    /* What is popped: addresses, selectors and flags that lead to the final breakpoint. */
    u32 *top = (u32 *)(BASE + (esp & mask));
    if (reachable(esp & mask)) {
        fill(top, 0, 32);
        if (u->code == return_near || u->code == return_far || u->code == interrupt_return)
            top[0] = (u32)u->code + AT + 1;
        top[1] = u->code == return_far || u->code == interrupt_return ? CODE(3) : 0;
        if (u->code == pop_segment)
            top[0] = DATA(3);
        if (u->code == interrupt_return || u->code == popf_long)
            top[u->code == popf_long ? 0 : 2] = F_ONE;
    }
    const struct outcome *o = run(&s);
    if (fits) {
        finished(o);
    } else if (ended(o, SS, 0, u->code, AT)) {
        same("esp", esp, o->esp);
    }
}

static void stacks(void)
{
    for (u32 i = 0; i < sizeof stack_uses / sizeof stack_uses[0]; i++) {
        const struct stack_use *u = &stack_uses[i];
        u32 span = u->bytes * u->count;
        for (u32 down = 0; down < 2; down++) {
            u32 type = down ? DOWN_RW : DATA_RW;
            check("stack.%s.%s", u->name, down ? "down" : "up");
            for (u32 l = 0; l < sizeof limits / sizeof limits[0]; l++) {
                u32 limit = limits[l].limit, flags = limits[l].flags;
                gdt[T >> 3] = descriptor(BASE, limits[l].raw, PRESENT | DPL(3) | type, flags);
                /* The lowest byte touched: at, just inside and just outside each end. */
                const u32 low[] = {0, 4, limit - span, limit - span + 1, limit - span + 2, limit, limit + 1, limit + 2, 0xffff - span + 1,
                    0xffff - span + 2, 0u - span};
                for (u32 k = 0; k < sizeof low / sizeof low[0]; k++) {
                    u32 esp = low[k] - (u32)u->first;
                    u32 linear = flags & BIG ? low[k] : low[k] & 0xffff;
                    /* Elements that wrap round are left out: processors differ. */
                    if (!reachable(linear) || linear > 0u - span || (!(flags & BIG) && linear + span > 0x10000 && u->count > 1))
                        continue;
                    if (!(flags & BIG))
                        esp = (esp & 0xffff) | (u->code == ss_read ? 0 : 0x7f0000);
                    tag("limit %x flags %x esp %x", limits[l].raw, flags, esp);
                    use_stack(u, type, limit, flags, esp);
                }
            }
        }
    }
}

/* A 16-bit stack pointer wraps round within its segment, and leaves the upper half of ESP alone. */
static void stack_wraps(void)
{
    static const struct {
        const char *code;
        u32 esp, after;
    } cases[] = {
        {push_long, 0xabcd0000, 0xabcdfffc}, {push_word, 0xabcd0000, 0xabcdfffe}, {pop_long, 0xabcdfffc, 0xabcd0000},
        {pop_word, 0xabcdfffe, 0xabcd0000}, {pushf_long, 0x12340002, 0x1234fffe}, {call_near, 0xabcd0000, 0xabcdfffc},
        {pusha_word, 0xabcd0000, 0xabcdfff0}, {popa_long, 0x1234ffe0, 0x12340000}, {enter_zero, 0xabcd0000, 0xabcdfffc},
    };
    check("stack.wrap");
    gdt[T >> 3] = descriptor(BASE, 0xf, PRESENT | DPL(3) | DATA_RW, GRANULAR);
    for (u32 i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct state s = ring_state(3, cases[i].code);
        s.ss = T | 3;
        s.edx = cases[i].esp;
        tag("case %u", i);
        if (cases[i].code == pushf_long)
            ended(run(&s), SS, 0, pushf_long, AT);
        else if (finished(run(&s)))
            same("esp", cases[i].after, run(&s)->esp);
    }
}

/* ---- repeated string instructions that run into the limit ---- */

SNIPPET(rep_stos1, "rep stosb");
SNIPPET(rep_stos4, "rep stosl");
SNIPPET(rep_movs2, "rep movsw");
SNIPPET(rep_lods1, "rep lodsb %fs:(%esi), %al");
SNIPPET(rep_scas4, "repne scasl");
SNIPPET(rep_cmps1, "repe cmpsb");

static void strings(void)
{
    static const struct {
        const char *name, *code;
        u32 bytes;
        int source, destination;
    } uses[] = {
        {"stosb", rep_stos1, 1, 0, 1}, {"stosl", rep_stos4, 4, 0, 1}, {"movsw", rep_movs2, 2, 1, 1}, {"lodsb", rep_lods1, 1, 1, 0},
        {"scasl", rep_scas4, 4, 0, 1}, {"cmpsb", rep_cmps1, 1, 1, 1},
    };
    for (u32 i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        check("rep.%s", uses[i].name);
        for (u32 limit = 0x7ff; limit < 0x2010; limit += 0x3fd) {
            u32 bytes = uses[i].bytes;
            for (u32 down = 0; down < 2; down++) {
                gdt[T >> 3] = descriptor(BASE, limit, PRESENT | DPL(3) | (down ? DOWN_RW : DATA_RW), BIG);
                struct state s = ring_state(3, uses[i].code);
                s.es = s.fs = s.ds = T | 3;
                /* Ten elements to the limit; the direction leads out of the segment. */
                u32 last = down ? limit + 1 : limit + 1 - bytes;
                s.edi = s.esi = down ? last + 9 * bytes : last - 9 * bytes;
                s.ecx = 20;
                s.eax = 0x01010101;
                s.eflags |= down ? F_DF : 0;
                fill((void *)(BASE + limit - 128), 0, 256);
                tag("limit %x %s", limit, down ? "down" : "up");
                const struct outcome *o = run(&s);
                if (!ended(o, GP, 0, uses[i].code, 0))
                    continue;
                u32 moved = down ? -(10 * bytes) : 10 * bytes;
                same("ecx", 10, o->ecx);
                same("esi", s.esi + (uses[i].source ? moved : 0), o->esi);
                same("edi", s.edi + (uses[i].destination ? moved : 0), o->edi);
            }
        }
    }
}

/* ---- code ---- */

/* Copied to BASE: 32 NOPs of one byte, or an instruction at the limit. */
static const u8 nops[64] = {[0 ... 63] = 0x90};

static struct state code_state(u32 limit, u32 eip)
{
    gdt[T >> 3] = descriptor(BASE, limit, PRESENT | DPL(3) | CODE_RX, BIG);
    struct state s = ring_state(3, 0);
    s.cs = T | 3;
    s.eip = eip;
    return s;
}

static void code_limits(void)
{
    static const struct {
        const char *name;
        u8 bytes[8];
        u32 length;
    } branches[] = {
        {"jmp.short", {0xeb, 0x40}, 2}, {"jmp.near", {0xe9, 0x40}, 5}, {"jcc.short", {0x74, 0x40}, 2}, {"jcc.near", {0x0f, 0x84, 0x40}, 6},
        {"loop", {0xe2, 0x40}, 2}, {"jecxz", {0xe3, 0x40}, 2}, {"call", {0xe8, 0x40}, 5}, {"jmp.indirect", {0xff, 0xe0}, 2},
        {"call.indirect", {0xff, 0xd0}, 2}, {"ret", {0xc3}, 1}, {"ret.release", {0xc2, 8, 0}, 3},
    };
    fill((void *)BASE, 0xcc, PAGE);
    check("code.sequential");
    copy((void *)BASE, nops, sizeof nops);
    for (u32 limit = 8; limit < 40; limit++) {
        struct state s = code_state(limit, 0);
        tag("limit %x", limit);
        ended(run(&s), GP, 0, (const char *)(limit + 1), 0);
    }
    check("code.straddling");
    for (u32 inside = 1; inside < 5; inside++) {
        static const u8 long_move[] = {0xb8, 1, 2, 3, 4, 0xcc};
        copy((void *)BASE, nops, sizeof nops);
        copy((void *)(BASE + 16), long_move, sizeof long_move);
        struct state s = code_state(15 + inside, 8);
        s.eax = 77;
        tag("%u bytes inside", inside);
        ended(run(&s), GP, 0, (const char *)16, 0);
        same("eax", 77, run(&s)->eax);
    }
    for (u32 i = 0; i < sizeof branches / sizeof branches[0]; i++) {
        check("code.%s", branches[i].name);
        for (u32 over = 0; over < 2; over++) {
            copy((void *)BASE, nops, sizeof nops);
            copy((void *)(BASE + 16), branches[i].bytes, branches[i].length);
            u32 target = 16 + branches[i].length + 0x40;
            *(u8 *)(BASE + target) = 0xcc;
            struct state s = code_state(over ? target - 1 : target, 10);
            s.eflags |= F_ZF;
            s.ecx = branches[i].bytes[0] == 0xe3 ? 0 : 2;
            s.eax = target;
            *(u32 *)s.esp = target;
            tag("%s", over ? "outside" : "inside");
            const struct outcome *o = run(&s);
            if (over) {
                if (ended(o, GP, 0, (const char *)16, 0)) {
                    same("esp", s.esp, o->esp);
                    same("ecx", s.ecx, o->ecx);
                }
            } else {
                ended(o, BP, 0, (const char *)target, 1);
            }
        }
    }
    check("code.not.taken");
    for (u32 i = 2; i < 6; i++) {
        copy((void *)BASE, nops, sizeof nops);
        copy((void *)(BASE + 16), branches[i].bytes, branches[i].length);
        *(u8 *)(BASE + 16 + branches[i].length) = 0xcc;
        struct state s = code_state(16 + branches[i].length, 10);
        s.ecx = branches[i].bytes[0] == 0xe3 ? 5 : 1;
        tag("%s", branches[i].name);
        ended(run(&s), BP, 0, (const char *)(16 + branches[i].length), 1);
    }
}

void checks_limits(void)
{
    data_accesses();
    null_segments();
    overrides();
    stacks();
    stack_wraps();
    strings();
    code_limits();
}
