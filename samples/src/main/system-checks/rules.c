/* Who may use the FPU (SDM vol. 3A chapters 2.5 and 13), numeric errors, undefined instructions, LOCK, and how long an instruction may be. */
#include "paging.h"

/* ---- CR0.EM, TS, MP, CR4.OSFXSR ---- */

enum kind { X87, WAIT, MMX, SSE, SAVE, FREE };
#define FP_ROWS \
    ROW(fld1, "fld1", X87) ROW(fninit, "fninit", X87) ROW(fnstsw, "fnstsw %ax", X87) ROW(fnop, "fnop", X87) ROW(fnclex, "fnclex", X87) \
    ROW(fld_memory, "flds (%edi)", X87) ROW(fcmov, "fcmovb %st(1), %st", X87) ROW(fucomi, "fucomi %st(1), %st", X87) ROW(fwait, "fwait", WAIT) \
    ROW(emms, "emms", MMX) ROW(pxor, "pxor %mm0, %mm0", MMX) ROW(movd, "movd %eax, %mm1", MMX) \
    ROW(xorps, "xorps %xmm0, %xmm0", SSE) ROW(movups, "movups (%edi), %xmm0", SSE) ROW(ldmxcsr, "ldmxcsr (%esi)", SSE) \
    ROW(stmxcsr, "stmxcsr (%edi)", SSE) ROW(cvtpi2ps, "cvtpi2ps %mm0, %xmm0", SSE) ROW(addsd, "addsd %xmm0, %xmm0", SSE) \
    ROW(movdqa, "movdqa (%edi), %xmm1", SSE) ROW(fxsave, "fxsave (%edi)", SAVE) ROW(fxrstor, "fxrstor (%ebx)", SAVE) \
    ROW(sfence, "sfence", FREE) ROW(lfence, "lfence", FREE) ROW(mfence, "mfence", FREE) ROW(movnti, "movnti %eax, (%edi)", FREE) \
    ROW(prefetch, "prefetcht0 (%edi)", FREE) ROW(clflush, "clflush (%edi)", FREE) ROW(pause, "pause", FREE)
#define ROW(name, text, kind) SNIPPET(f_##name, text);
FP_ROWS
#undef ROW

static u8 fx_image[512] __attribute__((aligned(16)));
static u32 default_mxcsr = 0x1f80;

static void fpu_modes(void)
{
    static const struct {
        const char *name, *code;
        enum kind kind;
    } rows[] = {
#define ROW(name, text, kind) {#name, f_##name, kind},
        FP_ROWS
#undef ROW
    };
    write_cr4(CR4_OSFXSR);
    __asm__ volatile("fninit; fxsave (%0)" : : "r"(fx_image) : "memory");
    write_cr4(0);
    for (u32 i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check("fpu.%s", rows[i].name);
        for (u32 n = 0; n < 32; n++) {
            u32 em = n & 1, ts = n >> 1 & 1, mp = n >> 2 & 1, fxsr = n >> 3 & 1, ring = n >> 4 ? 3 : 0, v = 0;
            write_cr4(fxsr ? CR4_OSFXSR : 0);
            write_cr0(CR0_PE | CR0_ET | CR0_NE | (em ? CR0_EM : 0) | (ts ? CR0_TS : 0) | (mp ? CR0_MP : 0));
            struct state s = ring_state(ring, rows[i].code);
            s.edi = (u32)scratch, s.esi = (u32)&default_mxcsr, s.ebx = (u32)fx_image;
            switch (rows[i].kind) {
            case X87: v = em || ts ? NM : 0; break;
            case WAIT: v = mp && ts ? NM : 0; break;
            case MMX: v = em ? UD : ts ? NM : 0; break;
            case SSE: v = em || !fxsr ? UD : ts ? NM : 0; break;
            case SAVE: v = em || ts ? NM : 0; break;
            case FREE: break;
            }
            tag("em %u ts %u mp %u osfxsr %u ring %u", em, ts, mp, fxsr, ring);
            const struct outcome *o = run(&s);
            write_cr0(CR0_PE | CR0_ET);
            if (v)
                ended(o, v, 0, rows[i].code, 0);
            else
                finished(o);
        }
        write_cr4(0);
        __asm__ volatile("fninit");
    }
}

/* ---- numeric errors ---- */

