/* SYSCALL, SYSRET, SYSENTER and SYSEXIT in IA-32e mode: SDM vol. 2 under these; vol. 3A section 5.8.7 and 5.8.8. */
#include "machine.h"

SNIPPET(s_syscall, "syscall; nop");
SNIPPET(s_sysretq, "sysretq");
SNIPPET(s_sysretl, "sysretl");
SNIPPET(s_sysenter, "sysenter");
SNIPPET(s_sysexitq, ".byte 0x48, 0x0f, 0x35");
SNIPPET(s_sysexitl, ".byte 0x0f, 0x35");

static const u64 images[] = {F_ONE, F_ONE | F_CF | F_OF | F_DF, F_ONE | F_IF | F_AC | F_ID, F_ONE | F_IOPL(3) | F_NT, F_ONE | F_ZF | F_IF | F_NT | F_DF};
#define IMAGES 5

static void set_up(u64 target, u64 mask)
{
    wrmsr(EFER, EFER_LME | EFER_LMA | EFER_SCE);
    wrmsr(STAR, (u64)SYSRET_BASE << 48 | (u64)CODE0 << 32);
    wrmsr(LSTAR, target);
    wrmsr(FMASK, mask);
}

static void calls(void)
{
    static const u64 masks[] = {0, ~0ull, F_IF | F_DF | F_TF, F_AC | F_NT | F_IOPL(3), F_CF | F_ID};
    for (u32 ring = 0; ring < 4; ring++) {
        check("syscall.ring%u", ring);
        for (u32 high = 0; high < 2; high++) {
            for (u32 m = 0; m < 5; m++) {
                for (u32 i = 0; i < IMAGES; i++) {
                    u64 target = (u64)landing_place + (high ? HIGH : 0);
                    set_up(target, masks[m] & 0xffffffff);
                    struct state s = ring_state(ring, s_syscall);
                    s.rflags = images[i];
                    tag("target %x mask %x rflags %x", target, masks[m], s.rflags);
                    /* RSP stays: the landing place's interrupt has a stack of its own. */
                    idt[LANDED].low |= 2ull << 32;
                    const struct outcome *o = run(&s);
                    landed(o, target, CODE(0));
                    same("rcx", s.rip + 2, o->rcx);
                    same("r11", s.rflags, o->r11);
                    same("rflags", (s.rflags & ~(masks[m] & 0xffffffff)) | F_ONE, o->rflags);
                    same("rsp", s.rsp, o->rsp);
                    same("ss", DATA(0), o->ss);
                }
            }
        }
        machine_reset();
        check("syscall.off.ring%u", ring);
        struct state s = ring_state(ring, s_syscall);
        ended(run(&s), UD, 0, s.rip);
    }
    check("syscall.selector");
    for (u32 low = 0; low < 4; low++) {
        set_up((u64)landing_place, 0);
        wrmsr(STAR, (u64)SYSRET_BASE << 48 | (u64)(CODE0 | low) << 32);
        idt[LANDED].low |= 2ull << 32;
        struct state s = ring_state(3, s_syscall);
        tag("low bits %u", low);
        /* SS is the sum by the manual, whatever its lowest bits, but without them to others: not compared. */
        landed(run(&s), (u64)landing_place, CODE(0));
        machine_reset();
    }
}

