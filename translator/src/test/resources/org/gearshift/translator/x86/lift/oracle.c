/*
 * Executes single instructions on the real processor. Each input line:
 *     code-hex registers... eflags memory-hex
 * with registers in encoding order (8, or 16 in the 64-bit program) and the bytes at WINDOW. Each output line: the same without the code, or
 * "signal N". Values are hexadecimal.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define WINDOW 0x20000f80ul
#define WINDOW_BYTES 256
#define CODE 0x30000000ul

#ifdef __x86_64__
#define REGISTERS 16
typedef unsigned long word;
#else
#define REGISTERS 8
typedef unsigned int word;
#endif

word registers[16], flags, host_sp, done_address, code_address = CODE;

void run(void);

#ifdef __x86_64__
__asm__(
    ".text\n.globl run\nrun:\n"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "lea done(%rip), %rax; mov %rax, done_address\n"
    "mov %rsp, host_sp\n"
    "pushq flags; popfq\n"
    "mov registers+0, %rax; mov registers+8, %rcx; mov registers+16, %rdx; mov registers+24, %rbx\n"
    "mov registers+40, %rbp; mov registers+48, %rsi; mov registers+56, %rdi; mov registers+64, %r8\n"
    "mov registers+72, %r9; mov registers+80, %r10; mov registers+88, %r11; mov registers+96, %r12\n"
    "mov registers+104, %r13; mov registers+112, %r14; mov registers+120, %r15; mov registers+32, %rsp\n"
    "jmp *code_address\n"
    "done:\n"
    "mov %rsp, registers+32; mov host_sp, %rsp\n"
    "mov %rax, registers+0; mov %rcx, registers+8; mov %rdx, registers+16; mov %rbx, registers+24\n"
    "mov %rbp, registers+40; mov %rsi, registers+48; mov %rdi, registers+56; mov %r8, registers+64\n"
    "mov %r9, registers+72; mov %r10, registers+80; mov %r11, registers+88; mov %r12, registers+96\n"
    "mov %r13, registers+104; mov %r14, registers+112; mov %r15, registers+120\n"
    "pushfq; popq flags; cld\n"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "ret\n");
#else
__asm__(
    ".text\n.globl run\nrun:\n"
    "pusha\n"
    "movl $done, done_address\n"
    "mov %esp, host_sp\n"
    "pushl flags; popfl\n"
    "mov registers+0, %eax; mov registers+4, %ecx; mov registers+8, %edx; mov registers+12, %ebx\n"
    "mov registers+20, %ebp; mov registers+24, %esi; mov registers+28, %edi; mov registers+16, %esp\n"
    "jmp *code_address\n"
    "done:\n"
    "mov %esp, registers+16; mov host_sp, %esp\n"
    "mov %eax, registers+0; mov %ecx, registers+4; mov %edx, registers+8; mov %ebx, registers+12\n"
    "mov %ebp, registers+20; mov %esi, registers+24; mov %edi, registers+28\n"
    "pushfl; popl flags; cld\n"
    "popa\n"
    "ret\n");
#endif

static sigjmp_buf faulted;

static void on_signal(int number) {
    siglongjmp(faulted, number);
}

static int hex(const char *s, unsigned char *out) {
    int n = 0;
    unsigned v;
    for (; sscanf(s, "%2x", &v) == 1; s += 2) {
        out[n++] = v;
    }
    return n;
}

int main(void) {
    static char code[256], memory[2 * WINDOW_BYTES + 1];
    static unsigned char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER};
    sigaltstack(&alternate, 0);
    for (int s = 1; s < 32; s++) {
        if (s == SIGFPE || s == SIGSEGV || s == SIGILL || s == SIGBUS || s == SIGTRAP) {
            sigaction(s, &action, 0);
        }
    }
    mmap((void *)(WINDOW & ~0xffful), 0x2000, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char *text = mmap((void *)CODE, 0x1000, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char *window = (unsigned char *)WINDOW;
    while (scanf("%255s", code) == 1) {
        unsigned long long v;
        for (int i = 0; i < REGISTERS; i++) {
            scanf("%llx", &v);
            registers[i] = v;
        }
        scanf("%llx %512s", &v, memory);
        flags = v;
        hex(memory, window);
        int n = hex(code, text);
        /* jmp *done_address; never changes flags */
        text[n] = 0xff;
        text[n + 1] = 0x25;
#ifdef __x86_64__
        int to = (int)((long)&done_address - (CODE + n + 6));
#else
        int to = (int)&done_address;
#endif
        memcpy(text + n + 2, &to, 4);
        volatile int signal_number = sigsetjmp(faulted, 1);
        if (signal_number == 0) {
            run();
            for (int i = 0; i < REGISTERS; i++) {
                printf("%llx ", (unsigned long long)registers[i]);
            }
            printf("%llx ", (unsigned long long)flags);
            for (int i = 0; i < WINDOW_BYTES; i++) {
                printf("%02x", window[i]);
            }
            printf("\n");
        } else {
            printf("signal %d\n", signal_number);
        }
        fflush(stdout);
    }
    return 0;
}
