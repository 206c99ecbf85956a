/* Tables, stacks and probes. */
#include "machine.h"

u64 gdt[GDT_ENTRIES] __attribute__((aligned(4096)));
u64 ldt[LDT_ENTRIES] __attribute__((aligned(64)));
struct gate64 idt[IDT_ENTRIES] __attribute__((aligned(4096)));
struct tss tss_main __attribute__((aligned(4096)));
u8 inner_stack[3][PAGE] __attribute__((aligned(4096)));
u8 ist_stack[7][PAGE] __attribute__((aligned(4096)));
u8 probe_stack[4][PAGE] __attribute__((aligned(4096)));
u8 scratch[4 * PAGE] __attribute__((aligned(4096)));

extern const char stubs[256][16];
void launch(const struct state *s);

static struct outcome last;
static int probing;
static int software = -1;
static interceptor interception;

void *fill(void *to, u32 value, u64 bytes)
{
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(value) : "memory");
    return to;
}

void *copy(void *to, const void *from, u64 bytes)
{
    void *at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(bytes) : : "memory");
    return to;
}

u64 descriptor(u32 base, u32 limit, u32 access, u32 flags)
{
    u32 low = base << 16 | (limit & 0xffff);
    u32 high = (base & 0xff000000u) | flags << 20 | (limit & 0xf0000) | access << 8 | (base >> 16 & 0xff);
    return (u64)high << 32 | low;
}

struct gate64 gate(u16 selector, u64 offset, u32 access, u32 ist)
{
    u64 middle = (offset & 0xffff0000u) | access << 8 | ist;
    return (struct gate64){middle << 32 | (u32)selector << 16 | (offset & 0xffff), offset >> 32};
}

struct gate64 system_descriptor(u64 base, u32 limit, u32 access)
{
    return (struct gate64){descriptor((u32)base, limit, access, 0), base >> 32};
}

void set_wide(u16 selector, struct gate64 g)
{
    gdt[selector >> 3] = g.low;
    gdt[(selector >> 3) + 1] = g.high;
}

u8 access_of(u16 selector)
{
    return (u8)(gdt[selector >> 3] >> 40);
}

struct __attribute__((packed)) table_pointer {
    u16 limit;
    u64 base;
};

void load_gdt(u64 base, u16 limit)
{
    struct table_pointer p = {limit, base};
    __asm__ volatile("lgdt %0" : : "m"(p) : "memory");
}

void load_idt(u64 base, u16 limit)
{
    struct table_pointer p = {limit, base};
    __asm__ volatile("lidt %0" : : "m"(p) : "memory");
}

static u64 flat(u32 ring, u32 type, u32 flags)
{
    return descriptor(0, 0xfffff, PRESENT | DPL(ring) | type | ACCESSED, GRANULAR | flags);
}

static void reset_tables(void)
{
    fill(gdt, 0, sizeof gdt);
    fill(ldt, 0, sizeof ldt);
    for (u32 ring = 0; ring < 4; ring++) {
        gdt[CODE(ring) >> 3] = flat(ring, CODE_RX, LONG);
        gdt[DATA(ring) >> 3] = flat(ring, DATA_RW, BIG);
    }
    /* SYSEXIT to 64-bit code expects data behind it. */
    gdt[(CODE(3) >> 3) + 1] = flat(3, DATA_RW, BIG);
    gdt[COMPATIBLE(0) >> 3] = flat(0, CODE_RX, BIG);
    gdt[COMPATIBLE(3) >> 3] = flat(3, CODE_RX, BIG);
    set_wide(TSS_MAIN, system_descriptor((u64)&tss_main, sizeof tss_main - 1, PRESENT | TSS64));
    set_wide(LDT, system_descriptor((u64)ldt, sizeof ldt - 1, PRESENT | LDT_TYPE));
    for (u32 v = 0; v < IDT_ENTRIES; v++)
        idt[v] = gate(CODE(0), (u64)stubs[v], PRESENT | INT64 | (v == BP || v == LANDED ? DPL(3) : 0), v == DF ? 1 : 0);
}

static void reset_task(void)
{
    struct tss *t = &tss_main;
    fill(t, 0, sizeof *t);
    for (u32 ring = 0; ring < 3; ring++)
        t->rsp[ring] = STACK_TOP(inner_stack[ring]);
    for (u32 n = 0; n < 7; n++)
        t->ist[n] = STACK_TOP(ist_stack[n]);
    t->map_base = sizeof *t - MAP_BYTES;
    fill(t->map, 0xff, MAP_BYTES);
}

