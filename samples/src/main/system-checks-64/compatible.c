/* Compatibility mode, and instructions that exist in one of the modes only: SDM vol. 3A sections 5.8.6 and 8.1; vol. 2 appendix A. */
#include "machine.h"

/* ---- 32-bit code under the same tables ---- */

SNIPPET32(addresses, "movl %ds:(%ebx), %eax; movl -4(%ebx,%ecx,4), %edx");
SNIPPET32(arithmetic, "movl $-1, %eax; inc %eax; dec %ecx; movl $0x12345678, %edx; leal 1(%edx), %esi");
SNIPPET32(limited, "movl %ds:(%ebx), %eax");
SNIPPET32(limited_stack, "movl %ss:(%ebx), %eax");
SNIPPET32(based, "movl %es:(%ebx), %eax; movl %fs:(%ebx), %ecx; movl %gs:(%ebx), %edx");
SNIPPET32(pushes, "pushl %ds; popl %ds; pushal; popal; pushl $0x77; popl %eax; call 1f; 1: popl %ecx");
SNIPPET32(old, "movb $0x9, %al; addb $0x8, %al; daa; movl %eax, %esi; aaa; .byte 0xd6; into");
SNIPPET32(inner_interrupt, "ud2");
SNIPPET32(task_jump, "ljmp $0x60, $0");
SNIPPET32(enable, "movl %cr0, %eax");

static void basics(void)
{
    u32 *words = (u32 *)scratch;
    for (u32 i = 0; i < 16; i++)
        words[i] = 0x1000 + i;
    for (u32 ring = 0; ring < 4; ring += 3) {
        check("addresses.ring%u", ring);
        struct state s = compatible_state(ring, addresses);
        s.rbx = 0xabcd00000000ull | AT(ring, scratch + 8);
        s.rcx = 0xffffffff00000003ull;
        const struct outcome *o = run(&s);
        finished(o);
        same("eax", 0x1002, (u32)o->rax);
        same("edx", 0x1004, (u32)o->rdx);
        check("arithmetic.ring%u", ring);
        s = compatible_state(ring, arithmetic);
        s.rcx = 0;
        o = run(&s);
        finished(o);
        same("eax", 0, (u32)o->rax);
        same("ecx", 0xffffffff, (u32)o->rcx);
        same("esi", 0x12345679, (u32)o->rsi);
        check("stack.ring%u", ring);
        s = compatible_state(ring, pushes);
        o = run(&s);
        finished(o);
        same("esp", (u32)s.rsp, (u32)o->rsp);
        same("eax", 0x77, (u32)o->rax);
        check("old.ring%u", ring);
        s = compatible_state(ring, old);
        o = run(&s);
        finished(o);
        same("daa", 0x17, o->rsi & 0xff);
        check("frame.ring%u", ring);
        for (u32 low = 0; low < 16; low++) {
            s = compatible_state(ring, inner_interrupt);
            s.rsp += low;
            tag("esp %x", s.rsp);
            o = run(&s);
            ended(o, UD, 0, s.rip);
            same("cs", COMPATIBLE(ring), o->cs);
            same("ss", DATA(ring), o->ss);
            same("rsp", s.rsp, o->rsp);
            same("handler rsp", ((ring ? STACK_TOP(inner_stack[0]) : s.rsp) & ~15ull) - 40, o->handler_rsp);
        }
    }
}

/* Segments have bases and limits there. */
static void segmentation(void)
{
    u32 *words = (u32 *)scratch;
    for (u32 i = 0; i < 16; i++)
        words[i] = 0x1000 + i;
    for (u32 ring = 0; ring < 4; ring += 3) {
        check("bases.ring%u", ring);
        for (u32 n = 0; n < 3; n++)
            gdt[SLOT(n) >> 3] = descriptor((u32)AT(ring, scratch + 4 * n), 0xfff, PRESENT | DPL(ring) | DATA_RW, BIG);
        struct state s = compatible_state(ring, based);
        s.es = SLOT(0) | ring, s.fs = SLOT(1) | ring, s.gs = SLOT(2) | ring;
        s.rbx = 4;
        const struct outcome *o = run(&s);
        finished(o);
        same("es", 0x1001, (u32)o->rax);
        same("fs", 0x1002, (u32)o->rcx);
        same("gs", 0x1003, (u32)o->rdx);
        check("limits.ring%u", ring);
        for (u32 at = 0xff8; at < 0x1004; at++) {
            s = compatible_state(ring, limited);
            s.ds = SLOT(0) | ring;
            s.rbx = at;
            tag("ds at %x", at);
            o = run(&s);
            if (at <= 0xffc)
                finished(o);
            else
                ended(o, GP, 0, s.rip);
            s = compatible_state(ring, limited_stack);
            s.ss = SLOT(0) | ring;
            s.rsp = 0x800;
            s.rbx = at;
            idt[SS].low |= 2ull << 32;
            idt[BP].low |= 2ull << 32;
            tag("ss at %x", at);
            o = run(&s);
            if (at <= 0xffc)
                finished(o);
            else
                ended(o, SS, 0, s.rip);
        }
        check("null.ring%u", ring);
        s = compatible_state(ring, limited);
        s.ds = 0;
        s.rbx = AT(ring, scratch);
        ended(run(&s), GP, 0, s.rip);
        machine_reset();
    }
}

