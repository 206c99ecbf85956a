/* Single steps, breakpoints, debug registers: SDM vol. 3B chapter 18 ("Debug, ..."); vol. 3A section 6.8.3 for MOV SS. */
#include "paging.h"

#define VECTOR 0x60

/* DR6. */
#define B(n) (1u << (n))
#define BD 0x2000u
#define BS 0x4000u
#define DR6_SEEN 0xe00fu

/* ---- traces ---- */

/* A trace is what reached the debug handler (or INT 60h's), in order. */
static struct stop {
    u32 vector, eip, dr6, eflags, cs;
} trace[24];
static u32 stops;
/* Bits of DR6 for which RF is set in the image, so that instruction breakpoints do not come again. */
static u32 resume;

static int collect(u32 vector, u32 *frame)
{
    if ((vector != DB && vector != VECTOR) || stops == sizeof trace / sizeof trace[0])
        return 0;
    struct stop *t = &trace[stops++];
    t->vector = vector;
    t->eip = frame[0];
    t->cs = frame[1] & 0xffff;
    t->eflags = frame[2];
    t->dr6 = read_dr6() & DR6_SEEN;
    write_dr6(0);
    if (t->dr6 & resume)
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

/*
 * Code with the places where the debug handler must be reached: each `stop` stands where EIP then is, `stops_at label` names one elsewhere. The
 * table ends with 0.
 */
__asm__(".macro stop\n.pushsection .rodata.stops,\"a\",@progbits\n.long 99f\n.popsection\n99:\n.endm\n"
        ".macro stops_at label\n.pushsection .rodata.stops,\"a\",@progbits\n.long \\label\n.popsection\n.endm\n");
#define STEPPED_IN(section, name, text) \
    extern const char name[]; \
    extern const u32 name##_stops[]; \
    __asm__(".pushsection .rodata.stops,\"a\",@progbits\n.balign 4\n" #name "_stops:\n.popsection\n" \
            ".pushsection " section "\n" #name ":\n" text "\nint3\n.popsection\n.pushsection .rodata.stops\n.long 0\n.popsection")
#define STEPPED(name, text) STEPPED_IN(".snippets,\"ax\",@progbits", name, text)
#define STEPPED16(name, text) STEPPED_IN(".low,\"awx\",@progbits\n.code16", name, text "\nint3\n.code32\n")

/* Compares the places of a trace. */
static void places(const u32 *expected, u32 dr6)
{
    u32 n = 0;
    for (; expected[n]; n++) {
        if (n >= stops) {
            differs("too few stops");
            return;
        }
        same("eip", expected[n], trace[n].eip);
        same("dr6", dr6, trace[n].dr6);
        same("tf", F_TF, trace[n].eflags & F_TF);
    }
    same("stops", n, stops);
}

/* ---- single steps ---- */

STEPPED(s_plain, "nop; stop; movl $1, %eax; stop; addl %eax, %eax; stop; cld; stop; leal 8(%esp), %ebx; stop");
STEPPED(s_memory, "pushl %eax; stop; popl %ebx; stop; incl (%esp); stop; xchgl %eax, (%esp); stop; lock; addl $1, (%esp); stop");
STEPPED(s_branches, "jmp 1f; nop; 1: stop; testl %esp, %esp; stop; jz 2f; stop; jnz 3f; 2: nop; 3: stop; xorl %ecx, %ecx; stop; jecxz 4f; nop; 4: stop");
STEPPED(s_calls, "call 1f; stops_at 1f; stops_at 2f; 2: jmp 3f; 1: ret; 3: stop; call *%edi; stop");
STEPPED(s_loop, "movl $2, %ecx; stop; stops_at 1f; stops_at 2f; 1: loop 1b; 2: nop; stop");
STEPPED(s_rep, "movl $3, %ecx; stop; stops_at 1f; stops_at 1f; stops_at 2f; 1: rep stosb; 2: nop; stop");
STEPPED(s_rep_none, "xorl %ecx, %ecx; stop; rep movsl; stop; nop; stop");
STEPPED(s_repe, "movl $2, %ecx; stop; movb $1, %al; stop; stops_at 1f; stops_at 2f; 1: repne scasb; 2: nop; stop");
STEPPED(s_mov_ss, "movl %ss, %eax; stop; movl %eax, %ss; nop; stop; nop; stop");
STEPPED(s_pop_ss, "pushl %ss; stop; popl %ss; nop; stop; nop; stop");
STEPPED(s_lss, "movl %esp, (%edi); stop; movw %ss, 4(%edi); stop; lss (%edi), %esp; stop; nop; stop");
STEPPED(s_mov_ds, "movl %ds, %eax; stop; movl %eax, %ds; stop; pushl %ds; stop; popl %es; stop");
STEPPED(s_pushf, "pushfl; stop; popl %eax; stop; movl %eax, (%edi); stop");
STEPPED(s_popf_on, "pushfl; stop; popfl; stop; nop; stop");
/* An instruction that clears TF was begun with it. */
STEPPED(s_popf_off, "pushfl; stop; andl $0xfffffeff, (%esp); stop; popfl; stops_at 1f; 1: nop; nop");
STEPPED(s_iret, "pushfl; stop; pushl %cs; stop; pushl $1f; stop; iretl; nop; 1: stop; nop; stop");
STEPPED(s_int, "nop; stop; int $0x60; nop; stop; nop; stop");
STEPPED(s_into, "into; stop; nop; stop");
STEPPED(s_far, "ljmp *%cs:3f; 3: .long 1f; .word 0x8; nop; 1: stop; nop; stop");
STEPPED(s_x87, "fninit; stop; fld1; stop; fstpl (%edi); stop; fwait; stop");
STEPPED(s_services, "cpuid; stop; rdtsc; stop; smsw %ax; stop; sgdt (%edi); stop; bound %esi, 16(%edi); stop");
STEPPED(s_kernel, "movl %cr0, %eax; stop; movl %eax, %cr0; stop; movl %dr7, %eax; stop; clts; stop; invlpg (%edi); stop; wbinvd; stop; cli; stop");
STEPPED(s_sti, "sti; stop; nop; stop; cli; stop");
STEPPED(s_ports, "inb $0x80, %al; stop; outb %al, $0x80; stop; movl $2, %ecx; stop; movl $0x80, %edx; stop; stops_at 1f; stops_at 2f; 1: rep outsb; 2: nop; stop");
STEPPED16(s_v86, "nop; stop; movw %ds, %ax; stop; movw %ax, %es; stop; pushl %eax; stop; popl %eax; stop; movw %ss, %ax; stop; movw %ax, %ss; nop; stop");

static const struct {
    const char *name, *code;
    const u32 *stops;
    /* Rings it may run at, as a set; 16 for V86 mode. */
    u32 rings;
} stepped[] = {
    {"plain", s_plain, s_plain_stops, 15}, {"memory", s_memory, s_memory_stops, 15}, {"branches", s_branches, s_branches_stops, 15},
    {"calls", s_calls, s_calls_stops, 15}, {"loop", s_loop, s_loop_stops, 15}, {"rep", s_rep, s_rep_stops, 15},
    {"rep.none", s_rep_none, s_rep_none_stops, 15}, {"repne", s_repe, s_repe_stops, 15}, {"mov.ss", s_mov_ss, s_mov_ss_stops, 15},
    {"pop.ss", s_pop_ss, s_pop_ss_stops, 15}, {"lss", s_lss, s_lss_stops, 15}, {"mov.ds", s_mov_ds, s_mov_ds_stops, 15},
    {"pushf", s_pushf, s_pushf_stops, 15}, {"popf.on", s_popf_on, s_popf_on_stops, 15}, {"iret", s_iret, s_iret_stops, 15},
    {"into", s_into, s_into_stops, 15}, {"far.jump", s_far, s_far_stops, 1}, {"x87", s_x87, s_x87_stops, 15},
    {"services", s_services, s_services_stops, 15}, {"kernel", s_kernel, s_kernel_stops, 1}, {"sti", s_sti, s_sti_stops, 15},
    {"ports", s_ports, s_ports_stops, 15}, {"v86", s_v86, s_v86_stops, 16},
};

SNIPPET(only_return, "ret");
SNIPPET(faulting, "nop; ud2");

static struct state stepped_state(u32 ring, const char *code)
{
    if (ring == 4) {
        struct state v = v86_state(code, 3);
        v.eflags |= F_TF;
        return v;
    }
    struct state s = ring_state(ring, code);
    s.edi = s.esi = (u32)scratch;
    if (code == s_calls)
        s.edi = (u32)only_return;
    s.eflags |= F_TF | F_IOPL(3);
    return s;
}

static void single_steps(void)
{
    for (u32 i = 0; i < sizeof stepped / sizeof stepped[0]; i++) {
        for (u32 ring = 0; ring < 5; ring++) {
            if (!(stepped[i].rings >> ring & 1))
                continue;
            check("step.%s.%s%u", stepped[i].name, ring == 4 ? "v86." : "ring", ring & 3);
            fill(scratch, 0, 64);
            *(u32 *)(scratch + 16) = 0;
            *(u32 *)(scratch + 20) = 0xffffffff;
            *(u32 *)(scratch + 20) = 0x7fffffff;
            struct state s = stepped_state(ring, stepped[i].code);
            const struct outcome *o = traced(&s);
            if (stepped[i].code == s_calls) {
                /* The last call's target stops as well. */
                same("vector", BP, o->vector);
                same("stops", 5, stops);
                same("target", (u32)only_return, trace[3].eip);
                continue;
            }
            finished(o);
            places(stepped[i].stops, BS);
            if (stepped[i].code == s_pushf)
                same("pushed tf", F_TF, *(u32 *)scratch & F_TF);
        }
    }
}

/* POPF and IRET with TF set: the trap is behind the next instruction. Cleared: one more trap. */
SNIPPET(popf_sets, "pushl %eax; popfl; nop; nop; nop");
SNIPPET(iret_sets, "pushl %eax; pushl %cs; pushl $1f; iretl; 1: nop; nop");

static void turned_on_and_off(void)
{
    for (u32 ring = 0; ring < 4; ring++) {
        check("step.turned.on.ring%u", ring);
        struct state s = ring_state(ring, popf_sets);
        s.eax = F_ONE | F_TF;
        finished(traced(&s));
        same("first", (u32)popf_sets + 3, trace[0].eip);
        same("second", (u32)popf_sets + 4, trace[1].eip);
        same("stops", 3, stops);
        s = ring_state(ring, iret_sets);
        s.eax = F_ONE | F_TF;
        finished(traced(&s));
        same("behind iret", (u32)iret_sets + 9, trace[0].eip);
        same("stops", 2, stops);
        check("step.turned.off.ring%u", ring);
        s = stepped_state(ring, s_popf_off);
        finished(traced(&s));
        same("stops", 3, stops);
        same("last", s_popf_off_stops[2], trace[2].eip);
        same("tf", 0, trace[2].eflags & F_TF);
    }
}

/* Software interrupts clear TF: the handler is not stepped, and the trap comes behind the instruction returned to. */
static void interrupts(void)
{
    for (u32 ring = 0; ring < 4; ring++) {
        check("step.int.ring%u", ring);
        idt[VECTOR] |= (u64)DPL(3) << 40;
        struct state s = stepped_state(ring, s_int);
        finished(traced(&s));
        same("stops", 4, stops);
        static const u32 vectors[] = {DB, VECTOR, DB, DB};
        static const u32 offsets[] = {1, 3, 4, 5};
        for (u32 i = 0; i < 4; i++) {
            same("vector", vectors[i], trace[i].vector);
            same("eip", (u32)s_int + offsets[i], trace[i].eip);
            same("tf", F_TF, trace[i].eflags & F_TF);
            same("dr6", vectors[i] == DB ? BS : 0, trace[i].dr6);
        }
    }
    /* A faulting instruction is not stepped. */

    check("step.fault");
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = stepped_state(ring, faulting);
        const struct outcome *o = traced(&s);
        ended(o, UD, 0, faulting, 1);
        same("stops", 1, stops);
        same("tf in the image", F_TF, o->eflags & F_TF);
        same("tf in the handler", 0, o->handler_flags & F_TF);
        same("dr6", 0, read_dr6() & DR6_SEEN);
    }
    machine_reset();
}

/* Through a call gate TF stays; the inner level is stepped too. */
SNIPPET(gate_call, "lcall *(%ebp)");
static void gates(void)
{
    static u32 pointer[2] = {0, SLOT(0)};
    check("step.call.gate");
    for (u32 ring = 0; ring < 4; ring++) {
        gdt[SLOT(0) >> 3] = gate(CODE(ring), (u32)faulting + 0, PRESENT | DPL(3) | CALL32, 0);
        struct state s = stepped_state(3, gate_call);
        s.ebp = (u32)pointer;
        const struct outcome *o = traced(&s);
        tag("to ring %u", ring);
        same("vector", UD, o->vector);
        same("stops", 2, stops);
        same("at the target", (u32)faulting, trace[0].eip);
        same("cs", CODE(ring), trace[0].cs);
        same("behind its first instruction", (u32)faulting + 1, trace[1].eip);
    }
    machine_reset();
}

/* ---- instruction breakpoints ---- */

SNIPPET(six_nops, "nop; nop; nop; nop; nop; nop");
SNIPPET(counted_loop, "movl $3, %ecx; 1: nop; loop 1b");
SNIPPET(with_prefixes, "nop; .byte 0x26, 0x3e, 0x64; movl $0x12345678, %eax; nop");
SNIPPET(rep_loop, "movl $4, %ecx; rep stosb; nop");
SNIPPET(mov_ss_nop, "movl %ss, %eax; movl %eax, %ss; nop; nop");

static u32 dr7_of(u32 n, u32 kind, u32 length, int global)
{
    return (global ? 2u : 1u) << (2 * n) | kind << (16 + 4 * n) | length << (18 + 4 * n);
}

static void set_breakpoint(u32 n, u32 address)
{
    switch (n) {
    case 0: write_dr0(address); break;
    case 1: write_dr1(address); break;
    case 2: write_dr2(address); break;
    default: write_dr3(address);
    }
}

static void instruction_breakpoints(void)
{
    for (u32 ring = 0; ring < 4; ring += 3) {
        check("break.ring%u", ring);
        for (u32 n = 0; n < 8; n++) {
            for (u32 offset = 0; offset < 6; offset++) {
                struct state s = ring_state(ring, six_nops);
                set_breakpoint(n & 3, (u32)six_nops + offset);
                write_dr7(dr7_of(n & 3, 0, 0, (int)n >> 2));
                tag("register %u offset %u", n & 3, offset);
                resume = 15;
                const struct outcome *o = traced(&s);
                write_dr7(0);
                finished(o);
                if (!same("stops", 1, stops))
                    continue;
                same("eip", (u32)six_nops + offset, trace[0].eip);
                same("dr6", B(n & 3), trace[0].dr6 & (B(n & 3) | BS | BD));
                /* It is a fault: not taken again, since RF was set. */
                resume = 0;
            }
        }
        check("break.rf.pushed.ring%u", ring);
        struct state s = ring_state(ring, six_nops);
        set_breakpoint(0, (u32)six_nops + 2);
        write_dr7(dr7_of(0, 0, 0, 0));
        resume = 15;
        traced(&s);
        same("rf", F_RF, trace[0].eflags & F_RF);
        /* Without RF it comes again and again. */
        check("break.again.ring%u", ring);
        resume = 0;
        s = ring_state(ring, six_nops);
        for (u32 i = 0; i < 3; i++) {
            const struct outcome *o = run(&s);
            ended(o, DB, 0, six_nops, 2);
            s.eip = o->eip;
            s.eflags = o->eflags & ~F_RF;
        }
        /* RF set by the IRET into the probe lets the first instruction pass; it is gone for the next. */
        check("break.rf.ring%u", ring);
        s = ring_state(ring, six_nops);
        s.eflags |= F_RF;
        set_breakpoint(0, (u32)six_nops);
        finished(traced(&s));
        same("stops", 0, stops);
        set_breakpoint(1, (u32)six_nops + 1);
        write_dr7(dr7_of(0, 0, 0, 0) | dr7_of(1, 0, 0, 0));
        resume = 15;
        finished(traced(&s));
        same("stops", 1, stops);
        same("eip", (u32)six_nops + 1, trace[0].eip);
        s = ring_state(ring, counted_loop);
        s.eip += 5;
        s.ecx = 3;
        s.eflags |= F_RF;
        set_breakpoint(0, (u32)counted_loop + 5);
        write_dr7(dr7_of(0, 0, 0, 0));
        finished(traced(&s));
        same("stops in the loop", 2, stops);
        /* The first byte counts, prefixes are part of the instruction; other bytes do not. */
        check("break.bytes.ring%u", ring);
        for (u32 offset = 0; offset < 10; offset++) {
            s = ring_state(ring, with_prefixes);
            set_breakpoint(0, (u32)with_prefixes + offset);
            tag("offset %u", offset);
            finished(traced(&s));
            same("stops", offset <= 1 || offset == 9 ? 1 : 0, stops);
        }
        /* Several at one address. */
        check("break.several.ring%u", ring);
        s = ring_state(ring, six_nops);
        for (u32 n = 0; n < 4; n++)
            set_breakpoint(n, (u32)six_nops + 3);
        write_dr7(dr7_of(0, 0, 0, 0) | dr7_of(1, 0, 0, 1) | dr7_of(3, 0, 0, 1));
        finished(traced(&s));
        same("stops", 1, stops);
        same("dr6", B(0) | B(1) | B(3), trace[0].dr6 & (B(0) | B(1) | B(3)));
        /* A repeated instruction is stopped at once, and passes with RF. */
        check("break.rep.ring%u", ring);
        s = ring_state(ring, rep_loop);
        s.edi = (u32)scratch;
        set_breakpoint(0, (u32)rep_loop + 5);
        write_dr7(dr7_of(0, 0, 0, 0));
        const struct outcome *o = traced(&s);
        finished(o);
        same("stops", 1, stops);
        same("ecx", 0, o->ecx);
        write_dr7(0);
        resume = 0;
    }
    check("break.after.mov.ss");
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = ring_state(ring, mov_ss_nop);
        set_breakpoint(0, (u32)mov_ss_nop + 4);
        write_dr7(dr7_of(0, 0, 0, 0));
        resume = 15;
        tag("ring %u", ring);
        finished(traced(&s));
        same("stops on the instruction after it", 0, stops);
        set_breakpoint(0, (u32)mov_ss_nop + 5);
        finished(traced(&s));
        same("stops one later", 1, stops);
        write_dr7(0);
        resume = 0;
    }
}

