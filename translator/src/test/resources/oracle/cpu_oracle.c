/*
 * Executes single instructions on this processor with a given state. Reads a 32-bit count and that many records from standard input, writes as many
 * results to standard output, and so on until end of file. Instructions are such that they mean the same in 32- and 64-bit mode; memory operands
 * are at [edi], where 128 bytes are theirs.
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

struct record {
    uint8_t fx_in[512];
    uint8_t fx_out[512];
    uint64_t in[4];   /* rax rcx rdx flags */
    uint64_t out[4];
};

struct request {
    uint8_t fx[512];
    uint8_t memory[128];
    uint64_t registers[4];
    uint8_t length;
    uint8_t code[15];
};

struct result {
    uint8_t fx[512];
    uint8_t memory[128];
    uint64_t registers[4];
    uint64_t signal;
};

static struct record state __attribute__((aligned(64)));
static uint8_t memory[4096] __attribute__((aligned(64)));
static uint8_t *code;
static sigjmp_buf back;

static void caught(int signal, siginfo_t *info, void *context) {
    ucontext_t *u = context;
    (void)info;
    memcpy(state.fx_out, u->uc_mcontext.fpregs, 512);
    state.out[0] = u->uc_mcontext.gregs[REG_RAX];
    state.out[1] = u->uc_mcontext.gregs[REG_RCX];
    state.out[2] = u->uc_mcontext.gregs[REG_RDX];
    state.out[3] = u->uc_mcontext.gregs[REG_EFL];
    siglongjmp(back, signal);
}

static void execute(void) {
    __asm__ volatile(
        "mov %0, %%r15\n\t"
        "mov %1, %%r14\n\t"
        "mov %2, %%rdi\n\t"
        "fxrstor 0(%%r15)\n\t"
        "mov 1024(%%r15), %%rax\n\t"
        "mov 1032(%%r15), %%rcx\n\t"
        "mov 1040(%%r15), %%rdx\n\t"
        "push 1048(%%r15)\n\t"
        "popfq\n\t"
        "call *%%r14\n\t"
        "pushfq\n\t"
        "pop 1080(%%r15)\n\t"
        "mov %%rax, 1056(%%r15)\n\t"
        "mov %%rcx, 1064(%%r15)\n\t"
        "mov %%rdx, 1072(%%r15)\n\t"
        "fxsave 512(%%r15)\n\t"
        :
        : "r"(&state), "r"(code), "r"(memory)
        : "rax", "rcx", "rdx", "rdi", "r14", "r15", "cc", "memory");
}

static void reset(void) {
    uint32_t mxcsr = 0x1f80;
    __asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(mxcsr));
}

static void serve(const struct request *q, struct result *r) {
    memcpy(state.fx_in, q->fx, 512);
    memcpy(state.in, q->registers, sizeof state.in);
    memcpy(memory, q->memory, 128);
    memcpy(code, q->code, q->length);
    code[q->length] = 0xc3;
    int signal = sigsetjmp(back, 1);
    if (signal == 0) {
        execute();
    }
    reset();
    memcpy(r->fx, state.fx_out, 512);
    memcpy(r->memory, memory, 128);
    memcpy(r->registers, state.out, sizeof state.out);
    r->signal = signal;
}

int main(void) {
    code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_NODEFER};
    int signals[] = {SIGFPE, SIGSEGV, SIGILL, SIGBUS, SIGTRAP};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaction(signals[i], &action, 0);
    }
    uint32_t count;
    while (fread(&count, 4, 1, stdin) == 1) {
        struct request *q = malloc(count * sizeof *q);
        struct result *r = malloc(count * sizeof *r);
        if (fread(q, sizeof *q, count, stdin) != count) {
            return 1;
        }
        for (uint32_t i = 0; i < count; i++) {
            serve(q + i, r + i);
        }
        fwrite(r, sizeof *r, count, stdout);
        fflush(stdout);
        free(q);
        free(r);
    }
    return 0;
}
