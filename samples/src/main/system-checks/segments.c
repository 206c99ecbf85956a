/* Loads of segment registers, LDTR and TR from every kind of descriptor, and what LAR, LSL, VERR, VERW and ARPL say of them. */
#include "machine.h"

#define T SLOT(0)

/* Loads a segment register from EAX three ways; the far pointer is at SS:ESP. */
#define LOADS(r) \
    SNIPPET(mov_##r, "mov %ax, %" #r); \
    SNIPPET(pop_##r, "pop %" #r); \
    SNIPPET(load_##r, "l" #r " 8(%esp), %ecx")
LOADS(ds);
LOADS(es);
LOADS(fs);
LOADS(gs);
LOADS(ss);

enum { R_DS, R_ES, R_FS, R_GS, R_SS };
static const struct {
    const char *name;
    const char *code[3];
} registers[] = {
    {"ds", {mov_ds, pop_ds, load_ds}}, {"es", {mov_es, pop_es, load_es}}, {"fs", {mov_fs, pop_fs, load_fs}},
    {"gs", {mov_gs, pop_gs, load_gs}}, {"ss", {mov_ss, pop_ss, load_ss}},
};
static const char *const ways[] = {"mov", "pop", "lfp"};

static u32 loaded(const struct outcome *o, u32 reg)
{
    switch (reg) {
    case R_DS: return o->ds;
    case R_ES: return o->es;
    case R_FS: return o->fs;
    case R_GS: return o->gs;
    default: return o->ss & 0xffff;
    }
}

static int is_conforming(u32 type) { return (type & 0x1c) == 0x1c; }
static int is_readable(u32 type) { return (type & 0x10) && (type & 0xa) != 8; }
static int is_writable(u32 type) { return (type & 0x1a) == 0x12; }

/* SDM vol. 2, MOV: checks of a load; 0 or vector. The error code is the selector's index and TI. */
static u32 load_vector(u32 reg, u32 type, u32 present, u32 dpl, u32 rpl, u32 cpl)
{
    if (reg == R_SS) {
        if (rpl != cpl || !is_writable(type) || dpl != cpl)
            return GP;
        return present ? 0 : SS;
    }
    if (!is_readable(type) || (!is_conforming(type) && dpl < max(rpl, cpl)))
        return GP;
    return present ? 0 : NP;
}

/* A descriptor under test: flat, except that of an expand-down segment all but the first page. */
static u64 subject(u32 type, u32 present, u32 dpl)
{
    u32 access = type | DPL(dpl) | (present ? PRESENT : 0);
    return descriptor(0, (type & 0x1c) == 0x14 ? 0 : 0xfffff, access, GRANULAR | BIG);
}

static const struct outcome *load(u32 cpl, const char *code, u32 selector)
{
    struct state s = ring_state(cpl, code);
    u32 *stack = (u32 *)s.esp;
    s.eax = selector;
    stack[0] = selector;
    stack[2] = 0x12345678;
    stack[3] = selector;
    return run(&s);
}

static void loads_of_type(u32 reg, u32 way, u32 type, u32 present)
{
    const char *code = registers[reg].code[way];
    for (u32 dpl = 0; dpl < 4; dpl++) {
        for (u32 cpl = 0; cpl < 4; cpl++) {
            for (u32 rpl = 0; rpl < 4; rpl++) {
                u64 d = subject(type, present, dpl);
                gdt[T >> 3] = d;
                tag("dpl %u cpl %u rpl %u", dpl, cpl, rpl);
                u32 v = load_vector(reg, type, present, dpl, rpl, cpl);
                const struct outcome *o = load(cpl, code, T | rpl);
                if (v) {
                    ended(o, v, T, code, 0);
                    same("register", DATA(cpl), loaded(o, reg));
                    same("descriptor", (u32)(d >> 32), (u32)(gdt[T >> 3] >> 32));
                } else {
                    finished(o);
                    same("register", T | rpl, loaded(o, reg));
                    same("accessed", (u32)(d >> 32) | ACCESSED << 8, (u32)(gdt[T >> 3] >> 32));
                }
            }
        }
    }
}

static void data_loads(void)
{
    for (u32 reg = 0; reg <= R_SS; reg++) {
        for (u32 way = 0; way < 3; way++) {
            for (u32 type = 0; type < 32; type++) {
                check("load.%s.%s.type%x.present", registers[reg].name, ways[way], type);
                loads_of_type(reg, way, type, 1);
                check("load.%s.%s.type%x.absent", registers[reg].name, ways[way], type);
                loads_of_type(reg, way, type, 0);
            }
        }
    }
}

/* Selectors that name no descriptor: null, beyond the table, of a table that is not loaded. */
static void selectors(void)
{
    static const u16 beyond[] = {sizeof gdt, 0xfff8, 4, 0xfffc};
    for (u32 reg = 0; reg <= R_SS; reg++) {
        for (u32 way = 0; way < 3; way++) {
            const char *code = registers[reg].code[way];
            check("null.%s.%s", registers[reg].name, ways[way]);
            for (u32 cpl = 0; cpl < 4; cpl++) {
                for (u32 rpl = 0; rpl < 4; rpl++) {
                    tag("cpl %u rpl %u", cpl, rpl);
                    const struct outcome *o = load(cpl, code, rpl);
                    if (reg == R_SS) {
                        ended(o, GP, 0, code, 0);
                    } else if (finished(o)) {
                        same("register", rpl, loaded(o, reg));
                    }
                }
            }
            check("beyond.%s.%s", registers[reg].name, ways[way]);
            for (u32 cpl = 0; cpl < 4; cpl++) {
                for (u32 i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
                    tag("cpl %u selector %x", cpl, beyond[i]);
                    ended(load(cpl, code, beyond[i] | cpl), GP, beyond[i], code, 0);
                }
            }
        }
    }
}

/* ---- CS ---- */

SNIPPET(far_jump, "ljmp *(%esp)");
SNIPPET(far_call, "lcall *(%esp)");
SNIPPET(far_return, "lret");
SNIPPET(interrupt_return, "iretl");

enum { JUMP, CALL, RETURN, IRET };
static const struct {
    const char *name, *code;
} transfers[] = {{"jmp", far_jump}, {"call", far_call}, {"retf", far_return}, {"iret", interrupt_return}};

static int is_code(u32 type) { return (type & 0x18) == 0x18; }

/* Gates and TSSs lead elsewhere if they may be used at all: other groups look at that. */
static int leads_on(u32 transfer, u32 type)
{
    return transfer <= CALL && (type == TSS16 || type == TSS32 || type == CALL16 || type == CALL32 || type == TASK_GATE);
}

/* SDM vol. 2, JMP, CALL, RET, IRET. */
static u32 code_vector(u32 transfer, u32 type, u32 present, u32 dpl, u32 rpl, u32 cpl)
{
    if (leads_on(transfer, type) && dpl < max(rpl, cpl))
        return GP;
    if (!is_code(type) && !leads_on(transfer, type))
        return GP;
    if (is_code(type)) {
        u32 level = transfer <= CALL ? cpl : rpl;
        if (transfer <= CALL ? !is_conforming(type) && rpl > cpl : rpl < cpl)
            return GP;
        if (is_conforming(type) ? dpl > level : dpl != level)
            return GP;
    }
    return present ? 0 : NP;
}

static const struct outcome *transfer_to(u32 transfer, u32 cpl, u16 selector)
{
    struct state s = ring_state(cpl, transfers[transfer].code);
    u32 *stack = (u32 *)s.esp, *p = stack;
    u32 outer = selector & 3;
    *p++ = LANDING;
    *p++ = selector;
    if (transfer == IRET)
        *p++ = F_ONE;
    *p++ = STACK_TOP(probe_stack[outer]) - 128;
    *p++ = DATA(outer);
    return run(&s);
}

/* Where the stack is after a transfer that succeeded. */
static void check_stack(u32 transfer, const struct outcome *o, u32 cpl, u32 level)
{
    u32 before = STACK_TOP(probe_stack[cpl]) - 256;
    u32 popped = transfer == RETURN ? 8 : 12;
    if (transfer == JUMP) {
        same("esp", before, o->esp);
    } else if (transfer == CALL) {
        same("esp", before - 8, o->esp);
        same("return address", (u32)far_call + 3, ((u32 *)before)[-2]);
        same("return selector", CODE(cpl), ((u32 *)before)[-1] & 0xffff);
    } else {
        same("esp", level > cpl ? STACK_TOP(probe_stack[level]) - 128 : before + popped, o->esp);
        same("ss", DATA(level), o->ss & 0xffff);
    }
}

static void transfers_to_type(u32 transfer, u32 type, u32 present)
{
    for (u32 dpl = 0; dpl < 4; dpl++) {
        for (u32 cpl = 0; cpl < 4; cpl++) {
            for (u32 rpl = 0; rpl < 4; rpl++) {
                u64 d = subject(type, present, dpl);
                u32 v = code_vector(transfer, type, present, dpl, rpl, cpl);
                if (!v && leads_on(transfer, type))
                    continue;
                gdt[T >> 3] = d;
                tag("dpl %u cpl %u rpl %u", dpl, cpl, rpl);
                const struct outcome *o = transfer_to(transfer, cpl, T | rpl);
                if (v) {
                    ended(o, v, T, transfers[transfer].code, 0);
                    same("descriptor", (u32)(d >> 32), (u32)(gdt[T >> 3] >> 32));
                } else if (landed(o, T | (transfer <= CALL ? cpl : rpl))) {
                    check_stack(transfer, o, cpl, transfer <= CALL ? cpl : rpl);
                }
            }
        }
    }
}

static void code_loads(void)
{
    static const u16 nowhere[] = {0, sizeof gdt, 0xfff8, 4, 0xfffc};
    for (u32 t = JUMP; t <= IRET; t++) {
        for (u32 type = 0; type < 32; type++) {
            check("code.%s.type%x.present", transfers[t].name, type);
            transfers_to_type(t, type, 1);
            check("code.%s.type%x.absent", transfers[t].name, type);
            transfers_to_type(t, type, 0);
        }
        check("code.%s.nowhere", transfers[t].name);
        for (u32 cpl = 0; cpl < 4; cpl++) {
            for (u32 i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
                tag("cpl %u selector %x", cpl, nowhere[i]);
                ended(transfer_to(t, cpl, nowhere[i] | cpl), GP, nowhere[i], transfers[t].code, 0);
            }
        }
    }
}

/* A code segment that is entered becomes an accessed one. */
static void code_accessed(void)
{
    for (u32 t = JUMP; t <= IRET; t++) {
        check("code.accessed.%s", transfers[t].name);
        for (u32 type = CODE_X; type < 32; type++) {
            for (u32 ring = 0; ring < 4; ring++) {
                u64 d = subject(type, 1, ring);
                gdt[T >> 3] = d;
                tag("type %x ring %u", type, ring);
                transfer_to(t, ring, T | ring);
                same("descriptor", (u32)(d >> 32) | ACCESSED << 8, (u32)(gdt[T >> 3] >> 32));
            }
        }
    }
}

/* ---- LDTR, TR ---- */

SNIPPET(lldt_ax, "lldt %ax");
SNIPPET(ltr_ax, "ltr %ax");

static void system_loads(void)
{
    static const struct {
        const char *name, *code;
        u16 types;
    } kinds[] = {{"lldt", lldt_ax, 1 << LDT_TYPE}, {"ltr", ltr_ax, 1 << TSS16 | 1 << TSS32}};
    for (u32 k = 0; k < 2; k++) {
        for (u32 type = 0; type < 32; type++) {
            check("%s.type%x", kinds[k].name, type);
            for (u32 n = 0; n < 2 * 4 * 4 * 4; n++) {
                u32 present = n & 1, dpl = n >> 1 & 3, cpl = n >> 3 & 3, rpl = n >> 5;
                u64 d = descriptor((u32)scratch, 0xfff, type | DPL(dpl) | (present ? PRESENT : 0), 0);
                gdt[T >> 3] = d;
                tag("%s dpl %u cpl %u rpl %u", present ? "present" : "absent", dpl, cpl, rpl);
                const struct outcome *o = load(cpl, kinds[k].code, T | rpl);
                if (cpl)
                    ended(o, GP, 0, kinds[k].code, 0);
                else if (type >= 16 || !(kinds[k].types >> type & 1))
                    ended(o, GP, T, kinds[k].code, 0);
                else if (!present)
                    ended(o, NP, T, kinds[k].code, 0);
                else if (finished(o))
                    same("register", T | rpl, k ? task_register() : ldt_register());
                u32 busy = o->vector == BP && k ? 0x200 : 0;
                same("descriptor", (u32)(d >> 32) | busy, (u32)(gdt[T >> 3] >> 32));
                registers_reset();
            }
        }
        check("%s.null", kinds[k].name);
        for (u32 rpl = 0; rpl < 4; rpl++) {
            tag("rpl %u", rpl);
            const struct outcome *o = load(0, kinds[k].code, rpl);
            if (k)
                ended(o, GP, 0, kinds[k].code, 0);
            else
                finished(o), same("register", rpl, ldt_register());
            registers_reset();
        }
        check("%s.nowhere", kinds[k].name);
        static const u16 nowhere[] = {sizeof gdt, 0xfff8, 4, T | 4, 0xfffc};
        gdt[T >> 3] = descriptor((u32)scratch, 0xfff, PRESENT | (k ? TSS32 : LDT_TYPE), 0);
        for (u32 i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
            tag("selector %x", nowhere[i]);
            ended(load(0, kinds[k].code, nowhere[i]), GP, nowhere[i] & ~3u, kinds[k].code, 0);
        }
    }
}

/* A table of its own: loads through LDTR, and its limit. */
static void local_table(void)
{
    check("ldt");
    for (u32 limit = 0; limit < sizeof ldt; limit++) {
        gdt[LDT >> 3] = descriptor((u32)ldt, limit, PRESENT | LDT_TYPE, 0);
        load_ldt(LDT);
        for (u32 i = 0; i < LDT_ENTRIES; i++) {
            u16 selector = (u16)(8 * i | 4 | 3);
            ldt[i] = descriptor(0, 0xfffff, PRESENT | DPL(3) | DATA_RW, GRANULAR | BIG);
            tag("limit %x entry %u", limit, i);
            const struct outcome *o = load(3, mov_ds, selector);
            if (8 * i + 7 <= limit)
                finished(o), same("ds", selector, o->ds);
            else
                ended(o, GP, selector & ~3u, mov_ds, 0);
        }
    }
    load_ldt(0);
    machine_reset();
}

/* ---- LAR, LSL, VERR, VERW, ARPL ---- */

SNIPPET(lar32, "lar %eax, %ecx");
SNIPPET(lar16, "lar %ax, %cx");
SNIPPET(lsl32, "lsl %eax, %ecx");
SNIPPET(lsl16, "lsl %ax, %cx");
SNIPPET(verr, "verr %ax");
SNIPPET(verw, "verw %ax");
SNIPPET(lar_memory, "lar 4(%esp), %ecx");
SNIPPET(arpl_register, "arpl %cx, %ax");

#define LAR_TYPES (1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 9 | 1 << 11 | 1 << 12)
#define LSL_TYPES (1 << 1 | 1 << 2 | 1 << 3 | 1 << 9 | 1 << 11)

static const struct inspection {
    const char *name, *code;
    u32 types, writes, mask;
} inspections[] = {
    {"lar32", lar32, LAR_TYPES, 0xffffffff, 0x00f0ff00}, {"lar16", lar16, LAR_TYPES, 0xffff, 0xff00},
    {"lsl32", lsl32, LSL_TYPES, 0xffffffff, 0xffffffff}, {"lsl16", lsl16, LSL_TYPES, 0xffff, 0xffff},
    {"verr", verr, 0, 0, 0}, {"verw", verw, 0, 0, 0}, {"lar.memory", lar_memory, LAR_TYPES, 0xffffffff, 0x00f0ff00},
};

static u32 inspected(const struct inspection *n, u64 d, u32 limit)
{
    u32 value = (n->types == LSL_TYPES ? limit : (u32)(d >> 32)) & n->mask;
    return n->writes == 0xffff ? value | 0xabcd0000 : value;
}

static void inspect(const struct inspection *n, u32 cpl, u16 selector, int visible, u32 value)
{
    struct state s = ring_state(cpl, n->code);
    s.eax = selector | 0x55550000;
    s.ecx = 0xabcdefab;
    s.eflags |= F_CF | F_OF | (visible ? 0 : F_ZF);
    ((u32 *)s.esp)[1] = selector;
    const struct outcome *o = run(&s);
    if (!finished(o))
        return;
    same("flags", F_CF | F_OF | (visible ? F_ZF : 0), o->eflags & (F_CF | F_OF | F_ZF));
    /* LAR leaves bits 19:16 undefined. */
    u32 defined = n->mask == 0x00f0ff00 && visible ? 0xfff0ffff : 0xffffffff;
    same("result", (visible && n->writes ? value : s.ecx) & defined, o->ecx & defined);
}

static void inspections_of_types(void)
{
    static const struct {
        u32 limit, flags, effective;
    } sizes[] = {{0xfffff, GRANULAR | BIG, 0xffffffff}, {0x12345, GRANULAR | 1, 0x12345fff}, {0x8765, BIG, 0x8765}};
    for (u32 i = 0; i < sizeof inspections / sizeof inspections[0]; i++) {
        const struct inspection *n = &inspections[i];
        for (u32 type = 0; type < 32; type++) {
            check("%s.type%x", n->name, type);
            /* Limits matter to LSL only. */
            for (u32 k = 0; k < (n->types == LSL_TYPES ? 3 : 1) * 2 * 64; k++) {
                u32 size = k / 128, present = k & 1, dpl = k >> 1 & 3, cpl = k >> 3 & 3, rpl = k >> 5 & 3;
                u64 d = descriptor((u32)scratch, sizes[size].limit, type | DPL(dpl) | (present ? PRESENT : 0), sizes[size].flags);
                gdt[T >> 3] = d;
                tag("size %u %s dpl %u cpl %u rpl %u", size, present ? "present" : "absent", dpl, cpl, rpl);
                int known = n->code == verr ? is_readable(type) : n->code == verw ? is_writable(type)
                    : type >= 16 || (n->types >> type & 1);
                int visible = known && (is_conforming(type) || dpl >= max(cpl, rpl));
                inspect(n, cpl, T | rpl, visible, inspected(n, d, sizes[size].effective));
                same("descriptor", (u32)(d >> 32), (u32)(gdt[T >> 3] >> 32));
            }
        }
        check("%s.nowhere", n->name);
        static const u16 nowhere[] = {0, 1, 2, 3, sizeof gdt, 0xfff8, 4, 0xfffc};
        for (u32 k = 0; k < sizeof nowhere / sizeof nowhere[0]; k++) {
            tag("selector %x", nowhere[k]);
            inspect(n, 3, nowhere[k], 0, 0);
        }
    }
}

static void adjustments(void)
{
    check("arpl");
    for (u32 n = 0; n < 64; n++) {
        u32 cpl = n >> 4, from = n & 3, to = n >> 2 & 3;
        struct state s = ring_state(cpl, arpl_register);
        s.eax = 0x12345678 | to;
        s.ecx = 0x9abcdef0 | from;
        s.eflags |= F_CF | (to < from ? 0 : F_ZF);
        tag("cpl %u destination %u source %u", cpl, to, from);
        const struct outcome *o = run(&s);
        if (finished(o)) {
            same("flags", F_CF | (to < from ? F_ZF : 0), o->eflags & (F_CF | F_ZF));
            same("result", 0x12345678 | max(to, from), o->eax);
        }
    }
}

void checks_segments(void)
{
    data_loads();
    selectors();
    code_loads();
    code_accessed();
    system_loads();
    local_table();
    inspections_of_types();
    adjustments();
}
