/* Exceptions while an exception is being delivered: SDM vol. 3A section 6.15, table 6-5. */
#include "paging.h"

#define IDT_ERROR(v) ((v) * 8 + 2)
#define ABSENT SLOT(3)
#define GATE SLOT(0)
#define STACK SLOT(2)
/* A page for the interrupt descriptor table, so that its end or its start can be missing. */
#define TABLE TEST
#define TABLE_MEMORY 0x1800000u
/* A page that is missing. */
#define HOLE (TEST + 0x8000)

SNIPPET(undefined, "ud2");
SNIPPET(bound, "boundl %eax, (%esp)");
SNIPPET(no_device, "fnop");
SNIPPET(overflow, "into");
SNIPPET(divide, "divl %ecx");
SNIPPET(privileged, "hlt");
SNIPPET(not_present, "movw %ax, %ds");
SNIPPET(stack_fault, "movw %ax, %ss");
SNIPPET(bad_task, "lcall *(%esp)");
SNIPPET(page_fault, "movl (%ebx), %eax");
SNIPPET(int_n, "int $0x60");
SNIPPET(int_13, "int $13");
SNIPPET(int_14, "int $14");

enum class { BENIGN, CONTRIBUTORY, PAGE_FAULT };

static const struct first {
    const char *name, *code;
    u32 vector;
    enum class class;
    /* 1 for INT n and the like: its error codes have EXT clear. */
    int software;
} firsts[] = {
    {"ud", undefined, UD, BENIGN, 0}, {"br", bound, BR, BENIGN, 0}, {"nm", no_device, NM, BENIGN, 0}, {"into", overflow, OF, BENIGN, 1},
    {"int.n", int_n, 0x60, BENIGN, 1}, {"int.13", int_13, GP, BENIGN, 1}, {"int.14", int_14, PF, BENIGN, 1},
    {"de", divide, DE, CONTRIBUTORY, 0}, {"gp", privileged, GP, CONTRIBUTORY, 0}, {"np", not_present, NP, CONTRIBUTORY, 0},
    {"ss", stack_fault, SS, CONTRIBUTORY, 0}, {"ts", bad_task, TS, CONTRIBUTORY, 0}, {"pf", page_fault, PF, PAGE_FAULT, 0},
};

/* How the first one's delivery fails. */
enum second { ABSENT_GATE, BAD_GATE, ABSENT_CODE, BAD_STACK, ABSENT_STACK, STACK_PAGE, TABLE_PAGE, SECONDS };
static const struct {
    const char *name;
    u32 vector;
} seconds[] = {
    {"gate.absent", NP}, {"gate.invalid", GP}, {"code.absent", NP}, {"stack.invalid", TS}, {"stack.absent", SS}, {"stack.page", PF},
    {"table.page", PF},
};

static struct __attribute__((packed)) {
    u16 limit;
    u32 base;
} pointer = {256 * 8 - 1, 0};

/* The table in use, so that it begins before the page border: vectors below `first` lie in the page before. */
static u64 *install_table(u32 first)
{
    pointer.base = TABLE + PAGE - first * 8;
    u64 *table = (u64 *)(TABLE_MEMORY + PAGE - first * 8);
    copy(table, idt, sizeof idt);
    __asm__ volatile("lidt %0" : : "m"(pointer));
    return table;
}

static struct state cause(const struct first *f)
{
    struct state s = paged_state(3, f->code);
    u32 *stack = (u32 *)s.esp;
    stack[0] = 1;
    stack[1] = 2;
    s.eflags |= F_OF;
    s.ebx = HOLE + 0x123;
    if (f->code == not_present || f->code == stack_fault) {
        gdt[ABSENT >> 3] = descriptor(0, 0xfffff, DPL(3) | DATA_RW, GRANULAR | BIG);
        s.eax = ABSENT | 3;
    }
    if (f->code == bad_task) {
        /* To ring 2, whose stack is not there. */
        gdt[SLOT(4) >> 3] = descriptor(0, 0xfffff, PRESENT | DPL(2) | CODE_RX, GRANULAR | BIG);
        gdt[GATE >> 3] = gate(SLOT(4), LANDING, PRESENT | DPL(3) | CALL32, 0);
        tss_main.tss.ss2 = 0;
        stack[0] = 0;
        stack[1] = GATE;
    }
    return s;
}

