/* Far CALL and JMP in IA-32e mode, direct and through 64-bit call gates: SDM vol. 2 under CALL and JMP; vol. 3A section 5.8.3.1. */
#include "machine.h"

#define GATE SLOT(4)
#define TARGET SLOT(1)

SNIPPET(call_wide, "rex.w lcall *(%rbx)");
SNIPPET(call_narrow, "lcall *(%rbx)");
SNIPPET(jump_wide, "rex.w ljmp *(%rbx)");
SNIPPET32(call_compatible, "lcall *(%ebx)");
SNIPPET32(jump_compatible, "ljmp *(%ebx)");

/* Code ends in a breakpoint of one byte; a far CALL through RBX has 3 bytes with REX, else 2. */
static const struct form {
    const char *name, *code;
    /* Pointers of 64 bits; CALL; its length; started in 32-bit code. */
    u32 wide, call, length, compatible;
} forms[] = {
    {"call.wide", call_wide, 1, 1, 3, 0}, {"call.narrow", call_narrow, 0, 1, 2, 0}, {"jmp.wide", jump_wide, 1, 0, 3, 0},
    {"call.compatible", call_compatible, 0, 1, 2, 1}, {"jmp.compatible", jump_compatible, 0, 0, 2, 1},
};

static u64 landing(void)
{
    return AT(3, landing_place);
}

/* A transfer to selector:offset. */
static struct state transfer(const struct form *f, u32 ring, u16 selector, u64 offset)
{
    struct state s = f->compatible ? compatible_state(ring, f->code) : ring_state(ring, f->code);
    copy(scratch, &offset, f->wide ? 8 : 4);
    copy(scratch + (f->wide ? 8 : 4), &selector, 2);
    s.rbx = AT(ring, scratch);
    return s;
}

/* Straight to code. */
static void direct(const struct form *f)
{
    for (u32 ring = 0; ring < 4; ring += f->compatible ? 3 : 1) {
        check("%s.direct.ring%u", (word)f->name, ring);
        for (u32 n = 0; n < 16 * 4 * 4 * 4 * 2; n++) {
            u32 type = 0x10 | (n & 15), flags = n >> 4 & 3, dpl = n >> 6 & 3, rpl = n >> 8 & 3, present = n >> 10;
            int code = (type & 8) != 0, conforming = (type & 4) != 0, wide = flags == 1;
            if (!present && flags == 3)
                continue;
            u32 base = (u32)landing();
            gdt[TARGET >> 3] = descriptor(base, 0xfffff, (present ? PRESENT : 0) | DPL(dpl) | type, GRANULAR | flags << 1);
            u64 rip = wide ? landing() : 0;
            struct state s = transfer(f, ring, (u16)(TARGET | rpl), rip);
            tag("type %x flags %x dpl %u rpl %u present %u", type, flags << 1, dpl, rpl, present);
            const struct outcome *o = run(&s);
            if (!code || flags == 3 || (conforming ? dpl > ring : rpl > ring || dpl != ring))
                ended(o, GP, TARGET, s.rip);
            else if (!present)
                ended(o, NP, TARGET, s.rip);
            else {
                landed(o, rip, (u16)(TARGET | ring));
                u32 b = f->wide ? 8 : 4;
                same("rsp", s.rsp - (f->call ? 2 * b : 0), o->rsp);
                if (f->call) {
                    u64 values[2] = {0, 0};
                    copy(&values[0], (void *)(o->rsp - (ring == 3 ? USER : 0)), b);
                    copy(&values[1], (void *)(o->rsp - (ring == 3 ? USER : 0) + b), b);
                    same("return rip", s.rip + f->length, values[0]);
                    same("return cs", s.cs, values[1] & 0xffff);
                }
            }
        }
    }
    machine_reset();
}

/* All types of system descriptors, gates of all privileges. */
static void gates(const struct form *f)
{
    for (u32 ring = 0; ring < 4; ring += f->compatible ? 3 : 1) {
        check("%s.gate.ring%u", (word)f->name, ring);
        for (u32 n = 0; n < 16 * 4 * 4 * 2; n++) {
            u32 type = n & 15, dpl = n >> 4 & 3, rpl = n >> 6 & 3, present = n >> 8;
            /* A task state segment's or an LDT's upper half looks the same. */
            set_wide(GATE, gate(CODE(ring), landing(), (present ? PRESENT : 0) | DPL(dpl) | type, 0));
            struct state s = transfer(f, ring, (u16)(GATE | rpl), 0x12345678);
            tag("type %x dpl %u rpl %u present %u", type, dpl, rpl, present);
            const struct outcome *o = run(&s);
            if (type != CALL64 || dpl < ring || dpl < rpl)
                ended(o, GP, GATE, s.rip);
            else if (!present)
                ended(o, NP, GATE, s.rip);
            else
                landed(o, landing(), CODE(ring));
        }
        check("%s.gate.upper.ring%u", (word)f->name, ring);
        for (u32 type = 0; type < 32; type++) {
            set_wide(GATE, gate(CODE(ring), landing(), PRESENT | DPL(3) | CALL64, 0));
            gdt[(GATE >> 3) + 1] |= (u64)type << 40;
            struct state s = transfer(f, ring, GATE, 0);
            tag("type %x", type);
            const struct outcome *o = run(&s);
            if (type)
                ended(o, GP, GATE, s.rip);
            else
                landed(o, landing(), CODE(ring));
        }
    }
    machine_reset();
}

