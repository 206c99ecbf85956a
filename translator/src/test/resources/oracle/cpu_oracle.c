/*
 * Executes instructions on this processor with a given state, as 64-bit or (gcc -m32) 32-bit code. First writes what is special about this processor
 * (struct about); then reads a batch from standard input (struct batch, and its requests), writes as many results to standard output, and so on until
 * end of file. Code is at CODE. Memory operands are at [edi], MEMORY plus an offset of the batch's; 640 bytes there are the code's, as far as they lie
 * below the end of the page. The page after it does not exist.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define CODE ((uint8_t *)0x10000000)
#define MEMORY ((uint8_t *)0x20000000)
#define PAGE 4096
#define OWN 640

#ifdef __x86_64__
#define R(name) "%%r" name
#define SUFFIX "q"
#define REGISTER(name) REG_R##name
#else
#define R(name) "%%e" name
#define SUFFIX "l"
#define REGISTER(name) REG_E##name
#endif

struct about {
    uint32_t amd;
    uint32_t leaf7_ebx;
};

/* fx_in, fx_out, in, out, environment and initial are addressed by number below */
struct state {
    uint8_t fx_in[512];
    uint8_t fx_out[512];
    uint64_t in[4];  /* rax rcx rdx flags */
    uint64_t out[4];
    uint32_t environment[7]; /* after the code, and before it */
    uint32_t initial[7];
};

struct batch {
    uint32_t count;
    uint32_t offset;
    uint32_t length;
    uint8_t code[500];
};

struct request {
    uint8_t fx[512];
    uint8_t memory[OWN];
    uint64_t registers[4];
};

struct result {
    uint8_t fx[512];
    uint8_t memory[OWN];
    uint64_t registers[4];
    uint32_t signal;
    uint32_t at; /* address of the instruction that raised it */
};

static struct state state __attribute__((aligned(64)));
static sigjmp_buf back;
static uint32_t caught_at;

static uint8_t *image_in(ucontext_t *u) {
#ifdef __x86_64__
    return (uint8_t *)u->uc_mcontext.fpregs;
#else
    return (uint8_t *)u->uc_mcontext.fpregs + 112;
#endif
}

/* The code may have run with alignment checks: EFLAGS.AC. */
static inline void allow_misaligned(void) {
    __asm__ volatile("pushf" SUFFIX "\n\tand" SUFFIX " $~0x40000, (" R("sp") ")\n\tpopf" SUFFIX : : : "cc", "memory");
}

/* An FXSAVE image in a signal frame has the pointers only where an exception is pending, on some processors. */
static void caught(int signal, siginfo_t *info, void *context) {
    allow_misaligned();
    ucontext_t *u = context;
    (void)info;
    memcpy(state.fx_out, image_in(u), 512);
    state.out[0] = u->uc_mcontext.gregs[REGISTER(AX)];
    state.out[1] = u->uc_mcontext.gregs[REGISTER(CX)];
    state.out[2] = u->uc_mcontext.gregs[REGISTER(DX)];
    state.out[3] = u->uc_mcontext.gregs[REG_EFL];
    caught_at = u->uc_mcontext.gregs[REGISTER(IP)] - (uint32_t)(uintptr_t)CODE;
    siglongjmp(back, signal);
}

static void execute(uint8_t *memory) {
    __asm__ volatile(
        "push " R("bx") "\n\t"
        "push " R("bp") "\n\t"
        "mov %[code], " R("bx") "\n\t"
        "fninit\n\t"
        "fldenv 1116(" R("si") ")\n\t"
        "fxrstor 0(" R("si") ")\n\t"
        "mov 1024(" R("si") "), " R("ax") "\n\t"
        "mov 1032(" R("si") "), " R("cx") "\n\t"
        "mov 1040(" R("si") "), " R("dx") "\n\t"
        "push" SUFFIX " 1048(" R("si") ")\n\t"
        "popf" SUFFIX "\n\t"
        "call *" R("bx") "\n\t"
        "pushf" SUFFIX "\n\t"
        "pop" SUFFIX " 1080(" R("si") ")\n\t"
        "pushf" SUFFIX "\n\t"
        "and" SUFFIX " $~0x40000, (" R("sp") ")\n\t"
        "popf" SUFFIX "\n\t"
        "mov " R("ax") ", 1056(" R("si") ")\n\t"
        "mov " R("cx") ", 1064(" R("si") ")\n\t"
        "mov " R("dx") ", 1072(" R("si") ")\n\t"
        "fxsave 512(" R("si") ")\n\t"
        "fnstenv 1088(" R("si") ")\n\t"
        "pop " R("bp") "\n\t"
        "pop " R("bx") "\n\t"
        :
        : "S"(&state), "D"(memory), [code] "i"(0x10000000)
        : "ax", "cx", "dx", "cc", "memory");
}

