/*
 * Executes instructions on this processor and tells what they did. Built for 64- and for 32-bit code, without a C library, so that nothing is
 * mapped but this image and the pages below, and no thread-local data hangs on a segment base.
 *
 *   CODE     2 pages, to be read and executed, then nothing
 *   SCRATCH  2 pages, readable and writable; before them a page that can only be read, behind them nothing
 *
 * With RECODING it is a 64-bit program for 32-bit code, where no 32-bit code can be run: requests bring 64-bit code that does the same, to be executed
 * within the part of the address space that is reserved for this image. Code at CODE can be read then, and an attempt to execute it goes on where
 * the request says. All pages are once more 4 GiB higher, where addresses come to that wrap in 32-bit code.
 *
 * With EMULATED it is a 32-bit program for QEMU's user-mode emulation of a processor, where what differs from a kernel's is QEMU's.
 *
 * Speaks little-endian structures on standard input and output: hello, then the contents of the three scratch pages from the parent, then batches:
 * a 32-bit length, so many bytes of requests, answered by a length and as many results. A request with code replaces the code. Ends at end of file.
 *
 * Whatever the code does ends in one of three ways: it reaches its end, where a jump to "done" has been put; it faults, which a signal handler on
 * its own stack sees; or a timer finds it running for the second time. The process has given up all system calls but read, write, exit and the
 * return from a signal (seccomp), should the code ever make one.
 */
#include "protocol.h"
#include "system.h"
#include "entry.h"
#include "frames.h"

static uint8_t signal_stack[1 << 17] __attribute__((aligned(64)));
static uint8_t in[BUFFER] __attribute__((aligned(64)));
static uint8_t out[BUFFER + (1 << 16)] __attribute__((aligned(64)));
static uint8_t pristine[SCRATCH_BYTES] __attribute__((aligned(64)));
static uint8_t before[SCRATCH_BYTES] __attribute__((aligned(64)));
static uint32_t code_first, code_end;
#ifdef RECODING
static uint8_t spare_stack[256] __attribute__((aligned(64)));
#endif
extern char _end[], __executable_start[];

static void cpuid(uint32_t leaf, uint32_t r[4]) {
    __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(0));
}

static uint32_t features(void) {
    uint32_t r[4];
    uint32_t f = 0;
    cpuid(1, r);
    if ((r[2] & 1u << 27) && (r[2] & 1u << 28)) {
        uint32_t low, high;
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        f |= (low & 6) == 6 ? HAVE_AVX : 0;
    }
    return f;
}

static void map(unsigned long at, unsigned long bytes, int protection, int flags, long file) {
    long r = system_call(SYS_mmap, at, bytes, protection, 0x10 | flags, file, 0);
    if (r != (long)at) {
        die(5);
    }
}

/* Whether what is mapped, by a line of /proc/self/maps, must stay: QEMU has its descriptor tables among the program's pages, two of them. */
static int is_needed(word from, word to, uint8_t readable) {
#ifdef EMULATED
    if (to - from <= 2 * PAGE && readable == 'r') {
        return 1;
    }
#else
    (void)to;
    (void)readable;
#endif
    return from >= (word)__executable_start && from < (word)_end;
}

/* Takes away all that the kernel has mapped beside the image: stack, vdso. */
static void unmap_the_rest(void) {
    long fd = system_call(SYS_open, (long)"/proc/self/maps", 0, 0, 0, 0, 0);
    long n = 0, k;
    while (fd >= 0 && (k = system_call(SYS_read, fd, (long)(in + n), sizeof in - n - 1, 0, 0, 0)) > 0) {
        n += k;
    }
    system_call(SYS_close, fd, 0, 0, 0, 0, 0);
    for (uint8_t *p = in; p < in + n;) {
        word bound[2] = {0, 0};
        for (int i = 0; i < 2; i++, p++) {
            for (; *p != '-' && *p != ' '; p++) {
                bound[i] = bound[i] << 4 | (*p <= '9' ? *p - '0' : *p - 'a' + 10);
            }
        }
        if (!is_needed(bound[0], bound[1], *p)) {
            system_call(SYS_munmap, bound[0], bound[1] - bound[0], 0, 0, 0, 0);
        }
        while (p < in + n && *p++ != '\n') {
        }
    }
}

