/*
 * Asks this processor how long an instruction is and whether it exists, without letting it do anything. The bytes are placed so that the first k of
 * them end a page and the rest would lie in the next, which is not there: an instruction longer than k bytes raises a page fault by its fetch. With
 * k bytes enough it is executed under the trap flag, with registers and segments such that every access to memory faults. Code is 16-, 32- or 64-bit by the
 * segment it runs in; this program itself is 64-bit.
 *
 * Instructions may change FS, GS and their bases, so there is no C library here, whose thread-local data are found by FS. What reads or
 * writes by an address of its own making cannot reach this program: it lies above 4 GiB, where only a noncanonical register could lead.
 * A system call from the code under test is stopped by a filter.
 *
 * Standard input: a 32-bit count and so many requests, again and again; standard output: as many answers.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <signal.h>
#include <ucontext.h>

#define PAGE 4096
/* Below 4 GiB, so that 32-bit code reaches it. */
#define CODE 0x40000000ul
#define BOUNDARY (CODE + PAGE)
#define STRING 16
#define BATCH 4096

/* Vectors; a system call counts as an own one. */
#define PAGE_FAULT 14
#define SYSTEM_CALL 0x80
#define FETCH 16
#define EXECUTED 1

struct request {
    uint8_t bits;   /* 16, 32, 64 */
    uint8_t hint;   /* length it is expected to have */
    uint8_t code[STRING];
};

struct answer {
    uint8_t length; /* fewest bytes with which no more are wanted */
    uint8_t vector; /* with so many bytes; 1: executed */
};

/* Selectors: 64-bit and 32-bit code of Linux, 16-bit code and a stack of one byte in the local descriptor table. */
#define CODE_64 0x33
#define CODE_32 0x23
#define CODE_16 0x07
#define STACK_64 0x2b
#define STACK_NONE 0x0f

struct frame {
    uint64_t ip, cs, flags, sp, ss;
} frame;
uint64_t own_stack;
static volatile uint64_t vector, error, address, at;
static uint8_t *writable;

/* Sums of multiples of this, as addresses, are noncanonical; the low half is 0. */
#define NOWHERE "0x1111000000000000"

void inject(uint64_t data_selector);
__asm__(
    ".text\n"
    "inject:\n"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "mov %rsp, own_stack(%rip)\n"
    "mov %edi, %ds; mov %edi, %es; mov %edi, %fs; mov %edi, %gs\n"
    "pushq frame+32(%rip); pushq frame+24(%rip); pushq frame+16(%rip); pushq frame+8(%rip); pushq frame(%rip)\n"
    "movabs $" NOWHERE ", %rax\n"
    "mov %rax, %rcx; mov %rax, %rdx; mov %rax, %rbx; mov %rax, %rbp; mov %rax, %rsi; mov %rax, %rdi; mov %rax, %r8; mov %rax, %r9\n"
    "mov %rax, %r10; mov %rax, %r11; mov %rax, %r12; mov %rax, %r13; mov %rax, %r14; mov %rax, %r15\n"
    "iretq\n"
    "resume:\n"
    "mov own_stack(%rip), %rsp\n"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "ret\n"
    "restorer: ud2\n");
void resume(void);
void restorer(void);

