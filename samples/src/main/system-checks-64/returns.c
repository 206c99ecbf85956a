/* IRET and far RET in IA-32e mode: SDM vol. 2 under IRET and RET. */
#include "machine.h"

#define TARGET SLOT(1)
#define NEW_STACK SLOT(2)

/* RDI points to the frame. */
SNIPPET(r_iretq, "movq %rdi, %rsp; iretq");
SNIPPET(r_iretl, "movq %rdi, %rsp; iretl");
SNIPPET(r_iretw, "movq %rdi, %rsp; iretw");
SNIPPET(r_retq, "movq %rdi, %rsp; lretq");
SNIPPET(r_retl, "movq %rdi, %rsp; lretl");
SNIPPET(r_retq_16, "movq %rdi, %rsp; lretq $16");
#define RETURN_AT 3

/* Base of segments that are not 64-bit code: RIP is small there. */
#define BASE ((u32)(u64)landing_place + USER)

static u64 *frame_for(u32 ring)
{
    return (u64 *)(probe_stack[ring] + 0x800);
}

struct way {
    const char *name, *code;
    int interrupt;
};
static const struct way ways[] = {{"iret", r_iretq, 1}, {"ret", r_retq, 0}};

/* A return from ring `from`: the frame is RIP, CS, [RFLAGS], RSP, SS. */
static struct state returning(const struct way *w, u32 from, u64 rip, u64 cs, u64 rsp, u64 ss)
{
    u64 *f = frame_for(from);
    struct state s = ring_state(from, w->code);
    s.rdi = AT(from, f);
    *f++ = rip;
    *f++ = cs;
    if (w->interrupt)
        *f++ = F_ONE;
    *f++ = rsp;
    *f = ss;
    return s;
}

/* All code segments and privileges. The stack that is returned to is as it should be. */
static void codes(const struct way *w)
{
    for (u32 from = 0; from < 4; from++) {
        for (u32 rpl = 0; rpl < 4; rpl++) {
            check("%s.code.ring%u.rpl%u", (word)w->name, from, rpl);
            for (u32 n = 0; n < 32 * 4 * 4 * 2; n++) {
                u32 type = n & 0x1f, flags = n >> 5 & 3, dpl = n >> 7 & 3, present = n >> 9;
                int code = (type & 0x18) == 0x18, conforming = (type & 4) != 0;
                if (!present && flags == 3)
                    continue;
                gdt[TARGET >> 3] = descriptor(BASE, 0xfffff, (present ? PRESENT : 0) | DPL(dpl) | type, GRANULAR | flags << 1);
                int wide = flags == 1;
                u64 rip = wide ? BASE : 0;
                u64 rsp = AT(rpl, STACK_TOP(probe_stack[rpl]) - 512);
                struct state s = returning(w, from, rip, TARGET | rpl, rsp, DATA(rpl));
                tag("type %x flags %x dpl %u present %u", type, flags << 1, dpl, present);
                const struct outcome *o = run(&s);
                if (rpl < from || !code || (conforming ? dpl > rpl : dpl != rpl) || flags == 3)
                    ended(o, GP, TARGET, s.rip + RETURN_AT);
                else if (!present)
                    ended(o, NP, TARGET, s.rip + RETURN_AT);
                else {
                    landed(o, rip, (u16)(TARGET | rpl));
                    int popped = w->interrupt || rpl != from;
                    same("rsp", popped ? rsp : s.rdi + 16, o->rsp);
                    same("ss", DATA(popped ? rpl : from), o->ss & 0xffff);
                }
            }
        }
    }
    machine_reset();
}

