/* Segment registers in 64-bit mode: SDM vol. 3A sections 3.4.4, 5.3.1 and 7.2.3; vol. 2 under MOV, LLDT, LTR, LAR, LSL, VERR, SWAPGS. */
#include "machine.h"

#define TEST SLOT(1)

SNIPPET(load_ds, "movl %eax, %ds");
SNIPPET(load_es, "movl %eax, %es");
SNIPPET(load_fs, "movl %eax, %fs");
SNIPPET(load_gs, "movl %eax, %gs");
SNIPPET(load_ss, "movl %eax, %ss");
SNIPPET(pop_fs, "pushq %rax; popq %fs");
SNIPPET(pop_gs, "pushq %rax; popq %gs");
SNIPPET(pop_ds, ".byte 0x1f");
SNIPPET(lss_wide, "movq %rsp, (%rdi); movw %ax, 8(%rdi); .byte 0x48, 0x0f, 0xb2, 0x27");
SNIPPET(lfs_wide, "movq %rsp, (%rdi); movw %ax, 8(%rdi); .byte 0x48, 0x0f, 0xb4, 0x0f");
SNIPPET(lds_gone, ".byte 0xc5, 0x07, 0x90, 0x90");

static const struct way {
    const char *name, *code;
    /* Where the load is. */
    u32 offset;
    int stack;
} ways[] = {
    {"mov.ds", load_ds, 0, 0}, {"mov.es", load_es, 0, 0}, {"mov.fs", load_fs, 0, 0}, {"mov.gs", load_gs, 0, 0}, {"mov.ss", load_ss, 0, 1},
    {"pop.fs", pop_fs, 1, 0}, {"pop.gs", pop_gs, 1, 0}, {"lss", lss_wide, 7, 1}, {"lfs", lfs_wide, 7, 0},
};

static void loads(const struct way *w)
{
    for (u32 ring = 0; ring < 4; ring++) {
        check("%s.ring%u", (word)w->name, ring);
        for (u32 n = 0; n < 32 * 4 * 4 * 2; n++) {
            u32 type = n & 31, dpl = n >> 5 & 3, rpl = n >> 7 & 3, present = n >> 9;
            gdt[TEST >> 3] = descriptor(0x1000, 0xff, (present ? PRESENT : 0) | DPL(dpl) | type, BIG);
            struct state s = ring_state(ring, w->code);
            s.rax = TEST | rpl;
            s.rdi = AT(ring, scratch);
            tag("type %x dpl %u rpl %u present %u", type, dpl, rpl, present);
            const struct outcome *o = run(&s);
            int segment = type & 16, code = type & 8, readable = !code || type & 2, conforming = (type & 12) == 12;
            int good = w->stack ? segment && !code && type & 2 && rpl == ring && dpl == ring
                : segment && readable && (conforming || (dpl >= ring && dpl >= rpl));
            if (!good)
                ended(o, GP, TEST, s.rip + w->offset);
            else if (!present)
                ended(o, w->stack ? SS : NP, TEST, s.rip + w->offset);
            else {
                finished(o);
                same("accessed", type | ACCESSED, access_of(TEST) & 31);
            }
        }
        check("%s.null.ring%u", (word)w->name, ring);
        for (u32 rpl = 0; rpl < 4; rpl++) {
            struct state s = ring_state(ring, w->code);
            s.rax = rpl;
            s.rdi = AT(ring, scratch);
            tag("rpl %u", rpl);
            const struct outcome *o = run(&s);
            if (w->stack && (ring == 3 || rpl != ring))
                ended(o, GP, 0, s.rip + w->offset);
            else
                finished(o);
        }
    }
    machine_reset();
}

/* Bases and limits: only those of FS and GS count, and no limit does. */
SNIPPET(read_ds, "movl (%rbx), %eax; movl %es:(%rbx), %ecx; movl %ss:(%rbx), %edx; movl %cs:(%rbx), %esi");
SNIPPET(read_fs, "movl %fs:(%rbx), %eax; movl %gs:(%rbx), %ecx; .byte 0x64; leaq (%rbx), %rdx");
SNIPPET(swap, "swapgs; movl %gs:(%rbx), %ecx; swapgs; movl %gs:(%rbx), %edx");
SNIPPET(address32, "addr32 movl %fs:-8(%ebx), %eax");

