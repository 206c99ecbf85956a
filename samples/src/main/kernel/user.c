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

CODE static u32 append(char *text, u32 n, u32 v)
{
    u32 divisor = 1000000000;
    while (divisor > 1 && v < divisor)
        divisor /= 10;
    for (; divisor; divisor /= 10)
        text[n++] = (char)('0' + v / divisor % 10);
    return n;
}

/* Writes a line of text and a number with one call, so that no other process comes between. */
CODE static void say(const char *what, u32 length, u32 v)
{
    char text[64];
    u32 n = 0;
    while (n < length)
        (text[n] = what[n]), n++;
    n = append(text, n, v);
    text[n++] = '\n';
    call(CALL_WRITE, (u32)text, n);
}

/* One line: b NAME CYCLES-PER-OPERATION OPERATIONS */
CODE static void row(int measured, const char *name, u32 operations, u64 (*round)(u32 operations))
{
    u64 times[MOST_ROUNDS];
    char text[64];
    u32 n = 0, all = call(CALL_ROUNDS, 0, 0), rounds = measured ? measured_rounds(all) : all - measured_rounds(all);
    u32 i = 0;
    while (i < rounds)
        times[i++] = round(operations);
    if (!measured || !i)
        return;
    for (; name[n]; n++)
        text[n] = name[n];
    n = append(text, n, each(settled(times, rounds), operations));
    text[n++] = ' ';
    n = append(text, n, operations * rounds);
    text[n++] = '\n';
    call(CALL_WRITE, (u32)text, n);
}

static const char n_null[] DATA = "b null-call ";
static const char n_fault[] DATA = "b page-fault ";
static const char n_copy[] DATA = "b space-copy ";
static const char n_integer[] DATA = "b integer-loop ";
static const char n_memory[] DATA = "b memory-loop ";

static const char n_begin[] DATA = "b begin 0\n";

CODE static u64 null_calls(u32 operations)
{
    u64 t = time_stamp();
    for (u32 i = 0; i < operations; i++)
        call(CALL_GETPID, 0, 0);
    return time_stamp() - t;
}

CODE static u64 page_faults(u32 operations)
{
    u64 t = time_stamp();
    for (u32 i = 0; i < operations; i++) {
        *(volatile u32 *)(USER_HEAP + 0x800000u) = i;
        call(CALL_UNMAP, USER_HEAP + 0x800000u, 0);
    }
    return time_stamp() - t;
}

CODE static u64 space_copies(u32 operations)
{
    u64 t = time_stamp();
    for (u32 i = 0; i < operations; i++)
        call(CALL_FORK_LIKE, 0, 0);
    return time_stamp() - t;
}

/* An operation is a thousand times round. */
CODE static u64 integers(u32 operations)
{
    u64 t = time_stamp();
    u32 a = 1, b = 7;
    for (u32 i = 0; i < 1000 * operations; i++) {
        a += b ^ i;
        b = (b << 3 | b >> 29) + a;
    }
    t = time_stamp() - t;
    __asm__ volatile("" :: "r"(a));
    return t;
}

/* An operation is 65,536 loads and stores. */
CODE static u64 words(u32 operations)
{
    u64 t = time_stamp();
    u32 *m = (u32 *)USER_HEAP;
    for (u32 r = 0; r < operations; r++)
        for (u32 i = 0; i < 65536; i++)
            m[i] = m[(i * 7) & 65535] + r;
    return time_stamp() - t;
}

CODE static void rows(int measured)
{
    row(measured, n_null, 20000, null_calls);
    row(measured, n_fault, 4000, page_faults);
    row(measured, n_copy, 50, space_copies);
    row(measured, n_integer, 3000, integers);
    row(measured, n_memory, 10, words);
}

CODE static void benchmarks(void)
{
    rows(0);
    call(CALL_WRITE, (u32)n_begin, sizeof n_begin - 1);
    rows(1);
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
