/*
 * The first and only program of a Linux that is compared in two gears: lmbench's operations (McVoy and Staelin, "lmbench: portable tools for performance
 * analysis", 1996), a line "b NAME NANOSECONDS OPERATIONS" each, then power-off. Each is gone through as often as rounds=N in the environment says, once without it: the
 * first half is for the machine below to get used to the code, and what counts is the shortest of the others, the one that nothing else has held up; operations are those of all
 * rounds. With only=NAME,NAME... there are these alone. Network and files are the kernel's own: the loopback interface, the initial file system. Static, without a C library.
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

static int number(char *text, long v)
{
    char digits[24];
    int d = 0, n = 0;
    do
        digits[d++] = (char)('0' + v % 10);
    while (v /= 10);
    while (d)
        text[n++] = digits[--d];
    return n;
}

enum { MOST_ROUNDS = 100 };
static int rounds = 1;
/* What is measured does not count yet: the kernel's code is new to whoever translates it. */
static int warming_up;

/* Names with a comma between each two; null: all. */
static const char *only;

/* What the environment says of a name that ends in an equals sign, or null. */
static const char *setting(const char *const *environment, const char *name)
{
    for (; *environment; environment++) {
        int n = 0;
        while (name[n] && (*environment)[n] == name[n])
            n++;
        if (!name[n])
            return *environment + n;
    }
    return 0;
}

static void rounds_from(const char *s)
{
    int value = 0;
    for (; s && *s >= '0' && *s <= '9' && value <= MOST_ROUNDS; s++)
        value = value * 10 + *s - '0';
    rounds = value < 1 ? 1 : value > MOST_ROUNDS ? MOST_ROUNDS : value;
}

static int wanted(const char *name)
{
    for (const char *o = only; o; o++) {
        int n = 0;
        while (name[n] && o[n] == name[n])
            n++;
        if (!name[n] && (!o[n] || o[n] == ','))
            return 1;
        while (*o && *o != ',')
            o++;
        if (!*o)
            return 0;
    }
    return 1;
}

/* The shortest of the later half. */
static long settled(const long *times, int n)
{
    long least = times[n / 2];
    for (int i = n / 2 + 1; i < n; i++)
        least = times[i] < least ? times[i] : least;
    return least;
}

static void result(const char *name, long each, long operations)
{
    char line[96];
    int n = 0;
    if (warming_up)
        return;
    line[n++] = 'b';
    line[n++] = ' ';
    while (*name)
        line[n++] = *name++;
    line[n++] = ' ';
    n += number(line + n, each);
    line[n++] = ' ';
    n += number(line + n, operations);
    line[n++] = '\n';
    line[n] = 0;
    say(line);
}

/* Goes through some rounds of a benchmark: a round does some operations, for some milliseconds, and says how long they took. */
static void repeat(const char *name, int times, int operations, long (*round)(int operations))
{
    long taken[MOST_ROUNDS];
    if (!wanted(name))
        return;
    for (int i = 0; i < times; i++)
        taken[i] = round(operations);
    result(name, settled(taken, times) / operations, (long)operations * times);
}