static void bases(void)
{
    u32 *words = (u32 *)scratch;
    for (u32 i = 0; i < 1024; i++)
        words[i] = 0x1000 + i;
    check("bases.ignored");
    for (u32 ring = 0; ring < 4; ring++) {
        gdt[TEST >> 3] = descriptor(0x12345, 0, PRESENT | DPL(ring) | DATA_RW, BIG);
        struct state s = ring_state(ring, read_ds);
        s.ds = s.es = s.ss = TEST | ring;
        s.rbx = AT(ring, scratch + 0x100);
        tag("ring %u", ring);
        const struct outcome *o = run(&s);
        finished(o);
        same("ds", 0x1040, o->rax);
        same("es", 0x1040, o->rcx);
        same("ss", 0x1040, o->rdx);
        same("cs", 0x1040, o->rsi);
    }
    check("bases.of.descriptors");
    for (u32 ring = 0; ring < 4; ring++) {
        u32 base = (u32)AT(ring, scratch);
        gdt[TEST >> 3] = descriptor(base, 0, PRESENT | DPL(ring) | DATA_RW, BIG);
        wrmsr(FS_BASE, 0x123456789000ull);
        wrmsr(GS_BASE, 0x123456789000ull);
        struct state s = ring_state(ring, read_fs);
        s.fs = s.gs = TEST | ring;
        s.rbx = 0x200;
        tag("ring %u", ring);
        const struct outcome *o = run(&s);
        finished(o);
        same("fs", 0x1080, o->rax);
        same("gs", 0x1080, o->rcx);
        same("lea", 0x200, o->rdx);
        same("fs base", base, rdmsr(FS_BASE));
        same("gs base", base, rdmsr(GS_BASE));
    }
    machine_reset();
    check("bases.of.msrs");
    for (u32 ring = 0; ring < 4; ring++) {
        u64 base = ring == 3 ? AT(3, scratch) : HIGH + (u64)scratch;
        wrmsr(FS_BASE, base);
        wrmsr(GS_BASE, base + 0x100);
        struct state s = ring_state(ring, read_fs);
        s.rbx = 0x200;
        tag("ring %u", ring);
        const struct outcome *o = run(&s);
        finished(o);
        same("fs", 0x1080, o->rax);
        same("gs", 0x10c0, o->rcx);
        s.rbx = -0x10ull;
        wrmsr(FS_BASE, base + 0x20);
        o = run(&s);
        finished(o);
        same("wrapped", 0x1004, o->rax);
        s = ring_state(ring, address32);
        s.rbx = 0xffffffff00000010ull;
        wrmsr(FS_BASE, base);
        o = run(&s);
        finished(o);
        same("address of 32 bits", 0x1002, o->rax);
    }
    machine_reset();
    check("swapgs");
    wrmsr(GS_BASE, (u64)scratch);
    wrmsr(KERNEL_GS_BASE, HIGH + (u64)scratch + 0x40);
    struct state s = ring_state(0, swap);
    const struct outcome *o = run(&s);
    finished(o);
    same("swapped", 0x1010, o->rcx);
    same("back", 0x1000, o->rdx);
    for (u32 ring = 1; ring < 4; ring++) {
        s = ring_state(ring, swap);
        tag("ring %u", ring);
        ended(run(&s), GP, 0, s.rip);
    }
    s = compatible_state(0, swap);
    tag("32-bit code");
    ended(run(&s), UD, 0, s.rip);
    machine_reset();
}

/* LTR and LLDT take descriptors of 16 bytes. */
SNIPPET(ltr, "ltr %ax");
SNIPPET(lldt, "lldt %ax");

static void system_segments(void)
{
    for (u32 task = 0; task < 2; task++) {
        check("%s", (word)(task ? "ltr" : "lldt"));
        for (u32 n = 0; n < 32 * 4 * 4 * 2; n++) {
            u32 type = n & 31, dpl = n >> 5 & 3, rpl = n >> 7 & 3, present = n >> 9;
            set_wide(SLOT(4), system_descriptor(HIGH + (u64)&tss_main, 0x67, (present ? PRESENT : 0) | DPL(dpl) | type));
            struct state s = ring_state(0, task ? ltr : lldt);
            s.rax = SLOT(4) | rpl;
            tag("type %x dpl %u rpl %u present %u", type, dpl, rpl, present);
            const struct outcome *o = run(&s);
            if (type != (task ? TSS64 : LDT_TYPE))
                ended(o, GP, SLOT(4), s.rip);
            else if (!present)
                ended(o, NP, SLOT(4), s.rip);
            else {
                finished(o);
                if (task)
                    same("busy", TSS64_BUSY, access_of(SLOT(4)) & 31);
            }
        }
        machine_reset();
        check("%s.ring", (word)(task ? "ltr" : "lldt"));
        for (u32 ring = 1; ring < 4; ring++) {
            struct state s = ring_state(ring, task ? ltr : lldt);
            s.rax = task ? TSS_MAIN : LDT;
            tag("ring %u", ring);
            ended(run(&s), GP, 0, s.rip);
        }
        check("%s.last.half", (word)(task ? "ltr" : "lldt"));
        /* The lower half is within the table, the upper one is not. */
        set_wide(SLOT(SLOTS - 2), system_descriptor((u64)&tss_main, 0x67, PRESENT | (task ? TSS64 : LDT_TYPE)));
        load_gdt((u64)gdt, sizeof gdt - 9);
        struct state s = ring_state(0, task ? ltr : lldt);
        s.rax = SLOT(SLOTS - 2);
        ended(run(&s), GP, SLOT(SLOTS - 2), s.rip);
        machine_reset();
    }
    check("lldt.null");
    for (u32 rpl = 0; rpl < 4; rpl++) {
        struct state s = ring_state(0, lldt);
        s.rax = rpl;
        tag("rpl %u", rpl);
        finished(run(&s));
    }
    /* A segment of the local table, whose base is above 4 GiB. */
    check("lldt.high");
    set_wide(LDT, system_descriptor(HIGH + (u64)ldt, sizeof ldt - 1, PRESENT | LDT_TYPE));
    load_ldt(LDT);
    ldt[3] = descriptor(0, 0xfffff, PRESENT | DPL(3) | DATA_RW, GRANULAR | BIG);
    struct state s = ring_state(3, load_ds);
    s.rax = 3 * 8 | 7;
    const struct outcome *o = run(&s);
    finished(o);
    same("ds", 3 * 8 | 7, o->ds);
    same("accessed", DATA_RW | ACCESSED, ldt[3] >> 40 & 31);
    machine_reset();
    load_ldt(0);
    s = ring_state(3, load_ds);
    s.rax = 3 * 8 | 7;
    check("lldt.gone");
    ended(run(&s), GP, 3 * 8 | 4, s.rip);
}

