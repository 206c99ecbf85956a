/*
 * Litmus tests of the memory order (SDM vol. 3A, 9.2.3; Sewell et al., "x86-TSO", CACM 53(7)). Each test has many instances, with locations in lines of their own; processors run
 * through them side by side, and afterwards the outcomes are counted. What the order forbids must not come; of what it allows it is told how often it came.
 */
#include "machine.h"

#define INSTANCES 2048

struct instance { volatile u32 x; u32 pad0[15]; volatile u32 y; u32 pad1[15]; };
static struct instance at[INSTANCES] __attribute__((aligned(4096)));
/* By processor, apart: what it loaded. */
static struct { u32 a, b, c; } seen[4][INSTANCES] __attribute__((aligned(4096)));

#define STORE(to, value) asm volatile("movl %1, %0" : "=m"(to) : "r"(value) : "memory")
#define LOAD(from) ({ u32 loaded; asm volatile("movl %1, %0" : "=r"(loaded) : "m"(from) : "memory"); loaded; })
#define MFENCE asm volatile("mfence" ::: "memory")
#ifdef __x86_64__
#define LOCKED asm volatile("lock orl $0, (%%rsp)" ::: "memory", "cc")
#else
#define LOCKED asm volatile("lock orl $0, (%%esp)" ::: "memory", "cc")
#endif
#define XCHG(to, value) ({ u32 swapped = value; asm volatile("xchgl %0, %1" : "+r"(swapped), "+m"(to) : : "memory"); })
#define NOTHING

struct test {
    const char *name;
    int threads;
    void (*run[4])(struct instance *, int);
    int (*outcome)(int);
    int allowed;
};

#define A(n) seen[n][k].a
#define B(n) seen[n][k].b
#define C(n) seen[n][k].c
#define X at[k].x
#define Y at[k].y
#define THREAD(name, code) static void name(struct instance *i, int k) { (void) k; code }
#define OUTCOME(name, condition) static int name(int k) { return condition; }

