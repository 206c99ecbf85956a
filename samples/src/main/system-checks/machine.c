/* Tables, stacks and probes. */
#include "machine.h"

u64 gdt[GDT_ENTRIES] __attribute__((aligned(4096)));
u64 ldt[LDT_ENTRIES] __attribute__((aligned(64)));
u64 idt[IDT_ENTRIES] __attribute__((aligned(4096)));
struct tss_main tss_main __attribute__((aligned(4096)));
struct tss32 tss_double __attribute__((aligned(128)));
union tss_any tss_a __attribute__((aligned(4096))), tss_b __attribute__((aligned(4096)));
u8 inner_stack[3][PAGE] __attribute__((aligned(4096)));
u8 probe_stack[4][PAGE] __attribute__((aligned(4096)));
u8 scratch[16 * PAGE] __attribute__((aligned(4096)));

struct __attribute__((packed)) table_pointer {
    u16 limit;
    u32 base;
} gdt_pointer = {sizeof gdt - 1, (u32)gdt}, idt_pointer = {sizeof idt - 1, (u32)idt};

extern const char stubs[][16], double_entry[], handler_stack_top[];
extern const char low_load[], low_size[];
void launch(u32 esp, u32 ss);

const u32 first_ring = 0;

int can_make(u32 type)
{
    (void)type;
    return 1;
}

static struct outcome last;
static int probing;
static int software = -1;
static interceptor interception;

void *fill(void *to, u32 value, u32 bytes)
{
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(value) : "memory");
    return to;
}

void *copy(void *to, const void *from, u32 bytes)
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

u64 gate(u16 selector, u32 offset, u32 access, u32 parameters)
{
    return (u64)((offset & 0xffff0000u) | access << 8 | parameters) << 32 | (u32)selector << 16 | (offset & 0xffff);
}

u64 *descriptor_of(u16 selector)
{
    return (selector & 4 ? ldt : gdt) + (selector >> 3);
}

u32 base_of(u16 selector)
{
    u64 d = *descriptor_of(selector);
    return (u32)(d >> 16 & 0xffffff) | ((u32)(d >> 32) & 0xff000000u);
}

u8 access_of(u16 selector)
{
    return (u8)(*descriptor_of(selector) >> 40);
}

static int is_big(u16 selector)
{
    return (*descriptor_of(selector) >> 54 & 1) != 0;
}

static void reset_tables(void)
{
    fill(gdt, 0, sizeof gdt);
    fill(ldt, 0, sizeof ldt);
    for (u32 ring = 0; ring < 4; ring++) {
        gdt[CODE(ring) >> 3] = descriptor(0, 0xfffff, PRESENT | DPL(ring) | CODE_RX | ACCESSED, GRANULAR | BIG);
        gdt[DATA(ring) >> 3] = descriptor(0, 0xfffff, PRESENT | DPL(ring) | DATA_RW | ACCESSED, GRANULAR | BIG);
        gdt[CONFORMING(ring) >> 3] = descriptor(0, 0xfffff, PRESENT | DPL(ring) | CONF_RX | ACCESSED, GRANULAR | BIG);
        gdt[CODE16(ring) >> 3] = descriptor(LOW, 0xffff, PRESENT | DPL(ring) | CODE_RX | ACCESSED, 0);
        gdt[DATA16(ring) >> 3] = descriptor(LOW_DATA, 0xffff, PRESENT | DPL(ring) | DATA_RW | ACCESSED, 0);
    }
    gdt[TSS_MAIN >> 3] = descriptor((u32)&tss_main, sizeof tss_main - 1, PRESENT | TSS32, 0);
    gdt[TSS_DOUBLE >> 3] = descriptor((u32)&tss_double, sizeof tss_double - 1, PRESENT | TSS32, 0);
    gdt[TSS_A >> 3] = descriptor((u32)&tss_a, sizeof(struct tss32) - 1, PRESENT | TSS32, 0);
    gdt[TSS_B >> 3] = descriptor((u32)&tss_b, sizeof(struct tss32) - 1, PRESENT | TSS32, 0);
    gdt[LDT >> 3] = descriptor((u32)ldt, sizeof ldt - 1, PRESENT | LDT_TYPE, 0);
    for (u32 v = 0; v < IDT_ENTRIES; v++)
        idt[v] = gate(CODE(0), (u32)stubs[v], PRESENT | INT32 | (v == BP || v == LANDED ? DPL(3) : 0), 0);
}