static long call(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

static void leave(int status) {
    call(SYS_exit_group, status, 0, 0, 0, 0, 0);
    __builtin_unreachable();
}

static void caught(int signal, siginfo_t *info, void *context) {
    ucontext_t *u = context;
    (void)info;
    vector = signal == SIGSYS ? SYSTEM_CALL : u->uc_mcontext.gregs[REG_TRAPNO];
    error = u->uc_mcontext.gregs[REG_ERR];
    address = u->uc_mcontext.gregs[REG_CR2];
    at = u->uc_mcontext.gregs[REG_RIP];
    __asm__ volatile("jmp resume");
}

static int may_branch(const struct request *q) {
    unsigned i = 0;
    for (; i < STRING - 1; i++) {
        uint8_t b = q->code[i];
        if (!(b == 0x66 || b == 0x67 || (b & 0xfe) == 0xf2 || b == 0xf0 || (b & 0xe7) == 0x26 || (b & 0xfe) == 0x64 || (q->bits == 64 && (b & 0xf0) == 0x40))) {
            break;
        }
    }
    uint8_t b = q->code[i];
    return (b & 0xf0) == 0x70 || (b & 0xfc) == 0xe0 || (b & 0xfc) == 0xe8 || (b == 0x0f && (q->code[i + 1] & 0xf0) == 0x80) || b == 0xc7;
}

/* Executes with `count` bytes before the boundary; false if the processor wanted more. */
static int enough(const struct request *q, unsigned count) {
    for (unsigned i = 0; i < STRING; i++) {
        writable[PAGE - STRING + i] = i < STRING - count ? 0xf4 : q->code[i - (STRING - count)];
    }
    frame.ip = q->bits == 16 ? PAGE - count : BOUNDARY - count;
    frame.cs = q->bits == 16 ? CODE_16 : q->bits == 32 ? CODE_32 : CODE_64;
    frame.flags = may_branch(q) ? 0x302 : 0x202;
    /* A far call to 64-bit code would push at 2^64 - 8 if this were 0 in 32-bit code, and Linux takes a fault there for an erratum and tries again. */
    frame.sp = q->bits == 64 ? 0x1111000000000000 : PAGE / 2;
    frame.ss = q->bits == 64 ? STACK_64 : STACK_NONE;
    inject(0);
    if (vector != PAGE_FAULT || !(error & FETCH) || address != BOUNDARY) {
        return 1;
    }
    if (at == frame.ip) {
        return 0;
    }
    vector = EXECUTED;
    return 1;
}

static void examine(const struct request *q, struct answer *a) {
    unsigned count = q->hint;
    int fits = enough(q, count);
    while (!fits && count < STRING) {
        fits = enough(q, ++count);
    }
    uint8_t outcome = vector;
    while (count > 1 && enough(q, count - 1)) {
        count--;
        outcome = vector;
    }
    *a = (struct answer){count, outcome};
}

static void install(int signal) {
    struct {
        void (*handler)(int, siginfo_t *, void *);
        uint64_t flags;
        void (*restorer)(void);
        uint64_t mask;
    } action = {caught, SA_SIGINFO | SA_NODEFER | SA_ONSTACK | 0x04000000, restorer, 0};
    if (call(SYS_rt_sigaction, signal, (long)&action, 0, 8, 0, 0) != 0) {
        leave(2);
    }
}

static void descriptor(int entry, unsigned base, unsigned limit, int contents, int wide) {
    struct user_desc d = {.entry_number = entry, .base_addr = base, .limit = limit, .contents = contents, .seg_32bit = wide, .useable = 1};
    if (call(SYS_modify_ldt, 0x11, (long)&d, sizeof d, 0, 0, 0) != 0) {
        leave(3);
    }
}

/* System calls from below 4 GiB, and 32-bit ones, become signals. */
static void filter_calls(void) {
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog all = {sizeof program / sizeof *program, program};
    call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);
    if (call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (long)&all, 0, 0, 0) != 0) {
        leave(4);
    }
}

static int transfer(long number, int file, void *data, long size) {
    uint8_t *p = data;
    while (size > 0) {
        long n = call(number, file, (long)p, size, 0, 0, 0);
        if (n <= 0) {
            return 0;
        }
        p += n;
        size -= n;
    }
    return 1;
}

/* Seconds of processor time from now on, 0: any number. */
static void limit(long seconds) {
    struct itimerval timer = {.it_value = {.tv_sec = seconds}};
    call(SYS_setitimer, ITIMER_PROF, (long)&timer, 0, 0, 0, 0);
}

static void serve(void) {
    static struct request requests[BATCH];
    static struct answer answers[BATCH];
    uint32_t count;
    while (transfer(SYS_read, 0, &count, 4)) {
        if (count > BATCH || !transfer(SYS_read, 0, requests, count * sizeof *requests)) {
            leave(5);
        }
        /* Should an instruction ever not come to an end, this program does: by the processor's time, since a host with other work may not run it for minutes. */
        limit(60);
        for (uint32_t i = 0; i < count; i++) {
            examine(requests + i, answers + i);
        }
        limit(0);
        transfer(SYS_write, 1, answers, count * sizeof *answers);
    }
}

void _start(void) {
    static uint8_t stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    static const int signals[] = {SIGSEGV, SIGILL, SIGBUS, SIGTRAP, SIGFPE, SIGSYS};
    long file = call(SYS_memfd_create, (long)"code", 0, 0, 0, 0, 0);
    call(SYS_ftruncate, file, PAGE, 0, 0, 0, 0);
    writable = (uint8_t *)call(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    long code = call(SYS_mmap, CODE, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, file, 0);
    for (int i = 0; i < PAGE; i++) {
        writable[i] = 0xf4;
    }
    if (code != CODE || (uint64_t)writable < 1ul << 32) {
        leave(1);
    }
    call(SYS_sigaltstack, (long)&alternate, 0, 0, 0, 0, 0);
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        install(signals[i]);
    }
    descriptor(0, CODE, 0xffff, MODIFY_LDT_CONTENTS_CODE, 0);
    descriptor(1, 0, 0, MODIFY_LDT_CONTENTS_DATA, 1);
    filter_calls();
    serve();
    leave(0);
}