static void segments(struct hello *h) {
#ifdef __x86_64__
#ifdef RECODING
    unsigned long gs = SCRATCH;
    __asm__ volatile("mov %w0, %%ds\n\tmov %w0, %%es" : : "r"(0x2b));
#else
    unsigned long gs = SCRATCH + PAGE;
#endif
    if (system_call(SYS_arch_prctl, ARCH_SET_FS, SCRATCH, 0, 0, 0, 0) != 0 || system_call(SYS_arch_prctl, ARCH_SET_GS, gs, 0, 0, 0, 0) != 0) {
        die(6);
    }
#else
    /* FS: 4 GiB from SCRATCH; GS: 0x1800 bytes from SCRATCH, so that limits count. */
    struct segment fs = {-1, SCRATCH, 0xfffff, 0x51};
    struct segment gs = {-1, SCRATCH, 0x17ff, 0x41};
    if (system_call(SYS_set_thread_area, (long)&fs, 0, 0, 0, 0, 0) != 0 || system_call(SYS_set_thread_area, (long)&gs, 0, 0, 0, 0, 0) != 0) {
        die(6);
    }
    __asm__ volatile("mov %w0, %%fs\n\tmov %w1, %%gs" : : "r"(fs.entry << 3 | 3), "r"(gs.entry << 3 | 3));
#endif
    __asm__("mov %%es, %0" : "=r"(h->es));
    __asm__("mov %%cs, %0" : "=r"(h->cs));
    __asm__("mov %%ss, %0" : "=r"(h->ss));
    __asm__("mov %%ds, %0" : "=r"(h->ds));
    __asm__("mov %%fs, %0" : "=r"(h->fs));
    __asm__("mov %%gs, %0" : "=r"(h->gs));
}

static void restore_segments(const struct hello *h) {
#ifndef __x86_64__
    __asm__ volatile("mov %w0, %%fs\n\tmov %w1, %%gs" : : "r"(h->fs), "r"(h->gs));
#else
    (void)h;
#endif
}

static const uint8_t *padded(const uint8_t *p, uint32_t bytes) {
    return p + ((bytes + 7) & ~7u);
}

static void set_code(const struct request *q, const uint8_t *bytes) {
    uint8_t *text = (uint8_t *)WRITABLE_CODE;
#ifdef EMULATED
    /* QEMU keeps translated code until its page can be written. */
    system_call(SYS_mprotect, CODE, CODE_BYTES, 3, 0, 0, 0);
#endif
    memset(text + code_first, 0xcc, code_end - code_first);
    uint32_t end = q->code_offset + q->code_bytes;
    memcpy(text + q->code_offset, bytes, q->code_bytes);
    if (end + 6 <= CODE_BYTES) {
        /* jmp *done_address: changes neither registers nor flags. */
        text[end] = 0xff;
        text[end + 1] = 0x25;
#if defined(__x86_64__) && !defined(RECODING)
        int32_t to = (int32_t)((long)&done_address - (long)(CODE + end + 6));
#else
        int32_t to = (int32_t)(word)&done_address;
#endif
        memcpy(text + end + 2, &to, 4);
        end += 6;
    }
#ifdef EMULATED
    system_call(SYS_mprotect, CODE, CODE_BYTES, 5, 0, 0, 0);
#endif
    code_first = q->code_offset;
    code_end = end;
    entry_address = CODE + q->code_offset;
}

#ifdef RECODING
static const uint8_t *set_recoded(const struct request *q, const uint8_t *p) {
    const struct recoded *r = (const struct recoded *)p;
    p += sizeof *r;
    memcpy((void *)WRITABLE_RECODED_CODE, p, r->bytes);
    p = padded(p, r->bytes);
    memset(place, 0, sizeof place);
    const uint16_t *pair = (const uint16_t *)p;
    for (uint32_t i = 0; i < r->places; i++, pair += 2) {
        place[pair[0]] = pair[1] + 1;
    }
    entry_address = RECODED_CODE + place[q->code_offset] - 1;
    return padded(p, 4 * r->places);
}
#endif

static const uint8_t *patch(const uint8_t *p, uint32_t count) {
    for (; count > 0; count--) {
        const uint32_t *head = (const uint32_t *)p;
        memcpy((uint8_t *)SCRATCH + head[0], p + 8, head[1]);
        memcpy(before + head[0], p + 8, head[1]);
        p = padded(p + 8, head[1]);
    }
    return p;
}

