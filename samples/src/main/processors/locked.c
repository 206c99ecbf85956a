/* Locked operations lose nothing: of every size and alignment, on one location, by all processors at once (SDM vol. 3A, 9.1). */
#include "machine.h"

static u32 rounds;
static struct { char before[4096 - 64]; unsigned char at[128]; char after[4096]; } arena __attribute__((aligned(4096)));
static volatile u32 *place;
static volatile u32 lost;

#define EACH for (u32 i = 0; i < rounds; i++)
#define P8 ((volatile unsigned char *) place)
#define P16 ((volatile uint16_t *) place)
#define P64 ((volatile u64 *) place)

static void inc8(int n) { (void) n; EACH asm volatile("lock incb %0" : "+m"(*P8)); }
static void add16(int n) { (void) n; EACH asm volatile("lock addw $3, %0" : "+m"(*P16)); }
static void inc32(int n) { (void) n; EACH asm volatile("lock incl %0" : "+m"(*place)); }
static void sub32(int n) { (void) n; EACH asm volatile("lock subl $5, %0" : "+m"(*place)); }
static void adc32(int n) { (void) n; EACH asm volatile("stc; lock adcl $1, %0" : "+m"(*place)); }
static void xadd32(int n) { (void) n; EACH xadd(place, 7); }

static void cmpxchg32(int n)
{
    (void) n;
    EACH {
        u32 old = *place;
        unsigned char done;
        do
            asm volatile("lock cmpxchgl %3, %1; sete %2" : "+a"(old), "+m"(*place), "=q"(done) : "r"(old + 1) : "memory");
        while (!done);
    }
}

static void cmpxchg64(int n)
{
    (void) n;
    EACH {
        u32 low = (u32) *P64, high = (u32) (*P64 >> 32);
        unsigned char done;
        do {
            u64 next = ((u64) high << 32 | low) + 0x100000001ull;
            asm volatile("lock cmpxchg8b %0; sete %3" : "+m"(*P64), "+a"(low), "+d"(high), "=q"(done) : "b"((u32) next), "c"((u32) (next >> 32)) : "memory");
        } while (!done);
    }
}

/* Each has bits of its own, which nobody else may change. */
static void bits(int n)
{
    u32 bit = n * 3 % 32;
    for (u32 i = 0; i < rounds; i++) {
        unsigned char was;
        asm volatile("lock btsl %2, %0; setc %1" : "+m"(*place), "=q"(was) : "r"(bit) : "memory");
        lost += was;
        asm volatile("lock btrl %2, %0; setc %1" : "+m"(*place), "=q"(was) : "r"(bit) : "memory");
        lost += !was;
    }
}

static void logic(int n)
{
    u32 mask = 1u << n;
    EACH {
        asm volatile("lock orl %1, %0" : "+m"(*place) : "r"(mask) : "memory");
        lost += !(*place & mask);
        asm volatile("lock andl %1, %0" : "+m"(*place) : "r"(~mask) : "memory");
        lost += (*place & mask) != 0;
        asm volatile("lock xorl %1, %0" : "+m"(*place) : "r"(mask) : "memory");
        lost += !(*place & mask);
        asm volatile("lock xorl %1, %0" : "+m"(*place) : "r"(mask) : "memory");
    }
}

/* A spin lock of XCHG, with plain accesses inside. */
static volatile u32 guarded[2];

static void spin(int n)
{
    (void) n;
    EACH {
        for (u32 taken = 1;;) {
            asm volatile("xchgl %0, %1" : "+r"(taken), "+m"(*place) : : "memory");
            if (!taken)
                break;
            pause();
        }
        u32 a = guarded[0], b = guarded[1];
        lost += a != b;
        guarded[0] = a + 1;
        guarded[1] = b + 1;
        asm volatile("movl $0, %0" : "=m"(*place) : : "memory");
    }
}

static void sum_is(const char *name, void (*f)(int), u32 offset, u32 step, u32 mask)
{
    place = (volatile u32 *) (arena.at + offset);
    *P64 = 0;
    on_each(processors, f);
    u32 expected = rounds * step * processors & mask;
    verdict(name, (*place & mask) == expected, "sum", *place & mask);
}

static void loses_nothing(const char *name, void (*f)(int), u32 offset)
{
    place = (volatile u32 *) (arena.at + offset);
    *place = 0;
    lost = 0;
    on_each(processors, f);
    verdict(name, lost == 0, "lost", lost);
}

void checks_locked(void)
{
    rounds = 5000 * scale;
    sum_is("inc8", inc8, 1, 1, 0xff);
    sum_is("add16", add16, 2, 3, 0xffff);
    sum_is("inc32", inc32, 0, 1, -1);
    sum_is("sub32", sub32, 4, -5, -1);
    sum_is("adc32", adc32, 8, 2, -1);
    sum_is("xadd32", xadd32, 12, 7, -1);
    sum_is("cmpxchg32", cmpxchg32, 0, 1, -1);
    sum_is("cmpxchg8b", cmpxchg64, 8, 1, -1);
    verdict("cmpxchg8b-high", (u32) (*P64 >> 32) == rounds * processors, "sum", (u32) (*P64 >> 32));
    loses_nothing("bits", bits, 16);
    loses_nothing("logic", logic, 20);
    guarded[0] = guarded[1] = 0;
    loses_nothing("spin-lock", spin, 24);
    verdict("spin-lock-sum", guarded[0] == rounds * processors, "sum", guarded[0]);
    sum_is("misaligned16", add16, 3, 3, 0xffff);
    rounds = 250 * scale;
    sum_is("misaligned32", inc32, 6, 1, -1);
    sum_is("line-crossing32", xadd32, 14, 7, -1);
    sum_is("line-crossing8b", cmpxchg64, 12, 1, -1);
    /* The page ends at offset 64. */
    sum_is("page-crossing16", add16, 63, 3, 0xffff);
    sum_is("page-crossing32", inc32, 62, 1, -1);
    sum_is("page-crossing8b", cmpxchg64, 60, 1, -1);
}
