/* Virtual-8086 mode: SDM vol. 3A chapter 21; and the I/O permission bit map, vol. 1 chapter 19. */
#include "machine.h"

#define SEGMENT_LOW (LOW >> 4)
#define STACK_SEGMENT (LOW_DATA >> 4)
#define VECTOR 0x60
#define IDT_ERROR(v) ((v) * 8 + 2)

/* ---- instructions by what becomes of them ---- */

#define ROWS \
    /* Sensitive to IOPL. */ \
    ROW(cli, "cli", SENSITIVE) ROW(sti, "sti", SENSITIVE) ROW(pushf, "pushfw", SENSITIVE) ROW(pushfd, "pushfl", SENSITIVE) \
    ROW(popf, "popfw", SENSITIVE) ROW(popfd, "popfl", SENSITIVE) ROW(int_n, "int $0x60", SENSITIVE) ROW(iret, "iretw", SENSITIVE) \
    ROW(iretd, "iretl", SENSITIVE) \
    /* For ring 0 only: V86 mode is ring 3. */ \
    ROW(hlt, "hlt", PRIVILEGED) ROW(lgdt, "lgdtw (%si)", PRIVILEGED) ROW(lidt, "lidtw (%si)", PRIVILEGED) ROW(lmsw, "lmsw %ax", PRIVILEGED) \
    ROW(clts, "clts", PRIVILEGED) ROW(to_cr0, "movl %eax, %cr0", PRIVILEGED) ROW(from_cr0, "movl %cr0, %eax", PRIVILEGED) \
    ROW(to_cr3, "movl %eax, %cr3", PRIVILEGED) ROW(to_dr7, "movl %eax, %dr7", PRIVILEGED) ROW(from_dr6, "movl %dr6, %eax", PRIVILEGED) \
    ROW(invlpg, "invlpg (%si)", PRIVILEGED) ROW(wbinvd, "wbinvd", PRIVILEGED) ROW(invd, "invd", PRIVILEGED) \
    ROW(rdmsr, "rdmsr", PRIVILEGED) ROW(wrmsr, "wrmsr", PRIVILEGED) \
    /* Of protected mode only. */ \
    ROW(sldt, "sldt %ax", UNDEFINED) ROW(str, "str %ax", UNDEFINED) ROW(lldt, "lldt %ax", UNDEFINED) ROW(ltr, "ltr %ax", UNDEFINED) \
    ROW(verr, "verr %ax", UNDEFINED) ROW(verw, "verw %ax", UNDEFINED) ROW(lar, "lar %ax, %cx", UNDEFINED) ROW(lsl, "lsl %ax, %cx", UNDEFINED) \
    ROW(arpl, "arpl %ax, %cx", UNDEFINED) ROW(sldt_memory, "sldt (%si)", UNDEFINED) ROW(lldt_memory, "lldt (%si)", UNDEFINED) \
    /* Allowed. */ \
    ROW(smsw, "smsw %ax", ALLOWED) ROW(sgdt, "sgdtw (%si)", ALLOWED) ROW(sidt, "sidtw (%si)", ALLOWED) ROW(cpuid_v86, "cpuid", ALLOWED) \
    ROW(rdtsc, "rdtsc", ALLOWED) ROW(mov_ds, "movw %cx, %ds", ALLOWED) ROW(pop_es, "popw %es", ALLOWED) ROW(push_cs, "pushw %cs", ALLOWED) \
    ROW(into_clear, "into", ALLOWED) ROW(lahf, "lahf", ALLOWED) ROW(enter_leave, "enterw $4, $0; leavew", ALLOWED) \
    ROW(sysexit, "sysexit", PRIVILEGED)

enum kind { SENSITIVE, PRIVILEGED, UNDEFINED, ALLOWED };
#define ROW(name, text, kind) LOW_SNIPPET(i_##name, text);
ROWS
#undef ROW
static const struct {
    const char *name, *code;
    enum kind kind;
} instructions[] = {
#define ROW(name, text, kind) {#name, i_##name, kind},
    ROWS
#undef ROW
};

static u32 *stack_at(const struct state *s)
{
    return (u32 *)((s->ss << 4) + (s->esp & 0xffff));
}