SNIPPET(n_waiting, "fld1");
SNIPPET(n_fwait, "fwait");
SNIPPET(n_fstsw, "fnstsw %ax");
SNIPPET(n_clear, "fnclex");
SNIPPET(n_init, "fninit");
SNIPPET(n_store, "fnsave (%edi)");
SNIPPET(n_mmx, "pxor %mm0, %mm0");
SNIPPET(n_emms, "emms");
SNIPPET(n_sse, "xorps %xmm0, %xmm0");
SNIPPET(n_fxsave, "fxsave (%edi)");
SNIPPET(n_integer, "addl %eax, %ecx");
SNIPPET(sse_divides, "divps %xmm0, %xmm1");

/* Leaves an unmasked division by zero pending. */
static void make_pending(void)
{
    static const u16 control = 0x37b;
    __asm__ volatile("fninit; fldcw %0; fld1; fldz; fdivrp %%st, %%st(1)" : : "m"(control));
}

static u32 board_errors, board_error_eip;
static int board_error(u32 vector, u32 *frame)
{
    if (vector != IRQ_BASE + 13)
        return 0;
    board_errors++;
    board_error_eip = frame[0];
    out8(0xf0, 0);
    __asm__ volatile("fnclex");
    out8(0xa0, 0x20);
    out8(0x20, 0x20);
    return 1;
}

static void numeric_errors(void)
{
    static const struct {
        const char *name, *code;
        int waits;
    } rows[] = {
        {"fld1", n_waiting, 1}, {"fwait", n_fwait, 1}, {"fnstsw", n_fstsw, 0}, {"fnclex", n_clear, 0}, {"fninit", n_init, 0},
        {"fnsave", n_store, 0}, {"pxor.mmx", n_mmx, 1}, {"emms", n_emms, 1}, {"xorps", n_sse, 0}, {"fxsave", n_fxsave, 0}, {"add", n_integer, 0},
    };
    for (u32 i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check("mf.%s", rows[i].name);
        for (u32 ring = 0; ring < 4; ring++) {
            write_cr4(CR4_OSFXSR);
            write_cr0(CR0_PE | CR0_ET | CR0_NE | CR0_MP);
            make_pending();
            struct state s = ring_state(ring, rows[i].code);
            s.edi = (u32)scratch;
            tag("ring %u", ring);
            const struct outcome *o = run(&s);
            if (rows[i].waits)
                ended(o, MF, 0, rows[i].code, 0);
            else
                finished(o);
            /* TS is looked at first. */
            if (rows[i].waits) {
                write_cr0(CR0_PE | CR0_ET | CR0_NE | CR0_MP | CR0_TS);
                ended(run(&s), NM, 0, rows[i].code, 0);
                __asm__ volatile("clts");
            }
            __asm__ volatile("fninit");
        }
    }
    /* Without CR0.NE the board is asked for interrupt 13 instead, whose handler lets the processor go on. */
    check("mf.external");
    for (u32 ring = 0; ring < 4; ring++) {
        write_cr0(CR0_PE | CR0_ET | CR0_MP);
        out8(0xf0, 0);
        make_pending();
        struct state s = ring_state(ring, n_fwait);
        s.eflags |= F_IF;
        board_errors = 0;
        board_interrupts(1);
        out8(0x21, 0xfb);
        out8(0xa1, 0xdf);
        intercept(board_error);
        tag("ring %u", ring);
        finished(run(&s));
        intercept(0);
        out8(0x21, 0xff);
        out8(0xa1, 0xff);
        board_interrupts(0);
        same("interrupts", 1, board_errors);
        same("eip", 1, board_error_eip == (u32)n_fwait || board_error_eip == (u32)n_fwait + 1);
        out8(0xf0, 0);
        __asm__ volatile("fninit");
    }
    /* SSE: #XM with OSXMMEXCPT, #UD without. */
    check("xm");
    for (u32 n = 0; n < 8; n++) {
        u32 ring = n & 3, announced = n >> 2;
        static const u32 unmasked = 0x1d80;
        write_cr0(CR0_PE | CR0_ET | CR0_NE);
        write_cr4(CR4_OSFXSR | (announced ? 0x400 : 0));
        __asm__ volatile("ldmxcsr %0; xorps %%xmm0, %%xmm0; movups %1, %%xmm1" : : "m"(unmasked), "m"(*(const char (*)[16])"\0\0\200?\0\0\200?\0\0\200?\0\0\200?"));
        struct state s = ring_state(ring, sse_divides);
        tag("ring %u osxmmexcpt %u", ring, announced);
        ended(run(&s), announced ? XM : UD, 0, sse_divides, 0);
        __asm__ volatile("ldmxcsr %0" : : "m"(default_mxcsr));
    }
    write_cr4(0);
    write_cr0(CR0_PE | CR0_ET);
}

/* ---- undefined instructions ---- */

