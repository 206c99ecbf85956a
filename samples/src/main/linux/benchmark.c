/*
 * The first and only program of a Linux that is compared in two gears: lmbench's operations (McVoy and Staelin, "lmbench: portable tools for performance
 * analysis", 1996), a line "b NAME NANOSECONDS" each, then power-off. Static, without a C library.
 */
typedef unsigned char u8;
typedef unsigned long u64;

enum {
    SYS_READ = 0, SYS_WRITE = 1, SYS_OPEN = 2, SYS_CLOSE = 3, SYS_MMAP = 9, SYS_MPROTECT = 10, SYS_MUNMAP = 11, SYS_SIGACTION = 13, SYS_PIPE = 22,
    SYS_MADVISE = 28, SYS_GETPID = 39, SYS_FORK = 57, SYS_EXECVE = 59, SYS_EXIT = 60, SYS_WAIT4 = 61, SYS_KILL = 62, SYS_UNLINK = 87, SYS_GETPPID = 110,
    SYS_REBOOT = 169, SYS_CLOCK_GETTIME = 228
};

static long call(long n, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "0"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}
#define call0(n) call(n, 0, 0, 0, 0, 0, 0)
#define call1(n, a) call(n, (long)(a), 0, 0, 0, 0, 0)
#define call2(n, a, b) call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define call3(n, a, b, c) call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)

static long now(void)
{
    long t[2];
    call2(SYS_CLOCK_GETTIME, 1, t);
    return t[0] * 1000000000 + t[1];
}

static void say(const char *s)
{
    long n = 0;
    while (s[n])
        n++;
    call3(SYS_WRITE, 1, s, n);
}

static void result(const char *name, long each)
{
    char line[96];
    int n = 0;
    char digits[24];
    int d = 0;
    line[n++] = 'b';
    line[n++] = ' ';
    while (*name)
        line[n++] = *name++;
    line[n++] = ' ';
    do
        digits[d++] = (char)('0' + each % 10);
    while (each /= 10);
    while (d)
        line[n++] = digits[--d];
    line[n++] = '\n';
    line[n] = 0;
    say(line);
}

static void leave(int code)
{
    call1(SYS_EXIT, code);
    __builtin_unreachable();
}

static void check(long r, const char *what)
{
    if (r >= 0)
        return;
    say("failed: ");
    say(what);
    say("\n");
    call(SYS_REBOOT, 0xfee1dead, 672274793, 0x4321fedc, 0, 0, 0);
}

static u8 *map(long bytes)
{
    long p = call(SYS_MMAP, 0, bytes, 3, 0x22, -1, 0);
    check(p, "mmap");
    return (u8 *)p;
}

static void null_call(void)
{
    long t = now();
    for (int i = 0; i < 20000; i++)
        call0(SYS_GETPPID);
    result("null-call", (now() - t) / 20000);
}

static void fork_exit(void)
{
    long t = now();
    for (int i = 0; i < 60; i++) {
        long child = call0(SYS_FORK);
        check(child, "fork");
        if (!child)
            leave(0);
        call(SYS_WAIT4, child, 0, 0, 0, 0, 0);
    }
    result("fork-exit", (now() - t) / 60);
}

static void fork_exec(void)
{
    static const char *const arguments[] = { "/init", "exit", 0 };
    long t = now();
    for (int i = 0; i < 40; i++) {
        long child = call0(SYS_FORK);
        check(child, "fork");
        if (!child) {
            call3(SYS_EXECVE, arguments[0], arguments, arguments + 2);
            leave(1);
        }
        call(SYS_WAIT4, child, 0, 0, 0, 0, 0);
    }
    result("fork-exec", (now() - t) / 40);
}

/* A byte goes round a ring of processes; each step is one context switch with a write and a read. */
static void ring(const char *name, int processes, int rounds)
{
    int pipes[16][2];
    char token = 1;
    for (int i = 0; i < processes; i++)
        check(call1(SYS_PIPE, pipes[i]), "pipe");
    for (int i = 1; i < processes; i++) {
        long child = call0(SYS_FORK);
        check(child, "fork");
        if (!child) {
            for (int r = 0; r < rounds; r++) {
                call3(SYS_READ, pipes[i - 1][0], &token, 1);
                call3(SYS_WRITE, pipes[i][1], &token, 1);
            }
            leave(0);
        }
    }
    long t = now();
    for (int r = 0; r < rounds; r++) {
        call3(SYS_WRITE, pipes[0][1], &token, 1);
        call3(SYS_READ, pipes[processes - 1][0], &token, 1);
    }
    t = now() - t;
    for (int i = 1; i < processes; i++)
        call(SYS_WAIT4, -1, 0, 0, 0, 0, 0);
    for (int i = 0; i < processes; i++) {
        call1(SYS_CLOSE, pipes[i][0]);
        call1(SYS_CLOSE, pipes[i][1]);
    }
    result(name, t / rounds / processes);
}

