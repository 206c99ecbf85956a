/*
 * Executes short code on the real processor with a given state of general, MMX, XMM and YMM registers and memory; a 32- and a 64-bit program. Reads a 32-bit count and
 * that many requests from standard input, writes as many results to standard output, and so on until end of file. A fault is a result: vector, error code, address,
 * and the state at the instruction.
 *
 * Memory is three pages at WINDOW, of which the third cannot be accessed; requests give as many bytes around the first page's end as the argument says, and
 * those at the second one's end.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define WINDOW 0x20000000ul
#define PAGE 0x1000
#define MOST_MIDDLE 4096
#define END (WINDOW + 0x1fc0)
#define END_BYTES 64
#define CODE 0x30000000ul
#define AVX_OFFSET 576

#ifdef __x86_64__
#define REGISTERS 16
typedef uint64_t word;
#else
#define REGISTERS 8
typedef uint32_t word;
#endif

struct state {
    uint64_t registers[16];
    uint64_t flags;
    uint8_t fx[512];
    uint8_t upper[256];
    uint8_t memory[MOST_MIDDLE + END_BYTES];
};

struct request {
    uint8_t length;
    uint8_t code[23];
    struct state state;
};

struct result {
    uint32_t vector;
    uint32_t error;
    uint64_t address;
    struct state state;
};

word registers[16], flags, host_sp, done_address, code_address = CODE;
uint8_t area[4096] __attribute__((aligned(64)));
static uint8_t faulted_area[AVX_OFFSET + 256];
static int avx;
static size_t middle_bytes;
static uint8_t *middle;
static sigjmp_buf back;
static struct result *now;

void run(void);
void run_fx(void);

#ifdef __x86_64__
#define ENTER \
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n" \
    "mov %rsp, host_sp\n" \
    "pushq flags; popfq\n" \
    "mov registers+0, %rax; mov registers+8, %rcx; mov registers+16, %rdx; mov registers+24, %rbx\n" \
    "mov registers+40, %rbp; mov registers+48, %rsi; mov registers+56, %rdi; mov registers+64, %r8\n" \
    "mov registers+72, %r9; mov registers+80, %r10; mov registers+88, %r11; mov registers+96, %r12\n" \
    "mov registers+104, %r13; mov registers+112, %r14; mov registers+120, %r15; mov registers+32, %rsp\n" \
    "jmp *code_address\n"
#define LEAVE \
    "mov %rsp, registers+32; mov host_sp, %rsp\n" \
    "mov %rax, registers+0; mov %rcx, registers+8; mov %rdx, registers+16; mov %rbx, registers+24\n" \
    "mov %rbp, registers+40; mov %rsi, registers+48; mov %rdi, registers+56; mov %r8, registers+64\n" \
    "mov %r9, registers+72; mov %r10, registers+80; mov %r11, registers+88; mov %r12, registers+96\n" \
    "mov %r13, registers+104; mov %r14, registers+112; mov %r15, registers+120\n" \
    "pushfq; popq flags; cld\n"
#define RETURN "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\nret\n"
#define DONE(label) "lea " label "(%rip), %rax; mov %rax, done_address\n"
#else
#define ENTER \
    "pusha\n" \
    "mov %esp, host_sp\n" \
    "pushl flags; popfl\n" \
    "mov registers+0, %eax; mov registers+4, %ecx; mov registers+8, %edx; mov registers+12, %ebx\n" \
    "mov registers+20, %ebp; mov registers+24, %esi; mov registers+28, %edi; mov registers+16, %esp\n" \
    "jmp *code_address\n"
#define LEAVE \
    "mov %esp, registers+16; mov host_sp, %esp\n" \
    "mov %eax, registers+0; mov %ecx, registers+4; mov %edx, registers+8; mov %ebx, registers+12\n" \
    "mov %ebp, registers+20; mov %esi, registers+24; mov %edi, registers+28\n" \
    "pushfl; popl flags; cld\n"
#define RETURN "popa\nret\n"
#define DONE(label) "movl $" label ", done_address\n"
#endif

__asm__(
    ".text\n.globl run\nrun:\n"
    DONE("done")
    "mov $7, %eax; xor %edx, %edx; xrstor area\n"
    ENTER
    "done:\n"
    LEAVE
    "mov $7, %eax; xor %edx, %edx; xsave area\n"
    RETURN
    ".globl run_fx\nrun_fx:\n"
    DONE("done_fx")
    "fxrstor area\n"
    ENTER
    "done_fx:\n"
    LEAVE
    "fxsave area\n"
    RETURN);

static void caught(int number, siginfo_t *info, void *context) {
    ucontext_t *u = context;
    const greg_t *g = u->uc_mcontext.gregs;
    uint64_t *r = now->state.registers;
    (void)number;
    (void)info;
    now->vector = g[REG_TRAPNO];
    now->error = g[REG_ERR];
#ifdef __x86_64__
    static const int order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
        REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    const uint8_t *fx = (const uint8_t *)u->uc_mcontext.fpregs;
    now->address = g[REG_CR2];
#else
    static const int order[] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI};
    const uint8_t *fx = (const uint8_t *)u->uc_mcontext.fpregs + 112;
    now->address = (uint32_t)u->uc_mcontext.cr2;
#endif
    for (int i = 0; i < REGISTERS; i++) {
        r[i] = (word)g[order[i]];
    }
    now->state.flags = (word)g[REG_EFL];
    memcpy(faulted_area, fx, 512);
    memset(faulted_area + AVX_OFFSET, 0, 256);
    if (avx && (fx[512] & 4)) {
        memcpy(faulted_area + AVX_OFFSET, fx + AVX_OFFSET, 256);
    }
    if (avx && !(fx[512] & 2)) {
        memset(faulted_area + 160, 0, 256);
    }
    if (avx && !(fx[512] & 1)) {
        memset(faulted_area, 0, 24);
        faulted_area[0] = 0x7f;
        faulted_area[1] = 3;
        memset(faulted_area + 32, 0, 128);
    }
    siglongjmp(back, 1);
}

static void reset(void) {
    uint32_t mxcsr = 0x1f80;
    __asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(mxcsr));
    if (avx) {
        __asm__ volatile("vzeroupper");
    }
}

static int any(const uint8_t *p, size_t n) {
    while (n > 0 && *p == 0) {
        p++;
        n--;
    }
    return n > 0;
}

/* Components that are not in their initial configuration. Of the others some processors say "in use" if they were loaded all the same: SDM vol. 1 section 13.6. */
static uint8_t in_use(const uint8_t *image) {
    int x87 = image[0] != 0x7f || image[1] != 3 || any(image + 2, 22) || any(image + 32, 128);
    return (x87 ? 1 : 0) | (any(image + 160, 256) ? 2 : 0) | (any(image + AVX_OFFSET, 256) ? 4 : 0);
}