/* Where a gate leads. */
static void targets(const struct form *f)
{
    for (u32 ring = 0; ring < 4; ring += f->compatible ? 3 : 1) {
        check("%s.gate.target.ring%u", (word)f->name, ring);
        set_wide(GATE, gate(TARGET, landing(), PRESENT | DPL(3) | CALL64, 0));
        for (u32 n = 0; n < 32 * 4 * 4 * 2; n++) {
            u32 type = n & 31, flags = n >> 5 & 3, dpl = n >> 7 & 3, present = n >> 9;
            int code = (type & 0x18) == 0x18, conforming = (type & 4) != 0, wide = flags == 1;
            if (!present && !wide)
                continue;
            gdt[TARGET >> 3] = descriptor(0, 0xfffff, (present ? PRESENT : 0) | DPL(dpl) | type, GRANULAR | flags << 1);
            struct state s = transfer(f, ring, GATE, 0);
            tag("type %x flags %x dpl %u present %u", type, flags << 1, dpl, present);
            const struct outcome *o = run(&s);
            u32 now = conforming ? ring : dpl;
            if (!code || dpl > ring || (present && !wide) || (!f->call && !conforming && dpl != ring))
                ended(o, GP, TARGET, s.rip);
            else if (!present)
                ended(o, NP, TARGET, s.rip);
            else {
                if (!landed(o, landing(), (u16)(TARGET | now)))
                    continue;
                int inward = now < ring;
                u64 top = inward ? STACK_TOP(inner_stack[now]) : s.rsp;
                u64 at = top - (f->call ? 8 * (inward ? 4 : 2) : 0);
                same("rsp", at, o->rsp);
                same("ss", inward ? now : DATA(ring), o->ss & 0xffff);
                if (f->call) {
                    const u64 *p = (const u64 *)(at - (now == 3 ? USER : 0));
                    same("return rip", s.rip + f->length, p[0]);
                    same("return cs", s.cs, p[1]);
                    if (inward) {
                        same("old rsp", s.rsp, p[2]);
                        same("old ss", s.ss, p[3]);
                    }
                }
            }
        }
        machine_reset();
        check("%s.gate.bad.ring%u", (word)f->name, ring);
        for (u32 rpl = 0; rpl < 4; rpl++) {
            set_wide(GATE, gate((u16)rpl, landing(), PRESENT | DPL(3) | CALL64, 0));
            struct state s = transfer(f, ring, GATE, 0);
            tag("null %u", rpl);
            ended(run(&s), GP, 0, s.rip);
        }
        set_wide(GATE, gate(CODE(f->call ? 0 : ring), LOWER_END + 1, PRESENT | DPL(3) | CALL64, 0));
        struct state s = transfer(f, ring, GATE, 0);
        tag("not canonical");
        ended(run(&s), GP, 0, s.rip);
        if (f->call && ring) {
            set_wide(GATE, gate(CODE(0), landing(), PRESENT | DPL(3) | CALL64, 0));
            s = transfer(f, ring, GATE, 0);
            idt[SS].low |= 2ull << 32;
            tss_main.rsp[0] = UPPER_START - 8;
            tag("stack not canonical");
            const struct outcome *o = run(&s);
            same("vector", SS, o->vector);
            same("rip", s.rip, o->rip);
        }
        machine_reset();
    }
}

/* Far pointers in the instruction do not exist in 64-bit code. */
SNIPPET(call_immediate, ".byte 0x9a; .long 0; .word 0");
SNIPPET(jump_immediate, ".byte 0xea; .long 0; .word 0");
SNIPPET32(far_out, "ljmp $0x2b, $1f + 0x40000000; .code64; 1: movq $0x123456789, %rax");

static void immediate(void)
{
    check("immediate");
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = ring_state(ring, call_immediate);
        ended(run(&s), UD, 0, s.rip);
        s = ring_state(ring, jump_immediate);
        ended(run(&s), UD, 0, s.rip);
    }
    struct state s = compatible_state(3, far_out);
    const struct outcome *o = run(&s);
    finished(o);
    same("rax", 0x123456789, o->rax);
    same("cs", CODE(3), o->cs);
}

void checks_transfers64(void)
{
    for (u32 i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        direct(&forms[i]);
        gates(&forms[i]);
        targets(&forms[i]);
    }
    immediate();
}