/* ---- data breakpoints ---- */

SNIPPET(d_read1, "nop; movb (%edi), %al; nop");
SNIPPET(d_read2, "nop; movw (%edi), %ax; nop");
SNIPPET(d_read4, "nop; movl (%edi), %eax; nop");
SNIPPET(d_write1, "nop; movb %al, (%edi); nop");
SNIPPET(d_write2, "nop; movw %ax, (%edi); nop");
SNIPPET(d_write4, "nop; movl %eax, (%edi); nop");
SNIPPET(d_modify4, "nop; addl %eax, (%edi); nop");
SNIPPET(d_fst8, "fld1; fstpl (%edi); nop");
SNIPPET(d_exchange4, "nop; xchgl %eax, (%edi); nop");

static const struct data_use {
    const char *name, *code;
    u32 bytes;
    int writes, reads;
    /* EIP behind the access. */
    u32 after;
} data_uses[] = {
    {"read1", d_read1, 1, 0, 1, 3}, {"read2", d_read2, 2, 0, 1, 4}, {"read4", d_read4, 4, 0, 1, 3}, {"write1", d_write1, 1, 1, 0, 3},
    {"write2", d_write2, 2, 1, 0, 4}, {"write4", d_write4, 4, 1, 0, 3}, {"modify4", d_modify4, 4, 1, 1, 3}, {"fst8", d_fst8, 8, 1, 0, 4},
    {"xchg4", d_exchange4, 4, 1, 1, 3},
};