/* LAR, LSL: which system descriptors there are in IA-32e mode. */
SNIPPET(lar, "larq %rbx, %rax");
SNIPPET(lsl, "lslq %rbx, %rax");
SNIPPET(verify, "verr %bx");
SNIPPET(verify_write, "verw %bx");

static void queries(void)
{
    static const struct {
        const char *name, *code;
        /* System types it knows. */
        u32 system;
    } forms[] = {{"lar", lar, 1 << 2 | 1 << 9 | 1 << 11 | 1 << 12}, {"lsl", lsl, 1 << 2 | 1 << 9 | 1 << 11}, {"verr", verify, 0}, {"verw", verify_write, 0}};
    for (u32 i = 0; i < 4; i++) {
        for (u32 ring = 0; ring < 4; ring += 3) {
            check("%s.ring%u", (word)forms[i].name, ring);
            for (u32 n = 0; n < 32 * 4 * 4; n++) {
                u32 type = n & 31, dpl = n >> 5 & 3, rpl = n >> 7 & 3;
                gdt[SLOT(4) >> 3] = descriptor(0x1000, 0x12345, PRESENT | DPL(dpl) | type, GRANULAR);
                gdt[(SLOT(4) >> 3) + 1] = 0;
                struct state s = ring_state(ring, forms[i].code);
                s.rbx = SLOT(4) | rpl;
                s.rax = 0x1122334455667788ull;
                tag("type %x dpl %u rpl %u", type, dpl, rpl);
                const struct outcome *o = run(&s);
                if (!finished(o))
                    continue;
                int segment = type & 16, code = type & 8, conforming = (type & 12) == 12;
                int visible = (segment && conforming) || (dpl >= ring && dpl >= rpl);
                int known = i < 2 ? segment || (forms[i].system >> (type & 15) & 1)
                    : i == 2 ? segment && (!code || type & 2) : segment && !code && type & 2;
                int zf = known && visible;
                same("zf", zf ? F_ZF : 0, o->rflags & F_ZF);
                /* Bits 16 to 19 of LAR's result are undefined. */
                u64 value = i == 0 ? (u64)(PRESENT | DPL(dpl) | type) << 8 | 0x800000 : 0x12345fff, undefined = zf && i == 0 ? 0xf0000 : 0;
                if (i < 2)
                    same("rax", zf ? value : 0x1122334455667788ull, o->rax & ~undefined);
            }
        }
    }
    machine_reset();
}

/* QEMU takes a null selector for LTR, and does not survive it. */
void null_task(void)
{
    check("ltr.null");
    for (u32 rpl = 0; rpl < 4; rpl++) {
        struct state s = ring_state(0, ltr);
        s.rax = rpl;
        tag("rpl %u", rpl);
        ended(run(&s), GP, 0, s.rip);
    }
}

void checks_segments64(void)
{
    for (u32 i = 0; i < sizeof ways / sizeof ways[0]; i++)
        loads(&ways[i]);
    bases();
    system_segments();
    queries();
    check("gone");
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = ring_state(ring, pop_ds);
        tag("ring %u", ring);
        ended(run(&s), UD, 0, s.rip);
        /* C5 is a VEX prefix now, and AVX is off. */
        s = ring_state(ring, lds_gone);
        ended(run(&s), UD, 0, s.rip);
    }
}