static void classes(void)
{
    for (u32 i = 0; i < sizeof instructions / sizeof instructions[0]; i++) {
        const char *code = instructions[i].code;
        if (instructions[i].kind == SENSITIVE)
            continue;
        check("%s", instructions[i].name);
        for (u32 iopl = 0; iopl < 4; iopl++) {
            struct state s = v86_state(code, iopl);
            s.esi = 0x4000;
            s.ecx = SEGMENT_LOW;
            *stack_at(&s) = SEGMENT_LOW;
            tag("iopl %u", iopl);
            const struct outcome *o = run(&s);
            if (instructions[i].kind == ALLOWED)
                finished(o);
            else if (ended(o, instructions[i].kind == PRIVILEGED ? GP : UD, 0, code, 0))
                same("esp", s.esp, o->esp);
        }
    }
}

/* With IOPL 3 they do what they do; below, #GP(0). */
static void sensitive(void)
{
    for (u32 i = 0; i < sizeof instructions / sizeof instructions[0]; i++) {
        const char *code = instructions[i].code;
        if (instructions[i].kind != SENSITIVE)
            continue;
        check("iopl.%s", instructions[i].name);
        for (u32 n = 0; n < 4 * 16; n++) {
            u32 iopl = n & 3;
            struct state s = v86_state(code, iopl);
            s.esp = 0xabcd8000;
            s.eflags |= (n & 4 ? F_IF : 0) | (n & 8 ? F_CF | F_NT | F_AC | F_ID : 0);
            u32 image = F_ONE | (n & 0x10 ? F_IF | F_ZF : F_CF) | (n & 0x20 ? F_IOPL(3) | F_VM | F_AC | F_ID | F_NT : F_IOPL(1));
            u32 *stack = stack_at(&s);
            int wide = code == i_iretd || code == i_popfd;
            if (code == i_popf || code == i_popfd) {
                stack[0] = image;
            } else if (code == i_iret) {
                ((u16 *)stack)[0] = (u16)(s.eip + 1);
                ((u16 *)stack)[1] = SEGMENT_LOW;
                ((u16 *)stack)[2] = (u16)image;
            } else if (code == i_iretd) {
                stack[0] = s.eip + 2;
                stack[1] = SEGMENT_LOW;
                stack[2] = image;
            }
            idt[VECTOR] |= (u64)DPL(3) << 40;
            tag("iopl %u eflags %x image %x", iopl, s.eflags, image);
            const struct outcome *o = run(&s);
            if (iopl < 3) {
                if (ended(o, GP, 0, code, 0)) {
                    same("esp", s.esp, o->esp);
                    same("eflags", s.eflags, o->eflags & ~F_RF);
                }
                continue;
            }
            if (code == i_int_n) {
                ended(o, VECTOR, 0, code, 2);
                same("eflags", s.eflags, o->eflags);
                continue;
            }
            if (!finished(o))
                continue;
            u32 changed = wide ? F_IF | F_NT | F_AC | F_ID | 0xcd7 : F_IF | F_NT | 0xcd7, popped = 0, expected = s.eflags;
            if (code == i_cli) {
                expected &= ~F_IF;
            } else if (code == i_sti) {
                expected |= F_IF;
            } else if (code == i_pushf || code == i_pushfd) {
                popped = code == i_pushf ? -2u : -4u;
                u32 pushed = element((o->ss << 4) + (o->esp & 0xffff), 0, -popped);
                same("pushed", s.eflags & ~F_VM & (popped == -2u ? 0xffff : ~0u), pushed);
            } else {
                expected = (s.eflags & ~changed) | (image & changed);
                popped = code == i_popf ? 2 : code == i_popfd ? 4 : code == i_iret ? 6 : 12;
            }
            same("eflags", expected, o->eflags);
            same("esp", s.esp + popped, o->esp);
        }
    }
    machine_reset();
}

/* ---- interrupts and exceptions out of it ---- */

LOW_SNIPPET(undefined, "ud2");
LOW_SNIPPET(breakpoint, "nop");
LOW_SNIPPET(overflow, "into");
LOW_SNIPPET(bounds, "boundw %ax, (%si)");
LOW_SNIPPET(divide, "divw %cx");
LOW_SNIPPET(int_0x60, "int $0x60");
LOW_SNIPPET(protection, "hlt");

