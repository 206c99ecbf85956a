/*
 * Code that changes: SDM vol. 3A section 9.1.3 (self- and cross-modifying code). A store by the linear address that is fetched from counts for the next
 * instruction; through another address, after a serializing instruction (CPUID here, IRET with every probe).
 */
#include "paging.h"

/* Room for code that is written while it runs: two pages, executable by all. */
static u8 code[2 * PAGE] __attribute__((aligned(4096)));

/* Every check is repeated: what changes then has been translated, has become hot, and is changed again. */
#define TIMES 30

static u8 *emit(u8 *p, const char *bytes, u32 length)
{
    copy(p, bytes, length);
    return p + length;
}

static u8 *emit32(u8 *p, u32 v)
{
    *(u32 *)p = v;
    return p + 4;
}

static u32 run_at(u32 ring, const void *at, u32 eax, u32 ecx)
{
    struct state s = ring_state(ring, at);
    s.eax = eax;
    s.ecx = ecx;
    s.edi = s.esi = (u32)scratch;
    const struct outcome *o = run(&s);
    return finished(o) ? o->ebx : 0xbadbad;
}

/* ---- the next instructions ---- */

/*
 * mov %eax, (immediate of the MOV below); distance NOPs; mov $0, %ebx; int3: EBX must be EAX. The store is of one, two or four bytes.
 */
static void next_instructions(void)
{
    static const struct {
        const char *name, *store;
        u32 length, bytes;
    } stores[] = {{"byte", "\xa2", 1, 1}, {"word", "\x66\xa3", 2, 2}, {"long", "\xa3", 1, 4}};
    for (u32 k = 0; k < 3; k++) {
        for (u32 ring = 0; ring < 4; ring += 3) {
            check("next.%s.ring%u", stores[k].name, ring);
            for (u32 distance = 0; distance < 24; distance += distance < 8 ? 1 : 5) {
                u8 *p = emit(code, stores[k].store, stores[k].length), *operand = p;
                p = emit32(p, 0);
                fill(p, 0x90, distance);
                p += distance;
                *p++ = 0xbb;
                *(u32 *)operand = (u32)p;
                p = emit32(p, 0x11223344);
                *p = 0xcc;
                u32 mask = stores[k].bytes == 4 ? ~0u : (1u << 8 * stores[k].bytes) - 1;
                for (u32 i = 0; i < TIMES; i++) {
                    u32 value = i * 0x9e3779b9;
                    tag("distance %u time %u", distance, i);
                    same("ebx", (0x11223344 & ~mask) | (value & mask), run_at(ring, code, value, 0));
                }
            }
        }
    }
}

/* The opcode of the next instruction: INC EBX becomes DEC EBX, or two one-byte instructions become one of two bytes. */
static void opcodes(void)
{
    check("opcode");
    for (u32 i = 0; i < TIMES; i++) {
        /* movb %al, next; next: inc %ebx; int3 */
        u8 *p = emit(code, "\xa2", 1);
        p = emit32(p, (u32)p + 4);
        p = emit(p, "\x43\xcc", 2);
        tag("time %u", i);
        same("inc", 1, run_at(3, code, 0x43, 0));
        same("dec", ~0u, run_at(3, code, 0x4b, 0));
        same("inc again", 1, run_at(3, code, 0x43, 0));
    }
    check("opcode.length");
    for (u32 i = 0; i < TIMES; i++) {
        /* mov %ax, next; next: nop; nop; inc %ebx; int3 -- or jmp over the INC, or xor %ebx, %ebx with a bit more */
        u8 *p = emit(code, "\x66\xa3", 2);
        p = emit32(p, (u32)p + 4);
        p = emit(p, "\x90\x90\x43\xcc", 4);
        tag("time %u", i);
        same("nops", 1, run_at(3, code, 0x9090, 0));
        same("jump", 0, run_at(3, code, 0x01eb, 0));
        same("prefix", 1, run_at(3, code, 0x9026, 0));
    }
}

/* ---- loops that change themselves ---- */

