/* Starts the processors, hands out work to them, prints verdicts. Command line: scale=N does everything N times as often, litmus=N the litmus tests once more N times as often. */
#include "machine.h"

int processors = 1;
u32 scale = 1, litmus_scale = 1;
volatile u32 processors_started;
struct cell counted[MAX_PROCESSORS], nmis[MAX_PROCESSORS];
void (*volatile on_flush)(int);

static unsigned char numbers[256];
static u32 ids[MAX_PROCESSORS];
static u32 idt[256][2];
static struct { volatile u32 generation, ended; int n; void (*volatile f)(int); } work;
static volatile u32 arrived, phase;
static u32 good_verdicts, bad_verdicts;

extern char start_up[], start_up_end[];
extern char stub2[], stub13[], stub14[], stub64[], stub65[], stub255[];

static void put(char c)
{
    while (!(inb(0x3fd) & 0x20))
        ;
    outb(0x3f8, c);
}

void print(const char *text)
{
    while (*text)
        put(*text++);
}

void print_number(u32 n)
{
    char digits[11], *d = digits + 10;
    *d = 0;
    do
        *--d = '0' + n % 10;
    while (n /= 10);
    print(d);
}

void verdict(const char *name, int good, const char *what, u32 number)
{
    print(good ? "ok " : "FAIL ");
    print(name);
    print(good ? " " : ": ");
    print(what);
    print(" ");
    print_number(number);
    print("\n");
    *(good ? &good_verdicts : &bad_verdicts) += 1;
}

int number_of_this(void)
{
    return numbers[apic_read(0x20) >> 24];
}

u32 destination(int number)
{
    return ids[number] & 0xff000000;
}

/* What a stub in entry.S has pushed: EDI ESI EBP ESP EBX EDX ECX EAX, vector, error code, EIP. */
void interrupt(u32 *frame)
{
    u32 vector = frame[8];
    int n = number_of_this();
    if (vector == 2) {
        nmis[n].v++;
    } else if (vector == VECTOR_COUNT) {
        counted[n].v++;
        apic_write(0xb0, 0);
    } else if (vector == VECTOR_FLUSH) {
        on_flush(n);
        apic_write(0xb0, 0);
    } else if (vector == 14 && frame[5] == EXPECTED_FAULT) {
        frame[10] = frame[6];
    } else if (vector != 255) {
        print("FAIL unexpected interrupt ");
        print_number(vector);
        print("\n");
        outb(0xf4, 1);
    }
}

static void gate(int vector, char *to)
{
    u32 a = (u32) to;
    idt[vector][0] = 0x80000 | (a & 0xffff);
    idt[vector][1] = (a & 0xffff0000) | 0x8e00;
}

static void settle_in(int number)
{
    struct { uint16_t limit; u32 base; } __attribute__((packed)) pointer = {sizeof idt - 1, (u32) idt};
    asm volatile("lidt %0" : : "m"(pointer));
    ids[number] = apic_read(0x20);
    numbers[ids[number] >> 24] = number;
    apic_write(0xe0, 0xffffffff);
    apic_write(0xd0, 1u << (24 + (number & 7)));
    apic_write(0x80, 0);
    apic_write(0xf0, 0x1ff);
}

static void run(int number)
{
    if (number < work.n)
        work.f(number);
    xadd(&work.ended, 1);
}

/* Where the other processors spend their time. */
void processor_main(int number)
{
    u32 seen = 0;
    settle_in(number);
    xadd((volatile u32 *) &processors, 1);
    for (;;) {
        while (work.generation == seen)
            pause();
        seen = work.generation;
        run(number);
    }
}

void on_each(int n, void (*f)(int))
{
    work.f = f;
    work.n = n;
    work.ended = 0;
    arrived = 0;
    work.generation++;
    run(0);
    while (work.ended != (u32) processors)
        pause();
}

void barrier(int n)
{
    u32 now = phase;
    if (xadd(&arrived, 1) == (u32) n - 1) {
        arrived = 0;
        phase = now + 1;
    } else {
        for (u32 spins = 0; phase == now; spins++)
            if (spins > 2000)
                pause();
    }
}

static void wait(u32 microseconds)
{
    /* A read of a port takes about a microsecond on a real bus; more does no harm. */
    while (microseconds--)
        inb(0x80);
}

static void start_others(void)
{
    char *to = (char *) START_UP;
    for (char *c = start_up; c < start_up_end; c++)
        *to++ = *c;
    apic_write(0x300, 0xc4500);
    wait(10000);
    for (int i = 0; i < 2; i++) {
        apic_write(0x300, 0xc4600 | START_UP >> 12);
        wait(10000);
    }
    /* All that will come have come when none has for a while. */
    for (int last = 0; last != processors; ) {
        last = processors;
        wait(20000);
    }
}

/* The number behind name= on the command line, or 1. */
static u32 option(const char *line, const char *name)
{
    for (; *line; line++) {
        const char *c = line, *n = name;
        while (*n && *c == *n)
            c++, n++;
        if (!*n && *c == '=') {
            u32 v = 0;
            while (*++c >= '0' && *c <= '9')
                v = v * 10 + (*c - '0');
            return v;
        }
    }
    return 1;
}

void processors_main(u32 magic, const u32 *info)
{
    (void) magic;
    if (info[0] & 4) {
        scale = option((const char *) info[4], "scale");
        litmus_scale = option((const char *) info[4], "litmus");
    }
    gate(2, stub2);
    gate(13, stub13);
    gate(14, stub14);
    gate(VECTOR_COUNT, stub64);
    gate(VECTOR_FLUSH, stub65);
    gate(255, stub255);
    settle_in(0);
    start_others();
    verdict("started", processors > 1, "processors", processors);
    if (processors > 1) {
        checks_apic();
        checks_locked();
        checks_code();
        checks_translations();
        checks_litmus();
    }
    print("total ");
    print_number(good_verdicts);
    print(" good ");
    print_number(bad_verdicts);
    print(" bad\n");
    outb(0xf4, bad_verdicts ? 1 : 0);
    asm volatile("cli; hlt");
}