static const struct {
    const char *name, *code;
    u32 vector, after;
    int has_error;
} causes[] = {
    {"ud", undefined, UD, 0, 0}, {"int3", breakpoint, BP, 2, 0}, {"into", overflow, OF, 1, 0}, {"bound", bounds, BR, 0, 0},
    {"div", divide, DE, 0, 0}, {"int", int_0x60, VECTOR, 2, 0}, {"gp", protection, GP, 0, 1},
};

static struct state at_cause(u32 i)
{
    struct state s = v86_state(causes[i].code, 3);
    s.eflags |= F_OF | F_IF;
    s.esi = 0x6000;
    ((u16 *)(LOW + 0x6000))[0] = 10;
    ((u16 *)(LOW + 0x6000))[1] = 20;
    s.ves = 0x1111, s.vfs = 0x2222, s.vgs = 0x3333;
    s.esp = 0x12348000;
    return s;
}

static void ways_out(void)
{
    for (u32 i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        for (u32 type = 6; type < 16; type += type == 7 ? 7 : 1) {
            u32 bytes = type < 8 ? 2 : 4, mask = bytes == 2 ? 0xffff : ~0u;
            check("out.%s.gate%x", causes[i].name, type);
            set_target(CODE_RX, 0, 0xffff);
            idt[causes[i].vector] = gate(TARGET, (u32)low_landing, PRESENT | DPL(3) | type, 0);
            struct state s = at_cause(i);
            const struct outcome *o = run(&s);
            if (!arrived_low(o, 0))
                continue;
            u32 elements = 9 + (u32)causes[i].has_error, at = o->esp, e = 0;
            same("esp", STACK_TOP(inner_stack[0]) - elements * bytes, o->esp);
            same("ds", 0, o->ds);
            same("es", 0, o->es);
            same("fs", 0, o->fs);
            same("gs", 0, o->gs);
            same("eflags in the handler", s.eflags & ~(F_VM | F_TF | F_NT | (type & 1 ? 0 : F_IF)), o->eflags);
            if (causes[i].has_error)
                same("error code", 0, element(at, e++, bytes));
            same("eip", s.eip + causes[i].after, element(at, e++, bytes));
            same("cs", SEGMENT_LOW, element(at, e++, bytes) & 0xffff);
            same("eflags", s.eflags & mask, element(at, e++, bytes) & ~F_RF);
            same("esp pushed", s.esp & mask, element(at, e++, bytes));
            same("ss pushed", STACK_SEGMENT, element(at, e++, bytes) & 0xffff);
            same("es pushed", 0x1111, element(at, e++, bytes) & 0xffff);
            same("ds pushed", SEGMENT_LOW, element(at, e++, bytes) & 0xffff);
            same("fs pushed", 0x2222, element(at, e++, bytes) & 0xffff);
            same("gs pushed", 0x3333, element(at, e++, bytes) & 0xffff);
            machine_reset();
        }
    }
}

/* Only to ring 0, and not through a conforming segment; INT n also asks the gate's DPL. */
static void ways_out_refused(void)
{
    for (u32 type = CODE_X; type < 32; type++) {
        check("out.target.type%x", type);
        for (u32 dpl = 0; dpl < 4; dpl++) {
            gdt[TARGET >> 3] = descriptor(LOW, 0xffff, PRESENT | DPL(dpl) | type, BIG);
            idt[VECTOR] = gate(TARGET, (u32)low_landing, PRESENT | DPL(3) | INT32, 0);
            struct state s = v86_state(int_0x60, 3);
            tag("dpl %u", dpl);
            const struct outcome *o = run(&s);
            if (dpl || (type & 4))
                ended(o, GP, TARGET, int_0x60, 0);
            else
                arrived_low(o, 0);
        }
    }
    check("out.gate.dpl");
    for (u32 dpl = 0; dpl < 4; dpl++) {
        set_target(CODE_RX, 0, 0xffff);
        idt[VECTOR] = gate(TARGET, (u32)low_landing, PRESENT | DPL(dpl) | INT32, 0);
        idt[OF] = gate(TARGET, (u32)low_landing, PRESENT | DPL(dpl) | INT32, 0);
        struct state s = v86_state(int_0x60, 3);
        tag("dpl %u", dpl);
        if (dpl < 3)
            ended(run(&s), GP, IDT_ERROR(VECTOR), int_0x60, 0);
        else
            arrived_low(run(&s), 0);
        s = v86_state(overflow, 0);
        s.eflags |= F_OF;
        if (dpl < 3)
            ended(run(&s), GP, IDT_ERROR(OF), overflow, 0);
        else
            arrived_low(run(&s), 0);
    }
    machine_reset();
}