/* Every access against every breakpoint: kind 1 is writes, 3 reads and writes; lengths 1, 2, 4; all relative positions. */
static void data_breakpoints(void)
{
    for (u32 i = 0; i < sizeof data_uses / sizeof data_uses[0]; i++) {
        const struct data_use *u = &data_uses[i];
        for (u32 ring = 0; ring < 4; ring += 3) {
            check("watch.%s.ring%u", u->name, ring);
            for (u32 kind = 1; kind < 4; kind += 2) {
                for (u32 length = 0; length < 4; length++) {
                    static const u32 sizes[] = {1, 2, 8, 4};
                    if (length == 2)
                        continue;
                    for (u32 at = 0; at < 20; at++) {
                        u32 watched = (u32)scratch + 8, address = (u32)scratch + at;
                        set_breakpoint(i & 3, watched);
                        write_dr7(dr7_of(i & 3, kind, length, 1));
                        struct state s = ring_state(ring, u->code);
                        s.edi = address;
                        tag("kind %u length %u access at %u of 8", kind, sizes[length], at);
                        finished(traced(&s));
                        write_dr7(0);
                        int overlaps = address < watched + sizes[length] && watched < address + u->bytes;
                        int hit = overlaps && (u->writes || kind == 3);
                        if (!same("stops", (u32)hit, stops) || !hit)
                            continue;
                        same("eip", (u32)u->code + u->after, trace[0].eip);
                        same("dr6", B(i & 3), trace[0].dr6 & (B(i & 3) | BS | BD));
                    }
                }
            }
        }
    }
}

