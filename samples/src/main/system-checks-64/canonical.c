/* Addresses that are not canonical: SDM vol. 1 section 3.3.7.1; vol. 3A section 6.15, interrupts 12 and 13. */
#include "paging.h"

/* One instruction each, at RBX, RBP, RSP, RSI or RDI, which hold the address under test. */
#define ONE(name, text) SNIPPET(c_##name, text)
ONE(load, "movq (%rbx), %rax");
ONE(store, "movq %rax, (%rbx)");
ONE(store_immediate, "movq $5, (%rbx)");
ONE(modify, "addq %rax, (%rbx)");
ONE(test, "testq %rax, (%rbx)");
ONE(exchange, "xchgq %rax, (%rbx)");
ONE(locked, "lock cmpxchgq %rcx, (%rbx)");
ONE(push_memory, "pushq (%rbx)");
ONE(pop_memory, "popq (%rbx)");
ONE(call_memory, "call *(%rbx)");
ONE(jump_memory, "jmp *(%rbx)");
ONE(far_memory, "rex.w ljmp *(%rbx)");
ONE(load_table, "lgdt (%rbx)");
ONE(store_table, "sidt (%rbx)");
ONE(bits, "btsq $3, (%rbx)");
ONE(shift, "shlq $3, (%rbx)");
ONE(multiply, "mulq (%rbx)");
ONE(sign, "movsbl (%rbx), %eax");
ONE(fs, "movq %fs:(%rbx), %rax");
ONE(ss_override, ".byte 0x36; movq (%rbx), %rax");
ONE(flush, "clflush (%rbx)");
ONE(fpu, "fldl (%rbx)");
ONE(fpu_state, "fxsave (%rbx)");
ONE(movs_from, "movsq");
ONE(movs_to, "movsq");
ONE(stos, "stosq");
ONE(lods, "lodsq");
ONE(scas, "scasq");
ONE(rep_stos, "rep stosq");
ONE(frame_load, "movq (%rbp), %rax");
ONE(frame_store, "movq %rax, 8(%rbp)");
ONE(frame_ds, ".byte 0x3e; movq (%rbp), %rax");
ONE(frame_fs, "movq %fs:(%rbp), %rax");
ONE(stack_load, "movq (%rsp), %rax");
ONE(push, "pushq %rax");
ONE(pop, "popq %rax");
ONE(push_flags, "pushfq");
ONE(pop_flags, "popfq");
ONE(call, "call 1f; 1:");
ONE(ret, "ret");
ONE(leave, "leave");
ONE(enter, "enter $16, $0");
ONE(far_return, "lretq");

enum holder { RBX, RBP, RSP, RSI, RDI };
static const struct {
    const char *name, *code;
    enum holder holder;
    /* Vector, and whether only ring 0 may. */
    u32 vector;
    int kernel;
} instructions[] = {
#define I(name, holder, vector) {#name, c_##name, holder, vector, 0},
    I(load, RBX, GP) I(store, RBX, GP) I(store_immediate, RBX, GP) I(modify, RBX, GP) I(test, RBX, GP) I(exchange, RBX, GP) I(locked, RBX, GP)
    I(push_memory, RBX, GP) I(pop_memory, RBX, GP) I(call_memory, RBX, GP) I(jump_memory, RBX, GP) I(far_memory, RBX, GP) I(store_table, RBX, GP)
    I(bits, RBX, GP) I(shift, RBX, GP) I(multiply, RBX, GP) I(sign, RBX, GP) I(fs, RBX, GP) I(ss_override, RBX, GP) I(flush, RBX, GP) I(fpu, RBX, GP)
    I(fpu_state, RBX, GP) I(movs_from, RSI, GP) I(movs_to, RDI, GP) I(stos, RDI, GP) I(lods, RSI, GP) I(scas, RDI, GP) I(rep_stos, RDI, GP)
    I(frame_load, RBP, SS) I(frame_store, RBP, SS) I(frame_ds, RBP, SS) I(frame_fs, RBP, GP) I(stack_load, RSP, SS) I(push, RSP, SS) I(pop, RSP, SS)
    I(push_flags, RSP, SS) I(pop_flags, RSP, SS) I(call, RSP, SS) I(ret, RSP, SS) I(leave, RBP, SS) I(enter, RSP, SS) I(far_return, RSP, SS)
    {"load_table", c_load_table, RBX, GP, 1},
};

