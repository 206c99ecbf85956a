/*
 * A guest that only writes to its disk: records to slots in a random order, flushes now and then, and says on the serial port which records are stored.
 * No operating system; the driver is a legacy virtio one on I/O ports (VIRTIO 1.2, section 4.1.4.10).
 *
 * A slot is 8 sectors; every sector of record N begins with N, the slot, and what both make together with the sector's number.
 * "S N" on the serial port: record N and all before it are stored.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

enum { QUEUE_MAX = 256, SLOT_SECTORS = 8, SECTOR = 512, BATCH = 4 };
enum { F_FLUSH = 1 << 9, T_OUT = 1, T_FLUSH = 4 };

struct descriptor { u32 address, high, length; u16 flags, next; };

static u8 ring[3 * 4096 + QUEUE_MAX * 16] __attribute__((aligned(4096)));
static u8 record[SLOT_SECTORS * SECTOR] __attribute__((aligned(4096)));
static struct { u32 type, reserved, sector, high; } header;
static volatile u8 status;
static u16 io, size, sent;
static u8 stack[8192] __attribute__((used));

void _start(void);
__asm__(".globl _start\n_start: movl $stack + 8192, %esp\n call guest\n1: hlt\n jmp 1b\n");

static void out8(u16 p, u8 v) { __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(p)); }
static void out16(u16 p, u16 v) { __asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(p)); }
static void out32(u16 p, u32 v) { __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(p)); }
static u8 in8(u16 p) { u8 v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(p)); return v; }
static u16 in16(u16 p) { u16 v; __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(p)); return v; }
static u32 in32(u16 p) { u32 v; __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(p)); return v; }

static void character(char c) {
    while (!(in8(0x3fd) & 0x20)) { }
    out8(0x3f8, c);
}

static void say(char what, u32 n) {
    char digits[10];
    int k = 0;
    character(what);
    character(' ');
    do { digits[k++] = '0' + n % 10; n /= 10; } while (n);
    while (k) character(digits[--k]);
    character('\n');
}

static void fail(u32 why) {
    say('E', why);
    out8(0xf4, 1);
    for (;;) { }
}

static u32 config(u32 device, u32 offset) {
    out32(0xcf8, 0x80000000 | device << 11 | offset);
    return in32(0xcfc);
}

static void find(void) {
    for (u32 d = 0; d < 32; d++) {
        if (config(d, 0) == 0x10011af4) {
            io = config(d, 0x10) & ~3u;
            u32 command = config(d, 4);
            out32(0xcfc, (command & 0xffff) | 5);
            return;
        }
    }
    fail(1);
}

static void request(u32 type, u32 sector, int withData) {
    struct descriptor *d = (struct descriptor *)ring;
    volatile u16 *available = (volatile u16 *)(ring + 16 * size);
    u32 end = (u32)(available + 3 + size);
    volatile u16 *used = (volatile u16 *)((end + 4095) & ~4095u);
    header.type = type;
    header.sector = sector;
    status = 0xff;
    d[0] = (struct descriptor){ (u32)&header, 0, sizeof header, 1, withData ? 1 : 2 };
    d[1] = (struct descriptor){ (u32)record, 0, sizeof record, 1, 2 };
    d[2] = (struct descriptor){ (u32)&status, 0, 1, 2, 0 };
    available[2 + sent % size] = 0;
    __asm__ volatile("" : : : "memory");
    available[1] = ++sent;
    __asm__ volatile("" : : : "memory");
    out16(io + 0x10, 0);
    while (used[1] != sent) __asm__ volatile("pause" : : : "memory");
    if (status != 0) fail(100 + status);
}

static u32 mix(u32 x) {
    x ^= x >> 16; x *= 0x7feb352d; x ^= x >> 15; x *= 0x846ca68b; x ^= x >> 16;
    return x;
}

__attribute__((used)) void guest(void) {
    out8(0x3fb, 3);
    find();
    out8(io + 0x12, 0);
    out8(io + 0x12, 3);
    out32(io + 4, in32(io) & F_FLUSH);
    if (!(in32(io + 4) & F_FLUSH)) fail(2);
    out16(io + 0xe, 0);
    size = in16(io + 0xc);
    if (size > QUEUE_MAX) fail(3);
    out32(io + 8, (u32)ring / 4096);
    out8(io + 0x12, 7);
    u32 slots = in32(io + 0x14) / SLOT_SECTORS;
    for (u32 n = 1;; n++) {
        u32 slot = mix(n) % slots;
        u32 *words = (u32 *)record;
        for (u32 s = 0; s < SLOT_SECTORS; s++) {
            for (u32 i = 0; i < SECTOR / 4; i++) words[s * SECTOR / 4 + i] = mix(n + i);
            words[s * SECTOR / 4] = n;
            words[s * SECTOR / 4 + 1] = slot;
            words[s * SECTOR / 4 + 2] = mix(n ^ slot ^ s << 24);
        }
        request(T_OUT, slot * SLOT_SECTORS, 1);
        if (n % BATCH == 0) {
            request(T_FLUSH, 0, 0);
            say('S', n);
        }
    }
}