/* ---- into it ---- */

SNIPPET(iret_long, "iretl");

static void ways_in(void)
{
    check("in.iret");
    for (u32 n = 0; n < 64; n++) {
        struct state s = v86_state(breakpoint, n & 3);
        s.eflags |= (n & 4 ? F_IF : 0) | (n & 8 ? F_NT | F_AC : 0) | (n & 16 ? F_CF | F_DF : 0) | (n & 32 ? F_ID : 0);
        s.ves = n * 0x111, s.vds = n * 0x222, s.vfs = n * 0x333, s.vgs = 0xffff - n;
        s.esp = 0x55558000 + 2 * n;
        tag("case %u", n);
        const struct outcome *o = run(&s);
        ended(o, BP, 0, breakpoint, 2);
        same("eflags", s.eflags, o->eflags);
        same("es", s.ves, o->ves & 0xffff);
        same("ds", s.vds, o->vds & 0xffff);
        same("fs", s.vfs, o->vfs & 0xffff);
        same("gs", s.vgs, o->vgs & 0xffff);
        same("ss", s.ss, o->ss & 0xffff);
        same("cs", s.cs, o->cs & 0xffff);
        same("esp", s.esp, o->esp);
    }
    check("in.eip.beyond");
    for (u32 i = 0; i < 2; i++) {
        struct state s = ring_state(0, iret_long);
        u32 *stack = (u32 *)s.esp;
        stack[0] = i ? 0x10000 + (u32)breakpoint : 0xffffffff;
        stack[1] = SEGMENT_LOW;
        stack[2] = F_ONE | F_VM;
        for (u32 k = 3; k < 9; k++)
            stack[k] = SEGMENT_LOW;
        tag("eip %x", stack[0]);
        ended(run(&s), GP, 0, iret_long, 0);
    }
}

/* ---- addresses, transfers ---- */

LOW_SNIPPET(read_es, "movl %es:(%si), %eax");
LOW_SNIPPET(write_fs, "movw %ax, %fs:(%bx,%di)");
LOW_SNIPPET(write_cs, "movw %ax, %cs:0x7000");
LOW_SNIPPET(far_jump, "ljmp *(%si)");
LOW_SNIPPET(far_call, "lcall *(%si)");
LOW_SNIPPET(far_return, "lret");
LOW_SNIPPET(near_call, "call 1f; nop; 1: popw %ax");
LOW_SNIPPET(load_pointer, "lssw (%si), %bx");
LOW_SNIPPET(beyond_data, "movl (%esi), %eax");
LOW_SNIPPET(beyond_stack, "movl (%ebp), %eax");
LOW_SNIPPET(push_word, "pushw %ax");
LOW_SNIPPET(push_long, "pushl %eax");

