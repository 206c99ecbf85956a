/*
 * Every function of the C library's libm, in three precisions and four rounding modes, over special and random operands.
 *
 *   libm exact          a digest of results and exception flags, a line a function: of those that come out the same to the last bit on any processor
 *   libm record FILE    the results of the others, which are made of x87 transcendental instructions
 *   libm check FILE     the same computed again and compared with the file: results within a few units of the last place, else they are printed
 *   libm print          all results of all functions
 *
 * Check reports on standard error how many results were not the same to the last bit.
 */
#define _GNU_SOURCE
#include <complex.h>
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef OPERANDS
#define OPERANDS 200
#endif

enum kind { F32, F64, F80 };

static const char *const KIND[] = {"float", "double", "long double"};
static const int BYTES[] = {4, 8, 10};
static const int ROUNDING[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};

union number {
    float f;
    double d;
    long double l;
    uint8_t b[16];
    uint64_t u;
};

static uint64_t random_state;

static uint64_t random_bits(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545f4914f6cdd1dull;
}

static long double make(int negative, int exponent, uint64_t fraction) {
    union { long double l; struct { uint64_t m; uint16_t e; } p; } v = {0};
    v.p.m = fraction | 1ull << 63;
    v.p.e = negative << 15 | (16383 + exponent);
    return v.l;
}

/* Special numbers first, then small ones, then any. */
static long double operand(int i) {
    static const long double special[] = {0.0L, 1.0L, 0.5L, 2.0L, 3.0L, 10.0L, 0.75L, 1.5L, 1e-10L, 1e10L, 1e300L, 1e-300L, 0x1p-1022L, 0x1p-1074L, 0x1p-16382L,
        0x1.fffffffffffffp1023L, 709.0L, 745.0L, 88.0L, 3.14159265358979323846L, 1.57079632679489661923L, 0x1p24L, 0x1p53L, 0x1p63L, 0x1p31L};
    int n = sizeof special / sizeof *special;
    if (i < 2 * n) {
        return i % 2 ? -special[i / 2] : special[i / 2];
    }
    if (i < 2 * n + 4) {
        return i % 2 ? (i < 2 * n + 2 ? -INFINITY : -NAN) : (i < 2 * n + 2 ? INFINITY : NAN);
    }
    uint64_t r = random_bits();
    int range = i % 8 == 7 ? 1000 : i % 8 == 6 ? 60 : 6;
    return make(r >> 63, (int)(r % (2 * range)) - range, random_bits());
}

typedef long double (*function)(enum kind, long double, long double);

struct entry {
    const char *name;
    function call;
    int operands;
    /* Units of a long double's last place that results may be apart; 0: the function is exact. */
    unsigned units;
};

