/*
 * The checks that need no privilege, as a program of Linux: segments come from the local descriptor table, probes are entered and left by signals.
 * What the processor of the host does is then compared with what the manual says, as it is elsewhere with an emulator.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#undef LDT_ENTRIES
#include "../machine.h"

/* Registers in a signal's context, in its order. */
enum { GS, FS, ES, DS_, EDI, ESI, EBP, ESP, EBX, EDX, ECX, EAX, TRAP, ERROR, EIP, CS, EFL, USER_ESP, SS_ };

#define WILD 0x1000000u
#define WILD_BYTES 0x40000u
/* Exit codes: some checks failed; the system does not let us. */
#define FAILED 1
#define NOT_POSSIBLE 77

const u32 first_ring = 3;
u64 gdt[GDT_ENTRIES];
u8 probe_stack[4][PAGE] __attribute__((aligned(4096)));
u8 scratch[16 * PAGE] __attribute__((aligned(4096)));

static u64 installed[GDT_ENTRIES];
static struct outcome last;
static const struct state *entering;
static greg_t home[NGREG];
static u16 own_gs;

void *fill(void *to, u32 value, u32 bytes) { return memset(to, (int)value, bytes); }
void *copy(void *to, const void *from, u32 bytes) { return memcpy(to, from, bytes); }

static char output[4096];
static u32 used;

static void flush_output(void)
{
    for (u32 done = 0; done < used;) {
        ssize_t n = write(1, output + done, used - done);
        if (n <= 0)
            _exit(FAILED);
        done += (u32)n;
    }
    used = 0;
}

void out8(u16 port, u8 v)
{
    if (port == 0xf4) {
        flush_output();
        _exit(FAILED);
    }
    output[used++] = (char)v;
    if (used == sizeof output)
        flush_output();
}

u8 in8(u16 port)
{
    (void)port;
    return 0x20;
}

u64 descriptor(u32 base, u32 limit, u32 access, u32 flags)
{
    u32 low = base << 16 | (limit & 0xffff);
    u32 high = (base & 0xff000000u) | flags << 20 | (limit & 0xf0000) | access << 8 | (base >> 16 & 0xff);
    return (u64)high << 32 | low;
}

/* Linux makes no conforming segments that are present. */
int can_make(u32 type)
{
    return (type & 0x1c) != 0x1c;
}

void machine_reset(void)
{
}

struct state ring_state(u32 ring, const void *code)
{
    struct state s = {0};
    s.gs = s.fs = s.es = s.ds = s.ss = DATA(ring);
    s.eip = (u32)code;
    s.cs = CODE(ring);
    s.eflags = F_ONE;
    s.esp = STACK_TOP(probe_stack[ring]) - 256;
    return s;
}

static void install(u32 entry)
{
    u64 d = gdt[entry];
    u32 access = (u32)(d >> 40) & 0xff, flags = (u32)(d >> 52) & 15;
    struct user_desc u = {0};
    u.entry_number = entry;
    u.base_addr = (u32)(d >> 16 & 0xffffff) | ((u32)(d >> 32) & 0xff000000u);
    u.limit = (u32)(d & 0xffff) | ((u32)(d >> 32) & 0xf0000);
    u.seg_32bit = (flags & BIG) != 0;
    u.contents = access >> 2 & 3;
    u.read_exec_only = !(access & 2);
    u.limit_in_pages = (flags & GRANULAR) != 0;
    u.seg_not_present = !(access & PRESENT);
    u.useable = flags & 1;
    if (syscall(SYS_modify_ldt, 0x11, &u, sizeof u) != 0) {
        print("descriptor %x.%x: error %u\n", (u32)(d >> 32), (u32)d, (u32)errno);
        flush_output();
        _exit(NOT_POSSIBLE);
    }
    installed[entry] = d;
}

static void enter_probe(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    const struct state *s = entering;
    memcpy(home, r, sizeof home);
    r[GS] = (greg_t)s->gs, r[FS] = (greg_t)s->fs, r[ES] = (greg_t)s->es, r[DS_] = (greg_t)s->ds, r[SS_] = (greg_t)s->ss, r[CS] = (greg_t)s->cs;
    r[EDI] = (greg_t)s->edi, r[ESI] = (greg_t)s->esi, r[EBP] = (greg_t)s->ebp, r[ESP] = (greg_t)s->esp;
    r[EBX] = (greg_t)s->ebx, r[EDX] = (greg_t)s->edx, r[ECX] = (greg_t)s->ecx, r[EAX] = (greg_t)s->eax;
    r[EIP] = (greg_t)s->eip;
    r[EFL] = (greg_t)(s->eflags | F_IF);
}

static void leave_probe(int signal, siginfo_t *info, void *context)
{
    /* Thread-local storage is behind GS, and alignment is not ours to watch. */
    __asm__ volatile("movw %0, %%gs; pushfl; andl $0xfffbffff, (%%esp); popfl" : : "m"(own_gs) : "memory");
    (void)signal, (void)info;
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    struct outcome *o = &last;
    memset(o, 0, sizeof *o);
    o->vector = (u32)r[TRAP];
    o->error = o->vector == GP || o->vector == SS || o->vector == NP || o->vector == PF ? (u32)r[ERROR] : 0;
    o->eip = (u32)r[EIP];
    /* INT n has no gate for user mode here: where a probe has landed. */
    if (o->vector == GP && o->error == LANDED * 8 + 2)
        o->vector = LANDED, o->error = 0, o->eip += 2;
    o->eax = (u32)r[EAX], o->ebx = (u32)r[EBX], o->ecx = (u32)r[ECX], o->edx = (u32)r[EDX];
    o->esi = (u32)r[ESI], o->edi = (u32)r[EDI], o->ebp = (u32)r[EBP], o->esp = (u32)r[ESP];
    o->ds = (u32)r[DS_], o->es = (u32)r[ES], o->fs = (u32)r[FS], o->gs = (u32)r[GS], o->ss = (u32)r[SS_], o->cs = (u32)r[CS];
    o->eflags = (u32)r[EFL];
    memcpy(r, home, sizeof home);
}

const struct outcome *run(const struct state *s)
{
    for (u32 i = 0; i < GDT_ENTRIES; i++)
        if (gdt[i] != installed[i])
            install(i);
    entering = s;
    raise(SIGUSR1);
    return &last;
}

void checks_limits(void);
void checks_alignment(void);

int main(void)
{
    static char alternate[65536];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction in = {.sa_sigaction = enter_probe, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction out = {.sa_sigaction = leave_probe, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    __asm__ volatile("movw %%gs, %0" : "=m"(own_gs));
    sigaltstack(&stack, 0);
    sigaction(SIGUSR1, &in, 0);
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
    for (u32 i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &out, 0);
    if (mmap((void *)WILD, WILD_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (void *)WILD)
        return NOT_POSSIBLE;
    group("limits");
    checks_limits();
    group("alignment");
    checks_alignment();
    u32 failed = totals();
    flush_output();
    return failed ? FAILED : 0;
}
