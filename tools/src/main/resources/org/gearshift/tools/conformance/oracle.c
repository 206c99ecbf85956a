/*
 * Executes instructions on this processor and tells what they did. Built for 64- and for 32-bit code, without a C library, so that nothing is
 * mapped but this image and the pages below, and no thread-local data hangs on a segment base.
 *
 *   CODE     2 pages, to be read and executed, then nothing
 *   SCRATCH  2 pages, readable and writable; before them a page that can only be read, behind them nothing
 *
 * With RECODED it is a 64-bit program for 32-bit code, where no 32-bit code can be run: requests bring 64-bit code that does the same, to be executed
 * within the part of the address space that is reserved for this image. Code at CODE can be read then, and an attempt to execute it goes on where
 * the request says. All pages are once more 4 GiB higher, where addresses come to that wrap in 32-bit code.
 *
 * Speaks little-endian structures on standard input and output: hello, then the contents of the three scratch pages from the parent, then batches:
 * a 32-bit length, so many bytes of requests, answered by a length and as many results. A request with code replaces the code. Ends at end of file.
 *
 * Whatever the code does ends in one of three ways: it reaches its end, where a jump to "done" has been put; it faults, which a signal handler on
 * its own stack sees; or a timer finds it running for the second time. The process has given up all system calls but read, write, exit and the
 * return from a signal (seccomp), should the code ever make one.
 */
#include <stddef.h>
#include <stdint.h>

#define CODE 0x30000000ul
#define CODE_BYTES 0x2000ul
/* The same pages once more, to be written; within the part of the address space that is reserved for this image. */
#define WRITABLE_CODE 0x71800000ul
#define SCRATCH 0x2000f000ul
#define SCRATCH_BYTES 0x2000ul
#define RECODED_CODE 0x71a00000ul
#define WRITABLE_RECODED_CODE 0x71900000ul
#define RECODED_BYTES 0x10000ul
#define FOUR_GIB 0x100000000ul
#define PAGE 0x1000ul
#define LINE 64
#define BUFFER (8u << 20)
#define FX_BYTES 512
#define YMM_BYTES 256
#define YMM_OFFSET 576

/* General registers that the code has. */
#if defined(__x86_64__) && !defined(RECODED)
#define CODE_REGISTERS 16u
#else
#define CODE_REGISTERS 8u
#endif

#define WITH_FP 1
#define DONE 0
#define FAULT 1
#define TIMEOUT 2

enum { HAVE_AVX = 1 };

struct hello {
    uint32_t magic, features;
    uint16_t es, cs, ss, ds, fs, gs;
    /* Behind some bytes of stack that recoded code may use. */
    uint32_t spare_stack;
    /* Behind the code stands a jump through a pointer that is here. */
    uint64_t exit_pointer;
};

/* Followed by code_bytes of code (and, with RECODED, struct recoded), then FX_BYTES and YMM_BYTES if WITH_FP, then patches {uint32 offset, uint32 length, bytes}, each padded to 8. */
struct request {
    uint32_t flags, code_bytes, code_offset, patches;
    uint64_t registers[16];
    uint64_t eflags;
};

/* Followed by so many bytes of code, padded to 8, and so many pairs of offsets, padded to 8: of an instruction in CODE, and of what it has become. */
struct recoded {
    uint32_t bytes, places;
};

/* Followed by FX_BYTES and YMM_BYTES if WITH_FP, then lines {uint64 offset, LINE bytes} that differ from what the code found. */
struct result {
    uint32_t kind, vector, lines, flags;
    uint64_t error, address, ip;
    uint64_t registers[16];
    uint64_t eflags;
};

struct segment {
    uint32_t entry, base, limit, flags;
};

