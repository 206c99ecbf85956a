/* Verdicts, on the first serial port. */
#include <stdarg.h>
#include "verdicts.h"

#define COM1 0x3f8
/* Most arguments of a text. */
#define VALUES 10

int quiet;
u32 spoil;

static struct {
    char name[64], failure[192];
    /* The case, put into words only if it fails. */
    const char *tag;
    word values[VALUES];
    u32 cases, failed;
    int open;
} now;
static const char *group_name;
static u32 group_checks, group_cases, group_failed, all_checks, all_cases, all_failed;

/* Where text goes: a buffer, or the port if there is none. */
struct sink {
    char *at, *end;
};

static void put(struct sink *s, char c)
{
    if (s->at) {
        if (s->at < s->end)
            *s->at++ = c;
        return;
    }
    while (!(in8(COM1 + 5) & 0x20))
        ;
    out8(COM1, (u8)c);
}

static void put_number(struct sink *s, word v, u32 base)
{
    char digits[24];
    int n = 0;
    do {
        digits[n++] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v);
    while (n)
        put(s, digits[--n]);
}

/* %s, %u, %x, %c; every argument is a word. */
static void format_values(struct sink *s, const char *f, const word *v)
{
    for (; *f; f++) {
        if (*f != '%') {
            put(s, *f);
            continue;
        }
        switch (*++f) {
        case 's':
            for (const char *t = (const char *)*v++; *t; t++)
                put(s, *t);
            break;
        case 'u':
            put_number(s, *v++, 10);
            break;
        case 'x':
            put_number(s, *v++, 16);
            break;
        case 'c':
            put(s, (char)*v++);
            break;
        default:
            put(s, '?');
        }
    }
}

void print_values(const char *f, const word *v)
{
    struct sink s = {0, 0};
    format_values(&s, f, v);
}

void fatal(const char *why)
{
    print_values("fatal %s, in %s [", WORDS((word)why, (word)now.name));
    print_values(now.tag, now.values);
    print_values("]\n", 0);
    for (;;)
        out8(0xf4, 1);
}

static void close_check(void)
{
    if (!now.open)
        return;
    now.open = 0;
    group_checks++;
    group_cases += now.cases;
    if (now.failed) {
        group_failed++;
        print_values("FAIL %s.%s %s (%u differences)\n", WORDS((word)group_name, (word)now.name, (word)now.failure, now.failed));
    } else if (now.cases == 0) {
        group_failed++;
        print_values("FAIL %s.%s compared nothing\n", WORDS((word)group_name, (word)now.name));
    } else if (!quiet) {
        print_values("ok %s.%s %u\n", WORDS((word)group_name, (word)now.name, now.cases));
    }
}

static void close_group(void)
{
    close_check();
    if (group_name && !quiet)
        print_values("group %s checks %u cases %u failed %u\n", WORDS((word)group_name, group_checks, group_cases, group_failed));
    all_checks += group_checks;
    all_cases += group_cases;
    all_failed += group_failed;
    group_checks = group_cases = group_failed = 0;
    group_name = 0;
}

void group(const char *name)
{
    close_group();
    group_name = name;
}

void check_values(const char *f, const word *v)
{
    close_check();
    struct sink s = {now.name, now.name + sizeof now.name - 1};
    format_values(&s, f, v);
    *s.at = 0;
    now.tag = "";
    now.cases = now.failed = 0;
    now.open = 1;
}

void tag_values(const char *f, const word *v)
{
    now.tag = f;
    for (u32 n = 0; *f; f++)
        if (*f == '%' && n < VALUES)
            now.values[n] = v[n], n++;
}

#ifndef __x86_64__
/* The arguments that a format asks for. */
static void take(word *v, u32 n, const char *f, va_list a)
{
    for (; *f; f++)
        if (*f == '%' && n) {
            *v++ = va_arg(a, word);
            n--;
        }
}

/* With a list of arguments, each as wide as a word: so they always are in 32-bit code. */
void print(const char *f, ...)
{
    word v[VALUES];
    va_list a;
    va_start(a, f);
    take(v, VALUES, f, a);
    va_end(a);
    print_values(f, v);
}

void check(const char *f, ...)
{
    word v[VALUES];
    va_list a;
    va_start(a, f);
    take(v, VALUES, f, a);
    va_end(a);
    check_values(f, v);
}

void tag(const char *f, ...)
{
    word v[VALUES];
    va_list a;
    va_start(a, f);
    take(v, VALUES, f, a);
    va_end(a);
    tag_values(f, v);
}
#endif

static void failure(const char *f, const word *v)
{
    if (now.failed++)
        return;
    struct sink s = {now.failure, now.failure + sizeof now.failure - 1};
    put(&s, '[');
    format_values(&s, now.tag, now.values);
    put(&s, ']');
    put(&s, ' ');
    format_values(&s, f, v);
    *s.at = 0;
}

int same(const char *what, word expected, word got)
{
    now.cases++;
    if (spoil && now.cases % spoil == 0)
        expected = ~got;
    if (expected == got)
        return 1;
    failure("%s expected %x got %x", WORDS((word)what, expected, got));
    return 0;
}

void differs(const char *what)
{
    now.cases++;
    failure("%s", WORDS((word)what));
}

u32 totals(void)
{
    close_group();
    if (!quiet)
        print_values("total checks %u cases %u failed %u\n", WORDS(all_checks, all_cases, all_failed));
    return all_failed;
}