/* All stack segments, from 64-bit code to 64-bit and to 32-bit code. */
static void stacks(const struct way *w)
{
    for (u32 wide = 0; wide < 2; wide++) {
        for (u32 rpl = w->interrupt ? 0 : 1; rpl < 4; rpl++) {
            check("%s.stack.%s.ring%u", (word)w->name, (word)(wide ? "to64" : "to32"), rpl);
            for (u32 from = 0; from <= rpl; from++) {
                if (from == rpl && !w->interrupt)
                    continue;
                gdt[TARGET >> 3] = descriptor(wide ? 0 : BASE, 0xfffff, PRESENT | DPL(rpl) | CODE_RX, GRANULAR | (wide ? LONG : BIG));
                u64 rip = wide ? BASE : 0, rsp = AT(rpl, STACK_TOP(probe_stack[rpl]) - 512);
                for (u32 null = 0; null < 4; null++) {
                    /* Whether another level's null is as good as one's own the manual leaves open. */
                    if (wide && rpl != 3 && null != rpl && null != 3)
                        continue;
                    struct state s = returning(w, from, rip, TARGET | rpl, rsp, null);
                    tag("null %u from %u", null, from);
                    const struct outcome *o = run(&s);
                    if (wide && rpl != 3 && null == rpl) {
                        landed(o, rip, (u16)(TARGET | rpl));
                        same("ss", null, o->ss);
                    } else {
                        ended(o, GP, 0, s.rip + RETURN_AT);
                    }
                }
                for (u32 n = 0; n < 32 * 4 * 4 * 2; n++) {
                    u32 type = n & 0x1f, dpl = n >> 5 & 3, stack_rpl = n >> 7 & 3, present = n >> 9;
                    /* Nothing is left of an expand-down segment up to 4 GiB. */
                    if (type & 4 && !wide)
                        continue;
                    gdt[NEW_STACK >> 3] = descriptor(0, 0xfffff, (present ? PRESENT : 0) | DPL(dpl) | type, GRANULAR | BIG);
                    struct state s = returning(w, from, rip, TARGET | rpl, rsp, NEW_STACK | stack_rpl);
                    tag("type %x dpl %u rpl %u present %u from %u", type, dpl, stack_rpl, present, from);
                    const struct outcome *o = run(&s);
                    if (stack_rpl != rpl || dpl != rpl || (type & 0x1a) != 0x12)
                        ended(o, GP, NEW_STACK, s.rip + RETURN_AT);
                    else if (!present)
                        ended(o, SS, NEW_STACK, s.rip + RETURN_AT);
                    else {
                        landed(o, rip, (u16)(TARGET | rpl));
                        same("ss", NEW_STACK | rpl, o->ss & 0xffff);
                        same("rsp", rsp, o->rsp);
                        same("accessed", type | ACCESSED, access_of(NEW_STACK) & 0x1f);
                    }
                }
            }
        }
    }
    machine_reset();
}

/* Targets that are not canonical; null and missing selectors. */
static void selectors(const struct way *w)
{
    static const u64 bad[] = {LOWER_END + 1, UPPER_START - 1, 0x8000000000000000ull, 0x0001000000000000ull | 0x100000};
    check("%s.not.canonical", (word)w->name);
    for (u32 i = 0; i < 4; i++) {
        for (u32 rpl = 0; rpl < 4; rpl += 3) {
            for (u32 from = 0; from <= rpl; from += 3) {
                struct state s = returning(w, from, bad[i], CODE(rpl), AT(rpl, STACK_TOP(probe_stack[rpl]) - 512), DATA(rpl));
                tag("rip %x from %u to %u", bad[i], from, rpl);
                ended(run(&s), GP, 0, s.rip + RETURN_AT);
            }
        }
    }
    check("%s.null", (word)w->name);
    for (u32 rpl = 0; rpl < 4; rpl++) {
        struct state s = returning(w, 0, BASE, rpl, AT(rpl, STACK_TOP(probe_stack[rpl]) - 512), DATA(rpl));
        tag("rpl %u", rpl);
        ended(run(&s), GP, 0, s.rip + RETURN_AT);
        s = returning(w, 0, BASE, sizeof gdt | rpl, AT(rpl, STACK_TOP(probe_stack[rpl]) - 512), DATA(rpl));
        ended(run(&s), GP, sizeof gdt, s.rip + RETURN_AT);
    }
    /* The frame itself lies where no memory is, or at an address that is none. */
    check("%s.frame", (word)w->name);
    for (u32 ring = 0; ring < 4; ring += 3) {
        struct state s = ring_state(ring, w->code);
        idt[SS].low |= 2ull << 32;
        idt[PF].low |= 2ull << 32;
        s.rdi = LOWER_END + 1;
        tag("ring %u", ring);
        ended(run(&s), SS, 0, s.rip + RETURN_AT);
        s.rdi = 0x7f0000000010ull;
        const struct outcome *o = run(&s);
        ended(o, PF, ring ? 4 : 0, s.rip + RETURN_AT);
        same("cr2", 0x7f0000000010ull, o->cr2);
        machine_reset();
    }
}

/* Data segments that the outer level may not have become null. */
static void data_segments(const struct way *w)
{
    check("%s.nulled", (word)w->name);
    for (u32 dpl = 0; dpl < 4; dpl++) {
        for (u32 type = 0x10; type < 0x20; type++) {
            if ((type & 0xa) == 8)
                continue;
            for (u32 outer = 0; outer < 4; outer++) {
                int conforming = (type & 0xc) == 0xc;
                gdt[SLOT(3) >> 3] = descriptor(0, 0xfffff, PRESENT | DPL(dpl) | type, GRANULAR);
                struct state s = returning(w, 0, AT(outer, landing_place), CODE(outer), AT(outer, STACK_TOP(probe_stack[outer]) - 512), DATA(outer));
                s.ds = s.es = s.fs = s.gs = SLOT(3);
                tag("type %x dpl %u outer %u", type, dpl, outer);
                const struct outcome *o = run(&s);
                landed(o, AT(outer, landing_place), CODE(outer));
                u64 left = outer > dpl && !conforming ? 0 : SLOT(3);
                same("ds", left, o->ds);
                same("es", left, o->es);
                same("fs", left, o->fs);
                same("gs", left, o->gs);
            }
        }
    }
    machine_reset();
}