#ifdef __x86_64__
typedef uint64_t word;
#define SYS_read 0
#define SYS_open 2
#define SYS_close 3
#define SYS_write 1
#define SYS_mmap 9
#define SYS_mprotect 10
#define SYS_ftruncate 77
#define SYS_memfd_create 319
#define SYS_munmap 11
#define SYS_sigaction 13
#define SYS_setitimer 38
#define SYS_sigaltstack 131
#define SYS_prctl 157
#define SYS_arch_prctl 158
#define SYS_exit 60
#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#else
typedef uint32_t word;
#define SYS_read 3
#define SYS_open 5
#define SYS_close 6
#define SYS_write 4
#define SYS_mmap 192
#define SYS_mprotect 125
#define SYS_ftruncate 93
#define SYS_memfd_create 356
#define SYS_munmap 91
#define SYS_sigaction 174
#define SYS_setitimer 104
#define SYS_sigaltstack 186
#define SYS_prctl 172
#define SYS_set_thread_area 243
#define SYS_exit 1
#endif

#define SIGILL 4
#define SIGTRAP 5
#define SIGBUS 7
#define SIGFPE 8
#define SIGSEGV 11
#define SIGVTALRM 26
#define SA_SIGINFO 4ul
#define SA_RESTORER 0x04000000ul
#define SA_ONSTACK 0x08000000ul
#define SA_NODEFER 0x40000000ul

/* What run() loads and the ways out of it store. Names are used by the assembly below. */
word registers[16], flags_word, host_sp, entry_address, with_fp, have_avx;
word done_address;
uint8_t fp_in[1024] __attribute__((aligned(64)));
uint8_t fp_out[1024] __attribute__((aligned(64)));

static uint8_t signal_stack[1 << 17] __attribute__((aligned(64)));
uint8_t own_stack[1 << 16] __attribute__((aligned(64)));
static uint8_t in[BUFFER] __attribute__((aligned(64)));
static uint8_t out[BUFFER + (1 << 16)] __attribute__((aligned(64)));
static uint8_t pristine[SCRATCH_BYTES] __attribute__((aligned(64)));
static uint8_t before[SCRATCH_BYTES] __attribute__((aligned(64)));
static volatile uint64_t serial, serial_at_tick;
static uint32_t code_first, code_end;
#ifdef RECODED
/* What the instruction at each offset in CODE has become, 0 if there is none; an offset in RECODED_CODE plus 1. */
static uint32_t place[CODE_BYTES + 1];
static uint8_t spare_stack[256] __attribute__((aligned(64)));
#endif
static struct {
    uint32_t vector;
    uint64_t error, address, ip;
} fault;

int run(void);
void leave_guest(int kind) __attribute__((noreturn));
void on_fault(void);
void on_tick(void);
void sigreturn_from_tick(void);
extern char _end[], __executable_start[];

#ifdef __x86_64__
static long system_call(long n, long a, long b, long c, long d, long e, long f) {
    long r;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return r;
}