SNIPPET(d_push, "pushl %eax; nop");
SNIPPET(d_pop, "popl %eax; nop");
SNIPPET(d_call, "call 1f; 1: nop");
SNIPPET(d_ret, "ret");
SNIPPET(d_movs, "movsl; nop");
SNIPPET(d_rep, "rep stosl; nop");
SNIPPET(d_rep_movs, "rep movsb; nop");
SNIPPET(d_cmpxchg, "cmpxchgl %ecx, (%edi); nop");
SNIPPET(d_test, "testl %eax, (%edi); nop");
SNIPPET(d_fld, "fldl (%edi); nop");
SNIPPET(d_mov_ss, "movw (%edi), %ss; nop; nop");

/* Accesses that are not a MOV's; and when the trap comes. */
static void other_accesses(void)
{
    u32 here = (u32)scratch + 0x40;
    struct state s;
    const struct outcome *o;
    /* At ring 0 the trap itself uses the stack. */
    for (u32 ring = 1; ring < 4; ring++) {
        check("watch.stack.ring%u", ring);
        u32 esp = STACK_TOP(probe_stack[ring]) - 256;
        static const struct {
            const char *code;
            int below, writes;
            u32 after;
        } uses[] = {{d_push, 1, 1, 1}, {d_pop, 0, 0, 1}, {d_call, 1, 1, 5}, {d_ret, 0, 0, 0}};
        for (u32 i = 0; i < 4; i++) {
            for (u32 kind = 1; kind < 4; kind += 2) {
                s = ring_state(ring, uses[i].code);
                set_breakpoint(0, esp - (uses[i].below ? 4 : 0));
                *(u32 *)esp = uses[i].code == d_ret ? (u32)d_ret + 1 : 0;
                write_dr7(dr7_of(0, kind, 3, 1));
                tag("use %u kind %u", i, kind);
                finished(traced(&s));
                write_dr7(0);
                int hit = uses[i].writes || kind == 3;
                if (same("stops", (u32)hit, stops) && hit)
                    same("eip", (u32)uses[i].code + (uses[i].code == d_ret ? 1 : uses[i].after), trace[0].eip);
            }
        }
    }
    for (u32 ring = 0; ring < 4; ring += 3) {
        check("watch.strings.ring%u", ring);
        set_breakpoint(1, here);
        write_dr7(dr7_of(1, 1, 3, 1));
        s = ring_state(ring, d_movs);
        s.esi = (u32)scratch, s.edi = here;
        finished(traced(&s));
        same("movs stops", 1, stops);
        same("movs eip", (u32)d_movs + 1, trace[0].eip);
        /* Repeated: behind the iteration that did it. */
        s = ring_state(ring, d_rep);
        s.edi = here - 8, s.ecx = 5, s.eax = 0x1234;
        finished(traced(&s));
        same("rep stos stops", 1, stops);
        same("rep stos eip", (u32)d_rep, trace[0].eip);
        s.edi = here - 8, s.ecx = 3;
        finished(traced(&s));
        same("last iteration stops", 1, stops);
        same("last iteration eip", (u32)d_rep + 2, trace[0].eip);
        write_dr7(dr7_of(1, 3, 0, 1));
        s = ring_state(ring, d_rep_movs);
        s.esi = here - 3, s.edi = (u32)scratch + 0x80, s.ecx = 6;
        finished(traced(&s));
        same("rep movs stops", 1, stops);
        same("rep movs eip", (u32)d_rep_movs, trace[0].eip);
        write_dr7(0);
        check("watch.cmpxchg.ring%u", ring);
        /* A comparison that fails writes all the same. */
        for (u32 equal = 0; equal < 2; equal++) {
            s = ring_state(ring, d_cmpxchg);
            *(u32 *)here = 7;
            s.edi = here, s.eax = equal ? 7 : 8;
            write_dr7(dr7_of(1, 1, 3, 1));
            finished(traced(&s));
            write_dr7(0);
            same("stops", 1, stops);
        }
        check("watch.reads.ring%u", ring);
        s = ring_state(ring, d_test);
        s.edi = here;
        write_dr7(dr7_of(1, 1, 3, 1));
        finished(traced(&s));
        same("writes only", 0, stops);
        write_dr7(dr7_of(1, 3, 3, 1));
        finished(traced(&s));
        same("reads too", 1, stops);
        s = ring_state(ring, d_fld);
        s.edi = here - 4;
        finished(traced(&s));
        same("fld", 1, stops);
        write_dr7(0);
    }
    /* MOV SS holds the trap of its own read back until behind the next instruction. */
    check("watch.mov.ss");
    for (u32 ring = 0; ring < 4; ring++) {
        *(u32 *)here = DATA(ring);
        set_breakpoint(1, here);
        write_dr7(dr7_of(1, 3, 1, 1));
        s = ring_state(ring, d_mov_ss);
        s.edi = here;
        tag("ring %u", ring);
        o = traced(&s);
        write_dr7(0);
        finished(o);
        if (same("stops", 1, stops)) {
            same("eip", (u32)d_mov_ss + 3, trace[0].eip);
            same("dr6", B(1), trace[0].dr6 & (B(1) | BS));
        }
    }
}