static void reset_tasks(void)
{
    struct tss_main *m = &tss_main;
    fill(&m->tss, 0, sizeof m->tss);
    m->tss.esp0 = STACK_TOP(inner_stack[0]);
    m->tss.ss0 = DATA(0);
    m->tss.esp1 = STACK_TOP(inner_stack[1]);
    m->tss.ss1 = DATA(1);
    m->tss.esp2 = STACK_TOP(inner_stack[2]);
    m->tss.ss2 = DATA(2);
    m->tss.map_base = sizeof m->tss;
    fill(m->map, 0xff, MAP_BYTES);
    struct tss32 *d = &tss_double;
    fill(d, 0, sizeof *d);
    d->eip = (u32)double_entry;
    d->eflags = F_ONE;
    d->esp = (u32)handler_stack_top - 256;
    d->cs = CODE(0);
    d->es = d->ss = d->ds = d->fs = d->gs = DATA(0);
    d->cr3 = read_cr3();
    d->map_base = sizeof *d;
}

void registers_reset(void)
{
    load_tables();
    gdt[TSS_MAIN >> 3] = descriptor((u32)&tss_main, sizeof tss_main - 1, PRESENT | TSS32, 0);
    load_task(TSS_MAIN);
    load_ldt(0);
    software = -1;
    interception = 0;
}

/* Interrupt controllers as after power-on, whoever came before: vectors from IRQ_BASE on, all masked. */
static void mask_interrupts(void)
{
    static const u8 words[4][2] = {{0x11, 0x11}, {IRQ_BASE, IRQ_BASE + 8}, {4, 2}, {1, 1}};
    for (u32 i = 0; i < 4; i++) {
        out8(i ? 0x21 : 0x20, words[i][0]);
        out8(i ? 0xa1 : 0xa0, words[i][1]);
    }
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
}

void machine_reset(void)
{
    static int started;
    if (!started) {
        copy((void *)LOW, low_load, (u32)low_size);
        mask_interrupts();
        started = 1;
    }
    reset_tables();
    reset_tasks();
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
    s.gs = s.fs = s.es = s.ds = s.ss = DATA(ring);
    s.eip = (u32)code;
    s.cs = CODE(ring);
    s.eflags = F_ONE;
    s.esp = STACK_TOP(probe_stack[ring]) - 256;
    return s;
}

struct state v86_state(const void *label, u32 iopl)
{
    struct state s = {0};
    s.gs = s.fs = s.es = s.ds = DATA(0);
    s.ves = s.vds = s.vfs = s.vgs = s.cs = LOW >> 4;
    s.ss = LOW_DATA >> 4;
    s.esp = 0x8000;
    s.eip = (u32)label;
    s.eflags = F_ONE | F_VM | F_IOPL(iopl);
    return s;
}

void set_target(u32 type, u32 dpl, u32 limit)
{
    gdt[TARGET >> 3] = descriptor(LOW, limit, PRESENT | DPL(dpl) | type, BIG);
}

const struct outcome *run(const struct state *s)
{
    static struct state image;
    image = *s;
    probing = 1;
    if (s->eflags & F_VM || (s->cs & 3) != 0) {
        launch((u32)&image, DATA(0));
    } else {
        /* IRET leaves SS:ESP alone: the image lies where the stack pointer will end up. */
        u32 bytes = __builtin_offsetof(struct state, esp);
        u32 esp = s->esp - bytes;
        copy((void *)(base_of((u16)s->ss) + (is_big((u16)s->ss) ? esp : esp & 0xffff)), &image, bytes);
        launch(esp, s->ss);
    }
    return &last;
}

