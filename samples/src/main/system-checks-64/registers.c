/* Registers and flags of the system in 64-bit mode: SDM vol. 3A sections 2.3 to 2.5, 10.8.6.1; vol. 2 under MOV CR, MOV DR, PUSHF, POPF, RDMSR. */
#include "machine.h"

/* ---- control and debug registers: 64 bits, whatever the prefix; the upper halves are reserved, but for CR2, CR3 and DR0 to DR3 ---- */

SNIPPET(to_cr0, "movq %rax, %cr0"); SNIPPET(to_cr2, "movq %rax, %cr2"); SNIPPET(to_cr3, "movq %rax, %cr3"); SNIPPET(to_cr4, "movq %rax, %cr4");
SNIPPET(to_cr8, "movq %rax, %cr8"); SNIPPET(to_dr0, "movq %rax, %db0"); SNIPPET(to_dr6, "movq %rax, %db6"); SNIPPET(to_dr7, "movq %rax, %db7");
SNIPPET(from_cr0, "movq %cr0, %rax"); SNIPPET(from_cr2, "movq %cr2, %rax"); SNIPPET(from_cr3, "movq %cr3, %rax"); SNIPPET(from_cr4, "movq %cr4, %rax");
SNIPPET(from_cr8, "movq %cr8, %rax"); SNIPPET(from_dr0, "movq %db0, %rax"); SNIPPET(from_dr6, "movq %db6, %rax"); SNIPPET(from_dr7, "movq %db7, %rax");

static const struct {
    const char *name, *to, *from;
    /* Bits that cannot be set. */
    u64 reserved;
} registers[] = {
    {"cr0", to_cr0, from_cr0, 0xffffffff00000000ull}, {"cr2", to_cr2, from_cr2, 0}, {"cr3", to_cr3, from_cr3, 0xfff0000000000000ull & ~(1ull << 63)},
    {"cr4", to_cr4, from_cr4, 0xffffffff00000000ull}, {"cr8", to_cr8, from_cr8, ~15ull}, {"dr0", to_dr0, from_dr0, 0}, {"dr6", to_dr6, from_dr6, 0xffffffff00000000ull},
    {"dr7", to_dr7, from_dr7, 0xffffffff00000000ull},
};

static void reserved_bits(u32 i)
{
    check("%s.reserved", (word)registers[i].name);
    struct state read = ring_state(0, registers[i].from);
    u64 before = run(&read)->rax;
    same("read", before, run(&read)->rax);
    for (u32 bit = 0; bit < 64; bit++) {
        if (!(registers[i].reserved >> bit & 1))
            continue;
        struct state s = ring_state(0, registers[i].to);
        s.rax = before | 1ull << bit;
        tag("bit %u", bit);
        ended(run(&s), GP, 0, s.rip);
        same("unchanged", before, run(&read)->rax);
    }
}

/* QEMU takes all of CR3 and CR4, and does not survive it. */
void reserved_bits_of_registers(void)
{
    for (u32 i = 0; i < sizeof registers / sizeof registers[0]; i++)
        if (registers[i].reserved)
            reserved_bits(i);
}

static void moves(void)
{
    for (u32 i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        check("%s.ring", (word)registers[i].name);
        for (u32 ring = 1; ring < 4; ring++) {
            struct state s = ring_state(ring, registers[i].to);
            tag("to, ring %u", ring);
            ended(run(&s), GP, 0, s.rip);
            s = ring_state(ring, registers[i].from);
            tag("from, ring %u", ring);
            ended(run(&s), GP, 0, s.rip);
        }
    }
    check("cr2.wide");
    write_cr2(0x8123456789abcdefull);
    same("cr2", 0x8123456789abcdefull, read_cr2());
    check("dr0.wide");
    write_dr0(0x7123456789abcdefull);
    struct state s = ring_state(0, from_dr0);
    same("dr0", 0x7123456789abcdefull, run(&s)->rax);
    write_dr0(0);
    check("cr8.values");
    for (u32 v = 0; v < 16; v++) {
        write_cr8(v);
        tag("%u", v);
        same("cr8", v, read_cr8());
        same("task priority", v << 4, *(volatile u32 *)0xfee00080ul & 0xff);
    }
    write_cr8(0);
    /* Not announced, so reserved. */
    check("cr4.pcid");
    u32 r[4];
    cpuid(1, r);
    if (!(r[2] >> 17 & 1)) {
        s = ring_state(0, to_cr4);
        s.rax = read_cr4() | CR4_PCIDE;
        ended(run(&s), GP, 0, s.rip);
    } else {
        /* Process-context identifiers: enabled only with CR3's lowest 12 bits clear; bit 63 of a new CR3 is no part of it. */
        write_cr4(read_cr4() | CR4_PCIDE);
        u64 tables = read_cr3();
        for (u32 id = 0; id < 4096; id += 273) {
            write_cr3(tables | id);
            same("cr3", tables | id, read_cr3());
            write_cr3(tables | id | 1ull << 63);
            same("cr3", tables | id, read_cr3());
        }
        write_cr4(read_cr4() & ~(u64)CR4_PCIDE);
        write_cr3(tables | 8);
        s = ring_state(0, to_cr4);
        s.rax = read_cr4() | CR4_PCIDE;
        ended(run(&s), GP, 0, s.rip);
        write_cr3(tables);
    }
    machine_reset();
}

/* ---- flags ---- */