/* Bytes, what they are, and the CPUID bit that makes them defined (leaf 0: none ever does). */
struct bytes {
    u8 length, code[8];
    u32 leaf;
    u8 reg, bit;
    const char *name;
};
#define UNDEFINED_ROWS \
    {2, {0x0f, 0x0b}, 0, 0, 0, "ud2"}, {3, {0x0f, 0xb9, 0xc0}, 0, 0, 0, "ud1"}, {3, {0x0f, 0xff, 0xc0}, 0, 0, 0, "ud0"}, \
    {2, {0x8e, 0xc8}, 0, 0, 0, "mov.cs"}, {2, {0x8d, 0xc0}, 0, 0, 0, "lea.register"}, {2, {0xc4, 0xc0}, 1, 2, 28, "les.register"}, \
    {2, {0xff, 0xe8}, 0, 0, 0, "ljmp.register"}, {2, {0xff, 0xd8}, 0, 0, 0, "lcall.register"}, {2, {0xff, 0xf8}, 0, 0, 0, "ff.7"}, \
    {2, {0xfe, 0xd0}, 0, 0, 0, "fe.2"}, {2, {0xfe, 0xf8}, 0, 0, 0, "fe.7"}, {2, {0x8f, 0xc8}, 0, 0, 0, "8f.1"}, \
    {3, {0x0f, 0x01, 0xd8}, 0x80000001, 2, 2, "vmrun"}, {3, {0x0f, 0x01, 0xc1}, 1, 2, 5, "vmcall"}, {3, {0x0f, 0x01, 0xd0}, 1, 2, 26, "xgetbv"}, \
    {3, {0x0f, 0x01, 0xc8}, 1, 2, 3, "monitor"}, {3, {0x0f, 0x01, 0xf9}, 0x80000001, 3, 27, "rdtscp"}, {3, {0x0f, 0x01, 0xca}, 7, 1, 20, "clac"}, \
    {3, {0x0f, 0x01, 0xcb}, 7, 1, 20, "stac"}, {2, {0x0f, 0x05}, 0x80000001, 3, 11, "syscall"}, {2, {0x0f, 0x07}, 0x80000001, 3, 11, "sysret"}, \
    {3, {0x0f, 0xc7, 0xf0}, 1, 2, 30, "rdrand"}, {3, {0x0f, 0xc7, 0xf8}, 7, 1, 18, "rdseed"}, {3, {0x0f, 0xc7, 0xc8}, 0, 0, 0, "cmpxchg8b.register"}, \
    {4, {0xf3, 0x0f, 0xb8, 0xc0}, 1, 2, 23, "popcnt"}, {3, {0x0f, 0xb8, 0xc0}, 0, 0, 0, "0f.b8"}, {4, {0x0f, 0x38, 0xf0, 0x07}, 1, 2, 22, "movbe"}, \
    {5, {0xf2, 0x0f, 0x38, 0xf1, 0xc0}, 1, 2, 20, "crc32"}, {5, {0x66, 0x0f, 0x38, 0x82, 0x07}, 7, 1, 10, "invpcid"}, \
    {2, {0x0f, 0x0e}, 0x80000001, 3, 31, "femms"}, {2, {0x0f, 0x04}, 0, 0, 0, "0f.04"}, {2, {0x0f, 0x0a}, 0, 0, 0, "0f.0a"}, \
    {2, {0x0f, 0x36}, 0, 0, 0, "0f.36"}, {3, {0x0f, 0x24, 0xc0}, 0, 0, 0, "0f.24"}, {2, {0x0f, 0xa6}, 0, 0, 0, "0f.a6"}, \
    {3, {0x0f, 0xae, 0x27}, 1, 2, 26, "xsave"}, {3, {0x0f, 0x00, 0xf0}, 0, 0, 0, "0f.00.6"}, {3, {0x0f, 0xba, 0xc0}, 0, 0, 0, "0f.ba.0"}, \
    {3, {0x0f, 0x71, 0xc0}, 0, 0, 0, "0f.71.0"}, {3, {0x0f, 0xc3, 0xc0}, 0, 0, 0, "movnti.register"}, {3, {0x0f, 0xe7, 0xc0}, 0, 0, 0, "movntq.register"}, \
    {2, {0x0f, 0x37}, 1, 2, 6, "getsec"}, {3, {0x0f, 0x78, 0xc0}, 1, 2, 5, "vmread"}, {2, {0xdb, 0xff}, 0, 0, 0, "db.ff"}, {2, {0xd9, 0xd1}, 0, 0, 0, "d9.d1"}, \
    {2, {0xd9, 0xef}, 0, 0, 0, "d9.ef"}, {2, {0xde, 0xd8}, 0, 0, 0, "de.d8"}, {2, {0x0f, 0xaa}, 0, 0, 0, "rsm"}