/* 1: addl $imm, %ebx; incl imm; decl %ecx; jnz 1b; int3: the sum of 1, 2, 3 ... */
static void loops(void)
{
    check("loop.immediate");
    for (u32 ring = 0; ring < 4; ring += 3) {
        for (u32 n = 1; n < 200; n += 37) {
            u8 *p = emit(code, "\x81\xc3", 2);
            u32 immediate = (u32)p;
            p = emit32(p, 1);
            p = emit(p, "\xff\x05", 2);
            p = emit32(p, immediate);
            p = emit(p, "\x49\x75\xf1\xcc", 4);
            tag("ring %u count %u", ring, n);
            same("sum", n * (n + 1) / 2, run_at(ring, code, 0, n));
        }
    }
    /* The loop's own jump becomes a NOP pair when the count is reached. */
    check("loop.exit");
    for (u32 i = 0; i < TIMES; i++) {
        u8 *p = emit(code, "\x43\x83\xfb\x0a\x75\x09\x66\xc7\x05", 9);
        u32 operand = (u32)p;
        p = emit32(p, 0);
        p = emit(p, "\x90\x90", 2);
        *(u32 *)operand = (u32)p;
        p = emit(p, "\xeb\xef\xcc", 3);
        tag("time %u", i);
        same("ebx", 10, run_at(3, code, 0, 0));
    }
    /* A subroutine is patched by its caller before each call. */
    check("loop.subroutine");
    for (u32 ring = 0; ring < 4; ring += 3) {
        u8 *sub = code + 0x800;
        u8 *q = emit(sub, "\xb8", 1);
        q = emit32(q, 0);
        emit(q, "\xc3", 1);
        /* 1: mov %ecx, sub + 1; call sub; add %eax, %ebx; dec %ecx; jnz 1b; int3 */
        u8 *p = emit(code, "\x89\x0d", 2);
        p = emit32(p, (u32)sub + 1);
        p = emit(p, "\xe8", 1);
        p = emit32(p, (u32)sub - ((u32)p + 4));
        p = emit(p, "\x01\xc3\x49\x75\xf0\xcc", 6);
        for (u32 n = 1; n < 2000; n *= 3) {
            tag("ring %u count %u", ring, n);
            same("sum", n * (n + 1) / 2, run_at(ring, code, 0, n));
        }
    }
}

/* ---- by every kind of store ---- */

static void stores(void)
{
    /* Each writes 0x43 (INC EBX) over a NOP that follows it; EDI is its address, EAX is 43434343h. */
    static const struct {
        const char *name, *bytes;
        u32 length;
    } rows[] = {
        {"mov", "\x88\x07", 2}, {"stos", "\xaa", 1}, {"rep.stos", "\xb9\x01\x00\x00\x00\xf3\xaa", 7}, {"xchg", "\x86\x07", 2},
        {"mov.immediate", "\xc6\x07\x43", 3}, {"add", "\x80\x07\xb3", 3}, {"lock.xadd", "\xb2\xb3\xf0\x0f\xc0\x17", 6},
        {"movs", "\x8d\x74\x24\x10\xc6\x06\x43\xa4", 8}, {"rep.movs", "\x8d\x74\x24\x10\xc6\x06\x43\xb9\x01\x00\x00\x00\xf3\xa4", 14},
        {"cmpxchg", "\x6a\x43\x59\xb0\x90\x0f\xb0\x0f", 8}, {"and.sub", "\x80\x27\xf0\x80\x2f\x4d", 6}, {"xor", "\x80\x37\xd3", 3},
        {"fist", "\x9b\xdb\xe3\x89\x44\x24\xf0\xdb\x44\x24\xf0\xdb\x1f", 13}, {"push", "\x89\xe2\x8d\x67\x04\x50\x89\xd4", 8},
    };
    for (u32 i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (u32 ring = 0; ring < 4; ring += 3) {
            /* A PUSH that moves the kernel's own stack into code is for others. */
            check("store.%s.ring%u", rows[i].name, ring);
            for (u32 k = 0; k < TIMES; k++) {
                fill(code, 0xcc, 128);
                u8 *p = emit(code, rows[i].bytes, rows[i].length), *target = p;
                p = emit(p, "\x90\x90\x90\x90\xcc", 5);
                struct state s = ring_state(ring, code);
                s.edi = (u32)target;
                s.eax = 0x43434343;
                tag("time %u", k);
                const struct outcome *o = run(&s);
                if (finished(o))
                    same("ebx", i == 12 || i == 13 ? 4 : 1, o->ebx);
            }
        }
    }
}