__asm__(
    ".text\n.globl _start\n_start:\n"
    "lea own_stack+65536, %rsp\n"
    "call start\n"
    ".globl run\nrun:\n"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "mov %rsp, host_sp\n"
    "cmpq $0, with_fp\n"
    "je 2f\n"
    "mov $7, %eax; xor %edx, %edx\n"
    "cmpq $0, have_avx\n"
    "je 1f\n"
    "xrstor fp_in\n"
    "jmp 2f\n"
    "1: fxrstor fp_in\n"
    "2: pushq flags_word; popfq\n"
    "mov registers+0, %rax; mov registers+8, %rcx; mov registers+16, %rdx; mov registers+24, %rbx\n"
    "mov registers+40, %rbp; mov registers+48, %rsi; mov registers+56, %rdi; mov registers+64, %r8\n"
    "mov registers+72, %r9; mov registers+80, %r10; mov registers+88, %r11; mov registers+96, %r12\n"
    "mov registers+104, %r13; mov registers+112, %r14; mov registers+120, %r15; mov registers+32, %rsp\n"
    "jmp *entry_address\n"
    ".globl done\ndone:\n"
    "mov %rsp, registers+32; mov host_sp, %rsp\n"
    "mov %rax, registers+0; mov %rcx, registers+8; mov %rdx, registers+16; mov %rbx, registers+24\n"
    "mov %rbp, registers+40; mov %rsi, registers+48; mov %rdi, registers+56; mov %r8, registers+64\n"
    "mov %r9, registers+72; mov %r10, registers+80; mov %r11, registers+88; mov %r12, registers+96\n"
    "mov %r13, registers+104; mov %r14, registers+112; mov %r15, registers+120\n"
    "pushfq; popq flags_word\n"
    "pushq $0x202; popfq\n"
    "cmpq $0, with_fp\n"
    "je 2f\n"
    "mov $7, %eax; xor %edx, %edx\n"
    "cmpq $0, have_avx\n"
    "je 1f\n"
    "xsave fp_out\n"
    "jmp 2f\n"
    "1: fxsave fp_out\n"
    "2: xor %edi, %edi\n"
    ".globl leave_guest\nleave_guest:\n"
    "mov host_sp, %rsp\n"
    "mov %edi, %eax\n"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "ret\n"
    /* Signal handlers: the third argument is the context. The kernel leaves AC as the code had it. */
    ".globl fault_entry\nfault_entry:\n"
    "pushq $0x202; popfq\n"
    "jmp on_fault\n"
    ".globl tick_entry\ntick_entry:\n"
    "pushq $0x202; popfq\n"
    "jmp on_tick\n"
    ".globl restorer\nrestorer:\n"
    "mov $15, %eax\n"
    "syscall\n");
#else
static long system_call(long n, long a, long b, long c, long d, long e, long f) {
    long r;
    long rest[2] = {a, f};
    __asm__ volatile(
        "push %%ebx; push %%ebp\n"
        "mov 4(%%ebx), %%ebp; mov (%%ebx), %%ebx\n"
        "int $0x80\n"
        "pop %%ebp; pop %%ebx\n"
        : "=a"(r) : "a"(n), "b"(rest), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
    return r;
}

__asm__(
    ".text\n.globl _start\n_start:\n"
    "lea own_stack+65536, %esp\n"
    "call start\n"
    ".globl run\nrun:\n"
    "pusha\n"
    "mov %esp, host_sp\n"
    "cmpl $0, with_fp\n"
    "je 2f\n"
    "mov $7, %eax; xor %edx, %edx\n"
    "cmpl $0, have_avx\n"
    "je 1f\n"
    "xrstor fp_in\n"
    "jmp 2f\n"
    "1: fxrstor fp_in\n"
    "2: pushl flags_word; popfl\n"
    "mov registers+0, %eax; mov registers+4, %ecx; mov registers+8, %edx; mov registers+12, %ebx\n"
    "mov registers+20, %ebp; mov registers+24, %esi; mov registers+28, %edi; mov registers+16, %esp\n"
    "jmp *entry_address\n"
    ".globl done\ndone:\n"
    "mov %esp, registers+16; mov host_sp, %esp\n"
    "mov %eax, registers+0; mov %ecx, registers+4; mov %edx, registers+8; mov %ebx, registers+12\n"
    "mov %ebp, registers+20; mov %esi, registers+24; mov %edi, registers+28\n"
    "pushfl; popl flags_word\n"
    "pushl $0x202; popfl\n"
    "cmpl $0, with_fp\n"
    "je 2f\n"
    "mov $7, %eax; xor %edx, %edx\n"
    "cmpl $0, have_avx\n"
    "je 1f\n"
    "xsave fp_out\n"
    "jmp 2f\n"
    "1: fxsave fp_out\n"
    "2: mov $0, %eax\n"
    "jmp 3f\n"
    ".globl leave_guest\nleave_guest:\n"
    "mov 4(%esp), %eax\n"
    "3: mov host_sp, %esp\n"
    "mov %eax, 28(%esp)\n"
    "popa\n"
    "ret\n"
    ".globl fault_entry\nfault_entry:\n"
    "pushl $0x202; popfl\n"
    "jmp on_fault\n"
    ".globl tick_entry\ntick_entry:\n"
    "pushl $0x202; popfl\n"
    "jmp on_tick\n"
    /* A signal without information has a frame that sigreturn undoes; it finds the signal number on top. */
    ".globl restorer\nrestorer:\n"
    "pop %eax\n"
    "mov $119, %eax\n"
    "int $0x80\n");
#endif

extern char done[], fault_entry[], tick_entry[], restorer[];

void *memcpy(void *to, const void *from, size_t n) {
    void *r = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
    return r;
}

void *memset(void *to, int v, size_t n) {
    void *r = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(v) : "memory");
    return r;
}

