/* Verdicts, on the first serial port. */
#include <stdarg.h>
#include "machine.h"

#define COM1 0x3f8
/* Most arguments of a text. */
#define VALUES 10

int quiet;
u32 spoil;

static struct {
    char name[64], failure[192];
    /* The case, put into words only if it fails. */
    const char *tag;
    u32 values[VALUES];
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

static void put_number(struct sink *s, u32 v, u32 base)
{
    char digits[12];
    int n = 0;
    do {
        digits[n++] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v);
    while (n)
        put(s, digits[--n]);
}

/* %s, %u, %x, %c; every argument is 32 bits wide. */
static void format_values(struct sink *s, const char *f, const u32 *v)
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

static void take(u32 *v, u32 n, const char *f, va_list a)
{
    for (; *f; f++)
        if (*f == '%' && n) {
            *v++ = va_arg(a, u32);
            n--;
        }
}

static void text(char *buffer, u32 bytes, const char *f, va_list a)
{
    u32 v[VALUES];
    struct sink s = {buffer, buffer + bytes - 1};
    take(v, VALUES, f, a);
    format_values(&s, f, v);
    *s.at = 0;
}

void print(const char *f, ...)
{
    u32 v[VALUES];
    struct sink s = {0, 0};
    va_list a;
    va_start(a, f);
    take(v, VALUES, f, a);
    va_end(a);
    format_values(&s, f, v);
}

void fatal(const char *why)
{
    print("fatal %s, in %s [", why, now.name);
    format_values(&(struct sink){0, 0}, now.tag, now.values);
    print("]\n");
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
        print("FAIL %s.%s %s (%u differences)\n", group_name, now.name, now.failure, now.failed);
    } else if (now.cases == 0) {
        group_failed++;
        print("FAIL %s.%s compared nothing\n", group_name, now.name);
    } else if (!quiet) {
        print("ok %s.%s %u\n", group_name, now.name, now.cases);
    }
}

static void close_group(void)
{
    close_check();
    if (group_name && !quiet)
        print("group %s checks %u cases %u failed %u\n", group_name, group_checks, group_cases, group_failed);
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

void check(const char *f, ...)
{
    va_list a;
    close_check();
    va_start(a, f);
    text(now.name, sizeof now.name, f, a);
    va_end(a);
    now.tag = "";
    now.cases = now.failed = 0;
    now.open = 1;
}

void tag(const char *f, ...)
{
    va_list a;
    va_start(a, f);
    now.tag = f;
    take(now.values, sizeof now.values / sizeof now.values[0], f, a);
    va_end(a);
}

static void failure(const char *f, ...)
{
    if (!now.failed++) {
        u32 v[VALUES];
        va_list a;
        va_start(a, f);
        take(v, VALUES, f, a);
        va_end(a);
        struct sink s = {now.failure, now.failure + sizeof now.failure - 1};
        put(&s, '[');
        format_values(&s, now.tag, now.values);
        put(&s, ']');
        put(&s, ' ');
        format_values(&s, f, v);
        *s.at = 0;
    }
}

int same(const char *what, u32 expected, u32 got)
{
    now.cases++;
    if (spoil && now.cases % spoil == 0)
        expected = ~got;
    if (expected == got)
        return 1;
    failure("%s expected %x got %x", what, expected, got);
    return 0;
}

void differs(const char *what)
{
    now.cases++;
    failure("%s", what);
}

u32 totals(void)
{
    close_group();
    if (!quiet)
        print("total checks %u cases %u failed %u\n", all_checks, all_cases, all_failed);
    return all_failed;
}

int ended(const struct outcome *o, u32 vector, u32 error, const char *snippet, u32 offset)
{
    u32 expected = vector << 24 | (error & 0xffffff), got = o->vector << 24 | (o->error & 0xffffff);
    if (!same("vector.error", expected, got))
        return 0;
    return same("eip", (u32)snippet + offset, o->eip);
}

int finished(const struct outcome *o)
{
    return same("vector.error", BP << 24, o->vector << 24 | o->error);
}

int landed(const struct outcome *o, u16 cs)
{
    return same("vector.error", LANDED << 24, o->vector << 24 | o->error) && same("eip", LANDING + 2, o->eip) && same("cs", cs, o->cs & 0xffff);
}

int arrived_low(const struct outcome *o, u32 ring)
{
    return same("vector.error", LANDED << 24, o->vector << 24 | o->error) && same("eip", (u32)low_landing + 2, o->eip)
        && same("cs", TARGET | ring, o->cs & 0xffff);
}

u32 element(u32 at, u32 n, u32 bytes)
{
    return bytes == 2 ? ((u16 *)at)[n] : ((u32 *)at)[n];
}