static const u64 bad[] = {LOWER_END + 1 + 0x1000, UPPER_START - 0x1000, 0x8000000000001000ull, 0x0123456789abcde0ull, 0xfffe000000001000ull};

static void put(struct state *s, enum holder h, u64 v)
{
    *(h == RBX ? &s->rbx : h == RBP ? &s->rbp : h == RSP ? &s->rsp : h == RSI ? &s->rsi : &s->rdi) = v;
}

static void accesses(void)
{
    for (u32 i = 0; i < sizeof instructions / sizeof instructions[0]; i++) {
        check("access.%s", (word)instructions[i].name);
        for (u32 ring = 0; ring < (instructions[i].kernel ? 1u : 4u); ring++) {
            for (u32 k = 0; k < sizeof bad / sizeof bad[0]; k++) {
                idt[GP].low |= 2ull << 32;
                idt[SS].low |= 2ull << 32;
                struct state s = ring_state(ring, instructions[i].code);
                s.rsi = s.rdi = AT(ring, scratch);
                s.rcx = 3;
                put(&s, instructions[i].holder, bad[k]);
                tag("ring %u at %x", ring, bad[k]);
                const struct outcome *o = run(&s);
                ended(o, instructions[i].vector, 0, s.rip);
                same("rsp", s.rsp, o->rsp);
                same("rcx", s.rcx, o->rcx);
                same("rdi", s.rdi, o->rdi);
                same("rsi", s.rsi, o->rsi);
                same("rbp", s.rbp, o->rbp);
            }
        }
    }
    machine_reset();
}

/* What does not access memory does not care; INVLPG neither. */
ONE(lea, "leaq 0x123(%rbx), %rax");
ONE(nop, "nopl (%rbx)");
ONE(prefetch, "prefetcht0 (%rbx)");
ONE(invalidate, "invlpg (%rbx)");

static void unharmed(void)
{
    static const char *const code[] = {c_lea, c_nop, c_prefetch, c_invalidate};
    static const char *const names[] = {"lea", "nop", "prefetch", "invlpg"};
    for (u32 i = 0; i < 4; i++) {
        check("unharmed.%s", (word)names[i]);
        for (u32 k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            struct state s = ring_state(0, code[i]);
            s.rbx = bad[k];
            tag("at %x", bad[k]);
            finished(run(&s));
        }
    }
}

/* At the end of the lower half: what lies within it, and what does not. */
static void borders(void)
{
    map_top((u64)scratch, P | W | U);
    fill(scratch, 0x5a, PAGE);
    check("border.load");
    for (u32 ring = 0; ring < 4; ring++) {
        for (u32 at = 0; at < 12; at++) {
            struct state s = ring_state(ring, c_load);
            s.rbx = LOWER_END - at;
            tag("ring %u at %x", ring, s.rbx);
            const struct outcome *o = run(&s);
            if (at >= 7) {
                finished(o);
                same("rax", 0x5a5a5a5a5a5a5a5aull, o->rax);
            } else
                ended(o, GP, 0, s.rip);
        }
    }
    check("border.store");
    for (u32 ring = 0; ring < 4; ring++) {
        for (u32 at = 0; at < 12; at++) {
            struct state s = ring_state(ring, c_store);
            s.rbx = LOWER_END - at;
            s.rax = 0x5a5a5a5a5a5a5a5aull;
            tag("ring %u at %x", ring, s.rbx);
            const struct outcome *o = run(&s);
            if (at >= 7)
                finished(o);
            else
                ended(o, GP, 0, s.rip);
        }
    }
    /* Code that runs out of the lower half. */
    check("border.code");
    fill(scratch + PAGE - 16, 0x90, 16);
    for (u32 ring = 0; ring < 4; ring++) {
        for (u32 at = 0; at < 4; at++) {
            struct state s = ring_state(ring, 0);
            s.rip = LOWER_END - at;
            tag("ring %u from %x", ring, s.rip);
            ended(run(&s), GP, 0, LOWER_END + 1);
        }
    }
    map_top(0, 0);
}