/* ---- several conditions at once ---- */

SNIPPET(write_then_nop, "movl %eax, (%edi); nop; nop");

static void together(void)
{
    u32 here = (u32)scratch + 0x40;
    for (u32 ring = 0; ring < 4; ring += 3) {
        /* A step and a data breakpoint of one instruction are one trap. */
        check("together.step.watch.ring%u", ring);
        set_breakpoint(0, here);
        write_dr7(dr7_of(0, 1, 3, 1));
        struct state s = stepped_state(ring, write_then_nop);
        s.edi = here;
        finished(traced(&s));
        write_dr7(0);
        same("stops", 3, stops);
        same("first", BS | B(0), trace[0].dr6);
        same("second", BS, trace[1].dr6);
        /* A step comes before the breakpoint of the next instruction. */
        check("together.step.break.ring%u", ring);
        set_breakpoint(1, (u32)write_then_nop + 2);
        write_dr7(dr7_of(1, 0, 0, 1));
        resume = 15;
        s = stepped_state(ring, write_then_nop);
        s.edi = here;
        finished(traced(&s));
        write_dr7(0);
        same("stops", 4, stops);
        static const u32 offsets[] = {2, 2, 3, 4};
        for (u32 i = 0; i < 4; i++) {
            same("eip", (u32)write_then_nop + offsets[i], trace[i].eip);
            same("step or break", i == 1 ? B(1) : BS, trace[i].dr6 & (i == 0 ? BS : ~0u));
        }
        /* And so does a data trap. */
        check("together.watch.break.ring%u", ring);
        set_breakpoint(0, here);
        resume = B(1);
        write_dr7(dr7_of(1, 0, 0, 1) | dr7_of(0, 1, 3, 1));
        s = ring_state(ring, write_then_nop);
        s.edi = here;
        finished(traced(&s));
        write_dr7(0);
        resume = 0;
        same("stops", 2, stops);
        same("data first", B(0), trace[0].dr6 & B(0));
        same("then code", B(1), trace[1].dr6 & (B(1) | B(0)));
        same("eip", (u32)write_then_nop + 2, trace[0].eip);
        same("eip", (u32)write_then_nop + 2, trace[1].eip);
    }
}