static void unpatch(const uint8_t *p, uint32_t count) {
    for (; count > 0; count--) {
        const uint32_t *head = (const uint32_t *)p;
        memcpy((uint8_t *)SCRATCH + head[0], pristine + head[0], head[1]);
        memcpy(before + head[0], pristine + head[0], head[1]);
        p = padded(p + 8, head[1]);
    }
}

/* Reports lines that have changed, and makes them what they were without patches. */
static uint8_t *changes(struct result *r, uint8_t *o) {
    const uint64_t *a = (const uint64_t *)SCRATCH;
    const uint64_t *b = (const uint64_t *)before;
    for (uint32_t line = 0; line < SCRATCH_BYTES; line += LINE, a += 8, b += 8) {
        if (((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4]) | (a[5] ^ b[5]) | (a[6] ^ b[6]) | (a[7] ^ b[7])) != 0) {
            *(uint64_t *)o = line;
            memcpy(o + 8, a, LINE);
            o += 8 + LINE;
            r->lines++;
            memcpy((uint8_t *)SCRATCH + line, pristine + line, LINE);
        }
    }
    return o;
}

/* XSAVE leaves out what is in its initial state: SDM vol. 1 section 13.7. */
static uint8_t *fp_result(uint8_t *o) {
    if (have_avx) {
        uint8_t bv = fp_out[FX_BYTES];
        if (!(bv & 1)) {
            memset(fp_out, 0, 24);
            fp_out[0] = 0x7f;
            fp_out[1] = 3;
            memset(fp_out + 32, 0, 128);
        }
        if (!(bv & 2)) {
            memset(fp_out + 160, 0, 256);
        }
        if (!(bv & 4)) {
            memset(fp_out + YMM_OFFSET, 0, YMM_BYTES);
        }
        memcpy(o + FX_BYTES, fp_out + YMM_OFFSET, YMM_BYTES);
    } else {
        memset(o + FX_BYTES, 0, YMM_BYTES);
    }
    memcpy(o, fp_out, FX_BYTES);
    return o + FX_BYTES + YMM_BYTES;
}

static const uint8_t *serve(const struct hello *h, const uint8_t *p, uint8_t **to) {
    const struct request *q = (const struct request *)p;
    struct result *r = (struct result *)*to;
    p += sizeof *q;
    if (q->code_bytes) {
        set_code(q, p);
        p = padded(p, q->code_bytes);
#ifdef RECODING
        p = set_recoded(q, p);
#endif
    }
    with_fp = q->flags & WITH_FP;
    if (with_fp) {
        memcpy(fp_in, p, FX_BYTES);
        memset(fp_in + FX_BYTES, 0, 64);
        fp_in[FX_BYTES] = 7;
        memcpy(fp_in + YMM_OFFSET, p + FX_BYTES, YMM_BYTES);
        p += FX_BYTES + YMM_BYTES;
    }
    const uint8_t *patches = p;
    p = patch(p, q->patches);
    for (unsigned i = 0; i < CODE_REGISTERS; i++) {
        registers[i] = q->registers[i];
    }
    flags_word = q->eflags;
    serial++;
    int kind = run();
    if (with_fp || kind != DONE) {
        uint32_t mxcsr = 0x1f80;
        __asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(mxcsr));
    }
    if (kind != DONE) {
        restore_segments(h);
    }
    r->kind = kind;
    r->lines = 0;
    r->flags = q->flags;
    r->vector = kind == FAULT ? fault.vector : 0;
    r->error = fault.error;
    r->address = fault.address;
    r->ip = kind == DONE ? 0 : fault.ip;
    for (unsigned i = 0; i < 16; i++) {
        r->registers[i] = i < CODE_REGISTERS ? registers[i] : 0;
    }
    r->eflags = flags_word;
    uint8_t *o = *to + sizeof *r;
    if (with_fp) {
        o = fp_result(o);
    }
    o = changes(r, o);
    unpatch(patches, q->patches);
    *to = o;
    return p;
}

#ifndef EMULATED
static long file_of(unsigned long bytes) {
    long file = system_call(SYS_memfd_create, (long)"pages", 0, 0, 0, 0, 0);
    system_call(SYS_ftruncate, file, bytes, 0, 0, 0, 0);
    return file;
}
#endif