static void die(int status) {
    for (;;) {
        system_call(SYS_exit, status, 0, 0, 0, 0, 0);
    }
}

static void receive(void *to, uint32_t n) {
    while (n > 0) {
        long k = system_call(SYS_read, 0, (long)to, n, 0, 0, 0);
        if (k <= 0) {
            die(k == 0 ? 0 : 2);
        }
        to = (char *)to + k;
        n -= k;
    }
}

static void send(const void *from, uint32_t n) {
    while (n > 0) {
        long k = system_call(SYS_write, 1, (long)from, n, 0, 0, 0);
        if (k <= 0) {
            die(3);
        }
        from = (const char *)from + k;
        n -= k;
    }
}

/* The state in a signal frame. Offsets are those of the kernel's ABI (arch/x86/include/uapi/asm/sigcontext.h). */
#ifdef __x86_64__
struct context {
    uint64_t flags, link, stack[3];
    uint64_t r8_to_r15[8], di, si, bp, bx, dx, ax, cx, sp, ip, eflags;
    uint16_t cs, gs, fs, ss;
    uint64_t err, trapno, oldmask, cr2;
    uint8_t *fpstate;
};
#define FX_IN_FPSTATE 0
#else
struct context_body {
    uint16_t gs, gsh, fs, fsh, es, esh, ds, dsh;
    uint32_t di, si, bp, sp, bx, dx, cx, ax, trapno, err, ip;
    uint16_t cs, csh;
    uint32_t eflags, sp_at_signal;
    uint16_t ss, ssh;
    uint8_t *fpstate;
    uint32_t oldmask, cr2;
};
struct context {
    uint32_t flags, link, stack[3];
    struct context_body body;
};
#define FX_IN_FPSTATE 112
#endif

static void keep_registers(const void *context) {
#ifdef __x86_64__
    const struct context *c = context;
    registers[0] = c->ax;
    registers[1] = c->cx;
    registers[2] = c->dx;
    registers[3] = c->bx;
    registers[4] = c->sp;
    registers[5] = c->bp;
    registers[6] = c->si;
    registers[7] = c->di;
    for (int i = 0; i < 8; i++) {
        registers[8 + i] = c->r8_to_r15[i];
    }
#else
    const struct context_body *c = context;
    registers[0] = c->ax;
    registers[1] = c->cx;
    registers[2] = c->dx;
    registers[3] = c->bx;
    registers[4] = c->sp;
    registers[5] = c->bp;
    registers[6] = c->si;
    registers[7] = c->di;
#endif
    flags_word = c->eflags;
    fault.vector = c->trapno;
    fault.error = c->err;
    fault.address = c->cr2;
    fault.ip = c->ip;
#ifdef RECODED
    fault.address &= FOUR_GIB - 1;
#endif
    if (with_fp && c->fpstate) {
        memcpy(fp_out, c->fpstate + FX_IN_FPSTATE, have_avx ? YMM_OFFSET + YMM_BYTES : FX_BYTES);
    }
}

#ifdef __x86_64__
#ifdef RECODED
#define EXECUTED RECODED_CODE
#define EXECUTED_BYTES RECODED_BYTES
#else
#define EXECUTED CODE
#define EXECUTED_BYTES CODE_BYTES
#endif
#define PAGE_FAULT 14