static int pushes_error(u32 vector)
{
    return (vector == DF || (vector >= TS && vector <= PF) || vector == AC) && (int)vector != software;
}

/* What arrived (entry.S) has put on the stack, lowest address first; then comes the frame. */
struct saved {
    u32 gs, fs, es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax, eflags, vector;
};

static void take_apart(struct outcome *o, const u32 *f)
{
    const u32 *start = f;
    o->error = pushes_error(o->vector) ? *f++ : 0;
    o->eip = *f++;
    o->cs = *f++;
    o->eflags = *f++;
    if (o->eflags & F_VM || (o->cs & 3) != 0) {
        o->esp = *f++;
        o->ss = *f++;
        if (o->eflags & F_VM) {
            o->ves = *f++;
            o->vds = *f++;
            o->vfs = *f++;
            o->vgs = *f++;
        }
    } else {
        o->esp = o->handler_esp + 4 * (u32)(f - start);
        o->ss = o->handler_ss;
    }
    o->depth = tss_main.tss.esp0 - o->handler_esp;
}

/* 0: the probe is over. */
int record(u32 esp, u32 ss)
{
    u32 linear = base_of((u16)ss) + (is_big((u16)ss) ? esp : esp & 0xffff);
    const struct saved *s = (const void *)linear;
    const u32 *f = (const u32 *)(s + 1);
    if (interception && (probing || s->vector == NMI) && interception(s->vector, (u32 *)f + pushes_error(s->vector)))
        return 1;
    struct outcome *o = &last;
    fill(o, 0, sizeof *o);
    o->vector = s->vector;
    o->eax = s->eax, o->ebx = s->ebx, o->ecx = s->ecx, o->edx = s->edx;
    o->esi = s->esi, o->edi = s->edi, o->ebp = s->ebp;
    o->ds = s->ds & 0xffff, o->es = s->es & 0xffff, o->fs = s->fs & 0xffff, o->gs = s->gs & 0xffff;
    o->handler_flags = s->eflags;
    o->handler_ss = ss & 0xffff;
    o->handler_esp = esp + sizeof *s;
    o->cr2 = read_cr2();
    copy(o->frame, f, sizeof o->frame);
    take_apart(o, f);
    if (!probing) {
        print("exception %x error %x at %x:%x eflags %x cr2 %x\n", o->vector, o->error, o->cs, o->eip, o->eflags, o->cr2);
        fatal("outside a probe");
    }
    probing = 0;
    return 0;
}

/* The double-fault task: what was interrupted is in the task state segment that it came from. */
void record_double(u32 error)
{
    struct outcome *o = &last;
    const struct tss32 *t = (const void *)base_of((u16)tss_double.link);
    fill(o, 0, sizeof *o);
    o->vector = DF;
    o->error = error;
    o->eax = t->eax, o->ebx = t->ebx, o->ecx = t->ecx, o->edx = t->edx, o->esi = t->esi, o->edi = t->edi, o->ebp = t->ebp;
    o->ds = t->ds, o->es = t->es, o->fs = t->fs, o->gs = t->gs;
    o->eip = t->eip, o->cs = t->cs, o->eflags = t->eflags, o->esp = t->esp, o->ss = t->ss;
    o->handler_ss = task_register();
    o->cr2 = read_cr2();
    __asm__ volatile("clts");
    gdt[TSS_DOUBLE >> 3] = descriptor((u32)&tss_double, sizeof tss_double - 1, PRESENT | TSS32, 0);
    tss_double.eip = (u32)double_entry;
    tss_double.esp = (u32)handler_stack_top - 256;
    tss_double.eflags = F_ONE;
    registers_reset();
    if (!probing)
        fatal("double fault outside a probe");
    probing = 0;
}