static void addresses(void)
{
    const struct outcome *o;
    check("read.beyond.1m");
    for (u32 i = 0; i < 16; i++) {
        struct state s = v86_state(read_es, 0);
        s.ves = 0xfff8 + i / 2;
        s.esi = 0x100000 - s.ves * 16 + i * 4;
        tag("segment %x offset %x", s.ves, s.esi);
        o = run(&s);
        if (finished(o))
            same("eax", *(u32 *)(0x100000 + i * 4), o->eax);
    }
    check("write");
    for (u32 i = 0; i < 16; i++) {
        struct state s = v86_state(write_fs, 0);
        s.vfs = STACK_SEGMENT + i * 0x11;
        s.ebx = 0xff00 + i, s.edi = 0x1000;
        s.eax = 0x5a00 + i;
        o = run(&s);
        finished(o);
        same("memory", s.eax, *(u16 *)(s.vfs * 16 + ((s.ebx + s.edi) & 0xffff)));
    }
    struct state s = v86_state(write_cs, 0);
    s.eax = 0x7777;
    finished(run(&s));
    same("through cs", 0x7777, *(u16 *)(LOW + 0x7000));
    check("beyond.64k");
    for (u32 i = 0; i < 8; i++) {
        s = v86_state(i & 1 ? beyond_stack : beyond_data, 0);
        s.esi = s.ebp = i < 4 ? 0xfffc + i / 2 : 0x10000u << (i / 2);
        tag("offset %x", s.esi);
        if (s.esi <= 0xfffc)
            finished(run(&s));
        else
            ended(run(&s), i & 1 ? SS : GP, 0, i & 1 ? beyond_stack : beyond_data, 0);
    }
    check("far.jump");
    u16 *pointer = (u16 *)(LOW + 0x6000);
    for (u32 segment = SEGMENT_LOW - 0xf; segment <= SEGMENT_LOW; segment++) {
        pointer[0] = (u16)((u32)breakpoint + (SEGMENT_LOW - segment) * 16);
        pointer[1] = (u16)segment;
        s = v86_state(far_jump, 0);
        s.esi = 0x6000;
        o = run(&s);
        ended(o, BP, 0, (const char *)(u32)pointer[0], 2);
        same("cs", segment, o->cs & 0xffff);
        s = v86_state(far_call, 0);
        s.esi = 0x6000;
        o = run(&s);
        ended(o, BP, 0, (const char *)(u32)pointer[0], 2);
        same("sp", s.esp - 4, o->esp);
        same("return", SEGMENT_LOW << 16 | ((u32)far_call + 2), *(u32 *)(LOW_DATA + o->esp));
        s = v86_state(far_return, 0);
        *stack_at(&s) = segment << 16 | pointer[0];
        o = run(&s);
        ended(o, BP, 0, (const char *)(u32)pointer[0], 2);
        same("sp", s.esp + 4, o->esp);
    }
    check("near.call");
    s = v86_state(near_call, 0);
    o = run(&s);
    finished(o);
    same("ax", (u32)near_call + 3, o->eax & 0xffff);
    check("lss");
    pointer[0] = 0x1234;
    pointer[1] = STACK_SEGMENT + 0x100;
    s = v86_state(load_pointer, 0);
    s.esi = 0x6000;
    o = run(&s);
    finished(o);
    same("bx", 0x1234, o->ebx);
    same("ss", STACK_SEGMENT + 0x100, o->ss & 0xffff);
    check("sp.wraps");
    s = v86_state(push_word, 0);
    s.esp = 0x77770000;
    o = run(&s);
    finished(o);
    same("esp", 0x7777fffe, o->esp);
    s = v86_state(push_long, 0);
    s.esp = 0x77770000;
    s.eax = 0x31415926;
    o = run(&s);
    finished(o);
    same("esp", 0x7777fffc, o->esp);
    same("memory", 0x31415926, *(u32 *)(LOW_DATA + 0xfffc));
}

/* ---- ports ---- */