static void pipe_latency(void)
{
    int to[2], from[2];
    char token = 1;
    check(call1(SYS_PIPE, to), "pipe");
    check(call1(SYS_PIPE, from), "pipe");
    long child = call0(SYS_FORK);
    if (!child) {
        for (int i = 0; i < 500; i++) {
            call3(SYS_READ, to[0], &token, 1);
            call3(SYS_WRITE, from[1], &token, 1);
        }
        leave(0);
    }
    long t = now();
    for (int i = 0; i < 500; i++) {
        call3(SYS_WRITE, to[1], &token, 1);
        call3(SYS_READ, from[0], &token, 1);
    }
    t = now() - t;
    call(SYS_WAIT4, child, 0, 0, 0, 0, 0);
    result("pipe-round-trip", t / 500);
}

static void mappings(void)
{
    const long bytes = 1 << 20;
    long t = now();
    for (int i = 0; i < 60; i++) {
        u8 *p = map(bytes);
        for (long at = 0; at < bytes; at += 16384)
            p[at] = 1;
        call2(SYS_MUNMAP, p, bytes);
    }
    result("mmap", (now() - t) / 60);
}

static void page_faults(void)
{
    const long pages = 512;
    u8 *p = map(pages << 12);
    long t = 0;
    for (int round = 0; round < 6; round++) {
        long from = now();
        for (long i = 0; i < pages; i++)
            p[i << 12] = 1;
        t += now() - from;
        call3(SYS_MADVISE, p, pages << 12, 4);
    }
    call2(SYS_MUNMAP, p, pages << 12);
    result("page-fault", t / (6 * pages));
}

struct action { void (*handler)(int, void *, u8 *); u64 flags; void (*restorer)(void); u64 mask; };
__attribute__((naked)) static void restorer(void)
{
    __asm__ volatile("movl $15, %eax; syscall");
}

static volatile int caught;

static void count(int number, void *info, u8 *context)
{
    (void)number;
    (void)info;
    (void)context;
    caught++;
}

/* Goes on behind the store that faulted, which has three bytes: RIP is register 16 of the context. */
static void step_over(int number, void *info, u8 *context)
{
    count(number, info, context);
    *(u64 *)(context + 40 + 16 * 8) += 3;
}

static void catch_signal(int number, void (*handler)(int, void *, u8 *))
{
    struct action a = { handler, 0x04000004, restorer, 0 }; /* SA_RESTORER, SA_SIGINFO */
    check(call(SYS_SIGACTION, number, (long)&a, 0, 8, 0, 0), "sigaction");
}

static void signals(void)
{
    long self = call0(SYS_GETPID);
    catch_signal(10, count);
    long t = now();
    for (int i = 0; i < 2000; i++)
        call2(SYS_KILL, self, 10);
    result("signal", (now() - t) / 2000);
    u8 *p = map(4096);
    p[0] = 1;
    call3(SYS_MPROTECT, p, 4096, 1);
    catch_signal(11, step_over);
    caught = 0;
    t = now();
    for (int i = 0; i < 2000; i++)
        __asm__ volatile("movb $0, (%%rax)" :: "a"(p) : "memory");
    t = now() - t;
    check(caught == 2000 ? 0 : -1, "protection faults");
    result("protection-fault", t / 2000);
}

static void divide_by_zero(void)
{
    catch_signal(8, step_over);
    caught = 0;
    long t = now();
    for (int i = 0; i < 2000; i++)
        __asm__ volatile("xorl %%ecx, %%ecx; movl $1, %%eax; xorl %%edx, %%edx; .byte 0x48, 0xf7, 0xf1" ::: "rax", "rcx", "rdx");
    t = now() - t;
    check(caught == 2000 ? 0 : -1, "divisions");
    result("divide-by-zero", t / 2000);
}

static void files(void)
{
    long t = now();
    for (int i = 0; i < 300; i++) {
        long f = call3(SYS_OPEN, "/file", 0102, 0600);
        check(f, "open");
        call3(SYS_WRITE, f, "x", 1);
        call1(SYS_CLOSE, f);
        call1(SYS_UNLINK, "/file");
    }
    result("file-create-delete", (now() - t) / 300);
}

__attribute__((noinline)) static long leaf(long x)
{
    __asm__ volatile("" : "+r"(x));
    return x + 1;
}

static void computation(void)
{
    long t = now(), x = 0;
    for (int i = 0; i < 3000000; i++)
        x = leaf(x);
    result("call-ret-1000", (now() - t) / 3000);
    unsigned a = 1, b = (unsigned)x;
    t = now();
    for (int i = 0; i < 3000000; i++) {
        a += b ^ (unsigned)i;
        b = (b << 3 | b >> 29) + a;
    }
    __asm__ volatile("" :: "r"(a));
    result("integer-loop-1000", (now() - t) / 3000);
}

__attribute__((used)) static void begin(long *stack)
{
    if (stack[0] > 1)
        leave(0); /* what fork-exec starts */
    /* Once without counting: the machine below has to see the code a few times. */
    for (int i = 0; i < 20000; i++)
        call0(SYS_GETPPID);
    say("b begin 0\n");
    null_call();
    fork_exit();
    fork_exec();
    ring("context-switch-2p", 2, 400);
    ring("context-switch-16p", 16, 60);
    pipe_latency();
    mappings();
    page_faults();
    signals();
    divide_by_zero();
    files();
    computation();
    call(SYS_REBOOT, 0xfee1dead, 672274793, 0x4321fedc, 0, 0, 0);
    leave(0);
}

__asm__(".globl _start\n_start: movq %rsp, %rdi\n andq $-16, %rsp\n call begin\n");