/* The operand sizes of IRET and RET, and RET with bytes to release. */
static void sizes(void)
{
    static const struct {
        const char *name, *code;
        u32 bytes, interrupt, release;
    } forms[] = {{"iretq", r_iretq, 8, 1, 0}, {"iretl", r_iretl, 4, 1, 0}, {"iretw", r_iretw, 2, 1, 0}, {"retq", r_retq, 8, 0, 0}, {"retl", r_retl, 4, 0, 0},
        {"retq.16", r_retq_16, 8, 0, 16}};
    for (u32 i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        check("size.%s", (word)forms[i].name);
        for (u32 outer = 0; outer < 4; outer += 3) {
            u8 *f = probe_stack[0] + 0x800;
            u32 b = forms[i].bytes;
            /* With 16 bits RIP and RSP are small: 32-bit code with a base, and RSP that is not used before the handler's stack is. */
            gdt[TARGET >> 3] = descriptor(BASE, 0xfffff, PRESENT | DPL(outer) | CODE_RX, GRANULAR | BIG);
            u64 rsp = b == 2 ? 0x8000 : AT(outer, STACK_TOP(probe_stack[outer]) - 512);
            u64 values[5] = {0, TARGET | outer, F_ONE | F_ZF, rsp, DATA(outer)};
            u32 at = 0;
            for (u32 n = 0; n < 5; n++) {
                if (n == 2 && !forms[i].interrupt)
                    continue;
                if (n == 3)
                    at += forms[i].release;
                copy(f + at, &values[n], b);
                at += b;
            }
            struct state s = ring_state(0, forms[i].code);
            s.rdi = (u64)f;
            tag("to ring %u", outer);
            if (b == 2 && outer == 0)
                idt[LANDED].low |= 2ull << 32;
            const struct outcome *o = run(&s);
            landed(o, 0, (u16)(TARGET | outer));
            int popped = forms[i].interrupt || outer;
            same("rsp", popped ? rsp + (forms[i].interrupt ? 0 : forms[i].release) : (u64)f + 2 * b + forms[i].release, o->rsp);
            same("ss", DATA(popped ? outer : 0), o->ss);
            if (forms[i].interrupt)
                same("zf", F_ZF, o->rflags & F_ZF);
            machine_reset();
        }
    }
}

/* What IRET takes from the image, by level. There is neither a virtual-8086 mode nor a task to return to. */
static void flags(void)
{
    for (u32 ring = 0; ring < 4; ring++) {
        check("iret.flags.ring%u", ring);
        for (u32 iopl = 0; iopl < 4; iopl++) {
            for (u32 on = 0; on < 2; on++) {
                const u64 all = 0x3f7ed7 & ~(u64)(F_TF | F_NT | F_VM);
                u64 start = on ? F_ONE : F_ONE | F_IF | F_CF | F_ZF | F_AC | F_ID | F_OF | F_DF;
                u64 image = on ? all & ~0x180000ull : F_ONE;
                struct state s = returning(&ways[0], ring, AT(ring, landing_place), CODE(ring), AT(ring, STACK_TOP(probe_stack[ring]) - 512), DATA(ring));
                frame_for(ring)[2] = image;
                s.rflags = start | F_IOPL(iopl);
                tag("iopl %u image %x", iopl, image);
                const struct outcome *o = run(&s);
                landed(o, AT(ring, landing_place), CODE(ring));
                u64 kept = (ring ? F_IOPL(3) : 0) | (ring > iopl ? F_IF : 0);
                same("rflags", ((image & ~kept) | (s.rflags & kept) | F_ONE) & ~(u64)F_RF, o->rflags & ~(u64)F_RF);
            }
        }
    }
    check("iret.vm");
    struct state s = returning(&ways[0], 0, AT(3, landing_place), CODE(3), AT(3, STACK_TOP(probe_stack[3]) - 512), DATA(3));
    frame_for(0)[2] = F_ONE | F_VM;
    const struct outcome *o = run(&s);
    landed(o, AT(3, landing_place), CODE(3));
    same("vm", 0, o->rflags & F_VM);
    check("iret.nt");
    for (u32 ring = 0; ring < 4; ring++) {
        s = returning(&ways[0], ring, AT(ring, landing_place), CODE(ring), AT(ring, STACK_TOP(probe_stack[ring]) - 512), DATA(ring));
        s.rflags |= F_NT;
        ended(run(&s), GP, 0, s.rip + RETURN_AT);
    }
}

void checks_returns64(void)
{
    for (u32 i = 0; i < 2; i++) {
        codes(&ways[i]);
        stacks(&ways[i]);
        selectors(&ways[i]);
        data_segments(&ways[i]);
    }
    sizes();
    flags();
}
