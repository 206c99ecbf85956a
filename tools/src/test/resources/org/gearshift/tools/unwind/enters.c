/* A program for a Linux guest: it makes a system call out of some functions, and gets a signal while it is in another. */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t seen;

__attribute__((noinline)) void in_handler(int n) {
    seen = n;
}

static void handler(int n) {
    in_handler(n + 1);
    seen++;
}

__attribute__((noinline)) long enter_kernel(long n) {
    long result;
#ifdef __x86_64__
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_sched_yield) : "rcx", "r11", "memory");
#else
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(SYS_sched_yield) : "memory");
#endif
    return result + n;
}

__attribute__((noinline)) long outer(long n) {
    return enter_kernel(n) * 3 + seen;
}

__attribute__((noinline)) long interrupted(volatile long *p) {
    long n = *p;
    /* The handler is called in the middle of the function. */
    __asm__ volatile("ud2" : : : "memory");
    return n + *p;
}

static void skipping(int n, siginfo_t *info, void *context) {
    handler(n);
    /* Behind the instruction that no processor knows. */
    unsigned long *c = context;
    for (int i = 0; i < 64; i++) {
        if (c[i] == (unsigned long) info->si_addr) {
            c[i] += 2;
            return;
        }
    }
}

int main(int count, char **words) {
    volatile long n = count;
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_sigaction = skipping;
    a.sa_flags = SA_SIGINFO;
    sigaction(SIGILL, &a, 0);
    outer(n);
    interrupted(&n);
    if (!strcmp(words[0], "/first")) {
        char *next[] = {"/second", 0};
        execv(next[0], next);
    }
    return 0;
}
