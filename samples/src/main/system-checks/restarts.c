/* Page faults midway: repeated string instructions go on where they were, all others as if nothing had happened. */
#include "paging.h"

/* Two windows of four pages each, at TEST; the third page of a window is the one that faults. */
#define SOURCE TEST
#define TARGET_AT (TEST + 0x10000)
#define SOURCE_MEMORY 0x1800000u
#define TARGET_MEMORY 0x1810000u
#define WINDOW 4

static void windows(void)
{
    for (u32 i = 0; i < WINDOW; i++) {
        map(SOURCE + i * PAGE, SOURCE_MEMORY + i * PAGE, P | W | U);
        map(TARGET_AT + i * PAGE, TARGET_MEMORY + i * PAGE, P | W | U);
        invlpg(SOURCE + i * PAGE);
        invlpg(TARGET_AT + i * PAGE);
    }
}

static void withdraw(u32 va, u32 bits)
{
    set_entry(1, va, (entry(1, va) & ~(u64)(P | W | U)) | bits);
    invlpg(va);
}

/* ---- repeated string instructions ---- */

#define STRINGS(size, suffix) \
    SNIPPET(rep_movs##size, "rep movs" suffix); \
    SNIPPET(rep_stos##size, "rep stos" suffix); \
    SNIPPET(rep_lods##size, "rep lods" suffix); \
    SNIPPET(repe_cmps##size, "repe cmps" suffix); \
    SNIPPET(repne_scas##size, "repne scas" suffix); \
    SNIPPET(rep_ins##size, "rep ins" suffix); \
    SNIPPET(rep_outs##size, "rep outs" suffix)
STRINGS(1, "b");
STRINGS(2, "w");
STRINGS(4, "l");

#define ROW(name, prefix, source, target, writes) {#name, {prefix##1, prefix##2, prefix##4}, source, target, writes}
static const struct string {
    const char *name;
    const char *code[3];
    int source, target, writes;
} strings[] = {
    ROW(movs, rep_movs, 1, 1, 1), ROW(stos, rep_stos, 0, 1, 1), ROW(lods, rep_lods, 1, 0, 0), ROW(cmps, repe_cmps, 1, 1, 0),
    ROW(scas, repne_scas, 0, 1, 0), ROW(ins, rep_ins, 0, 1, 1), ROW(outs, rep_outs, 1, 0, 0),
};

/* Port 80h: a register of the DMA page unit on a PC, for nobody; writes are remembered or not. */
#define PORT 0x80

static u32 value_at(u32 memory, u32 bytes)
{
    return bytes == 1 ? *(u8 *)memory : bytes == 2 ? *(u16 *)memory : *(u32 *)memory;
}

/*
 * The element that faults is the one at or across the border of the third page; before it lie `before` whole elements. Half of the cases
 * have the source fault, half the destination; withdrawn is what its page lacks.
 */
static void one_string(const struct string *t, u32 log, u32 ring, int backwards, u32 across, int source_faults, u32 lacks)
{
    u32 bytes = 1u << log, before = 5, total = 12;
    const char *code = t->code[log];
    windows();
    fill((void *)SOURCE_MEMORY, 0x61, WINDOW * PAGE);
    fill((void *)TARGET_MEMORY, t->code[0] == repe_cmps1 ? 0x61 : 0x62, WINDOW * PAGE);
    u32 border = 2 * PAGE;
    /* Offset of the element that faults: its lowest byte `across` bytes before the border going up, and the like going down. */
    u32 element = backwards ? border - bytes + across : border - across;
    if (backwards && !across)
        element = border - bytes;
    u32 faulting_page = backwards && !across ? 1 : backwards ? 1 : 2;
    u32 first = backwards ? element + before * bytes : element - before * bytes;
    u32 window = source_faults ? SOURCE : TARGET_AT;
    withdraw(window + faulting_page * PAGE, lacks);
    struct state s = paged_state(ring, code);
    s.esi = SOURCE + (source_faults || t->target == 0 ? first : 0x80 + (backwards ? 12 * bytes : 0));
    s.edi = TARGET_AT + (!source_faults || t->source == 0 ? first : 0x80 + (backwards ? 12 * bytes : 0));
    s.ecx = total;
    s.edx = PORT;
    s.eax = 0x11111111;
    s.eflags |= F_IOPL(3) | (backwards ? F_DF : 0) | F_CF;
    int writes = !source_faults && t->writes;
    u32 error = (lacks & P ? E_P : 0) | (writes ? E_W : 0) | (ring == 3 ? E_U : 0);
    const struct outcome *o = run(&s);
    if (!ended(o, PF, error, seen_by(ring, code), 0))
        return;
    u32 moved = backwards ? -(before * bytes) : before * bytes;
    same("ecx", total - before, o->ecx);
    same("esi", s.esi + (t->source ? moved : 0), o->esi);
    same("edi", s.edi + (t->target ? moved : 0), o->edi);
    u32 bad = element + (across && !backwards ? across : 0);
    if (backwards)
        bad = element;
    same("cr2", window + bad, o->cr2);
    if (t->writes) {
        u32 base = TARGET_MEMORY + (s.edi - TARGET_AT), last = base + (backwards ? -(before - 1) * bytes : (before - 1) * bytes);
        same("last element written", t->source ? 0x61616161u >> (32 - 8 * bytes) : t->code[0] == rep_ins1 ? value_at(base, bytes)
            : 0x11111111u >> (32 - 8 * bytes), value_at(last, bytes));
        u32 next = base + moved;
        same("faulting element", 0x62626262u >> (32 - 8 * bytes), value_at(next, bytes));
    }
    /* The page comes back, and the instruction goes on from what was saved. */
    withdraw(window + faulting_page * PAGE, P | W | U);
    s.ecx = o->ecx, s.esi = o->esi, s.edi = o->edi, s.eflags = (o->eflags & ~F_RF);
    u32 eax = o->eax;
    s.eax = eax;
    o = run(&s);
    if (!finished(o))
        return;
    u32 all = backwards ? -(total * bytes) : total * bytes, rest = all - moved;
    same("ecx at the end", 0, o->ecx);
    same("esi at the end", s.esi + (t->source ? rest : 0), o->esi);
    same("edi at the end", s.edi + (t->target ? rest : 0), o->edi);
}

static void string_faults(enum format f)
{
    for (u32 i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        for (u32 log = 0; log < 3; log++) {
            for (u32 ring = 0; ring < 4; ring += 3) {
                const struct string *t = &strings[i];
                check("%s.rep.%s%c.ring%u", f == PAE ? "pae" : "two.level", t->name, "bwl"[log], ring);
                for (u32 n = 0; n < 64; n++) {
                    int backwards = n & 1, source_faults = n >> 1 & 1;
                    u32 across = n >> 2 & 3, kind = n >> 4;
                    if ((source_faults ? !t->source : !t->target) || across >= 1u << log)
                        continue;
                    /* Absent; present but a supervisor's page; present but read-only. */
                    u32 lacks = kind == 0 ? 0 : kind == 1 ? P | W : P | U;
                    if (kind == 3 || (kind == 1 && ring != 3) || (kind == 2 && (source_faults || !t->writes)))
                        continue;
                    tag("%s %s across %u lacks %x", backwards ? "down" : "up", source_faults ? "source" : "destination", across, lacks);
                    one_string(t, log, ring, backwards, across, source_faults, lacks);
                }
            }
        }
    }
}

/* The port is not read for an element that cannot be stored: a counter's latched bytes come out one after the other. */
static void input_once(void)
{
    check("ins.reads.once");
    for (u32 ring = 0; ring < 4; ring += 3) {
        windows();
        out8(0x43, 0xb0); /* counter 2: both bytes, mode 0 */
        out8(0x42, 0x34);
        out8(0x42, 0x12);
        out8(0x43, 0x80); /* latch */
        withdraw(TARGET_AT + 2 * PAGE, 0);
        struct state s = paged_state(ring, rep_ins1);
        s.edi = TARGET_AT + 2 * PAGE - 1;
        s.ecx = 2;
        s.edx = 0x42;
        s.eflags |= F_IOPL(3);
        tag("ring %u", ring);
        const struct outcome *o = run(&s);
        if (!ended(o, PF, E_W | (ring == 3 ? E_U : 0), seen_by(ring, rep_ins1), 0))
            continue;
        same("ecx", 1, o->ecx);
        withdraw(TARGET_AT + 2 * PAGE, P | W | U);
        s.ecx = o->ecx, s.edi = o->edi;
        finished(run(&s));
        u32 count = *(u8 *)(TARGET_MEMORY + 2 * PAGE - 1) | *(u8 *)(TARGET_MEMORY + 2 * PAGE) << 8;
        /* The counter may have counted a little; a byte lost would show in the upper half. */
        same("count", 0x12, count >> 8);
    }

}

/* ---- accesses across pages ---- */

SNIPPET(store2, "movw %ax, (%ebx)");
SNIPPET(store4, "movl %eax, (%ebx)");
SNIPPET(store_immediate, "movl $0x01020304, (%ebx)");
SNIPPET(add4, "addl %eax, (%ebx)");
SNIPPET(inc2, "incw (%ebx)");
SNIPPET(not4, "notl (%ebx)");
SNIPPET(shift4, "shll $3, (%ebx)");
SNIPPET(xchg4, "xchgl %eax, (%ebx)");
SNIPPET(xadd4, "lock xaddl %eax, (%ebx)");
SNIPPET(cmpxchg4, "cmpxchgl %edx, (%ebx)");
SNIPPET(cmpxchg8, "cmpxchg8b (%ebx)");
SNIPPET(bts4, "btsl $31, (%ebx)");
SNIPPET(push4, "movl %ebx, %esp; pushl %eax");
SNIPPET(call4, "movl %ebx, %esp; call 1f; 1:");
SNIPPET(enter4, "movl %ebx, %esp; enter $16, $0");
SNIPPET(pusha4, "movl %ebx, %esp; pushal");
SNIPPET(pop_memory, "popl (%ebx)");
SNIPPET(sgdt6, "sgdt (%ebx)");
SNIPPET(fst8, "fninit; fld1; fstpl (%ebx)");
SNIPPET(fst10, "fninit; fld1; fstpt (%ebx)");
SNIPPET(fist8, "fninit; fld1; fistpll (%ebx)");
SNIPPET(movs4, "movl %ebx, %edi; leal -64(%esp), %esi; movsl");
SNIPPET(load4, "movl (%ebx), %eax");
SNIPPET(load2, "movzwl (%ebx), %eax");
SNIPPET(compare4, "cmpl (%ebx), %eax");
SNIPPET(pop4, "movl %ebx, %esp; popl %eax");
SNIPPET(popa4, "movl %ebx, %esp; popal");
SNIPPET(return4, "movl %ebx, %esp; ret");
SNIPPET(far_load, "lesl (%ebx), %eax");
SNIPPET(jump_indirect, "jmp *(%ebx)");
SNIPPET(call_indirect, "call *(%ebx)");
SNIPPET(fld8, "fninit; fnop; fldl (%ebx)");
SNIPPET(bound8, "bound %eax, (%ebx)");

/* Length of the instruction that loads ESP in some. */
#define STACK_LOADED 2

static const struct crossing {
    const char *name, *code;
    /* Bytes accessed, the first of them so many bytes from EBX; where the access is in the snippet. */
    u32 bytes;
    int from;
    u32 offset;
    int writes;
} crossings[] = {
    {"mov2", store2, 2, 0, 0, 1}, {"mov4", store4, 4, 0, 0, 1}, {"mov.immediate", store_immediate, 4, 0, 0, 1},
    {"add4", add4, 4, 0, 0, 1}, {"inc2", inc2, 2, 0, 0, 1}, {"not4", not4, 4, 0, 0, 1}, {"shl4", shift4, 4, 0, 0, 1},
    {"xchg4", xchg4, 4, 0, 0, 1}, {"xadd4", xadd4, 4, 0, 0, 1}, {"cmpxchg4", cmpxchg4, 4, 0, 0, 1},
    {"cmpxchg8b", cmpxchg8, 8, 0, 0, 1}, {"bts4", bts4, 4, 0, 0, 1}, {"push4", push4, 4, -4, 2, 1}, {"call4", call4, 4, -4, 2, 1},
    {"enter4", enter4, 4, -4, 2, 1}, {"pop.memory", pop_memory, 4, 0, 0, 1}, {"sgdt", sgdt6, 6, 0, 0, 1},
    {"fst8", fst8, 8, 0, 4, 1}, {"fst10", fst10, 10, 0, 4, 1}, {"fist8", fist8, 8, 0, 4, 1}, {"movs4", movs4, 4, 0, 6, 1},
    {"mov.load4", load4, 4, 0, 0, 0}, {"movzx.load2", load2, 2, 0, 0, 0}, {"cmp4", compare4, 4, 0, 0, 0}, {"pop4", pop4, 4, 0, 2, 0},
    {"ret4", return4, 4, 0, 2, 0}, {"les6", far_load, 6, 0, 0, 0}, {"jmp4", jump_indirect, 4, 0, 0, 0},
    {"call.indirect4", call_indirect, 4, 0, 0, 0}, {"fld8", fld8, 8, 0, 4, 0}, {"bound8", bound8, 8, 0, 0, 0},
};

/* Registers at a fault are those before the instruction. */
static void untouched(const struct state *s, const struct outcome *o, u32 offset)
{
    same("eax", s->eax, o->eax);
    same("ecx", s->ecx, o->ecx);
    same("edx", s->edx, o->edx);
    same("ebx", s->ebx, o->ebx);
    same("ebp", s->ebp, o->ebp);
    if (!offset) {
        same("esp", s->esp, o->esp);
        same("esi", s->esi, o->esi);
        same("edi", s->edi, o->edi);
    }
    same("eflags", s->eflags, o->eflags & ~F_RF);
}

static void crossing_faults(const struct crossing *c)
{
    for (u32 kind = 0; kind < 4; kind++) {
        static const char *const kinds[] = {"second.absent", "second.read.only", "first.absent", "both.absent"};
        if (kind == 1 && !c->writes)
            continue;
        check("cross.%s.%s", c->name, kinds[kind]);
        for (u32 in_first = 1; in_first < c->bytes; in_first++) {
            for (u32 ring = 0; ring < 4; ring += 3) {
                /* At ring 0 the fault itself needs the stack. */
                if (!ring && c->offset == STACK_LOADED)
                    continue;
                windows();
                fill((void *)TARGET_MEMORY, 0x5a, WINDOW * PAGE);
                u32 border = TARGET_AT + 2 * PAGE;
                if (kind != 2)
                    withdraw(border, kind == 1 ? P | U : 0);
                if (kind >= 2)
                    withdraw(border - PAGE, 0);
                struct state s = paged_state(ring, c->code);
                s.ebx = border - in_first - (u32)c->from;
                s.eax = s.ecx = s.edx = s.ebp = 0x5a5a5a5a;
                s.eflags |= F_CF | F_OF;
                tag("%u bytes in the first page, ring %u", in_first, ring);
                const struct outcome *o = run(&s);
                u32 error = (kind == 1 ? E_P : 0) | (c->writes ? E_W : 0) | (ring == 3 ? E_U : 0);
                /* The x87 snippets initialise the FPU before. */
                if (!ended(o, PF, error, seen_by(ring, c->code), c->offset))
                    continue;
                same("cr2", kind >= 2 ? border - in_first : border, o->cr2);
                struct state expected = s;
                untouched(&expected, o, c->offset);
                u32 changed = 0;
                for (u32 i = 0; i < 2 * c->bytes; i++)
                    changed |= *(u8 *)(TARGET_MEMORY + 2 * PAGE - c->bytes + i) ^ 0x5a;
                same("memory", 0, changed);
            }
        }
    }
}

/* Several elements: registers are as before; what is written beyond the stack pointer does not matter. */
static void multiple(void)
{
    static const struct {
        const char *name, *code;
        int writes;
    } codes[] = {{"pusha", pusha4, 1}, {"popa", popa4, 0}};
    for (u32 i = 0; i < 2; i++) {
        check("cross.%s", codes[i].name);
        for (u32 below = 1; below < 32; below++) {
            windows();
            withdraw(TARGET_AT + (codes[i].writes ? 1 : 2) * PAGE, 0);
            struct state s = paged_state(3, codes[i].code);
            s.ebx = TARGET_AT + 2 * PAGE + (codes[i].writes ? below : -below);
            s.eax = s.ecx = s.edx = s.ebp = s.esi = s.edi = 0x5a5a5a5a;
            tag("%u bytes", below);
            const struct outcome *o = run(&s);
            if (!ended(o, PF, E_U | (codes[i].writes ? E_W : 0), codes[i].code, 2))
                continue;
            same("esp", s.ebx, o->esp);
            same("esi", s.esi, o->esi);
            same("eax", s.eax, o->eax);
        }
    }
}

/* ---- instruction fetches across pages ---- */

static void fetches(enum format f)
{
    static const u8 long_move[] = {0xc7, 0x05, 0, 0, 0, 0, 0x78, 0x56, 0x34, 0x12, 0xcc}; /* movl $0x12345678, absolute */
    u32 target = TARGET_AT + 64;
    for (u32 kind = 0; kind < (f == PAE && has_nx() ? 3 : 2); kind++) {
        static const char *const kinds[] = {"absent", "supervisor", "nx"};
        check("%s.fetch.second.%s", f == PAE ? "pae" : "two.level", kinds[kind]);
        for (u32 in_first = 1; in_first < 10; in_first++) {
            windows();
            u32 at = 2 * PAGE - in_first;
            copy((void *)(SOURCE_MEMORY + at), long_move, sizeof long_move);
            copy((void *)(SOURCE_MEMORY + at + 2), &target, 4);
            *(u32 *)(TARGET_MEMORY + 64) = 0;
            set_entry(1, SOURCE + 2 * PAGE, (entry(1, SOURCE + 2 * PAGE) & ~(u64)(P | U)) | (kind == 0 ? 0 : kind == 1 ? P : P | U | XD));
            invlpg(SOURCE + 2 * PAGE);
            struct state s = paged_state(3, 0);
            s.eip = SOURCE + at;
            tag("%u bytes in the first page", in_first);
            const struct outcome *o = run(&s);
            int id = f == PAE && has_nx();
            if (ended(o, PF, (kind ? E_P : 0) | E_U | (id ? E_ID : 0), (const char *)(SOURCE + at), 0))
                same("cr2", SOURCE + 2 * PAGE, o->cr2);
            same("memory", 0, *(u32 *)(TARGET_MEMORY + 64));
            set_entry(1, SOURCE + 2 * PAGE, (SOURCE_MEMORY + 2 * PAGE) | P | U | W);
            invlpg(SOURCE + 2 * PAGE);
            ended(run(&s), BP, 0, (const char *)(SOURCE + at), 11);
            same("memory then", 0x12345678, *(u32 *)(TARGET_MEMORY + 64));
        }
    }
}

/* ---- the processor's own accesses ---- */

SNIPPET(load_segment, "movw %ax, %ds");
SNIPPET(look_at, "lar %eax, %ecx");
SNIPPET(int_n, "int $0x60");

/* Tables in the test windows: descriptors, interrupt gates, task state. All are supervisor accesses, whoever causes them. */
static void own_accesses(void)
{
    struct __attribute__((packed)) {
        u16 limit;
        u32 base;
    } pointer = {2 * PAGE - 1, SOURCE + PAGE}, good = {sizeof gdt - 1, (u32)gdt}, interrupts = {256 * 8 - 1, TARGET_AT + PAGE - 0x280};
    u16 far = PAGE | 3;

    check("own.descriptor.absent");
    windows();
    copy((void *)(SOURCE_MEMORY + PAGE), gdt, sizeof gdt);
    u64 *there = (u64 *)(SOURCE_MEMORY + 2 * PAGE);
    for (u32 ring = 0; ring < 4; ring++) {
        *there = descriptor(0, 0xfffff, PRESENT | DPL(3) | DATA_RW, GRANULAR | BIG);
        withdraw(SOURCE + 2 * PAGE, 0);
        for (u32 n = 0; n < 2; n++) {
            const char *code = n ? look_at : load_segment;
            __asm__ volatile("lgdt %0" : : "m"(pointer));
            struct state s = paged_state(ring, code);
            s.eax = far;
            tag("ring %u %s", ring, n ? "lar" : "mov");
            const struct outcome *o = run(&s);
            __asm__ volatile("lgdt %0" : : "m"(good));
            ended(o, PF, 0, seen_by(ring, code), 0);
            same("cr2", SOURCE + 2 * PAGE, o->cr2);
        }
    }
    check("own.accessed.bit");
    for (u32 n = 0; n < 8; n++) {
        int wp = n & 1, accessed = n >> 1 & 1, ring = n >> 2 ? 3 : 0;
        windows();
        *there = descriptor(0, 0xfffff, PRESENT | DPL(3) | DATA_RW | accessed, GRANULAR | BIG);
        withdraw(SOURCE + 2 * PAGE, P);
        write_cr0(wp ? read_cr0() | CR0_WP : read_cr0() & ~CR0_WP);
        __asm__ volatile("lgdt %0" : : "m"(pointer));
        struct state s = paged_state((u32)ring, load_segment);
        s.eax = far;
        tag("wp %u accessed %u ring %u", wp, accessed, ring);
        const struct outcome *o = run(&s);
        __asm__ volatile("lgdt %0" : : "m"(good));
        if (wp && !accessed) {
            ended(o, PF, E_P | E_W, seen_by((u32)ring, load_segment), 0);
            same("page", SOURCE + 2 * PAGE, o->cr2 & ~0xfffu);
        } else {
            finished(o);
            same("accessed", 1, (u32)(*there >> 40) & 1);
        }
    }
    check("own.gate.absent");
    for (u32 ring = 0; ring < 4; ring++) {
        windows();
        copy((void *)(TARGET_MEMORY + PAGE - 0x280), idt, sizeof idt);
        /* Vectors from 50h on lie in the second page. */
        withdraw(TARGET_AT + PAGE, 0);
        __asm__ volatile("lidt %0" : : "m"(interrupts));
        struct state s = paged_state(ring, int_n);
        tag("ring %u", ring);
        const struct outcome *o = run(&s);
        load_tables();
        ended(o, PF, 0, seen_by(ring, int_n), 0);
        same("cr2", TARGET_AT + PAGE - 0x280 + 0x60 * 8, o->cr2);
    }
    /* The stack of an inner level: INT to ring 1, whose stack crosses into a page that is missing. */
    check("own.stack");
    for (u32 short_of = 0; short_of < 20; short_of += 4) {
        for (u32 kind = 0; kind < 3; kind++) {
            windows();
            set_target(CODE_RX, 1, 0xffff);
            idt[0x60] = gate(TARGET, (u32)low_landing, PRESENT | DPL(3) | INT32, 0);
            tss_main.tss.esp1 = TARGET_AT + 2 * PAGE + short_of;
            withdraw(TARGET_AT + PAGE, kind == 0 ? 0 : kind == 1 ? P : P | W);
            write_cr0(read_cr0() | CR0_WP);
            struct state s = paged_state(3, int_n);
            tag("%u bytes fit, page %s", short_of, kind == 0 ? "absent" : kind == 1 ? "read-only" : "writable");
            const struct outcome *o = run(&s);
            if (kind == 2) {
                arrived_low(o, 1);
            } else {
                ended(o, PF, E_W | (kind ? E_P : 0), int_n, 0);
                same("cr2", TARGET_AT + 2 * PAGE - 4, o->cr2);
                same("esp", s.esp, o->esp);
            }
        }
    }
    machine_reset();
}

void checks_restarts(void)
{
    for (u32 f = TWO_LEVEL; f <= (has_pae() ? PAE : TWO_LEVEL); f++) {
        tables_build(f, 1);
        if (f == PAE && has_nx())
            wrmsr(EFER, EFER_NXE);
        paging_on(CR0_WP, CR4_PSE);
        string_faults(f);
        fetches(f);
        paging_off();
    }
    tables_build(TWO_LEVEL, 1);
    paging_on(CR0_WP, CR4_PSE);
    input_once();
    for (u32 i = 0; i < sizeof crossings / sizeof crossings[0]; i++)
        crossing_faults(&crossings[i]);
    multiple();
    own_accesses();
    paging_off();
}
