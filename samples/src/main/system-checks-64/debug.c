/* Single steps and breakpoints in 64-bit mode: SDM vol. 3B chapter 18; vol. 3A section 6.8.3 for MOV SS. */
#include "paging.h"

#define B(n) (1u << (n))
#define BD 0x2000u
#define BS 0x4000u
#define DR6_SEEN 0xe00fu
/* Of a breakpoint in DR7: enabled, kind, length. */
#define ENABLE(n) (2u << 2 * (n))
#define KIND(n, rw, len) ((u64)((rw) | (len) << 2) << (16 + 4 * (n)))
#define EXECUTED 0
#define WRITTEN 1
#define ACCESSED_DATA 3
#define LEN1 0
#define LEN2 1
#define LEN8 2
#define LEN4 3

/* What reached the debug handler, in order. */
static struct stop {
    u64 rip, dr6, rflags, cs;
} trace[16];
static u32 stops;
/* Set RF in the image, so that an instruction breakpoint does not come again. */
static int resume;

static int collect(u32 vector, u64 *frame)
{
    if (vector != DB || stops == sizeof trace / sizeof trace[0])
        return 0;
    trace[stops++] = (struct stop){frame[0], read_dr6() & DR6_SEEN, frame[2], frame[1]};
    write_dr6(0);
    if (resume)
        frame[2] |= F_RF;
    return 1;
}

static const struct outcome *traced(const struct state *s)
{
    stops = 0;
    write_dr6(0);
    intercept(collect);
    const struct outcome *o = run(s);
    intercept(0);
    return o;
}

/* Code with the places where a step must end: each `stop` stands where RIP then is. The table ends with 0. */
__asm__(".macro stop\n.pushsection .rodata.stops,\"a\",@progbits\n.quad 99f\n.popsection\n99:\n.endm\n"
        ".macro stops_at label\n.pushsection .rodata.stops,\"a\",@progbits\n.quad \\label\n.popsection\n.endm\n");