/* Branches: the fault belongs to the branch. */
ONE(jump_register, "jmp *%rbx");
ONE(call_register, "call *%rbx");
ONE(return_there, "movq %rbx, (%rsp); ret");
ONE(jump_through, "movq %rbx, (%rdi); jmp *(%rdi)");
ONE(call_through, "movq %rbx, (%rdi); call *(%rdi)");

static void branches(void)
{
    static const struct {
        const char *name, *code;
        u32 offset;
    } forms[] = {{"jmp", c_jump_register, 0}, {"call", c_call_register, 0}, {"ret", c_return_there, 4}, {"jmp.memory", c_jump_through, 3}, {"call.memory", c_call_through, 3}};
    for (u32 i = 0; i < 5; i++) {
        check("branch.%s", (word)forms[i].name);
        for (u32 ring = 0; ring < 4; ring++) {
            for (u32 k = 0; k < sizeof bad / sizeof bad[0]; k++) {
                struct state s = ring_state(ring, forms[i].code);
                s.rbx = bad[k];
                s.rdi = AT(ring, scratch);
                tag("ring %u to %x", ring, bad[k]);
                const struct outcome *o = run(&s);
                ended(o, GP, 0, s.rip + forms[i].offset);
                same("rsp", s.rsp, o->rsp);
            }
        }
    }
}

/* Registers that hold addresses. */
ONE(write_msr, "wrmsr");
ONE(load_gdt, "lgdt (%rdi)");
ONE(load_idt, "lidt (%rdi)");

static void registers(void)
{
    static const struct {
        const char *name;
        u32 number;
    } msrs[] = {{"fs.base", FS_BASE}, {"gs.base", GS_BASE}, {"kernel.gs.base", KERNEL_GS_BASE}, {"lstar", LSTAR}, {"cstar", CSTAR}, {"sysenter.esp", SYSENTER_ESP},
        {"sysenter.eip", SYSENTER_EIP}};
    for (u32 i = 0; i < sizeof msrs / sizeof msrs[0]; i++) {
        check("msr.%s", (word)msrs[i].name);
        for (u32 k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            u64 before = rdmsr(msrs[i].number);
            struct state s = ring_state(0, c_write_msr);
            s.rcx = msrs[i].number;
            s.rax = (u32)bad[k];
            s.rdx = bad[k] >> 32;
            tag("value %x", bad[k]);
            ended(run(&s), GP, 0, s.rip);
            same("value", before, rdmsr(msrs[i].number));
        }
        static const u64 good[] = {0, LOWER_END, UPPER_START, ~0ull};
        for (u32 k = 0; k < 4; k++) {
            wrmsr(msrs[i].number, good[k]);
            tag("value %x", good[k]);
            same("value", good[k], rdmsr(msrs[i].number));
        }
        wrmsr(msrs[i].number, 0);
    }
    machine_reset();
}

/* QEMU takes such bases, and does not survive them. */
void bases_of_tables(void)
{
    for (u32 i = 0; i < 2; i++) {
        check("base.of.%s", (word)(i ? "idt" : "gdt"));
        for (u32 k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            struct state s = ring_state(0, i ? c_load_idt : c_load_gdt);
            u16 limit = sizeof gdt - 1;
            copy(scratch, &limit, 2);
            copy(scratch + 2, &bad[k], 8);
            s.rdi = (u64)scratch;
            tag("base %x", bad[k]);
            ended(run(&s), GP, 0, s.rip);
        }
    }
    machine_reset();
}

void checks_canonical64(void)
{
    write_cr4(read_cr4() | CR4_OSFXSR);
    accesses();
    write_cr4(read_cr4() | CR4_OSFXSR);
    unharmed();
    borders();
    branches();
    registers();
}