static u32 announced(u32 leaf, u32 reg, u32 bit)
{
    u32 r[4];
    if (!leaf)
        return 0;
    cpuid(leaf & 0x80000000, r);
    if (leaf > r[0])
        return 0;
    cpuid(leaf, r);
    return r[reg] >> bit & 1;
}

static void undefined(void)
{
    static const struct bytes rows[] = {UNDEFINED_ROWS};
    for (u32 i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct bytes *b = &rows[i];
        check("ud.%s", b->name);
        if (announced(b->leaf, b->reg, b->bit)) {
            same("announced", 1, 1);
            continue;
        }
        for (u32 ring = 0; ring < 4; ring++) {
            fill(scratch, 0xcc, 64);
            copy(scratch, b->code, b->length);
            struct state s = ring_state(ring, scratch);
            s.edi = (u32)scratch + 64;
            tag("ring %u", ring);
            const struct outcome *o = run(&s);
            ended(o, UD, 0, (const char *)scratch, 0);
        }
    }
}

void undefined_to_all_but_qemu(void)
{
    check("lock.bts.register");
    for (u32 ring = 0; ring < 4; ring++) {
        static const u8 code[] = {0xf0, 0x0f, 0xab, 0xc0, 0xcc};
        copy(scratch, code, sizeof code);
        struct state s = ring_state(ring, scratch);
        tag("ring %u", ring);
        ended(run(&s), UD, 0, (const char *)scratch, 0);
    }
    check("ud.bound.register");
    for (u32 ring = 0; ring < 4; ring++) {
        fill(scratch, 0xcc, 64);
        *(u16 *)scratch = 0xc062;
        struct state s = ring_state(ring, scratch);
        tag("ring %u", ring);
        ended(run(&s), UD, 0, (const char *)scratch, 0);
    }
}

/* LOCK before everything that may not have it, and before what may, with memory and with registers. */
static void locked(void)
{
    static const struct {
        const char *name;
        u8 length, code[6];
        int allowed;
    } rows[] = {
        {"add", 2, {0x01, 0x07}, 1}, {"or", 2, {0x09, 0x07}, 1}, {"adc", 2, {0x11, 0x07}, 1}, {"sbb", 2, {0x19, 0x07}, 1}, {"and", 2, {0x21, 0x07}, 1},
        {"sub", 2, {0x29, 0x07}, 1}, {"xor", 2, {0x31, 0x07}, 1}, {"xchg", 2, {0x87, 0x07}, 1}, {"inc", 2, {0xff, 0x07}, 1}, {"dec", 2, {0xff, 0x0f}, 1},
        {"not", 2, {0xf7, 0x17}, 1}, {"neg", 2, {0xf7, 0x1f}, 1}, {"bts", 3, {0x0f, 0xab, 0x07}, 1}, {"btr", 3, {0x0f, 0xb3, 0x07}, 1},
        {"btc", 3, {0x0f, 0xbb, 0x07}, 1}, {"xadd", 3, {0x0f, 0xc1, 0x07}, 1}, {"cmpxchg", 3, {0x0f, 0xb1, 0x07}, 1},
        {"cmpxchg8b", 3, {0x0f, 0xc7, 0x0f}, 1}, {"add.immediate", 3, {0x83, 0x07, 1}, 1}, {"bts.immediate", 4, {0x0f, 0xba, 0x2f, 1}, 1},
        {"add.register", 2, {0x01, 0xc0}, 0}, {"inc.register", 2, {0xff, 0xc0}, 0}, {"xchg.register", 2, {0x87, 0xc0}, 0},
        {"xadd.register", 3, {0x0f, 0xc1, 0xc0}, 0}, {"add.from.memory", 2, {0x03, 0x07}, 0},
        {"mov", 2, {0x89, 0x07}, 0}, {"mov.load", 2, {0x8b, 0x07}, 0}, {"cmp", 2, {0x39, 0x07}, 0}, {"test", 2, {0x85, 0x07}, 0},
        {"bt", 3, {0x0f, 0xa3, 0x07}, 0}, {"bt.immediate", 4, {0x0f, 0xba, 0x27, 1}, 0}, {"cmp.immediate", 3, {0x83, 0x3f, 1}, 0},
        {"nop", 1, {0x90}, 0}, {"push", 1, {0x50}, 0}, {"push.memory", 2, {0xff, 0x37}, 0}, {"pop.memory", 2, {0x8f, 0x07}, 0}, {"lea", 2, {0x8d, 0x07}, 0},
        {"jmp", 2, {0xeb, 0x00}, 0}, {"ret", 1, {0xc3}, 0}, {"movs", 1, {0xa5}, 0}, {"stos", 1, {0xab}, 0}, {"shl", 2, {0xd1, 0x27}, 0}, {"mul", 2, {0xf7, 0x27}, 0},
        {"fld", 2, {0xd9, 0x07}, 0}, {"in", 1, {0xec}, 0}, {"cli", 1, {0xfa}, 0}, {"cpuid", 2, {0x0f, 0xa2}, 0}, {"movups", 3, {0x0f, 0x10, 0x07}, 0},
        {"int3", 1, {0xcc}, 0}, {"invlpg", 3, {0x0f, 0x01, 0x3f}, 0}, {"lgdt", 3, {0x0f, 0x01, 0x17}, 0}, {"setz", 3, {0x0f, 0x94, 0x07}, 0},
    };
    for (u32 i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check("lock.%s", rows[i].name);
        for (u32 ring = 0; ring < 4; ring++) {
            fill(scratch, 0xcc, 64);
            scratch[0] = 0xf0;
            copy(scratch + 1, rows[i].code, rows[i].length);
            struct state s = ring_state(ring, scratch);
            s.edi = s.esi = (u32)scratch + 64;
            /* Harmless to a processor that ignores LOCK: LGDT's operand, and where RET would go. */
            __asm__ volatile("sgdt (%0)" : : "r"(s.edi) : "memory");
            *(u32 *)s.esp = (u32)scratch + 32;
            s.edx = 0x80;
            s.eflags |= F_IOPL(3);
            tag("ring %u", ring);
            if (rows[i].allowed)
                ended(run(&s), BP, 0, (const char *)scratch, rows[i].length + 2u);
            else
                ended(run(&s), UD, 0, (const char *)scratch, 0);
        }
    }
}