static void serve(const struct request *q, struct result *r) {
    uint8_t *text = (uint8_t *)CODE;
    int n = q->length;
    memset(r, 0, sizeof *r);
    now = r;
    memset(area, 0, sizeof area);
    memcpy(area, q->state.fx, 512);
    memcpy(area + AVX_OFFSET, q->state.upper, 256);
    area[512] = in_use(area);
    memcpy(middle, q->state.memory, middle_bytes);
    memcpy((void *)END, q->state.memory + middle_bytes, END_BYTES);
    for (int i = 0; i < REGISTERS; i++) {
        registers[i] = q->state.registers[i];
    }
    flags = q->state.flags;
    memcpy(text, q->code, n);
    /* jmp *done_address; never changes flags */
    text[n] = 0xff;
    text[n + 1] = 0x25;
#ifdef __x86_64__
    int to = (int)((long)&done_address - (long)(CODE + n + 6));
#else
    int to = (int)&done_address;
#endif
    memcpy(text + n + 2, &to, 4);
    if (sigsetjmp(back, 1) == 0) {
        if (avx) {
            run();
            if (!(area[512] & 4)) {
                memset(area + AVX_OFFSET, 0, 256);
            }
            if (!(area[512] & 2)) {
                memset(area + 160, 0, 256);
            }
            if (!(area[512] & 1)) {
                memset(area + 32, 0, 128);
                area[0] = 0x7f;
                area[1] = 3;
                memset(area + 2, 0, 22);
            }
        } else {
            run_fx();
        }
        for (int i = 0; i < REGISTERS; i++) {
            r->state.registers[i] = registers[i];
        }
        r->state.flags = flags;
        r->vector = -1;
        memcpy(r->state.fx, area, 512);
        memcpy(r->state.upper, area + AVX_OFFSET, 256);
    } else {
        memcpy(r->state.fx, faulted_area, 512);
        memcpy(r->state.upper, faulted_area + AVX_OFFSET, 256);
    }
    reset();
    memcpy(r->state.memory, middle, middle_bytes);
    memcpy(r->state.memory + middle_bytes, (void *)END, END_BYTES);
}

int main(int count_of_arguments, char **arguments) {
    static uint8_t stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    int signals[] = {SIGFPE, SIGSEGV, SIGILL, SIGBUS, SIGTRAP};
    avx = __builtin_cpu_supports("avx") != 0;
    middle_bytes = count_of_arguments > 1 ? (size_t)atoi(arguments[1]) : 0;
    middle = (uint8_t *)WINDOW + PAGE - middle_bytes / 2;
    if (middle_bytes == 0 || middle_bytes > MOST_MIDDLE) {
        return 1;
    }
    size_t unused = MOST_MIDDLE - middle_bytes;
    sigaltstack(&alternate, 0);
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaction(signals[i], &action, 0);
    }
    mmap((void *)WINDOW, 0x2000, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mmap((void *)(WINDOW + 0x2000), 0x1000, PROT_NONE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mmap((void *)CODE, 0x1000, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint32_t count;
    while (fread(&count, 4, 1, stdin) == 1) {
        /* The unused end of memory is not transferred. */
        size_t question = sizeof(struct request) - unused;
        size_t answer = sizeof(struct result) - unused;
        uint8_t *in = malloc(count * question);
        uint8_t *out = malloc(count * answer);
        if (fread(in, question, count, stdin) != count) {
            return 1;
        }
        for (uint32_t i = 0; i < count; i++) {
            static struct request q;
            static struct result r;
            memcpy(&q, in + i * question, question);
            serve(&q, &r);
            memcpy(out + i * answer, &r, answer);
        }
        fwrite(out, answer, count, stdout);
        fflush(stdout);
        free(in);
        free(out);
    }
    return 0;
}