static void break_delivery(u64 *table, const struct first *f, enum second how)
{
    gdt[STACK >> 3] = descriptor(0, 0xfffff, DPL(1) | DATA_RW, GRANULAR | BIG);
    gdt[TARGET >> 3] = descriptor(LOW, 0xffff, (how == ABSENT_CODE ? 0 : PRESENT) | DPL(1) | CODE_RX, BIG);
    table[f->vector] = gate(TARGET, (u32)low_landing, (how == ABSENT_GATE ? 0 : PRESENT) | DPL(3) | (how == BAD_GATE ? CALL32 : INT32), 0);
    if (how == BAD_STACK)
        tss_main.tss.ss1 = DATA(2);
    if (how == ABSENT_STACK)
        tss_main.tss.ss1 = STACK | 1;
    if (how == STACK_PAGE)
        tss_main.tss.esp1 = HOLE + 0x100;
}

static u32 expected_error(const struct first *f, enum second how)
{
    static const u32 codes[] = {0, 0, TARGET, DATA(2) & ~3u, STACK, E_W, 0};
    u32 ext = f->software ? 0 : 1;
    if (how >= STACK_PAGE)
        return codes[how];
    return (how <= BAD_GATE ? IDT_ERROR(f->vector) : codes[how]) | ext;
}

/* Of two exceptions, what is delivered; EXT is left to other checks (QEMU). */
static void pairs(void)
{
    for (u32 i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        const struct first *f = &firsts[i];
        for (u32 how = 0; how < SECONDS; how++) {
            check("%s.then.%s", f->name, seconds[how].name);
            machine_reset();
            paging_on(CR0_WP | (f->code == no_device ? CR0_TS : 0), CR4_PSE);
            for (u32 k = 0; k < 2; k++)
                map(TABLE + k * PAGE, TABLE_MEMORY + k * PAGE, P | W);
            map(HOLE, 0, 0);
            /* The page that can be missing holds the first one's vector; the page fault's is in the other, if that is another vector. */
            int above = f->vector >= PF;
            u64 *table = install_table(above ? f->vector : PF);
            if (how == TABLE_PAGE) {
                set_entry(1, above ? TABLE + PAGE : TABLE, 0);
                invlpg(TABLE);
                invlpg(TABLE + PAGE);
            } else {
                break_delivery(table, f, how);
            }
            if (f->software && (f->vector == GP || f->vector == PF))
                table[f->vector] |= (u64)DPL(3) << 40;
            struct state s = cause(f);
            const struct outcome *o = run(&s);
            load_tables();
            u32 second = seconds[how].vector;
            /* An exception that uses the same broken gate fails as well. */
            int is_double = second == f->vector || (f->class == CONTRIBUTORY ? second != PF : f->class == PAGE_FAULT);
            if (is_double) {
                same("vector.error", DF << 24, o->vector << 24 | o->error);
                same("esp", s.esp, o->esp);
            } else {
                struct outcome without = *o;
                without.error &= how >= STACK_PAGE ? ~0u : ~1u;
                ended(&without, second, expected_error(f, how) & (how >= STACK_PAGE ? ~0u : ~1u), f->code, 0);
                same("esp", s.esp, o->esp);
                if (how == STACK_PAGE)
                    same("cr2", HOLE + 0xfc, o->cr2);
                if (how == TABLE_PAGE)
                    same("cr2", pointer.base + f->vector * 8, o->cr2);
            }
            paging_off();
        }
    }
    machine_reset();
}

/* Three in a row. */
static void chains(void)
{
    check("chain.ud.np.np");
    struct state s = ring_state(3, undefined);
    idt[UD] = gate(CODE(0), LANDING, INT32, 0);
    idt[NP] = gate(CODE(0), LANDING, INT32, 0);
    const struct outcome *o = run(&s);
    same("vector.error", DF << 24, o->vector << 24 | o->error);
    machine_reset();
    check("chain.ud.np.gp");
    idt[UD] = gate(CODE(0), LANDING, INT32, 0);
    idt[NP] = gate(CODE(0), LANDING, PRESENT | CALL32, 0);
    o = run(&s);
    same("vector.error", DF << 24, o->vector << 24 | o->error);
    machine_reset();
    check("chain.int.np.gp");
    s = ring_state(0, int_n);
    idt[0x60] = gate(CODE(0), LANDING, INT32, 0);
    idt[NP] = gate(CODE(0), LANDING, PRESENT | CALL32, 0);
    o = run(&s);
    same("vector.error", DF << 24, o->vector << 24 | o->error);
    machine_reset();
    /* DE, then a page fault, whose own delivery then fails. */
    check("chain.de.pf.np");
    paging_on(CR0_WP, CR4_PSE);
    for (u32 k = 0; k < 2; k++)
        map(TABLE + k * PAGE, TABLE_MEMORY + k * PAGE, P | W);
    u64 *table = install_table(1);
    table[PF] = gate(CODE(0), LANDING, INT32, 0);
    set_entry(1, TABLE, 0);
    invlpg(TABLE);
    s = paged_state(3, divide);
    o = run(&s);
    load_tables();
    same("vector.error", DF << 24, o->vector << 24 | o->error);
    paging_off();
    machine_reset();
}