/* ---- ports ---- */

SNIPPET(in_byte, "inb %dx, %al; nop");
SNIPPET(in_word, "inw %dx, %ax; nop");
SNIPPET(out_long, "outl %eax, %dx; nop");
SNIPPET(rep_out, "rep outsb; nop");

static void port_breakpoints(void)
{
    static const struct {
        const char *name, *code;
        u32 bytes, after;
    } uses[] = {{"in1", in_byte, 1, 1}, {"in2", in_word, 2, 2}, {"out4", out_long, 4, 1}};
    write_cr4(CR4_DE);
    for (u32 i = 0; i < 3; i++) {
        check("port.%s", uses[i].name);
        for (u32 length = 0; length < 4; length++) {
            static const u32 sizes[] = {1, 2, 8, 4};
            if (length == 2)
                continue;
            for (u32 port = 0x80; port < 0x8c; port++) {
                set_breakpoint(3, 0x84);
                write_dr7(dr7_of(3, 2, length, 1));
                struct state s = ring_state(3, uses[i].code);
                s.eflags |= F_IOPL(3);
                s.edx = port;
                tag("length %u port %x", sizes[length], port);
                finished(traced(&s));
                write_dr7(0);
                int hit = port < 0x84 + sizes[length] && 0x84 < port + uses[i].bytes;
                if (same("stops", (u32)hit, stops) && hit) {
                    same("eip", (u32)uses[i].code + uses[i].after, trace[0].eip);
                    same("dr6", B(3), trace[0].dr6 & (B(3) | BS));
                }
            }
        }
    }
    check("port.rep.outs");
    set_breakpoint(3, 0x84);
    write_dr7(dr7_of(3, 2, 0, 1));
    struct state s = ring_state(0, rep_out);
    s.edx = 0x84, s.ecx = 3, s.esi = (u32)scratch;
    finished(traced(&s));
    write_dr7(0);
    same("stops", 3, stops);
    same("eip", (u32)rep_out, trace[0].eip);
    same("eip", (u32)rep_out + 2, trace[2].eip);
    write_cr4(0);
}