/* Fifteen bytes are an instruction, sixteen are #GP(0). */
static void lengths(void)
{
    static const struct {
        const char *name;
        u8 prefix, length, code[8];
    } rows[] = {
        {"nop", 0x3e, 1, {0x90}}, {"nop.66", 0x66, 1, {0x90}}, {"mov", 0x26, 5, {0xb8, 1, 2, 3, 4}}, {"load", 0x3e, 2, {0x8b, 0x07}},
        {"jmp", 0x2e, 2, {0xeb, 0}}, {"two.bytes", 0x36, 3, {0x0f, 0xb6, 0xc0}}, {"rep", 0xf3, 1, {0xaa}},
    };
    for (u32 i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check("length.%s", rows[i].name);
        for (u32 prefixes = 1; prefixes < 20; prefixes++) {
            for (u32 ring = 0; ring < 4; ring += 3) {
                u32 length = prefixes + rows[i].length;
                fill(scratch, 0xcc, 64);
                fill(scratch, rows[i].prefix, prefixes);
                copy(scratch + prefixes, rows[i].code, rows[i].length);
                struct state s = ring_state(ring, scratch);
                s.edi = (u32)scratch + 64;
                tag("%u bytes ring %u", length, ring);
                if (length <= 15)
                    ended(run(&s), BP, 0, (const char *)scratch, length + 1);
                else
                    ended(run(&s), GP, 0, (const char *)scratch, 0);
            }
        }
    }
    /* Up to the end of the last page there is; whether a sixteenth byte that is missing is too many or a page fault is left to the processor. */
    check("length.page.end");
    tables_build(TWO_LEVEL, 1);
    paging_on(CR0_WP, CR4_PSE);
    map(TEST, 0x1800000, P | W | U);
    map(TEST + PAGE, 0, 0);
    for (u32 bytes = 12; bytes < 18; bytes++) {
        fill((void *)(0x1800000 + PAGE - bytes), 0x3e, bytes);
        struct state s = ring_state(3, (const void *)(TEST + PAGE - bytes));
        tag("%u prefixes", bytes);
        if (bytes == 15)
            continue;
        const struct outcome *o = run(&s);
        if (bytes < 15)
            ended(o, PF, E_U, (const char *)s.eip, 0), same("cr2", TEST + PAGE, o->cr2);
        else
            ended(o, GP, 0, (const char *)s.eip, 0);
    }
    paging_off();
}

void checks_rules(void)
{
    fpu_modes();
    numeric_errors();
    undefined();
    locked();
    lengths();
}
