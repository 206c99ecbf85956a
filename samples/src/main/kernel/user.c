/* The user program: every process runs it, with its number in EAX. Linked at USER_BASE, without access to the kernel's code or data. */
#include "kernel.h"

#define CODE __attribute__((section(".user.text"), noinline))
#define DATA __attribute__((section(".user.data")))

static inline u32 call(u32 number, u32 a, u32 b)
{
    u32 r;
    __asm__ volatile("int $0x80" : "=a"(r) : "0"(number), "b"(a), "c"(b) : "memory");
    return r;
}

static const char hello[] DATA = "process 0 computed ";

/* Writes a line of text and a number with one call, so that no other process comes between. */
CODE static void say(const char *what, u32 length, u32 v)
{
    char text[64];
    u32 n = 0, divisor = 1000000000;
    while (n < length)
        (text[n] = what[n]), n++;
    while (divisor > 1 && v < divisor)
        divisor /= 10;
    for (; divisor; divisor /= 10)
        text[n++] = (char)('0' + v / divisor % 10);
    text[n++] = '\n';
    call(CALL_WRITE, (u32)text, n);
}

/* Counts primes below n in memory that appears on demand. */
CODE static u32 primes(u8 *sieve, u32 n)
{
    u32 count = 0;
    for (u32 i = 0; i < n; i++)
        sieve[i] = 1;
    for (u32 i = 2; i < n; i++) {
        if (!sieve[i])
            continue;
        count++;
        for (u32 k = i * 2; k < n; k += i)
            sieve[k] = 0;
    }
    return count;
}

/* One line: b NAME CYCLES-PER-OPERATION */
CODE static void timed(const char *what, u32 count, u64 cycles)
{
    u32 each, rest;
    u32 high = (u32)(cycles >> 32) % count;
    __asm__("divl %4" : "=a"(each), "=d"(rest) : "0"((u32)cycles), "1"(high), "r"(count));
    u32 n = 0;
    while (what[n])
        n++;
    say(what, n, each);
}

static const char n_null[] DATA = "b null-call ";
static const char n_fault[] DATA = "b page-fault ";
static const char n_copy[] DATA = "b space-copy ";
static const char n_integer[] DATA = "b integer-loop ";
static const char n_memory[] DATA = "b memory-loop ";

static const char n_begin[] DATA = "b begin 0\n";

CODE static void benchmarks(void)
{
    call(CALL_WRITE, (u32)n_begin, sizeof n_begin - 1);
    u64 t = time_stamp();
    for (u32 i = 0; i < 20000; i++)
        call(CALL_GETPID, 0, 0);
    timed(n_null, 20000, time_stamp() - t);
    t = time_stamp();
    for (u32 i = 0; i < 2000; i++) {
        *(volatile u32 *)(USER_HEAP + 0x800000u) = i;
        call(CALL_UNMAP, USER_HEAP + 0x800000u, 0);
    }
    timed(n_fault, 2000, time_stamp() - t);
    t = time_stamp();
    for (u32 i = 0; i < 40; i++)
        call(CALL_FORK_LIKE, 0, 0);
    timed(n_copy, 40, time_stamp() - t);
    t = time_stamp();
    u32 a = 1, b = 7;
    for (u32 i = 0; i < 3000000; i++) {
        a += b ^ i;
        b = (b << 3 | b >> 29) + a;
    }
    timed(n_integer, 3000, time_stamp() - t);
    volatile u32 sink = a;
    t = time_stamp();
    u32 *m = (u32 *)USER_HEAP;
    for (u32 r = 0; r < 40; r++)
        for (u32 i = 0; i < 65536; i++)
            m[i] = m[(i * 7) & 65535] + r;
    timed(n_memory, 40, time_stamp() - t);
    (void)sink;
}

__attribute__((section(".user.entry"), used)) void user_entry(void)
{
    u32 number;
    __asm__ volatile("" : "=a"(number));
    u32 n = primes((u8 *)USER_HEAP, 60000 + number * 20000);
    for (u32 i = 0; i < 20; i++)
        call(CALL_YIELD, 0, 0);
    char text[sizeof hello];
    for (u32 i = 0; i < sizeof hello; i++)
        text[i] = hello[i];
    text[8] = (char)('0' + number);
    say(text, sizeof hello - 1, n);
    if (number == 0)
        benchmarks();
    call(CALL_EXIT, 0, 0);
    for (;;)
        ;
}