/* ---- the registers ---- */

#define DR_ACCESS(n) \
    SNIPPET(read_dr_##n, "movl %dr" #n ", %eax"); \
    SNIPPET(write_dr_##n, "movl %eax, %dr" #n)
DR_ACCESS(0);
DR_ACCESS(1);
DR_ACCESS(2);
DR_ACCESS(3);
DR_ACCESS(6);
DR_ACCESS(7);
SNIPPET(read_dr_4, ".byte 0x0f, 0x21, 0xe0");
SNIPPET(write_dr_4, ".byte 0x0f, 0x23, 0xe0");
SNIPPET(read_dr_5, ".byte 0x0f, 0x21, 0xe8");
SNIPPET(write_dr_5, ".byte 0x0f, 0x23, 0xe8");

static const struct {
    const char *read, *write;
} accesses[] = {
    {read_dr_0, write_dr_0}, {read_dr_1, write_dr_1}, {read_dr_2, write_dr_2}, {read_dr_3, write_dr_3},
    {read_dr_4, write_dr_4}, {read_dr_5, write_dr_5}, {read_dr_6, write_dr_6}, {read_dr_7, write_dr_7},
};

static void registers(void)
{
    const struct outcome *o;
    for (u32 n = 0; n < 8; n++) {
        check("dr%u", n);
        for (u32 de = 0; de < 2; de++) {
            for (u32 ring = 0; ring < 4; ring++) {
                for (u32 writes = 0; writes < 2; writes++) {
                    const char *code = writes ? accesses[n].write : accesses[n].read;
                    write_cr4(de ? CR4_DE : 0);
                    struct state s = ring_state(ring, code);
                    s.eax = n == 7 || n == 5 ? 0x400 : 0;
                    tag("de %u ring %u %s", de, ring, writes ? "write" : "read");
                    o = run(&s);
                    /* Of two reasons at ring 1 to 3 with DE, either may come first. */
                    if ((n == 4 || n == 5) && de && ring)
                        same("refused", 1, o->vector == UD || o->vector == GP);
                    else if ((n == 4 || n == 5) && de)
                        ended(o, UD, 0, code, 0);
                    else if (ring)
                        ended(o, GP, 0, code, 0);
                    else
                        finished(o);
                }
            }
        }
        write_cr4(0);
    }
    check("aliases");
    write_dr6(0);
    struct state s = ring_state(0, write_dr_4);
    s.eax = 0x4005;
    run(&s);
    same("dr4 is dr6", 0x4005, read_dr6() & DR6_SEEN);
    s = ring_state(0, write_dr_5);
    s.eax = 0x300;
    run(&s);
    same("dr5 is dr7", 0x700, read_dr7());
    s = ring_state(0, read_dr_5);
    same("read", 0x700, run(&s)->eax);
    write_dr7(0);
    check("fixed.bits");
    write_dr6(0);
    same("dr6 of 0", 0xffff0ff0, read_dr6());
    write_dr6(0xffffffff);
    same("dr6 of ones, bits 0-3 and 13-15", 0xe00f, read_dr6() & 0xe00f);
    same("dr6 of ones, bit 12", 0, read_dr6() & 0x1000);
    write_dr6(0);
    write_dr7(0);
    same("dr7 of 0", 0x400, read_dr7());
    write_dr7(0x0000db00 & ~0x2000u);
    same("dr7 reserved", 0x400 | 0x300, read_dr7() & ~0x800u);
    write_dr7(0);
    for (u32 n = 0; n < 4; n++)
        set_breakpoint(n, 0xdeadbee0 + n);
    for (u32 n = 0; n < 4; n++) {
        s = ring_state(0, accesses[n].read);
        same("address kept", 0xdeadbee0 + n, run(&s)->eax);
    }
    /* GD: an access is a fault, at ring 0 too, and the handler runs without GD. */
    for (u32 n = 0; n < 8; n++) {
        check("gd.dr%u", n);
        if (n == 4 || n == 5) {
            same("aliases are covered by dr6 and dr7", 1, 1);
            continue;
        }
        for (u32 writes = 0; writes < 2; writes++) {
            const char *code = writes ? accesses[n].write : accesses[n].read;
            write_dr6(0);
            s = ring_state(0, code);
            s.eax = 0x55;
            write_dr7(0x2400);
            o = run(&s);
            u32 dr7 = read_dr7();
            write_dr7(0);
            tag("%s", writes ? "write" : "read");
            ended(o, DB, 0, code, 0);
            same("dr6", BD, read_dr6() & DR6_SEEN);
            same("gd", 0, dr7 & 0x2000);
            same("eax", 0x55, o->eax);
        }
    }
    write_dr6(0);
    /* Other instructions do not mind GD. */
    check("gd.others");
    write_dr7(0x2400);
    s = ring_state(0, six_nops);
    finished(run(&s));
    s = ring_state(0, only_return);
    *(u32 *)s.esp = (u32)six_nops;
    o = run(&s);
    same("vector", BP, o->vector);
    /* At ring 3, privilege is looked at first. */
    s = ring_state(3, read_dr_7);
    ended(run(&s), GP, 0, read_dr_7, 0);
    /* The first access here takes GD away. */
    intercept(collect);
    s = ring_state(0, read_dr_7);
    run(&s);
    intercept(0);
    write_dr7(0);
    write_dr6(0);
}

/* INT1 and INT 1 report nothing in DR6. */
SNIPPET(int_1, ".byte 0xcd, 1");
static void software(void)
{
    check("int.1");
    idt[DB] |= (u64)DPL(3) << 40;
    for (u32 ring = 0; ring < 4; ring++) {
        write_dr6(0);
        struct state s = ring_state(ring, int_1);
        ended(run(&s), DB, 0, int_1, 2);
        same("dr6", 0, read_dr6() & DR6_SEEN);
    }
    machine_reset();
}

void checks_debug(void)
{
    write_dr7(0);
    single_steps();
    turned_on_and_off();
    interrupts();
    gates();
    instruction_breakpoints();
    data_breakpoints();
    other_accesses();
    together();
    port_breakpoints();
    registers();
    software();
}

/* Breakpoints are linear addresses: in V86 mode, and in a segment with a base. */
LOW_SNIPPET(low_nops, "nop; nop; nop");

void based_breakpoints(void)
{
    check("break.linear.v86");
    struct state s = v86_state(low_nops, 0);
    set_breakpoint(2, LOW_ADDRESS(low_nops) + 1);
    write_dr7(dr7_of(2, 0, 0, 1));
    resume = 15;
    finished(traced(&s));
    same("stops", 1, stops);
    same("eip", (u32)low_nops + 1, trace[0].eip);
    check("break.linear.base");
    s = ring_state(3, low_nops);
    s.cs = CODE16(3);
    finished(traced(&s));
    same("stops", 1, stops);
    same("eip", (u32)low_nops + 1, trace[0].eip);
    write_dr7(0);
    resume = 0;
}