static void reset(void) {
    uint32_t mxcsr = 0x1f80;
    __asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(mxcsr));
}

static uint32_t half(const uint8_t *fx, int at) {
    return fx[at] | fx[at + 1] << 8;
}

static uint32_t word(const uint8_t *fx, int at) {
    return half(fx, at) | half(fx, at + 2) << 16;
}

static void put(uint8_t *fx, int at, uint32_t value, int bytes) {
    memcpy(fx + at, &value, bytes);
}

/* FXRSTOR does not load the pointers on some processors unless an exception is pending: FLDENV always does. */
static void prepare(const uint8_t *fx) {
    uint32_t environment[] = {0x37f, 0, 0xffff, word(fx, 8), half(fx, 12) | half(fx, 6) << 16, word(fx, 16), half(fx, 20)};
    memcpy(state.initial, environment, sizeof environment);
}

static void pointers(uint8_t *fx) {
    put(fx, 6, state.environment[4] >> 16 & 0x7ff, 2);
    put(fx, 8, state.environment[3], 4);
    put(fx, 12, state.environment[4], 2);
    put(fx, 16, state.environment[5], 4);
    put(fx, 20, state.environment[6], 2);
}

static void serve(const struct request *q, struct result *r, uint8_t *memory) {
    volatile size_t own = MEMORY + PAGE - memory < OWN ? MEMORY + PAGE - memory : OWN;
    memcpy(state.fx_in, q->fx, 512);
    memcpy(state.in, q->registers, sizeof state.in);
    memset(state.out, 0, sizeof state.out);
    memcpy(memory, q->memory, own);
    memcpy(r->memory, q->memory, OWN);
    prepare(q->fx);
    caught_at = 0;
    int signal = sigsetjmp(back, 1);
    if (signal == 0) {
        execute(memory);
        pointers(state.fx_out);
    }
    reset();
    memcpy(r->fx, state.fx_out, 512);
    memcpy(r->memory, memory, own);
    memcpy(r->registers, state.out, sizeof state.out);
    r->signal = signal;
    r->at = caught_at;
}

static void introduce(void) {
    struct about about = {0, 0};
    uint32_t a, b, c, d;
    __cpuid(0, a, b, c, d);
    about.amd = c == 0x444d4163;
    if (a >= 7) {
        __cpuid_count(7, 0, a, b, c, d);
        about.leaf7_ebx = b;
    }
    fwrite(&about, sizeof about, 1, stdout);
    fflush(stdout);
}

static void map(uint8_t *at, size_t bytes, int protection) {
    if (mmap(at, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != at) {
        perror("mmap");
        exit(1);
    }
}

int main(void) {
    map(CODE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    map(MEMORY, PAGE, PROT_READ | PROT_WRITE);
    map(MEMORY + PAGE, PAGE, PROT_NONE);
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_NODEFER};
    int signals[] = {SIGFPE, SIGSEGV, SIGILL, SIGBUS, SIGTRAP};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaction(signals[i], &action, 0);
    }
    introduce();
    struct batch batch;
    while (fread(&batch, sizeof batch, 1, stdin) == 1) {
        struct request *q = malloc(batch.count * sizeof *q);
        struct result *r = malloc(batch.count * sizeof *r);
        if (fread(q, sizeof *q, batch.count, stdin) != batch.count) {
            return 1;
        }
        memcpy(CODE, batch.code, batch.length);
        CODE[batch.length] = 0xc3;
        for (uint32_t i = 0; i < batch.count; i++) {
            serve(q + i, r + i, MEMORY + batch.offset);
        }
        fwrite(r, sizeof *r, batch.count, stdout);
        fflush(stdout);
        free(q);
        free(r);
    }
    return 0;
}