static void registers_reset(void)
{
    load_gdt((u64)gdt, sizeof gdt - 1);
    load_idt((u64)idt, sizeof idt - 1);
    __asm__ volatile("pushq %0\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:" : : "i"(CODE0) : "rax", "memory");
    load_task(TSS_MAIN);
    load_ldt(0);
    write_cr0(read_cr0() & ~(u64)CR0_AM & ~(u64)CR0_WP);
    write_cr4(CR4_PAE);
    wrmsr(EFER, EFER_LME | EFER_LMA);
    wrmsr(FS_BASE, 0);
    wrmsr(GS_BASE, 0);
    wrmsr(KERNEL_GS_BASE, 0);
    write_dr7(0x400);
    write_dr6(0);
    write_cr8(0);
    software = -1;
    interception = 0;
}

void machine_reset(void)
{
    static int started;
    if (!started) {
        out8(0x21, 0xff);
        out8(0xa1, 0xff);
        started = 1;
    }
    reset_tables();
    reset_task();
    registers_reset();
}

void software_vector(int vector)
{
    software = vector;
}

void intercept(interceptor f)
{
    interception = f;
}

struct state ring_state(u32 ring, const void *code)
{
    struct state s = {0};
    s.rip = AT(ring, code);
    s.cs = CODE(ring);
    s.ss = DATA(ring);
    s.rflags = F_ONE;
    s.rsp = AT(ring, STACK_TOP(probe_stack[ring]) - 256);
    return s;
}

struct state compatible_state(u32 ring, const void *code)
{
    struct state s = ring_state(ring, code);
    s.cs = COMPATIBLE(ring);
    s.ds = s.es = DATA(ring);
    return s;
}

const struct outcome *run(const struct state *s)
{
    static struct state image;
    image = *s;
    probing = 1;
    launch(&image);
    return &last;
}

static int pushes_error(u32 vector)
{
    return (vector == DF || (vector >= TS && vector <= PF) || vector == AC) && (int)vector != software;
}

/* What arrived (entry.S) has put on the stack, lowest address first; then comes the frame. */
struct saved {
    u64 ss, gs, fs, es, ds, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rdx, rcx, rbx, rax, rflags, vector;
};

/* 0: the probe is over. */
int record(const struct saved *s)
{
    const u64 *f = (const u64 *)(s + 1);
    u32 vector = (u32)(s->vector & 0xff);
    if (interception && probing && interception(vector, (u64 *)f + pushes_error(vector)))
        return 1;
    struct outcome *o = &last;
    fill(o, 0, sizeof *o);
    o->vector = vector;
    o->rax = s->rax, o->rbx = s->rbx, o->rcx = s->rcx, o->rdx = s->rdx, o->rsi = s->rsi, o->rdi = s->rdi, o->rbp = s->rbp;
    o->r8 = s->r8, o->r9 = s->r9, o->r10 = s->r10, o->r11 = s->r11, o->r12 = s->r12, o->r13 = s->r13, o->r14 = s->r14, o->r15 = s->r15;
    o->ds = s->ds & 0xffff, o->es = s->es & 0xffff, o->fs = s->fs & 0xffff, o->gs = s->gs & 0xffff;
    o->handler_flags = s->rflags;
    o->handler_ss = s->ss & 0xffff;
    o->handler_rsp = (u64)f;
    o->cr2 = read_cr2();
    o->error = pushes_error(vector) ? *f++ : 0;
    o->rip = f[0], o->cs = f[1], o->rflags = f[2], o->rsp = f[3], o->ss = f[4];
    if (!probing) {
        print("exception %x error %x at %x:%x rflags %x cr2 %x\n", o->vector, o->error, o->cs, o->rip, o->rflags, o->cr2);
        fatal("outside a probe");
    }
    probing = 0;
    return 0;
}

int ended(const struct outcome *o, u32 vector, u64 error, u64 rip)
{
    return same("vector.error", (word)vector << 32 | error, (word)o->vector << 32 | o->error) && same("rip", rip, o->rip);
}

int finished(const struct outcome *o)
{
    return same("vector.error", (word)BP << 32, (word)o->vector << 32 | o->error);
}

int landed(const struct outcome *o, u64 landing, u16 cs)
{
    return ended(o, LANDED, 0, landing + 2) && same("cs", cs, o->cs);
}
