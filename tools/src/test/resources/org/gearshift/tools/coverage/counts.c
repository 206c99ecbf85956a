/* A guest by itself that counts what it does, and prints the counters on its serial port. */
__asm__(".globl _start\n_start: mov $0x300000, %esp\n call run\n xor %eax, %eax\n out %al, $0xf4\n0: jmp 0b\n");

static volatile unsigned counts[8];

static void put(char c) {
    __asm__ volatile("outb %0, %1" : : "a"(c), "Nd"((unsigned short) 0x3f8));
}

static void print(unsigned n) {
    if (n > 9) {
        print(n / 10);
    }
    put('0' + n % 10);
}

__attribute__((noinline)) unsigned steps(unsigned n) {
    counts[0]++;
    unsigned steps = 0;
    while (n != 1) {
        if (n % 2) {
            counts[1]++;
            n = 3 * n + 1;
        } else {
            counts[2]++;
            n /= 2;
        }
        steps++;
    }
    return steps;
}

void run(void) {
    unsigned most = 0;
    for (unsigned n = 1; n < 500; n++) {
        unsigned s = steps(n);
        if (s > most) {
            counts[3]++;
            most = s;
        }
        if (s > 1000) {
            counts[4]++;
        }
    }
    for (unsigned i = 0; i < 5; i++) {
        print(counts[i]);
        put('\n');
    }
}
