/*
 * The first and only program of a Linux that is compared in two gears: lmbench's operations (McVoy and Staelin, "lmbench: portable tools for performance
 * analysis", 1996), a line "b NAME NANOSECONDS" each, then power-off. Network and files are the kernel's own: the loopback interface, the
 * initial file system. Static, without a C library.
 */
typedef unsigned char u8;
typedef unsigned long u64;

enum {
    SYS_READ = 0, SYS_WRITE = 1, SYS_OPEN = 2, SYS_CLOSE = 3, SYS_STAT = 4, SYS_LSEEK = 8, SYS_MMAP = 9, SYS_MPROTECT = 10, SYS_MUNMAP = 11, SYS_SIGACTION = 13, SYS_PIPE = 22,
    SYS_IOCTL = 16, SYS_MADVISE = 28, SYS_GETPID = 39, SYS_SOCKET = 41, SYS_CONNECT = 42, SYS_ACCEPT = 43, SYS_BIND = 49, SYS_LISTEN = 50,
    SYS_SOCKETPAIR = 53, SYS_SETSOCKOPT = 54, SYS_FORK = 57, SYS_EXECVE = 59, SYS_EXIT = 60, SYS_WAIT4 = 61, SYS_KILL = 62, SYS_UNLINK = 87, SYS_GETPPID = 110,
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

enum { BLOCK = 65536, BLOCKS = 64 };
static u8 block[BLOCK];

static void read_all(long fd, long bytes)
{
    while (bytes > 0) {
        long n = call3(SYS_READ, fd, block, bytes < BLOCK ? bytes : BLOCK);
        check(n > 0 ? 0 : -1, "read");
        bytes -= n;
    }
}

static void write_all(long fd, long bytes)
{
    while (bytes > 0) {
        long n = call3(SYS_WRITE, fd, block, bytes < BLOCK ? bytes : BLOCK);
        check(n > 0 ? 0 : -1, "write");
        bytes -= n;
    }
}

/* Blocks from one process to another, then a byte to and fro; names of either or 0. The ends of the channel are those of the two processes. */
static void channel(const char *blocks, const char *latency, long mine, long other)
{
    char token = 1;
    long child = call0(SYS_FORK);
    check(child, "fork");
    if (!child) {
        if (blocks)
            read_all(other, (long)BLOCKS * BLOCK);
        for (int i = 0; latency && i < 400; i++) {
            call3(SYS_READ, other, &token, 1);
            call3(SYS_WRITE, other, &token, 1);
        }
        leave(0);
    }
    long t = now();
    if (blocks)
        write_all(mine, (long)BLOCKS * BLOCK);
    if (blocks)
        result(blocks, (now() - t) / BLOCKS);
    t = now();
    for (int i = 0; latency && i < 400; i++) {
        call3(SYS_WRITE, mine, &token, 1);
        call3(SYS_READ, mine, &token, 1);
    }
    t = now() - t;
    call(SYS_WAIT4, child, 0, 0, 0, 0, 0);
    if (latency)
        result(latency, t / 400);
}

static void channels(void)
{
    int ends[2];
    check(call1(SYS_PIPE, ends), "pipe");
    channel("pipe-64k", 0, ends[1], ends[0]);
    check(call(SYS_SOCKETPAIR, 1, 1, 0, (long)ends, 0, 0), "socketpair");
    channel(0, "unix-round-trip", ends[0], ends[1]);
}

/* TCP over the loopback interface, which is brought up first; 127.0.0.1, port 4660. */
static void network(void)
{
    static u8 address[16] = { 2, 0, 0x12, 0x34, 127, 0, 0, 1 };
    static u8 interface[40] = "lo";
    static int one = 1;
    long listener = call3(SYS_SOCKET, 2, 1, 0);
    check(listener, "socket");
    interface[16] = 0x49; /* IFF_UP, IFF_LOOPBACK, IFF_RUNNING */
    check(call3(SYS_IOCTL, listener, 0x8914, interface), "SIOCSIFFLAGS");
    check(call3(SYS_BIND, listener, address, 16), "bind");
    check(call2(SYS_LISTEN, listener, 1), "listen");
    long mine = call3(SYS_SOCKET, 2, 1, 0);
    check(call3(SYS_CONNECT, mine, address, 16), "connect");
    long other = call3(SYS_ACCEPT, listener, 0, 0);
    check(other, "accept");
    check(call(SYS_SETSOCKOPT, mine, 6, 1, (long)&one, 4, 0), "TCP_NODELAY");
    check(call(SYS_SETSOCKOPT, other, 6, 1, (long)&one, 4, 0), "TCP_NODELAY");
    channel("tcp-64k", "tcp-round-trip", mine, other);
    call1(SYS_CLOSE, listener);
    call1(SYS_CLOSE, mine);
    call1(SYS_CLOSE, other);
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

/* The entry of one page changes twice for each, and the page is written once. */
static void page_table_entries(void)
{
    u8 *p = map(4096);
    p[0] = 1;
    long t = now();
    for (int i = 0; i < 2000; i++) {
        call3(SYS_MPROTECT, p, 4096, 1);
        call3(SYS_MPROTECT, p, 4096, 3);
        *(volatile u8 *)p = 2;
    }
    result("pte-write", (now() - t) / 4000);
    call2(SYS_MUNMAP, p, 4096);
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
    long t = now();
    for (int i = 0; i < 2000; i++)
        catch_signal(10, count);
    result("signal-install", (now() - t) / 2000);
    t = now();
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
    long f = call3(SYS_OPEN, "/file", 0102, 0600);
    check(f, "open");
    t = now();
    write_all(f, (long)BLOCKS * BLOCK);
    result("file-write-64k", (now() - t) / BLOCKS);
    t = now();
    for (int i = 0; i < 4; i++) {
        call3(SYS_LSEEK, f, 0, 0);
        read_all(f, (long)BLOCKS * BLOCK);
    }
    result("file-read-64k", (now() - t) / (4 * BLOCKS));
    call1(SYS_CLOSE, f);
    t = now();
    for (int i = 0; i < 1000; i++)
        call1(SYS_CLOSE, call3(SYS_OPEN, "/file", 0, 0));
    result("open-close", (now() - t) / 1000);
    t = now();
    for (int i = 0; i < 1000; i++)
        call2(SYS_STAT, "/file", block);
    result("stat", (now() - t) / 1000);
    call1(SYS_UNLINK, "/file");
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

/* Runs a program to its end: its standard input and output are files, if they are named. */
static void run(const char *const *arguments, const char *input, const char *output)
{
    static const char *const environment[] = { "HOME=/tmp", 0 };
    long child = call0(SYS_FORK);
    int status = -1;
    check(child, "fork");
    if (!child) {
        if (input) {
            call1(SYS_CLOSE, 0);
            check(call3(SYS_OPEN, input, 0, 0), input);
        }
        if (output) {
            call1(SYS_CLOSE, 1);
            check(call3(SYS_OPEN, output, 1, 0), output);
        }
        call3(SYS_EXECVE, arguments[0], arguments, environment);
        leave(127);
    }
    call(SYS_WAIT4, child, (long)&status, 0, 0, 0, 0);
    check(status ? -1 : 0, arguments[0]);
}

/* Each program once without counting, and then twice, if the RAM disk has it. */
static void programs(void)
{
    static const char *const compile[] = { "/usr/bin/tcc", "-c", "/source.c", "-o", "/tmp/source.o", 0 };
    static const char *const database[] = { "/usr/bin/sqlite3", "-batch", "/tmp/database", 0 };
    long t = 0;
    if (call2(SYS_STAT, compile[0], block) < 0)
        return;
    for (int i = 0; i < 3; i++) {
        t = i == 1 ? now() : t;
        run(compile, 0, 0);
    }
    result("compile", (now() - t) / 2);
    for (int i = 0; i < 3; i++) {
        t = i == 1 ? now() : t;
        run(database, "/script.sql", "/dev/null");
        check(call1(SYS_UNLINK, "/tmp/database"), "unlink");
    }
    result("database", (now() - t) / 2);
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
    channels();
    network();
    mappings();
    page_faults();
    page_table_entries();
    signals();
    divide_by_zero();
    files();
    computation();
    programs();
    call(SYS_REBOOT, 0xfee1dead, 672274793, 0x4321fedc, 0, 0, 0);
    leave(0);
}

__asm__(".globl _start\n_start: movq %rsp, %rdi\n andq $-16, %rsp\n call begin\n");
