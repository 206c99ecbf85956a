/* A guest by itself whose functions call each other in ways that need call frame information: without frame pointers, with frames of variable size, with an aligned stack, by a jump, on another stack. */
#ifdef __x86_64__
__asm__(".globl _start\n_start: .cfi_startproc\n .cfi_undefined rip\n mov $0x300000, %rsp\n 0: call run\n jmp 0b\n .cfi_endproc\n");
#else
__asm__(".globl _start\n_start: .cfi_startproc\n .cfi_undefined eip\n mov $0x300000, %esp\n 0: call run\n jmp 0b\n .cfi_endproc\n");
#endif

volatile int sink;

__attribute__((noinline)) int leaf(int a, int b) {
    sink = a;
    return a + b;
}

__attribute__((noinline)) int saves(int a, int b, int c) {
    int x = leaf(a, b);
    int y = leaf(b, c);
    int z = leaf(x, y);
    return leaf(x * a, leaf(y * b, z * c));
}

__attribute__((noinline)) int variable(int n) {
    char room[n];
    for (int i = 0; i < n; i++) {
        room[i] = (char) (i * n);
    }
    sink = room[n / 2];
    return saves(room[0], room[n - 1], n);
}

__attribute__((noinline)) int aligned(int n) {
    volatile int room[16] __attribute__((aligned(64)));
    room[n] = n;
    return variable(room[n] + 5) + room[n];
}

__attribute__((noinline)) int jumps(int n) {
    return aligned(n & 7);
}

__attribute__((noinline)) int recursive(int n) {
    return n == 0 ? jumps(3) : leaf(recursive(n - 1), n);
}

__attribute__((noinline, optimize("no-omit-frame-pointer"))) int framed(int n) {
    return recursive(n) + 1;
}

void run(void) {
    sink = framed(2);
}