SNIPPET(pop_flags, "pushq %rax; popfq; pushfq; popq %rcx");
SNIPPET(pop_flags16, "pushw %ax; popfw; pushfq; popq %rcx");
SNIPPET(clear_interrupts, "cli");
SNIPPET(set_interrupts, "sti");
SNIPPET(halt, "hlt");
SNIPPET(read_msr, "rdmsr");
SNIPPET(write_msr, "wrmsr");
SNIPPET(no_write_back, "wbinvd");
SNIPPET(port, "inb $0x80, %al");
SNIPPET(time, "rdtsc");

static void flags(void)
{
    for (u32 narrow = 0; narrow < 2; narrow++) {
        for (u32 ring = 0; ring < 4; ring++) {
            check("%s.ring%u", (word)(narrow ? "popfw" : "popfq"), ring);
            for (u32 iopl = 0; iopl < 4; iopl++) {
                for (u32 on = 0; on < 2; on++) {
                    u64 all = 0x240ed5 | F_NT | F_IOPL(3), image = on ? all : F_ONE;
                    struct state s = ring_state(ring, narrow ? pop_flags16 : pop_flags);
                    s.rflags = (on ? F_ONE : (all & ~(u64)F_IOPL(3))) | F_IOPL(iopl);
                    s.rax = image | F_RF | F_VM;
                    tag("iopl %u image %x", iopl, image);
                    const struct outcome *o = run(&s);
                    finished(o);
                    u64 kept = (ring ? F_IOPL(3) : 0) | (ring > iopl ? F_IF : 0) | (narrow ? ~0xffffull : 0);
                    same("rflags", ((image & ~kept) | (s.rflags & kept) | F_ONE), o->rcx);
                }
            }
        }
    }
}

/* ---- instructions of ring 0, and those that IOPL permits ---- */

static void privileges(void)
{
    static const struct {
        const char *name, *code;
        /* Permitted by IOPL, or by nothing but ring 0. */
        int by_iopl;
    } all[] = {{"cli", clear_interrupts, 1}, {"sti", set_interrupts, 1}, {"hlt", halt, 0}, {"rdmsr", read_msr, 0}, {"wrmsr", write_msr, 0}, {"wbinvd", no_write_back, 0},
        {"in", port, 1}};
    for (u32 i = 0; i < sizeof all / sizeof all[0]; i++) {
        check("%s", (word)all[i].name);
        for (u32 ring = 1; ring < 4; ring++) {
            for (u32 iopl = 0; iopl < 4; iopl++) {
                struct state s = ring_state(ring, all[i].code);
                s.rflags |= F_IOPL(iopl);
                tag("ring %u iopl %u", ring, iopl);
                const struct outcome *o = run(&s);
                if (all[i].by_iopl && iopl >= ring)
                    finished(o);
                else
                    ended(o, GP, 0, s.rip);
            }
        }
    }
    /* The permission map lies in the 64-bit task state segment as in the 32-bit one. */
    check("port.map");
    for (u32 bit = 0; bit < 8; bit++) {
        tss_main.map[0x80 / 8] = (u8)(1u << bit);
        struct state s = ring_state(3, port);
        tag("bit %u", bit);
        const struct outcome *o = run(&s);
        if (bit)
            finished(o);
        else
            ended(o, GP, 0, s.rip);
    }
    machine_reset();
    check("tsd");
    write_cr4(read_cr4() | CR4_TSD);
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = ring_state(ring, time);
        tag("ring %u", ring);
        const struct outcome *o = run(&s);
        if (ring)
            ended(o, GP, 0, s.rip);
        else
            finished(o);
    }
    machine_reset();
    check("msr.unknown");
    struct state s = ring_state(0, read_msr);
    s.rcx = 0x12345;
    ended(run(&s), GP, 0, s.rip);
    s = ring_state(0, write_msr);
    s.rcx = 0x12345;
    ended(run(&s), GP, 0, s.rip);
    check("efer.reserved");
    for (u32 bit = 16; bit < 64; bit++) {
        u64 v = rdmsr(EFER) | 1ull << bit;
        s = ring_state(0, write_msr);
        s.rcx = EFER;
        s.rax = (u32)v;
        s.rdx = v >> 32;
        tag("bit %u", bit);
        ended(run(&s), GP, 0, s.rip);
    }
}

/* ---- alignment, at ring 3 with AM and AC ---- */

SNIPPET(read8, "movq (%rbx), %rax"); SNIPPET(read4, "movl (%rbx), %eax"); SNIPPET(read2, "movw (%rbx), %ax"); SNIPPET(read1, "movb (%rbx), %al");

static void alignment(void)
{
    static const char *const code[] = {read1, read2, read4, read8};
    check("alignment");
    for (u32 am = 0; am < 2; am++) {
        write_cr0((read_cr0() & ~(u64)CR0_AM) | (am ? CR0_AM : 0));
        for (u32 ac = 0; ac < 2; ac++) {
            for (u32 ring = 0; ring < 4; ring++) {
                for (u32 size = 0; size < 4; size++) {
                    for (u32 at = 0; at < 16; at++) {
                        struct state s = ring_state(ring, code[size]);
                        s.rflags |= ac ? F_AC : 0;
                        s.rbx = AT(ring, scratch) + at;
                        tag("am %u ac %u ring %u size %u at %u", am, ac, ring, size, at);
                        const struct outcome *o = run(&s);
                        if (am && ac && ring == 3 && at & ((1u << size) - 1))
                            ended(o, AC, 0, s.rip);
                        else
                            finished(o);
                    }
                }
            }
        }
    }
    machine_reset();
}

void checks_registers64(void)
{
    moves();
    flags();
    privileges();
    alignment();
}