/* There are no tasks, no virtual-8086 mode. */
static void gone(void)
{
    check("tasks");
    static const u32 types[] = {1, 2, 3, 5, 9, 11};
    for (u32 i = 0; i < 6; i++) {
        set_wide(TSS_MAIN, system_descriptor((u64)&tss_main, 0x67, PRESENT | DPL(3) | types[i]));
        struct state s = compatible_state(3, task_jump);
        tag("type %u", types[i]);
        ended(run(&s), GP, TSS_MAIN, s.rip);
        machine_reset();
    }
    check("cr0.ring3");
    struct state s = compatible_state(3, enable);
    ended(run(&s), GP, 0, s.rip);
}

/* ---- what does not exist in 64-bit code ---- */

#define GONE(name, bytes) SNIPPET(g_##name, ".byte " bytes)
GONE(push_es, "0x06"); GONE(pop_es, "0x07"); GONE(push_cs, "0x0e"); GONE(push_ss, "0x16"); GONE(pop_ss, "0x17"); GONE(push_ds, "0x1e"); GONE(pop_ds, "0x1f");
GONE(daa, "0x27"); GONE(das, "0x2f"); GONE(aaa, "0x37"); GONE(aas, "0x3f"); GONE(pusha, "0x60"); GONE(popa, "0x61"); GONE(call_far, "0x9a, 0, 0, 0, 0, 0, 0");
GONE(jmp_far, "0xea, 0, 0, 0, 0, 0, 0"); GONE(aam, "0xd4, 0x0a"); GONE(aad, "0xd5, 0x0a"); GONE(salc, "0xd6"); GONE(into, "0xce"); GONE(alias_82, "0x82, 0xc0, 0x01");

static void undefined(void)
{
    static const struct {
        const char *name, *code;
    } all[] = {
#define X(name) {#name, g_##name},
        X(push_es) X(pop_es) X(push_cs) X(push_ss) X(pop_ss) X(push_ds) X(pop_ds) X(daa) X(das) X(aaa) X(aas) X(pusha) X(popa) X(call_far) X(jmp_far) X(aam) X(aad)
        X(salc) X(into) X(alias_82)
    };
    for (u32 i = 0; i < sizeof all / sizeof all[0]; i++) {
        check("undefined.%s", (word)all[i].name);
        for (u32 ring = 0; ring < 4; ring++) {
            struct state s = ring_state(ring, all[i].code);
            tag("ring %u", ring);
            ended(run(&s), UD, 0, s.rip);
        }
    }
}

/* ---- the way out of IA-32e mode, and what keeps one in it ---- */

SNIPPET(clear_pg, "movq %rax, %cr0");
SNIPPET(set_cr4, "movq %rax, %cr4");
SNIPPET(write_msr, "wrmsr");

/* QEMU lets itself be talked out of it, and does not survive that. */
void leaving_from_64_bit_code(void)
{
    check("paging.off");
    struct state s = ring_state(0, clear_pg);
    s.rax = read_cr0() & ~(u64)CR0_PG;
    ended(run(&s), GP, 0, s.rip);
    check("pae.off");
    s = ring_state(0, set_cr4);
    s.rax = read_cr4() & ~(u64)CR4_PAE;
    ended(run(&s), GP, 0, s.rip);
    check("lme.off");
    s = ring_state(0, write_msr);
    s.rcx = EFER;
    s.rax = 0;
    ended(run(&s), GP, 0, s.rip);
}

static void staying(void)
{
    check("lma.is.read.only");
    wrmsr(EFER, EFER_LME);
    same("efer", EFER_LME | EFER_LMA, rdmsr(EFER) & (EFER_LME | EFER_LMA));
    machine_reset();
}

/* Out to 32-bit paging mode off and back: through compatibility mode. RDI: where to come back to with the result. */
SNIPPET32(out_and_back,
    "movl %cr0, %eax; andl $0x7fffffff, %eax; movl %eax, %cr0; jmp 1f; 1:\n"
    "movl $0xc0000080, %ecx; rdmsr; movl %eax, %esi; andl $~0x100, %eax; wrmsr; rdmsr; movl %eax, %edi\n"
    "movl %cr4, %ebx; andl $~0x20, %ebx; movl %ebx, %cr4; orl $0x20, %ebx; movl %ebx, %cr4\n"
    "orl $0x100, %eax; wrmsr; movl %cr0, %eax; orl $0x80000000, %eax; movl %eax, %cr0; jmp 2f; 2: rdmsr; movl %eax, %ebp");

static void leaving(void)
{
    check("leaving");
    struct state s = compatible_state(0, out_and_back);
    const struct outcome *o = run(&s);
    finished(o);
    same("lma when paging is off", EFER_LME, (u32)o->rsi & (EFER_LME | EFER_LMA));
    same("lme cleared", 0, (u32)o->rdi & (EFER_LME | EFER_LMA));
    same("lma when it is on again", EFER_LME | EFER_LMA, (u32)o->rbp & (EFER_LME | EFER_LMA));
    same("cs", COMPATIBLE(0), o->cs);
    machine_reset();
}

void checks_compatible64(void)
{
    basics();
    segmentation();
    gone();
    undefined();
    staying();
    leaving();
}