#define PORTS(where, low) \
    low(where##_in1, "inb %dx, %al"); \
    low(where##_in2, "inw %dx, %ax"); \
    low(where##_in4, "inl %dx, %eax"); \
    low(where##_out1, "outb %al, %dx"); \
    low(where##_ins, "insb"); \
    low(where##_outs, "outsw")
PORTS(v86, LOW_SNIPPET);
PORTS(pm, SNIPPET);

static const struct {
    const char *name;
    const char *v86, *pm;
    u32 bytes;
} port_uses[] = {
    {"in1", v86_in1, pm_in1, 1}, {"in2", v86_in2, pm_in2, 2}, {"in4", v86_in4, pm_in4, 4}, {"out1", v86_out1, pm_out1, 1},
    {"insb", v86_ins, pm_ins, 1}, {"outsw", v86_outs, pm_outs, 2},
};

static void permit(u32 first, u32 count)
{
    fill(tss_main.map + (0x78 >> 3), 0xff, 8);
    for (u32 p = first; p < first + count; p++)
        tss_main.map[p >> 3] &= (u8)~(1 << (p & 7));
}

/* A use of a port from V86 mode, or from a ring: works, or is #GP(0). */
static void use_port(u32 i, int virtual, u32 ring, u32 iopl, u32 port, int allowed)
{
    const char *code = virtual ? port_uses[i].v86 : port_uses[i].pm;
    struct state s = virtual ? v86_state(code, iopl) : ring_state(ring, code);
    if (!virtual) {
        s.eflags |= F_IOPL(iopl);
        s.esi = s.edi = (u32)scratch;
    } else {
        s.esi = s.edi = 0x6000;
    }
    s.edx = port;
    if (allowed)
        finished(run(&s));
    else
        ended(run(&s), GP, 0, code, 0);
}

/* Ports 80h to 9Fh: page registers of the DMA unit and nothing that minds, but for 92h. */
static void bit_map(void)
{
    for (u32 i = 0; i < sizeof port_uses / sizeof port_uses[0]; i++) {
        u32 bytes = port_uses[i].bytes;
        for (u32 mode = 0; mode < 5; mode++) {
            int virtual = mode == 4;
            check("port.%s.%s%u", port_uses[i].name, virtual ? "v86." : "ring", virtual ? 0 : mode);
            for (u32 iopl = 0; iopl < 4; iopl++) {
                for (u32 first = 0x80; first < 0x8c; first++) {
                    for (u32 count = 0; count < 5; count++) {
                        permit(first, count);
                        for (u32 port = 0x84; port < 0x89; port++) {
                            int allowed = (!virtual && mode <= iopl) || (port >= first && port + bytes <= first + count);
                            /* Most would only say the same again. */
                            if (!allowed && (first < port - 1 || first > port + 4))
                                continue;
                            tag("iopl %u permitted %x..%x port %x", iopl, first, first + count, port);
                            use_port(i, virtual, mode, iopl, port, allowed);
                        }
                    }
                }
            }
        }
    }
    /* The map ends with the TSS; two bytes are always read. */
    check("port.map.limit");
    fill(tss_main.map, 0, MAP_BYTES);
    for (u32 limit = 0x60; limit < 0x80; limit++) {
        gdt[TSS_MAIN >> 3] = descriptor((u32)&tss_main, limit, PRESENT | TSS32, 0);
        load_task(TSS_MAIN);
        for (u32 port = 0x80; port < 0xa0; port += 8) {
            tag("limit %x port %x", limit, port);
            use_port(0, 1, 0, 0, port, limit >= 103 && sizeof(struct tss32) + (port >> 3) + 1 <= limit);
        }
    }
    registers_reset();
    check("port.map.base");
    for (u32 base = 0x68; base < 0x90; base += 5) {
        fill(tss_main.map, 0xff, MAP_BYTES);
        tss_main.tss.map_base = (u16)base;
        ((u8 *)&tss_main)[base + (0x84 >> 3)] = (u8) ~(1 << 4);
        tag("base %x", base);
        use_port(0, 1, 0, 0, 0x84, 1);
        use_port(0, 1, 0, 0, 0x85, 0);
    }
    tss_main.tss.map_base = 0xffff;
    use_port(0, 1, 0, 0, 0x84, 0);
    machine_reset();
    /* A 16-bit TSS has none. */
    check("port.tss16");
    fill(tss_main.map, 0, MAP_BYTES);
    struct tss16 *t = &tss_a.narrow;
    fill(&tss_a, 0, sizeof tss_a);
    t->sp0 = 0x4000;
    t->ss0 = DATA16(0);
    gdt[TSS_A >> 3] = descriptor((u32)&tss_a, sizeof tss_a - 1, PRESENT | TSS16, 0);
    load_task(TSS_A);
    use_port(0, 0, 3, 0, 0x84, 0);
    use_port(0, 0, 3, 3, 0x84, 1);
    machine_reset();
}

void checks_v86(void)
{
    classes();
    sensitive();
    ways_out();
    ways_out_refused();
    ways_in();
    addresses();
    bit_map();
}