static void returns(void)
{
    for (u32 wide = 0; wide < 2; wide++) {
        const char *code = wide ? s_sysretq : s_sysretl;
        check("sysret.%u", wide ? 64 : 32);
        for (u32 i = 0; i < IMAGES; i++) {
            set_up(0, 0);
            struct state s = ring_state(0, code);
            s.rcx = AT(3, landing_place);
            s.r11 = images[i] | F_RF | F_VM;
            s.rsp = AT(3, STACK_TOP(probe_stack[3]) - 64);
            s.rax = 0x1122334455667788ull;
            tag("r11 %x", s.r11);
            const struct outcome *o = run(&s);
            landed(o, AT(3, landing_place), wide ? CODE(3) : COMPATIBLE(3));
            same("ss", DATA(3), o->ss);
            same("rsp", s.rsp, o->rsp);
            same("rflags", images[i], o->rflags);
            same("rax", wide ? s.rax : (u32)s.rax, wide ? o->rax : (u32)o->rax);
        }
        machine_reset();
        check("sysret.%u.selectors", wide ? 64 : 32);
        /* RPL 3 whatever STAR says; the descriptors are not looked at. */
        for (u32 low = 0; low < 4; low++) {
            set_up(0, 0);
            wrmsr(STAR, (u64)(SYSRET_BASE | low) << 48);
            struct state s = ring_state(0, code);
            s.rcx = AT(3, landing_place);
            s.r11 = F_ONE;
            s.rsp = AT(3, STACK_TOP(probe_stack[3]) - 64);
            tag("low bits %u", low);
            landed(run(&s), AT(3, landing_place), wide ? CODE(3) : COMPATIBLE(3));
        }
        check("sysret.%u.ring", wide ? 64 : 32);
        for (u32 ring = 1; ring < 4; ring++) {
            set_up(0, 0);
            struct state s = ring_state(ring, code);
            s.rcx = AT(3, landing_place);
            tag("ring %u", ring);
            ended(run(&s), GP, 0, s.rip);
        }
        machine_reset();
        check("sysret.%u.off", wide ? 64 : 32);
        struct state s = ring_state(0, code);
        ended(run(&s), UD, 0, s.rip);
    }
    check("sysret.not.canonical");
    static const u64 bad[] = {LOWER_END + 1, UPPER_START - 1, 1ull << 63};
    for (u32 i = 0; i < 3; i++) {
        set_up(0, 0);
        struct state s = ring_state(0, s_sysretq);
        s.rcx = bad[i];
        s.r11 = F_ONE;
        tag("rcx %x", bad[i]);
        /* The fault is ring 0's, on its stack. */
        const struct outcome *o = run(&s);
        ended(o, GP, 0, s.rip);
        same("cs", CODE(0), o->cs);
        same("rsp", s.rsp, o->rsp);
    }
    machine_reset();
}

static void enter_and_exit(void)
{
    check("sysenter");
    for (u32 ring = 0; ring < 4; ring++) {
        for (u32 i = 0; i < IMAGES; i++) {
            wrmsr(SYSENTER_CS, CODE0);
            wrmsr(SYSENTER_EIP, HIGH + (u64)landing_place);
            wrmsr(SYSENTER_ESP, HIGH + STACK_TOP(inner_stack[2]));
            struct state s = ring_state(ring, s_sysenter);
            s.rflags = images[i];
            tag("ring %u rflags %x", ring, s.rflags);
            const struct outcome *o = run(&s);
            landed(o, HIGH + (u64)landing_place, CODE(0));
            same("rsp", HIGH + STACK_TOP(inner_stack[2]), o->rsp);
            same("ss", DATA(0), o->ss);
            same("rflags", s.rflags & ~(u64)F_IF, o->rflags);
        }
    }
    check("sysenter.none");
    wrmsr(SYSENTER_CS, 0);
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = ring_state(ring, s_sysenter);
        tag("ring %u", ring);
        ended(run(&s), GP, 0, s.rip);
    }
    for (u32 wide = 0; wide < 2; wide++) {
        const char *code = wide ? s_sysexitq : s_sysexitl;
        check("sysexit.%u", wide ? 64 : 32);
        wrmsr(SYSENTER_CS, CODE0);
        for (u32 i = 0; i < IMAGES; i++) {
            struct state s = ring_state(0, code);
            s.rdx = AT(3, landing_place) | (wide ? 0 : 0xabcd00000000ull);
            s.rcx = AT(3, STACK_TOP(probe_stack[3]) - 64) | (wide ? 0 : 0xabcd00000000ull);
            s.rflags = images[i];
            tag("rflags %x", s.rflags);
            const struct outcome *o = run(&s);
            landed(o, AT(3, landing_place), wide ? CODE(3) : COMPATIBLE(3));
            same("rsp", AT(3, STACK_TOP(probe_stack[3]) - 64), o->rsp);
            same("ss", wide ? 0x33 : DATA(3), o->ss);
            same("rflags", s.rflags, o->rflags);
        }
        check("sysexit.%u.ring", wide ? 64 : 32);
        for (u32 ring = 1; ring < 4; ring++) {
            struct state s = ring_state(ring, code);
            tag("ring %u", ring);
            ended(run(&s), GP, 0, s.rip);
        }
    }
    check("sysexit.not.canonical");
    for (u32 register_number = 0; register_number < 2; register_number++) {
        struct state s = ring_state(0, s_sysexitq);
        s.rdx = register_number ? AT(3, landing_place) : LOWER_END + 1;
        s.rcx = register_number ? LOWER_END + 1 : AT(3, STACK_TOP(probe_stack[3]));
        tag("%s", (word)(register_number ? "rcx" : "rdx"));
        ended(run(&s), GP, 0, s.rip);
    }
    check("sysexit.none");
    wrmsr(SYSENTER_CS, 0);
    struct state s = ring_state(0, s_sysexitq);
    ended(run(&s), GP, 0, s.rip);
    machine_reset();
}

void checks_calls64(void)
{
    calls();
    returns();
    enter_and_exit();
}