/* ---- across pages ---- */

static void pages(void)
{
    /* An instruction that begins in one page and ends in the next; its bytes change one after the other. */
    check("page.straddling");
    for (u32 in_first = 1; in_first < 5; in_first++) {
        u8 *at = code + PAGE - in_first;
        emit(at, "\xbb\x00\x00\x00\x00\xcc", 6);
        for (u32 i = 0; i < TIMES; i++) {
            at[1 + i % 4] = (u8)(i * 7 + 1);
            tag("%u bytes in the first page, time %u", in_first, i);
            same("ebx", *(u32 *)(at + 1), run_at(3, at, 0, 0));
        }
    }
    /* Code in one page changes code in the other, and jumps there. */
    check("page.other");
    for (u32 i = 0; i < TIMES; i++) {
        u8 *p = emit(code, "\xa3", 1);
        p = emit32(p, (u32)code + PAGE + 1);
        p = emit(p, "\xe9", 1);
        p = emit32(p, (u32)code + PAGE - ((u32)p + 4));
        emit(code + PAGE, "\xbb\x00\x00\x00\x00\xcc", 6);
        tag("time %u", i);
        same("ebx", i * 12345, run_at(3, code, i * 12345, 0));
    }
    /* A whole page of code copied over another. */
    check("page.copied");
    for (u32 i = 0; i < TIMES; i++) {
        u8 *source = scratch;
        fill(source, 0x90, PAGE);
        source[PAGE - 6] = 0xbb;
        emit32(source + PAGE - 5, i);
        source[PAGE - 1] = 0xcc;
        copy(code, source, PAGE);
        tag("time %u", i);
        same("ebx", i, run_at(3, code, 0, 0));
    }
}

/* ---- through other addresses ---- */

#define FRAME_A 0x1800000u
#define FRAME_B 0x1801000u

static void put_mov(u32 at, u32 value)
{
    u8 *p = (u8 *)at;
    *p++ = 0xbb;
    p = emit32(p, value);
    *p = 0xcc;
}

static void aliases(void)
{
    check("alias.write");
    tables_build(TWO_LEVEL, 1);
    paging_on(CR0_WP, CR4_PSE);
    map(TEST, FRAME_A, P | W | U);
    map(TEST + PAGE, FRAME_A, P | W | U);
    for (u32 i = 0; i < TIMES; i++) {
        put_mov(i & 1 ? TEST + PAGE : FRAME_A, i * 3);
        tag("time %u", i);
        same("first address", i * 3, run_at(3, (const void *)TEST, 0, 0));
        same("second address", i * 3, run_at(3, (const void *)(TEST + PAGE), 0, 0));
    }
    /* The running code writes through the alias, serializes, and goes on. */
    check("alias.own");
    for (u32 i = 0; i < TIMES; i++) {
        u8 *p = emit((u8 *)FRAME_A, "\xa3", 1), *operand = p;
        p = emit32(p, 0);
        p = emit(p, "\x0f\xa2\xbb", 3);
        *(u32 *)operand = TEST + PAGE + ((u32)p - FRAME_A);
        p = emit32(p, 0);
        *p = 0xcc;
        tag("time %u", i);
        same("ebx", i * 77, run_at(3, (const void *)TEST, i * 77, 0));
    }
    check("alias.remapped");
    put_mov(FRAME_A, 0xaaaa);
    put_mov(FRAME_B, 0xbbbb);
    for (u32 i = 0; i < TIMES; i++) {
        set_entry(1, TEST, (i & 1 ? FRAME_B : FRAME_A) | P | U);
        invlpg(TEST);
        tag("time %u", i);
        same("ebx", i & 1 ? 0xbbbb : 0xaaaa, run_at(3, (const void *)TEST, 0, 0));
    }
    /* Remapped, and what is mapped changed, in turn. */
    check("alias.remapped.and.changed");
    for (u32 i = 0; i < TIMES; i++) {
        put_mov(i & 2 ? FRAME_A : FRAME_B, i);
        set_entry(1, TEST, (i & 1 ? FRAME_B : FRAME_A) | P | U);
        invlpg(TEST);
        tag("time %u", i);
        same("ebx", *(u32 *)((i & 1 ? FRAME_B : FRAME_A) + 1), run_at(3, (const void *)TEST, 0, 0));
    }
    /* A loop over two pages, the second of which is remapped; the first keeps running. */
    check("alias.second.page");
    map(TEST + PAGE, FRAME_A, P | U);
    map(TEST, FRAME_A + 0x4000, P | W | U);
    invlpg(TEST);
    for (u32 i = 0; i < TIMES; i++) {
        u8 *p = emit((u8 *)FRAME_A + 0x4000, "\xe9", 1);
        emit32(p, PAGE - 5);
        set_entry(1, TEST + PAGE, (i & 1 ? FRAME_B : FRAME_A) | P | U);
        invlpg(TEST + PAGE);
        tag("time %u", i);
        same("ebx", *(u32 *)((i & 1 ? FRAME_B : FRAME_A) + 1), run_at(3, (const void *)TEST, 0, 0));
    }
    paging_off();
}

