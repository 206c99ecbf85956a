/* A guest that others talk to: it reads lines such as "6*7" from the first serial port and answers each with a line, the number or "?". An empty line ends it, by the debug-exit port. */

typedef unsigned char byte;
typedef unsigned short port;

__asm__(
    ".section .multiboot, \"a\"\n"
    ".long 0x1badb002, 0, -0x1badb002\n"
    ".text\n"
    ".globl _start\n"
    "_start: mov $stack_top, %esp\n"
    "  call main\n"
    "1: hlt\n"
    "  jmp 1b\n"
    ".bss\n"
    ".skip 4096\n"
    "stack_top:\n"
    ".text\n");

enum { DATA = 0x3f8, LINE_STATUS = DATA + 5, RECEIVED = 0x01, EMPTY = 0x20, DEBUG_EXIT = 0xf4, LONGEST = 80 };

static inline byte in(port p) {
    byte b;
    __asm__ volatile("inb %1, %0" : "=a"(b) : "Nd"(p));
    return b;
}

static inline void out(port p, byte b) {
    __asm__ volatile("outb %0, %1" : : "a"(b), "Nd"(p));
}

static void put(char c) {
    while (!(in(LINE_STATUS) & EMPTY)) {
    }
    out(DATA, (byte)c);
}

static char get(void) {
    while (!(in(LINE_STATUS) & RECEIVED)) {
        /* The host's processor rests while nobody types. */
        __asm__ volatile("pause");
    }
    return (char)in(DATA);
}

static void print(const char *s) {
    while (*s) {
        put(*s++);
    }
}

static void print_number(int n) {
    char digits[12];
    int i = 0;
    unsigned rest = n < 0 ? -(unsigned)n : (unsigned)n;
    do {
        digits[i++] = (char)('0' + rest % 10);
    } while (rest /= 10);
    if (n < 0) {
        put('-');
    }
    while (i) {
        put(digits[--i]);
    }
}

static const char *number(const char *s, int *n) {
    unsigned value = 0;
    if (*s < '0' || *s > '9') {
        return 0;
    }
    while (*s >= '0' && *s <= '9') {
        value = value * 10 + (unsigned)(*s++ - '0');
    }
    *n = (int)value;
    return s;
}

/* NUMBER OPERATOR NUMBER, without blanks; arithmetic of 32 bits. Whether it was one. */
static int compute(const char *line, int *result) {
    int a, b;
    const char *s = number(line, &a);
    char operator = s ? *s : 0;
    s = operator ? number(s + 1, &b) : 0;
    if (!s || *s) {
        return 0;
    }
    switch (operator) {
    case '+': *result = (int)((unsigned)a + (unsigned)b); return 1;
    case '-': *result = (int)((unsigned)a - (unsigned)b); return 1;
    case '*': *result = (int)((unsigned)a * (unsigned)b); return 1;
    case '/': if (!b || b == -1) { return 0; } *result = a / b; return 1;
    default: return 0;
    }
}

void main(void) {
    print("calculator ready\n");
    while (1) {
        char line[LONGEST + 1];
        int length = 0, result;
        char c;
        while ((c = get()) != '\n') {
            if (length < LONGEST) {
                line[length++] = c;
            }
        }
        line[length] = 0;
        if (!length) {
            break;
        }
        if (compute(line, &result)) {
            print_number(result);
        } else {
            put('?');
        }
        put('\n');
    }
    out(DEBUG_EXIT, 0);
}