/* Store buffering: a store may wait while a later load goes ahead, unless something serializes. */
#define SB(name, between) \
    THREAD(name##0, STORE(i->x, 1); between; A(0) = LOAD(i->y);) \
    THREAD(name##1, STORE(i->y, 1); between; A(1) = LOAD(i->x);)
SB(sb, NOTHING)
SB(sb_mfence, MFENCE)
SB(sb_locked, LOCKED)
THREAD(sb_xchg0, XCHG(i->x, 1); A(0) = LOAD(i->y);)
THREAD(sb_xchg1, XCHG(i->y, 1); A(1) = LOAD(i->x);)
OUTCOME(both_old, !A(0) && !A(1))

/* One side fenced is not enough. */
THREAD(sb_half1, STORE(i->y, 1); MFENCE; A(1) = LOAD(i->x);)

/* A processor sees its own store before others do. */
THREAD(forward0, STORE(i->x, 1); A(0) = LOAD(i->x); B(0) = LOAD(i->y);)
THREAD(forward1, STORE(i->y, 1); A(1) = LOAD(i->y); B(1) = LOAD(i->x);)
OUTCOME(forwarded, A(0) && !B(0) && A(1) && !B(1))
OUTCOME(own_not_seen, !A(0) || !A(1))

/* Load buffering. */
THREAD(lb0, A(0) = LOAD(i->x); STORE(i->y, 1);)
THREAD(lb1, A(1) = LOAD(i->y); STORE(i->x, 1);)
THREAD(lb_xchg0, A(0) = LOAD(i->x); XCHG(i->y, 1);)
THREAD(lb_xchg1, A(1) = LOAD(i->y); XCHG(i->x, 1);)
OUTCOME(both_new, A(0) && A(1))

/* Message passing. */
THREAD(mp0, STORE(i->x, 1); STORE(i->y, 1);)
THREAD(mp1, A(1) = LOAD(i->y); B(1) = LOAD(i->x);)
OUTCOME(message_late, A(1) && !B(1))
THREAD(mp_locked0, STORE(i->x, 1); asm volatile("lock incl %0" : "+m"(i->y) : : "memory");)
THREAD(mp_bytes0, asm volatile("movb $1, %0" : "=m"(i->x) : : "memory"); asm volatile("movw $1, %0" : "=m"(i->y) : : "memory");)

/* Independent reads of independent writes. */
THREAD(write_x, STORE(i->x, 1);)
THREAD(write_y, STORE(i->y, 1);)
THREAD(iriw2, A(2) = LOAD(i->x); B(2) = LOAD(i->y);)
THREAD(iriw3, A(3) = LOAD(i->y); B(3) = LOAD(i->x);)
THREAD(xchg_x, XCHG(i->x, 1);)
THREAD(xchg_y, XCHG(i->y, 1);)
OUTCOME(no_one_order, A(2) && !B(2) && A(3) && !B(3))

/* Write-to-read causality. */
THREAD(wrc1, A(1) = LOAD(i->x); STORE(i->y, A(1));)
THREAD(wrc2, A(2) = LOAD(i->y); B(2) = LOAD(i->x);)
THREAD(wrc1_xchg, A(1) = LOAD(i->x); XCHG(i->y, A(1));)
OUTCOME(not_transitive, A(2) && !B(2))

/* Two writers of two locations each. */
THREAD(w0, STORE(i->x, 1); STORE(i->y, 2);)
THREAD(w1, STORE(i->y, 1); STORE(i->x, 2);)
THREAD(w_xchg0, XCHG(i->x, 1); XCHG(i->y, 2);)
THREAD(w_xchg1, XCHG(i->y, 1); XCHG(i->x, 2);)
OUTCOME(both_first_last, X == 1 && Y == 1)

/* R and S. */
THREAD(r0, STORE(i->x, 1); STORE(i->y, 1);)
THREAD(r1, STORE(i->y, 2); A(1) = LOAD(i->x);)
THREAD(r1_mfence, STORE(i->y, 2); MFENCE; A(1) = LOAD(i->x);)
THREAD(r1_xchg, XCHG(i->y, 2); A(1) = LOAD(i->x);)
OUTCOME(r_outcome, Y == 2 && !A(1))
THREAD(s0, STORE(i->x, 2); STORE(i->y, 1);)
THREAD(s1, A(1) = LOAD(i->y); STORE(i->x, 1);)
THREAD(s1_xchg, A(1) = LOAD(i->y); XCHG(i->x, 1);)
OUTCOME(s_outcome, A(1) && X == 2)

/* One location: its values come in one order, for all. */
THREAD(co_read, A(1) = LOAD(i->x); B(1) = LOAD(i->x); C(1) = LOAD(i->x);)
OUTCOME(went_back, A(1) > B(1) || B(1) > C(1))
THREAD(co_write, STORE(i->x, 1); STORE(i->x, 2); STORE(i->x, 3);)
THREAD(co_xadd, for (int n = 0; n < 3; n++) asm volatile("lock incl %0" : "+m"(i->x) : : "memory");)
THREAD(co_write_x2, STORE(i->x, 2);)
THREAD(co_both2, A(2) = LOAD(i->x); B(2) = LOAD(i->x);)
THREAD(co_both3, A(3) = LOAD(i->x); B(3) = LOAD(i->x);)
OUTCOME(two_orders, A(2) == 1 && B(2) == 2 && A(3) == 2 && B(3) == 1)

static const struct test tests[] = {
    {"SB", 2, {sb0, sb1}, both_old, 1},
    {"SB+half", 2, {sb0, sb_half1}, both_old, 1},
    {"SB+mfence", 2, {sb_mfence0, sb_mfence1}, both_old, 0},
    {"SB+locked", 2, {sb_locked0, sb_locked1}, both_old, 0},
    {"SB+xchg", 2, {sb_xchg0, sb_xchg1}, both_old, 0},
    {"SB+rfi", 2, {forward0, forward1}, forwarded, 1},
    {"RFI", 2, {forward0, forward1}, own_not_seen, 0},
    {"LB", 2, {lb0, lb1}, both_new, 0},
    {"LB+xchg", 2, {lb_xchg0, lb_xchg1}, both_new, 0},
    {"MP", 2, {mp0, mp1}, message_late, 0},
    {"MP+locked", 2, {mp_locked0, mp1}, message_late, 0},
    {"MP+sizes", 2, {mp_bytes0, mp1}, message_late, 0},
    {"2+2W", 2, {w0, w1}, both_first_last, 0},
    {"2+2W+xchg", 2, {w_xchg0, w_xchg1}, both_first_last, 0},
    {"R", 2, {r0, r1}, r_outcome, 1},
    {"R+mfence", 2, {r0, r1_mfence}, r_outcome, 0},
    {"R+xchg", 2, {r0, r1_xchg}, r_outcome, 0},
    {"S", 2, {s0, s1}, s_outcome, 0},
    {"S+xchg", 2, {s0, s1_xchg}, s_outcome, 0},
    {"CoRR", 2, {co_write, co_read}, went_back, 0},
    {"CoRR+locked", 2, {co_xadd, co_read}, went_back, 0},
    {"WRC", 3, {write_x, wrc1, wrc2}, not_transitive, 0},
    {"WRC+xchg", 3, {xchg_x, wrc1_xchg, wrc2}, not_transitive, 0},
    {"IRIW", 4, {write_x, write_y, iriw2, iriw3}, no_one_order, 0},
    {"IRIW+xchg", 4, {xchg_x, xchg_y, iriw2, iriw3}, no_one_order, 0},
    {"CoRR2", 4, {write_x, co_write_x2, co_both2, co_both3}, two_orders, 0},
};

static const struct test *now;
static u32 batches, hits;

static void run_test(int number)
{
    void (*f)(struct instance *, int) = now->run[number];
    for (u32 b = 0; b < batches; b++) {
        barrier(now->threads);
        for (int k = 0; k < INSTANCES; k++)
            f(&at[k], k);
        barrier(now->threads);
        if (number == 0)
            for (int k = 0; k < INSTANCES; k++) {
                hits += now->outcome(k);
                at[k].x = at[k].y = 0;
            }
    }
}

void checks_litmus(void)
{
    for (u32 t = 0; t < sizeof tests / sizeof *tests; t++) {
        now = &tests[t];
        if (now->threads > processors)
            continue;
        batches = 5 * scale * litmus_scale;
        hits = 0;
        on_each(now->threads, run_test);
        verdict(now->name, now->allowed || !hits, now->allowed ? "allowed, seen" : "forbidden, seen", hits);
        print("  of ");
        print_number(batches * INSTANCES);
        print("\n");
    }
}