void on_fault_64(int signal, void *info, struct context *c) __asm__("on_fault");
void on_fault_64(int signal, void *info, struct context *c) {
    (void)signal;
    (void)info;
#ifdef RECODED
    uint64_t offset = c->ip - CODE;
    if (c->trapno == PAGE_FAULT && c->cr2 == c->ip && offset <= CODE_BYTES && place[offset] != 0) {
        c->ip = RECODED_CODE + place[offset] - 1;
        return;
    }
#endif
    keep_registers(c);
    leave_guest(FAULT);
}

void on_tick_64(int signal, void *info, const struct context *c) __asm__("on_tick");
void on_tick_64(int signal, void *info, const struct context *c) {
    (void)signal;
    (void)info;
    if (c->ip - EXECUTED < EXECUTED_BYTES) {
        if (serial_at_tick == serial) {
            keep_registers(c);
            leave_guest(TIMEOUT);
        }
        serial_at_tick = serial;
    }
}
#else
void on_fault_32(int signal, void *info, const struct context *c) __asm__("on_fault");
void on_fault_32(int signal, void *info, const struct context *c) {
    (void)signal;
    (void)info;
    keep_registers(&c->body);
    leave_guest(FAULT);
}

void on_tick_32(int signal, struct context_body body) __asm__("on_tick");
void on_tick_32(int signal, struct context_body body) {
    (void)signal;
    if (body.ip - CODE < CODE_BYTES) {
        if (serial_at_tick == serial) {
            keep_registers(&body);
            leave_guest(TIMEOUT);
        }
        serial_at_tick = serial;
    }
}
#endif

static void handle(int signal, void *entry, int information) {
    struct {
        word handler, flags, restorer;
        uint64_t mask;
    } action = {(word)entry, SA_RESTORER | SA_ONSTACK | SA_NODEFER | (information ? SA_SIGINFO : 0), (word)restorer, 0};
    if (system_call(SYS_sigaction, signal, (long)&action, 0, 8, 0, 0) != 0) {
        die(4);
    }
}

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
        if (bound[0] < (word)__executable_start || bound[0] >= (word)_end) {
            system_call(SYS_munmap, bound[0], bound[1] - bound[0], 0, 0, 0, 0);
        }
        while (p < in + n && *p++ != '\n') {
        }
    }
}

static void segments(struct hello *h) {
#ifdef __x86_64__
#ifdef RECODED
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
    memset(text + code_first, 0xcc, code_end - code_first);
    uint32_t end = q->code_offset + q->code_bytes;
    memcpy(text + q->code_offset, bytes, q->code_bytes);
    if (end + 6 <= CODE_BYTES) {
        /* jmp *done_address: changes neither registers nor flags. */
        text[end] = 0xff;
        text[end + 1] = 0x25;
#if defined(__x86_64__) && !defined(RECODED)
        int32_t to = (int32_t)((long)&done_address - (long)(CODE + end + 6));
#else
        int32_t to = (int32_t)(word)&done_address;
#endif
        memcpy(text + end + 2, &to, 4);
        end += 6;
    }
    code_first = q->code_offset;
    code_end = end;
    entry_address = CODE + q->code_offset;
}

#ifdef RECODED
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
#ifdef RECODED
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

static long file_of(unsigned long bytes) {
    long file = system_call(SYS_memfd_create, (long)"pages", 0, 0, 0, 0, 0);
    system_call(SYS_ftruncate, file, bytes, 0, 0, 0, 0);
    return file;
}

static void map_pages(void) {
    long code = file_of(CODE_BYTES);
    map(WRITABLE_CODE, CODE_BYTES, 3, 1, code);
#ifdef RECODED
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
}

static void protect(void) {
    system_call(SYS_mprotect, SCRATCH - PAGE, PAGE, 1, 0, 0, 0);
#ifdef RECODED
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
#ifdef RECODED
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
    /* Strict mode; where the kernel lacks it, the code generated is still such that it makes no system calls. */
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