/* A double fault for which no stack is left, through a task gate. */
static void double_fault_task(void)
{
    check("task");
    paging_on(CR0_WP, CR4_PSE);
    map(HOLE, 0, 0);
    for (u32 i = 0; i < 3; i++) {
        idt[DF] = gate(TSS_DOUBLE, 0, PRESENT | TASK_GATE, 0);
        /* ESP is loaded by the snippet itself: the way into a probe needs it. */
        SNIPPET(stackless, "movl %ebx, %esp; movl $0x1234567, %ecx; ud2");
        struct state s = paged_state(0, stackless);
        s.ebx = HOLE + 0x100;
        s.edx = 0x55aa55aa + i;
        tag("time %u", i);
        const struct outcome *o = run(&s);
        same("vector.error", DF << 24, o->vector << 24 | o->error);
        same("handler's task", TSS_DOUBLE, o->handler_ss);
        same("esp", s.ebx, o->esp);
        same("eip", (u32)seen_by(0, stackless) + 7, o->eip);
        same("ecx", 0x1234567, o->ecx);
        same("edx", s.edx, o->edx);
        same("cs", CODE(0), o->cs);
        same("cr2", HOLE + 0xfc, o->cr2);
        same("back link", TSS_MAIN, tss_double.link & 0xffff);
    }
    paging_off();
    machine_reset();
}

void checks_faults(void)
{
    tables_build(TWO_LEVEL, 1);
    pairs();
    chains();
    double_fault_task();
}

/* ---- triple faults: each ends the machine ---- */

static void boot_paging(void)
{
    tables_build(TWO_LEVEL, 1);
    paging_on(CR0_WP, CR4_PSE);
    map(HOLE, 0, 0);
}

/* Never returns if the processor does what it should. */
void triple_fault(u32 which)
{
    struct state s = ring_state(3, undefined);
    print("triple fault %u\n", which);
    switch (which) {
    case 0: /* no table */
        pointer.limit = 0;
        __asm__ volatile("lidt %0" : : "m"(pointer));
        break;
    case 1: /* no gates */
        idt[UD] = idt[NP] = idt[GP] = idt[DF] = 0;
        break;
    case 2: /* the double fault's handler is absent */
        gdt[TARGET >> 3] = descriptor(0, 0xfffff, CODE_RX, GRANULAR | BIG);
        idt[UD] = idt[NP] = idt[GP] = 0;
        idt[DF] = gate(TARGET, LANDING, PRESENT | INT32, 0);
        break;
    case 3: /* no stack */
        boot_paging();
        tss_main.tss.esp0 = HOLE + 0x100;
        break;
    case 4: /* the double fault's task is busy */
        idt[UD] = idt[NP] = idt[GP] = 0;
        idt[DF] = gate(TSS_MAIN, 0, PRESENT | TASK_GATE, 0);
        break;
    case 5: /* no table in memory */
        boot_paging();
        pointer.base = HOLE;
        __asm__ volatile("lidt %0" : : "m"(pointer));
        break;
    case 6: /* no task state */
        gdt[TSS_MAIN >> 3] = descriptor((u32)&tss_main, 3, PRESENT | TSS32, 0);
        load_task(TSS_MAIN);
        break;
    case 7: /* a software interrupt does it too */
        s = ring_state(3, int_n);
        pointer.limit = 0;
        __asm__ volatile("lidt %0" : : "m"(pointer));
        break;
    default:
        fatal("no such case");
    }
    const struct outcome *o = run(&s);
    print("survived: vector %u error %x\n", o->vector, o->error);
    out8(0xf4, 1);
}