static void row(const char *name, int operations, long (*round)(int operations))
{
    repeat(name, rounds, operations, round);
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

static long null_call(int operations)
{
    long t = now();
    for (int i = 0; i < operations; i++)
        call0(SYS_GETPPID);
    return now() - t;
}

static long fork_exit(int operations)
{
    long t = now();
    for (int i = 0; i < operations; i++) {
        long child = call0(SYS_FORK);
        check(child, "fork");
        if (!child)
            leave(0);
        call(SYS_WAIT4, child, 0, 0, 0, 0, 0);
    }
    return now() - t;
}

static long fork_exec(int operations)
{
    static const char *const arguments[] = { "/init", "exit", 0 };
    long t = now();
    for (int i = 0; i < operations; i++) {
        long child = call0(SYS_FORK);
        check(child, "fork");
        if (!child) {
            call3(SYS_EXECVE, arguments[0], arguments, arguments + 2);
            leave(1);
        }
        call(SYS_WAIT4, child, 0, 0, 0, 0, 0);
    }
    return now() - t;
}

static char token = 1;

/* Processes that hand on a byte until what they read from is closed. The first, which is this one, writes to one channel and reads from another. */
static long first_out, last_in;

static void hand_on(long in, long out)
{
    while (call3(SYS_READ, in, &token, 1) == 1)
        call3(SYS_WRITE, out, &token, 1);
    leave(0);
}

static long round_trips(int operations)
{
    long t = now();
    for (int i = 0; i < operations; i++) {
        call3(SYS_WRITE, first_out, &token, 1);
        call3(SYS_READ, last_in, &token, 1);
    }
    return now() - t;
}

static int ring_size;

/* Each step is one context switch with a write and a read. */
static long context_switches(int operations)
{
    return round_trips(operations / ring_size);
}

/* A byte goes round a ring of processes. */
static void ring(const char *name, int processes, int operations, long (*round)(int operations))
{
    int pipes[16][2];
    if (!wanted(name))
        return;
    for (int i = 0; i < processes; i++)
        check(call1(SYS_PIPE, pipes[i]), "pipe");
    for (int i = 1; i < processes; i++) {
        long child = call0(SYS_FORK);
        check(child, "fork");
        if (child)
            continue;
        for (int k = 0; k < processes; k++) {
            if (k != i)
                call1(SYS_CLOSE, pipes[k][1]);
            if (k != i - 1)
                call1(SYS_CLOSE, pipes[k][0]);
        }
        hand_on(pipes[i - 1][0], pipes[i][1]);
    }
    ring_size = processes;
    first_out = pipes[0][1];
    last_in = pipes[processes - 1][0];
    row(name, operations, round);
    for (int i = 0; i < processes; i++) {
        call1(SYS_CLOSE, pipes[i][1]);
        call1(SYS_CLOSE, pipes[i][0]);
    }
    for (int i = 1; i < processes; i++)
        call(SYS_WAIT4, -1, 0, 0, 0, 0, 0);
}

enum { BLOCK = 65536 };
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

static long blocks_sent(int operations)
{
    long t = now();
    for (int i = 0; i < operations; i++)
        write_all(first_out, BLOCK);
    return now() - t;
}

/* Blocks from one process to another. The ends of the channel are those of the two, which both have, so that its end has to be said by a number. */
static void one_way(const char *name, int operations, long mine, long other)
{
    if (!wanted(name))
        return;
    long child = call0(SYS_FORK);
    check(child, "fork");
    if (!child) {
        read_all(other, (long)rounds * operations * BLOCK);
        leave(0);
    }
    first_out = mine;
    row(name, operations, blocks_sent);
    call(SYS_WAIT4, child, 0, 0, 0, 0, 0);
}

/* A byte to another process and back. */
static void to_and_fro(const char *name, int operations, long mine, long other)
{
    long child = call0(SYS_FORK);
    check(child, "fork");
    if (!child) {
        call1(SYS_CLOSE, mine);
        hand_on(other, other);
    }
    call1(SYS_CLOSE, other);
    first_out = last_in = mine;
    row(name, operations, round_trips);
    call1(SYS_CLOSE, mine);
    call(SYS_WAIT4, child, 0, 0, 0, 0, 0);
}

static void channels(void)
{
    int ends[2];
    check(call1(SYS_PIPE, ends), "pipe");
    one_way("pipe-64k", 24, ends[1], ends[0]);
    call1(SYS_CLOSE, ends[0]);
    call1(SYS_CLOSE, ends[1]);
    check(call(SYS_SOCKETPAIR, 1, 1, 0, (long)ends, 0, 0), "socketpair");
    to_and_fro("unix-round-trip", 200, ends[0], ends[1]);
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
    check(call(SYS_SETSOCKOPT, listener, 1, 2, (long)&one, 4, 0), "SO_REUSEADDR");
    check(call3(SYS_BIND, listener, address, 16), "bind");
    check(call2(SYS_LISTEN, listener, 1), "listen");
    long mine = call3(SYS_SOCKET, 2, 1, 0);
    check(call3(SYS_CONNECT, mine, address, 16), "connect");
    long other = call3(SYS_ACCEPT, listener, 0, 0);
    check(other, "accept");
    check(call(SYS_SETSOCKOPT, mine, 6, 1, (long)&one, 4, 0), "TCP_NODELAY");
    check(call(SYS_SETSOCKOPT, other, 6, 1, (long)&one, 4, 0), "TCP_NODELAY");
    one_way("tcp-64k", 16, mine, other);
    to_and_fro("tcp-round-trip", 100, mine, other);
    call1(SYS_CLOSE, listener);
}

static long mappings(int operations)
{
    const long bytes = 1 << 20;
    long t = now();
    for (int i = 0; i < operations; i++) {
        u8 *p = map(bytes);
        for (long at = 0; at < bytes; at += 16384)
            p[at] = 1;
        call2(SYS_MUNMAP, p, bytes);
    }
    return now() - t;
}

static u8 *pages;

static long page_faults(int operations)
{
    long t = now();
    for (long i = 0; i < operations; i++)
        pages[i << 12] = 1;
    t = now() - t;
    call3(SYS_MADVISE, pages, (long)operations << 12, 4);
    return t;
}

/* The entry of one page changes twice, and the page is written once, for each two operations. */
static long page_table_entries(int operations)
{
    long t = now();
    for (int i = 0; i < operations; i += 2) {
        call3(SYS_MPROTECT, pages, 4096, 1);
        call3(SYS_MPROTECT, pages, 4096, 3);
        *(volatile u8 *)pages = 2;
    }
    return now() - t;
}

static void paging(void)
{
    const int count = 512;
    row("mmap", 4, mappings);
    pages = map((long)count << 12);
    row("page-fault", count, page_faults);
    pages[0] = 1;
    row("pte-write", 1000, page_table_entries);
    call2(SYS_MUNMAP, pages, (long)count << 12);
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

static long signal_installs(int operations)
{
    long t = now();
    for (int i = 0; i < operations; i++)
        catch_signal(10, count);
    return now() - t;
}

static long signals(int operations)
{
    long self = call0(SYS_GETPID);
    long t = now();
    for (int i = 0; i < operations; i++)
        call2(SYS_KILL, self, 10);
    return now() - t;
}

static long protection_faults(int operations)
{
    caught = 0;
    long t = now();
    for (int i = 0; i < operations; i++)
        __asm__ volatile("movb $0, (%%rax)" :: "a"(pages) : "memory");
    t = now() - t;
    check(caught == operations ? 0 : -1, "protection faults");
    return t;
}

static long divisions(int operations)
{
    caught = 0;
    long t = now();
    for (int i = 0; i < operations; i++)
        __asm__ volatile("xorl %%ecx, %%ecx; movl $1, %%eax; xorl %%edx, %%edx; .byte 0x48, 0xf7, 0xf1" ::: "rax", "rcx", "rdx");
    t = now() - t;
    check(caught == operations ? 0 : -1, "divisions");
    return t;
}

static void exceptions(void)
{
    row("signal-install", 1000, signal_installs);
    row("signal", 400, signals);
    pages = map(4096);
    pages[0] = 1;
    call3(SYS_MPROTECT, pages, 4096, 1);
    catch_signal(11, step_over);
    row("protection-fault", 400, protection_faults);
    catch_signal(8, step_over);
    row("divide-by-zero", 400, divisions);
}

static long creations(int operations)
{
    long t = now();
    for (int i = 0; i < operations; i++) {
        long f = call3(SYS_OPEN, "/file", 0102, 0600);
        check(f, "open");
        call3(SYS_WRITE, f, "x", 1);
        call1(SYS_CLOSE, f);
        call1(SYS_UNLINK, "/file");
    }
    return now() - t;
}

static long file;

static long file_writes(int operations)
{
    call3(SYS_LSEEK, file, 0, 0);
    long t = now();
    write_all(file, (long)operations * BLOCK);
    return now() - t;
}

static long file_reads(int operations)
{
    call3(SYS_LSEEK, file, 0, 0);
    long t = now();
    read_all(file, (long)operations * BLOCK);
    return now() - t;
}

static long openings(int operations)
{
    long t = now();
    for (int i = 0; i < operations; i++)
        call1(SYS_CLOSE, call3(SYS_OPEN, "/file", 0, 0));
    return now() - t;
}

static long stats(int operations)
{
    long t = now();
    for (int i = 0; i < operations; i++)
        call2(SYS_STAT, "/file", block);
    return now() - t;
}

static void files(void)
{
    row("file-create-delete", 50, creations);
    file = call3(SYS_OPEN, "/file", 0102, 0600);
    check(file, "open");
    row("file-write-64k", 64, file_writes);
    if (wanted("file-read-64k") && !wanted("file-write-64k"))
        file_writes(64);
    row("file-read-64k", 64, file_reads);
    call1(SYS_CLOSE, file);
    row("open-close", 200, openings);
    row("stat", 400, stats);
    call1(SYS_UNLINK, "/file");
}

__attribute__((noinline)) static long leaf(long x)
{
    __asm__ volatile("" : "+r"(x));
    return x + 1;
}

/* An operation is a thousand calls. */
static long calls(int operations)
{
    long t = now(), x = 0;
    for (int i = 0; i < 1000 * operations; i++)
        x = leaf(x);
    return now() - t;
}

/* An operation is a thousand times round. */
static long integers(int operations)
{
    unsigned a = 1, b = 7;
    long t = now();
    for (int i = 0; i < 1000 * operations; i++) {
        a += b ^ (unsigned)i;
        b = (b << 3 | b >> 29) + a;
    }
    t = now() - t;
    __asm__ volatile("" :: "r"(a));
    return t;
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

static long compilation(int operations)
{
    static const char *const compile[] = { "/usr/bin/tcc", "-c", "/source.c", "-o", "/tmp/source.o", 0 };
    long t = now();
    for (int i = 0; i < operations; i++)
        run(compile, 0, 0);
    return now() - t;
}

static long transactions(int operations)
{
    static const char *const database[] = { "/usr/bin/sqlite3", "-batch", "/tmp/database", 0 };
    long t = now();
    for (int i = 0; i < operations; i++) {
        run(database, "/script.sql", "/dev/null");
        check(call1(SYS_UNLINK, "/tmp/database"), "unlink");
    }
    return now() - t;
}

/* Larger programs, if the RAM disk has them: a round is a second, so that a few do. */
static void programs(void)
{
    int few = rounds < 5 ? rounds : 5;
    if (call2(SYS_STAT, "/usr/bin/tcc", block) < 0)
        return;
    repeat("compile", few, 1, compilation);
    repeat("database", few, 1, transactions);
}

static void rows(void)
{
    row("null-call", 5000, null_call);
    row("fork-exit", 8, fork_exit);
    row("fork-exec", 5, fork_exec);
    ring("context-switch-2p", 2, 400, context_switches);
    ring("context-switch-16p", 16, 320, context_switches);
    ring("pipe-round-trip", 2, 200, round_trips);
    channels();
    network();
    paging();
    exceptions();
    files();
    row("call-ret-1000", 3000, calls);
    row("integer-loop-1000", 3000, integers);
}

/* Half of the rounds go through all rows before the others are measured, or the first rows would be measured while all is still new. */
__attribute__((used)) static void begin(long *stack)
{
    if (stack[0] > 1)
        leave(0); /* what fork-exec starts */
    const char *const *environment = (const char *const *)stack + stack[0] + 2;
    rounds_from(setting(environment, "rounds="));
    only = setting(environment, "only=");
    int all = rounds;
    if (all > 1) {
        warming_up = 1;
        rounds = all / 2;
        rows();
        warming_up = 0;
        rounds = all - all / 2;
    }
    say("b begin 0\n");
    rows();
    rounds = all;
    programs();
    call(SYS_REBOOT, 0xfee1dead, 672274793, 0x4321fedc, 0, 0, 0);
    leave(0);
}

__asm__(".globl _start\n_start: movq %rsp, %rdi\n andq $-16, %rsp\n call begin\n");