/* The same bytes in segments of 16 and 32 bits, at two bases, at rings 0 and 3: a translation of one is none of another. */
static void modes(void)
{
    check("mode");
    static const u8 bytes[] = {0xbb, 0x34, 0x12, 0x43, 0x43, 0xcc};
    copy((void *)(LOW + 0x7000), bytes, sizeof bytes);
    for (u32 i = 0; i < TIMES; i++) {
        struct state s = ring_state(i & 1 ? 3 : 0, (const void *)(LOW + 0x7000));
        const struct outcome *o = run(&s);
        tag("time %u", i);
        finished(o);
        /* mov $0x43431234, %ebx */
        same("32 bits", 0x43431234, o->ebx);
        s.cs = CODE16(i & 1 ? 3 : 0);
        s.eip = 0x7000;
        o = run(&s);
        finished(o);
        /* mov $0x1234, %bx; inc %bx; inc %bx */
        same("16 bits", 0x1236, o->ebx);
        gdt[SLOT(0) >> 3] = descriptor(LOW + 0x7000 - 0x10 * i, 0xffff, PRESENT | DPL(3) | CODE_RX, i & 1 ? BIG : 0);
        s = ring_state(3, (const void *)(0x10 * i));
        s.cs = SLOT(0) | 3;
        o = run(&s);
        finished(o);
        same("based", i & 1 ? 0x43431234 : 0x1236, o->ebx);
        s = v86_state((const void *)0x7000, 0);
        o = run(&s);
        finished(o);
        same("v86", 0x1236, o->ebx);
    }
}

/* A repeated instruction that overwrites itself and what follows, with NOPs: what comes behind is executed as it is then. */
static void repeated(void)
{
    for (u32 ring = 0; ring < 4; ring += 3) {
        check("rep.over.itself.ring%u", ring);
        for (u32 i = 0; i < TIMES; i++) {
            u8 *p = fill(code, 0x90, 32) + 16;
            /* rep stosb; then inc %ebx four times, of which the first two are overwritten */
            emit(p, "\xf3\xaa\x43\x43\x43\x43\xcc", 7);
            struct state s = ring_state(ring, p);
            s.edi = (u32)p - 4;
            s.ecx = 8;
            s.eax = 0x90;
            tag("time %u", i);
            const struct outcome *o = run(&s);
            finished(o);
            /* Processors may or may not go on repeating what they have decoded; what is fetched after it is what memory holds then. */
            same("consistent", 1, o->ebx == 4u - (o->edi > (u32)p + 2) - (o->edi > (u32)p + 3));
        }
    }
}

void checks_modified(void)
{
    next_instructions();
    opcodes();
    loops();
    stores();
    pages();
    aliases();
    modes();
    repeated();
}