static void map_pages(void) {
#ifdef EMULATED
    map(CODE, CODE_BYTES, 3, 0x22, -1);
    map(SCRATCH - PAGE, PAGE + SCRATCH_BYTES, 3, 0x22, -1);
#else
    long code = file_of(CODE_BYTES);
    map(WRITABLE_CODE, CODE_BYTES, 3, 1, code);
#ifdef RECODING
    long scratch = file_of(PAGE + SCRATCH_BYTES);
    long recoded = file_of(RECODED_BYTES);
    for (unsigned long high = 0; high <= FOUR_GIB; high += FOUR_GIB) {
        map(high + SCRATCH - PAGE, PAGE + SCRATCH_BYTES, 3, 1, scratch);
        map(high + CODE, CODE_BYTES, 1, 1, code);
    }
    map(WRITABLE_RECODED_CODE, RECODED_BYTES, 3, 1, recoded);
    map(RECODED_CODE, RECODED_BYTES, 5, 1, recoded);
#else
    map(SCRATCH - PAGE, PAGE + SCRATCH_BYTES, 3, 0x22, -1);
    map(CODE, CODE_BYTES, 5, 1, code);
#endif
#endif
}

static void protect(void) {
    system_call(SYS_mprotect, SCRATCH - PAGE, PAGE, 1, 0, 0, 0);
#ifdef RECODING
    system_call(SYS_mprotect, FOUR_GIB + SCRATCH - PAGE, PAGE, 1, 0, 0, 0);
    /* A page that has not been touched is not there, by the word of a page fault. */
    for (unsigned long high = 0; high <= FOUR_GIB; high += FOUR_GIB) {
        for (unsigned long at = 0; at < PAGE + SCRATCH_BYTES; at += PAGE) {
            (void)*(volatile uint8_t *)(high + SCRATCH - PAGE + at);
        }
        for (unsigned long at = 0; at < CODE_BYTES; at += PAGE) {
            (void)*(volatile uint8_t *)(high + CODE + at);
        }
    }
#endif
}

void start(void) {
    struct hello h = {0x0c0ffee5, features(), 0, 0, 0, 0, 0, 0, 0, (word)&done_address};
    have_avx = h.features & HAVE_AVX;
    done_address = (word)done;
    unmap_the_rest();
    map_pages();
    memset((void *)WRITABLE_CODE, 0xcc, CODE_BYTES);
#ifdef RECODING
    h.spare_stack = (uint32_t)(word)(spare_stack + sizeof spare_stack);
#endif
    struct {
        word sp;
        int32_t flags;
        word size;
    } stack = {(word)signal_stack, 0, sizeof signal_stack};
    system_call(SYS_sigaltstack, (long)&stack, 0, 0, 0, 0, 0);
    handle(SIGILL, fault_entry, 1);
    handle(SIGTRAP, fault_entry, 1);
    handle(SIGBUS, fault_entry, 1);
    handle(SIGFPE, fault_entry, 1);
    handle(SIGSEGV, fault_entry, 1);
    handle(SIGVTALRM, tick_entry, sizeof(word) == 8);
    word timer[4] = {0, 100000, 0, 100000};
    system_call(SYS_setitimer, 1, (long)timer, 0, 0, 0, 0);
    segments(&h);
    send(&h, sizeof h);
    receive((void *)(SCRATCH - PAGE), PAGE + SCRATCH_BYTES);
    memcpy(pristine, (void *)SCRATCH, SCRATCH_BYTES);
    memcpy(before, pristine, SCRATCH_BYTES);
    protect();
    /* Strict mode; where the kernel, or QEMU, lacks it, the code generated is still such that it makes no system calls. */
    system_call(SYS_prctl, 22, 1, 0, 0, 0, 0);
    for (;;) {
        uint32_t n;
        receive(&n, 4);
        if (n > sizeof in) {
            die(7);
        }
        receive(in, n);
        uint8_t *o = out + 8;
        const uint8_t *p = in;
        while (p < in + n) {
            p = serve(&h, p, &o);
            if ((size_t)(o - out) > BUFFER) {
                die(8);
            }
        }
        *(uint32_t *)(out + 4) = o - out - 8;
        send(out + 4, o - out - 4);
    }
}