/* The three precisions of a function of one operand, and of two; a result is exact in a long double. */
#define ONE(n) static long double call_##n(enum kind k, long double x, long double y) \
    { (void)y; return k == F32 ? n##f((float)x) : k == F64 ? n((double)x) : n##l(x); }
#define TWO(n) static long double call_##n(enum kind k, long double x, long double y) \
    { return k == F32 ? n##f((float)x, (float)y) : k == F64 ? n((double)x, (double)y) : n##l(x, y); }
#define PART(n, part) static long double call_##n##_##part(enum kind k, long double x, long double y) \
    { return k == F32 ? part##f(n##f(CMPLXF(x, y))) : k == F64 ? part(n(CMPLX(x, y))) : part##l(n##l(CMPLXL(x, y))); }
#define COMPLEX(n) PART(n, creal) PART(n, cimag)

ONE(ceil) ONE(floor) ONE(trunc) ONE(rint) ONE(nearbyint) ONE(round) ONE(roundeven) ONE(fabs) ONE(sqrt) ONE(logb) ONE(cbrt)
TWO(copysign) TWO(fdim) TWO(fmax) TWO(fmin) TWO(fmod) TWO(remainder) TWO(nextafter) TWO(hypot)
ONE(sin) ONE(cos) ONE(tan)
ONE(acos) ONE(asin) ONE(atan) TWO(atan2) ONE(acosh) ONE(asinh) ONE(atanh) ONE(cosh) ONE(sinh) ONE(tanh)
ONE(exp) ONE(exp2) ONE(exp10) ONE(expm1) ONE(log) ONE(log2) ONE(log10) ONE(log1p) TWO(pow)
ONE(erf) ONE(erfc) ONE(tgamma) ONE(lgamma) ONE(j0) ONE(j1) ONE(y0) ONE(y1)
COMPLEX(csqrt) COMPLEX(cexp) COMPLEX(clog) COMPLEX(csin) COMPLEX(ctan)

static long double call_scalbn(enum kind k, long double x, long double y) {
    int n = y != y || fabsl(y) > 20000 ? 20000 : (int)y;
    return k == F32 ? scalbnf((float)x, n) : k == F64 ? scalbn((double)x, n) : scalbnl(x, n);
}

static long double call_frexp(enum kind k, long double x, long double y) {
    int e = 0;
    (void)y;
    long double m = k == F32 ? frexpf((float)x, &e) : k == F64 ? frexp((double)x, &e) : frexpl(x, &e);
    return m != m || isinf(m) ? m : m + e;
}

static long double call_modf(enum kind k, long double x, long double y) {
    float wf;
    double wd;
    long double wl;
    (void)y;
    return k == F32 ? modff((float)x, &wf) - wf : k == F64 ? modf((double)x, &wd) - wd : modfl(x, &wl) - wl;
}

static long double call_remquo(enum kind k, long double x, long double y) {
    int q = 0;
    long double r = k == F32 ? remquof((float)x, (float)y, &q) : k == F64 ? remquo((double)x, (double)y, &q) : remquol(x, y, &q);
    return r != r || isinf(r) ? r : r + 8 * (q & 7);
}

static long double call_fma(enum kind k, long double x, long double y) {
    return k == F32 ? fmaf((float)x, (float)y, (float)(x - y)) : k == F64 ? fma((double)x, (double)y, (double)(x - y)) : fmal(x, y, x - y);
}

static long double call_llrint(enum kind k, long double x, long double y) {
    (void)y;
    return k == F32 ? llrintf((float)x) : k == F64 ? llrint((double)x) : llrintl(x);
}

static long double call_lround(enum kind k, long double x, long double y) {
    (void)y;
    return k == F32 ? lroundf((float)x) : k == F64 ? lround((double)x) : lroundl(x);
}

/* Arithmetic as compiled code does it, and decimal conversion there and back. */
static long double call_arithmetic(enum kind k, long double x, long double y) {
    if (k == F32) {
        volatile float a = (float)x, b = (float)y;
        return (a + b) * (a - b) / (b * b + 1.0f);
    }
    if (k == F64) {
        volatile double a = (double)x, b = (double)y;
        return (a + b) * (a - b) / (b * b + 1.0);
    }
    return (x + y) * (x - y) / (y * y + 1.0L);
}

static long double call_decimal(enum kind k, long double x, long double y) {
    char text[64];
    (void)y;
    snprintf(text, sizeof text, k == F32 ? "%.7Lg" : k == F64 ? "%.15Lg" : "%.18Lg", k == F32 ? (float)x : k == F64 ? (double)x : x);
    return k == F32 ? strtof(text, 0) : k == F64 ? strtod(text, 0) : strtold(text, 0);
}

#define EXACT(n, operands) {#n, call_##n, operands, 0}
#define CLOSE(n, operands) {#n, call_##n, operands, 2}
static const struct entry ENTRIES[] = {
    EXACT(ceil, 1), EXACT(floor, 1), EXACT(trunc, 1), EXACT(rint, 1), EXACT(nearbyint, 1), EXACT(round, 1), EXACT(roundeven, 1), EXACT(fabs, 1), EXACT(sqrt, 1),
    EXACT(logb, 1), EXACT(cbrt, 1), EXACT(copysign, 2), EXACT(fdim, 2), EXACT(fmax, 2), EXACT(fmin, 2), EXACT(fmod, 2), EXACT(remainder, 2), EXACT(nextafter, 2),
    EXACT(hypot, 2), EXACT(scalbn, 2), EXACT(frexp, 1), EXACT(modf, 1), EXACT(remquo, 2), EXACT(fma, 2), EXACT(llrint, 1), EXACT(lround, 1),
    EXACT(arithmetic, 2), EXACT(decimal, 1), EXACT(sin, 1), EXACT(cos, 1), EXACT(tan, 1), EXACT(csqrt_creal, 2), EXACT(csqrt_cimag, 2),
    CLOSE(acos, 1), CLOSE(asin, 1), CLOSE(atan, 1), CLOSE(atan2, 2), CLOSE(acosh, 1), CLOSE(asinh, 1), CLOSE(atanh, 1), CLOSE(cosh, 1), CLOSE(sinh, 1),
    CLOSE(tanh, 1), CLOSE(exp, 1), CLOSE(exp2, 1), CLOSE(exp10, 1), CLOSE(expm1, 1), CLOSE(log, 1), CLOSE(log2, 1), CLOSE(log10, 1), CLOSE(log1p, 1), CLOSE(pow, 2),
    CLOSE(erf, 1), CLOSE(erfc, 1), CLOSE(tgamma, 1), CLOSE(lgamma, 1), CLOSE(j0, 1), CLOSE(j1, 1), CLOSE(y0, 1), CLOSE(y1, 1), CLOSE(cexp_creal, 2),
    CLOSE(cexp_cimag, 2), CLOSE(clog_creal, 2), CLOSE(clog_cimag, 2), CLOSE(csin_creal, 2), CLOSE(csin_cimag, 2), CLOSE(ctan_creal, 2), CLOSE(ctan_cimag, 2)};
#define COUNT (sizeof ENTRIES / sizeof *ENTRIES)

static int rounding_count;

static union number pack(enum kind k, long double v) {
    union number n;
    memset(&n, 0, sizeof n);
    if (k == F32) {
        n.f = (float)v;
    } else if (k == F64) {
        n.d = (double)v;
    } else {
        n.l = v;
        memset(n.b + 10, 0, 6);
    }
    return n;
}

/* How many units of the last place, or one more for each half where they are across a power of two, two numbers are apart; many if they are of other kinds. */
static uint64_t distance(enum kind k, union number a, union number b) {
    uint64_t high[2] = {0, 0}, low[2];
    for (int i = 0; i < 2; i++) {
        const union number *n = i ? &b : &a;
        if (k == F32) {
            uint32_t v;
            memcpy(&v, n->b, 4);
            low[i] = v;
        } else {
            low[i] = n->u;
            high[i] = k == F64 ? 0 : n->b[8] | n->b[9] << 8;
            if (k == F80 && (high[i] & 0x7fff) == 0) {
                high[i] |= 1; /* denormal numbers have the scale of the smallest normal ones */
            }
        }
    }
    if (high[0] == high[1]) {
        return low[0] > low[1] ? low[0] - low[1] : low[1] - low[0];
    }
    int above = high[0] < high[1];
    if (high[above] - high[!above] != 1) {
        return UINT64_MAX;
    }
    return low[above] - (1ull << 63) + (0 - low[!above]);
}

static int close_enough(enum kind k, union number a, union number b, unsigned units) {
    long double x = k == F32 ? a.f : k == F64 ? a.d : a.l;
    long double y = k == F32 ? b.f : k == F64 ? b.d : b.l;
    return x != x || y != y ? x != x && y != y : distance(k, a, b) <= (k == F80 ? units : 1);
}

struct call {
    const struct entry *entry;
    enum kind kind;
    int rounding;
    long double x, y;
    union number result;
    int flags;
};

static void evaluate(struct call *c) {
    fesetround(ROUNDING[c->rounding]);
    feclearexcept(FE_ALL_EXCEPT);
    volatile long double v = c->entry->call(c->kind, c->x, c->y);
    c->flags = fetestexcept(FE_ALL_EXCEPT);
    fesetround(FE_TONEAREST);
    c->result = pack(c->kind, v);
}

static void print(const struct call *c) {
    printf("%s %s %d %La %La = ", c->entry->name, KIND[c->kind], c->rounding, c->x, c->y);
    for (int i = BYTES[c->kind] - 1; i >= 0; i--) {
        printf("%02x", c->result.b[i]);
    }
    printf(" %02x\n", c->flags);
}

static int differing, all;

/* What to do with the results of one function; those of "check" come from a file. */
static void run(const struct entry *e, const char *mode, FILE *file) {
    uint64_t digest = 0xcbf29ce484222325ull;
    int failures = 0;
    for (int k = 0; k < 3; k++) {
        for (int r = 0; r < rounding_count; r++) {
            random_state = 88172645463325252ull;
            for (int i = 0; i < OPERANDS; i++) {
                struct call c = {.entry = e, .kind = k, .rounding = r, .x = operand(i), .y = operand(e->operands == 2 ? 4 + i * 7 % OPERANDS : 2)};
                evaluate(&c);
                if (!strcmp(mode, "print")) {
                    print(&c);
                } else if (!strcmp(mode, "record")) {
                    fwrite(c.result.b, 1, 16, file);
                } else if (!strcmp(mode, "check")) {
                    union number other;
                    if (fread(other.b, 1, 16, file) != 16) {
                        puts("the file is too short");
                        exit(1);
                    }
                    all++;
                    differing += memcmp(other.b, c.result.b, 16) != 0;
                    if (!close_enough(k, c.result, other, e->units) && failures++ < 5) {
                        printf("differs: ");
                        print(&c);
                    }
                } else {
                    for (int b = 0; b < BYTES[k]; b++) {
                        digest = (digest ^ c.result.b[b]) * 0x100000001b3ull;
                    }
                    digest = (digest ^ c.flags) * 0x100000001b3ull;
                }
            }
        }
    }
    if (!strcmp(mode, "exact")) {
        printf("%s %016llx\n", e->name, (unsigned long long)digest);
    } else if (!strcmp(mode, "check")) {
        printf("%s: %d too far away\n", e->name, failures);
    }
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "print";
    FILE *file = argc > 2 ? fopen(argv[2], !strcmp(mode, "record") ? "wb" : "rb") : 0;
    for (unsigned i = 0; i < COUNT; i++) {
        const struct entry *e = ENTRIES + i;
        rounding_count = 4;
        if (!strcmp(mode, "print") || (e->units == 0) == !strcmp(mode, "exact")) {
            run(e, mode, file);
        }
    }
    if (!strcmp(mode, "check")) {
        fprintf(stderr, "%d of %d results not the same to the last bit\n", differing, all);
    }
    return file && fclose(file);
}