#define STEPPED(name, text) \
    extern const char name[]; \
    extern const u64 name##_stops[]; \
    __asm__(".pushsection .rodata.stops,\"a\",@progbits\n.balign 8\n" #name "_stops:\n.popsection\n" \
            ".pushsection .snippets,\"ax\",@progbits\n" #name ":\n" text "\nint3\n.popsection\n.pushsection .rodata.stops\n.quad 0\n.popsection")

STEPPED(s_plain, "nop; stop; movabsq $0x1122334455667788, %rax; stop; addq %rax, %r8; stop; movl %eax, %r9d; stop; leaq 1f(%rip), %rbx; 1: stop");
STEPPED(s_memory, "pushq %rax; stop; popq %rbx; stop; incq (%rsp); stop; xchgq %rax, (%rsp); stop; lock; addq $1, (%rsp); stop; cmpxchg16b (%rdi); stop");
STEPPED(s_branches, "jmp 1f; nop; 1: stop; testq %rsp, %rsp; stop; jz 2f; stop; jnz 3f; 2: nop; 3: stop; xorl %ecx, %ecx; stop; jrcxz 4f; nop; 4: stop");
STEPPED(s_calls, "call 1f; stops_at 1f; stops_at 2f; 2: jmp 3f; 1: ret; 3: stop; nop; stop");
STEPPED(s_rep, "movl $3, %ecx; stop; stops_at 1f; stops_at 1f; stops_at 2f; 1: rep stosq; 2: nop; stop");
STEPPED(s_rep_none, "xorl %ecx, %ecx; stop; rep movsq; stop; nop; stop");
STEPPED(s_mov_ss, "movl %ss, %eax; stop; movl %eax, %ss; nop; stop; nop; stop");
STEPPED(s_mov_ds, "movl %ds, %eax; stop; movl %eax, %ds; stop; nop; stop");
STEPPED(s_flags, "pushfq; stop; popq %rax; stop; pushq %rax; stop; popfq; stop; nop; stop");
STEPPED(s_iretq, "movq %rsp, %rax; stop; pushq $0; stop; movw %ss, (%rsp); stop; pushq %rax; stop; pushfq; stop; movl %cs, %ebx; stop; pushq %rbx; stop;"
                 "leaq 1f(%rip), %rbx; stop; pushq %rbx; stop; iretq; nop; 1: stop; nop; stop");
STEPPED(s_kernel, "movq %cr0, %rax; stop; movq %rax, %cr0; stop; movq %cr8, %rax; stop; movq %rax, %cr8; stop; swapgs; stop; clts; stop; invlpg (%rdi); stop; cli; stop");
STEPPED(s_services, "cpuid; stop; rdtsc; stop; smsw %ax; stop; sgdt (%rdi); stop");
STEPPED(s_x87, "fninit; stop; fld1; stop; fstpl (%rdi); stop; fwait; stop");

static const struct {
    const char *name, *code;
    const u64 *stops;
    int kernel;
} stepped[] = {
    {"plain", s_plain, s_plain_stops, 0}, {"memory", s_memory, s_memory_stops, 0}, {"branches", s_branches, s_branches_stops, 0}, {"calls", s_calls, s_calls_stops, 0},
    {"rep", s_rep, s_rep_stops, 0}, {"rep.none", s_rep_none, s_rep_none_stops, 0}, {"mov.ss", s_mov_ss, s_mov_ss_stops, 0}, {"mov.ds", s_mov_ds, s_mov_ds_stops, 0},
    {"flags", s_flags, s_flags_stops, 0}, {"iretq", s_iretq, s_iretq_stops, 0}, {"kernel", s_kernel, s_kernel_stops, 1}, {"services", s_services, s_services_stops, 0},
    {"x87", s_x87, s_x87_stops, 0},
};

static void steps(void)
{
    for (u32 i = 0; i < sizeof stepped / sizeof stepped[0]; i++) {
        for (u32 ring = 0; ring < (stepped[i].kernel ? 1u : 4u); ring++) {
            check("step.%s.ring%u", (word)stepped[i].name, ring);
            struct state s = ring_state(ring, stepped[i].code);
            s.rdi = s.rsi = AT(ring, scratch);
            s.rflags |= F_TF;
            finished(traced(&s));
            u32 n = 0;
            for (; stepped[i].stops[n]; n++) {
                if (n >= stops) {
                    differs("too few stops");
                    break;
                }
                same("rip", AT(ring, stepped[i].stops[n]), trace[n].rip);
                same("dr6", BS, trace[n].dr6);
                same("tf", F_TF, trace[n].rflags & F_TF);
            }
            same("stops", n, stops);
        }
    }
    machine_reset();
}

/*
 * SYSCALL and SYSRET with TF: what counts is TF as they leave it. So FMASK keeps the trap from ring 0's first instruction, and the trap of a SYSCALL
 * that is stepped comes behind SYSRET.
 */
SNIPPET(s_syscall, "syscall; nop; nop");
SNIPPET(s_sysret, "sysretq");

static void fast_calls(void)
{
    for (u32 masked = 0; masked < 2; masked++) {
        check("step.syscall.%s", (word)(masked ? "masked" : "kept"));
        wrmsr(EFER, EFER_LME | EFER_LMA | EFER_SCE);
        wrmsr(STAR, (u64)SYSRET_BASE << 48 | (u64)CODE0 << 32);
        wrmsr(LSTAR, (u64)s_sysret);
        wrmsr(FMASK, masked ? F_TF : 0);
        struct state s = ring_state(3, s_syscall);
        s.rflags |= F_TF;
        /* The handler's stack must not be ring 3's. */
        idt[DB].low |= 3ull << 32;
        const struct outcome *o = traced(&s);
        finished(o);
        u32 n = 0;
        if (!masked) {
            same("at the target", (u64)s_sysret, trace[n].rip);
            same("cs", CODE(0), trace[n++].cs);
        }
        u64 next = s.rip + 2;
        same("behind sysret", next, trace[n++].rip);
        same("behind nop", next + 1, trace[n++].rip);
        same("behind nop", next + 2, trace[n++].rip);
        same("stops", n, stops);
        machine_reset();
    }
}

/* Instruction breakpoints at 64-bit addresses, with RF. */
SNIPPET(nops, "nop; nop; nop; nop");

static void instruction_breakpoints(void)
{
    for (u32 n = 0; n < 4; n++) {
        check("break.execute.%u", n);
        for (u32 where = 0; where < 3; where++) {
            u32 ring = where == 1 ? 3 : 0;
            u64 code = where == 2 ? HIGH + (u64)nops : AT(ring, nops);
            struct state s = ring_state(ring, nops);
            s.rip = code;
            u64 place = code + 2;
            if (n == 0)
                write_dr0(place);
            else if (n == 1)
                write_dr1(place);
            else if (n == 2)
                write_dr2(place);
            else
                write_dr3(place);
            write_dr7(ENABLE(n) | KIND(n, EXECUTED, LEN1) | 0x400);
            resume = 1;
            tag("at %x", place);
            finished(traced(&s));
            same("stops", 1, stops);
            same("rip", place, trace[0].rip);
            same("dr6", B(n), trace[0].dr6);
            same("rf in the image", F_RF, trace[0].rflags & F_RF);
            /* The same address but for its upper half is another one. */
            if (where == 2) {
                s.rip = (u64)nops;
                finished(traced(&s));
                same("no stop", 0, stops);
            }
            /* RF holds for one instruction: set in the state it starts with, it passes over a breakpoint on the first. */
            s.rip = place;
            s.rflags |= F_RF;
            finished(traced(&s));
            same("stops with rf", 0, stops);
            resume = 0;
            write_dr7(0x400);
        }
        machine_reset();
    }
}

/* Data breakpoints: all lengths at all distances. */
SNIPPET(write_1, "movb %al, (%rbx); nop"); SNIPPET(write_2, "movw %ax, (%rbx); nop"); SNIPPET(write_4, "movl %eax, (%rbx); nop"); SNIPPET(write_8, "movq %rax, (%rbx); nop");
SNIPPET(read_1, "movb (%rbx), %al; nop"); SNIPPET(read_2, "movw (%rbx), %ax; nop"); SNIPPET(read_4, "movl (%rbx), %eax; nop"); SNIPPET(read_8, "movq (%rbx), %rax; nop");
/* Bytes of these. */
static const u8 lengths[2][4] = {{2, 3, 2, 3}, {2, 3, 2, 3}};

static void data_breakpoints(void)
{
    static const char *const code[2][4] = {{read_1, read_2, read_4, read_8}, {write_1, write_2, write_4, write_8}};
    static const u32 fields[] = {LEN1, LEN2, LEN4, LEN8};
    for (u32 kind = WRITTEN; kind <= ACCESSED_DATA; kind += 2) {
        for (u32 length = 0; length < 4; length++) {
            check("break.%s.%u", (word)(kind == WRITTEN ? "write" : "access"), 1u << length);
            for (u32 where = 0; where < 2; where++) {
                u64 base = where ? HIGH + (u64)scratch + 0x40 : (u64)scratch + 0x40;
                write_dr1(base);
                write_dr7(ENABLE(1) | KIND(1, kind, fields[length]) | 0x400);
                for (u32 write = 0; write < 2; write++) {
                    for (u32 size = 0; size < 4; size++) {
                        for (int at = -9; at < 10; at++) {
                            struct state s = ring_state(0, code[write][size]);
                            s.rbx = base + (u64)(long long)at;
                            tag("access of %u at %u%u, write %u", 1u << size, at < 0, at < 0 ? -at : at, write);
                            finished(traced(&s));
                            int hit = (write || kind == ACCESSED_DATA) && at < (int)(1u << length) && at + (int)(1u << size) > 0;
                            if (same("stops", hit, stops) && hit) {
                                same("rip", s.rip + lengths[write][size], trace[0].rip);
                                same("dr6", B(1), trace[0].dr6);
                            }
                        }
                    }
                }
            }
            machine_reset();
        }
    }
}

/* A hit in the shadow of MOV SS comes after the next instruction. */
SNIPPET(shadowed, "movw (%rbx), %ss; nop; nop");
SNIPPET(general_detect, "movq %db0, %rax");

static void shadows(void)
{
    check("break.mov.ss");
    *(u32 *)scratch = DATA(0);
    write_dr0((u64)scratch);
    write_dr7(ENABLE(0) | KIND(0, ACCESSED_DATA, LEN2) | 0x400);
    struct state s = ring_state(0, shadowed);
    s.rbx = (u64)scratch;
    finished(traced(&s));
    same("stops", 1, stops);
    same("rip", s.rip + 3, trace[0].rip);
    same("dr6", B(0), trace[0].dr6);
    machine_reset();
    check("break.detect");
    write_dr7(0x2400);
    s = ring_state(0, general_detect);
    stops = 0;
    const struct outcome *o = run(&s);
    ended(o, DB, 0, s.rip);
    same("dr6", BD, read_dr6() & DR6_SEEN);
    same("gd", 0, read_dr7() & 0x2000);
    machine_reset();
}

void checks_debug64(void)
{
    steps();
    fast_calls();
    instruction_breakpoints();
    data_breakpoints();
    shadows();
}
