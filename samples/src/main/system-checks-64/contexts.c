/* Process-context identifiers, the local APIC in x2APIC mode and its timer against the time-stamp counter: SDM vol. 3A sections 4.10, 10.5.4.1 and 10.12; vol. 2 under INVPCID. */
#include "paging.h"

#define CPUID_PCID (1u << 17)
#define CPUID_X2APIC (1u << 21)
#define CPUID_DEADLINE (1u << 24)
#define CPUID7_INVPCID (1u << 10)

SNIPPET(get_msr, "rdmsr");
SNIPPET(set_msr, "wrmsr");
SNIPPET(set_cr3, "movq %rax, %cr3");
SNIPPET(set_cr4, "movq %rax, %cr4");
SNIPPET(load_page, "movl (%rbx), %eax");
SNIPPET(invalidate, "invpcid (%rbx), %rax");

static u32 feature(u32 leaf, u32 word_number)
{
    u32 r[4];
    cpuid(leaf, r);
    return r[word_number];
}

static const struct outcome *written(u32 msr, u64 value)
{
    struct state s = ring_state(0, set_msr);
    s.rcx = msr;
    s.rax = (u32)value;
    s.rdx = value >> 32;
    return run(&s);
}

/* 1: the write was done; 0: #GP. */
static int accepted(u32 msr, u64 value)
{
    const struct outcome *o = written(msr, value);
    return o->vector == BP ? 1 : o->vector == GP && o->error == 0 ? 0 : -1;
}

static int readable(u32 msr)
{
    struct state s = ring_state(0, get_msr);
    s.rcx = msr;
    const struct outcome *o = run(&s);
    return o->vector == BP ? 1 : o->vector == GP && o->error == 0 ? 0 : -1;
}

/* ---- x2APIC mode ---- */

#define APIC_BASE 0x1b
#define OFF 0u
#define XAPIC 0x800u
#define INVALID 0x400u
#define X2APIC 0xc00u
#define MODE 0xc00u

#define X2(register) (0x800u + (register))
#define X_ID 0x02
#define X_TPR 0x08
#define X_PPR 0x0a
#define X_EOI 0x0b
#define X_LDR 0x0d
#define X_SPURIOUS 0x0f
#define X_IN_SERVICE 0x10
#define X_REQUEST 0x20
#define X_ESR 0x28
#define X_ICR 0x30
#define X_TIMER 0x32
#define X_INITIAL 0x38
#define X_CURRENT 0x39
#define X_SELF 0x3f
#define TSC_DEADLINE 0x6e0
#define DEADLINE_MODE 0x40000u
#define MASKED 0x10000u

static u64 base_without_mode;

static void enter_mode(u32 mode)
{
    /* Every mode can be left by turning the APIC off. */
    wrmsr(APIC_BASE, base_without_mode);
    if (mode & XAPIC)
        wrmsr(APIC_BASE, base_without_mode | XAPIC);
    if (mode == X2APIC)
        wrmsr(APIC_BASE, base_without_mode | X2APIC);
}

static void modes(void)
{
    static const u32 all[] = {OFF, XAPIC, X2APIC, INVALID};
    check("x2apic.modes");
    for (u32 from = 0; from < 3; from++) {
        for (u32 to = 0; to < 4; to++) {
            enter_mode(all[from]);
            tag("from %x to %x", all[from], all[to]);
            int possible = all[to] != INVALID && !(all[from] == OFF && all[to] == X2APIC) && !(all[from] == X2APIC && all[to] == XAPIC);
            same("accepted", (u64)possible, (u64)accepted(APIC_BASE, base_without_mode | all[to]));
            same("mode", possible ? all[to] : all[from], rdmsr(APIC_BASE) & MODE);
        }
    }
    check("x2apic.absent");
    for (u32 mode = 0; mode < 2; mode++) {
        enter_mode(mode ? XAPIC : OFF);
        for (u32 r = 0; r < 0x100; r++) {
            tag("mode %u register %x", mode, r);
            same("read", 0, (u64)readable(X2(r)));
            same("written", 0, (u64)accepted(X2(r), 0));
        }
    }
}

/* Which registers there are; writable ones with their reserved bits. */
static const struct {
    u32 first, last;
    int read, write;
    u64 reserved;
} known[] = {
    {X_ID, X_ID, 1, 0, 0}, {0x03, 0x03, 1, 0, 0}, {X_TPR, X_TPR, 1, 1, ~0xffull}, {X_PPR, X_PPR, 1, 0, 0}, {X_EOI, X_EOI, 0, 1, ~0ull}, {X_LDR, X_LDR, 1, 0, 0},
    {X_SPURIOUS, X_SPURIOUS, 1, 1, ~0x1fffull}, {X_IN_SERVICE, 0x27, 1, 0, 0}, {X_ESR, X_ESR, 1, 1, ~0ull}, {X_ICR, X_ICR, 1, 1, 0xfff32000ull},
    {X_TIMER, X_TIMER, 1, 1, ~0x710ffull}, {0x33, 0x34, 1, 1, ~0x117ffull}, {0x35, 0x36, 1, 1, ~0x1f7ffull}, {0x37, 0x37, 1, 1, ~0x110ffull},
    {X_INITIAL, X_INITIAL, 1, 1, 0xffffffffull << 32}, {X_CURRENT, X_CURRENT, 1, 0, 0}, {0x3e, 0x3e, 1, 1, ~0xbull}, {X_SELF, X_SELF, 0, 1, ~0xffull},
};

static void registers_of_x2apic(void)
{
    enter_mode(X2APIC);
    check("x2apic.registers");
    for (u32 r = 0; r < 0x100; r++) {
        /* An entry for corrected machine checks is a processor's choice. */
        if (r == 0x2f)
            continue;
        u32 k = 0;
        while (k < sizeof known / sizeof known[0] && (r < known[k].first || r > known[k].last))
            k++;
        int there = k < sizeof known / sizeof known[0];
        tag("register %x", r);
        same("read", (u64)(there && known[k].read), (u64)readable(X2(r)));
        if (!there || !known[k].write) {
            same("written", 0, (u64)accepted(X2(r), 0));
            continue;
        }
        for (u32 bit = 0; bit < 64; bit++) {
            if (!(known[k].reserved >> bit & 1))
                continue;
            tag("register %x bit %u", r, bit);
            same("reserved", 0, (u64)accepted(X2(r), 1ull << bit));
        }
    }
    check("x2apic.ids");
    u32 r[4];
    cpuid(0xb, r);
    u32 id = (u32)rdmsr(X2(X_ID));
    same("topology leaf", r[3], id);
    cpuid(1, r);
    same("initial id", r[1] >> 24, id & 0xff);
    same("logical id", (u64)(id >> 4 << 16 | 1u << (id & 0xf)), rdmsr(X2(X_LDR)));
}

/* ---- interrupts ---- */

static volatile u32 taken, last_vector;
static volatile u64 taken_at;

static inline u64 tsc(void)
{
    u32 a, d;
    __asm__ volatile("rdtsc" : "=a"(a), "=d"(d));
    return (u64)d << 32 | a;
}

static int count(u32 vector, u64 *frame)
{
    (void)frame;
    if (vector < 32)
        return 0;
    taken++;
    last_vector = vector;
    taken_at = tsc();
    wrmsr(X2(X_EOI), 0);
    return 1;
}

SNIPPET(open_window, "sti; nop; nop; cli");

/* Takes what is pending. */
static u32 arrived(void)
{
    taken = 0;
    intercept(count);
    struct state s = ring_state(0, open_window);
    run(&s);
    intercept(0);
    return taken;
}

static int requested(u32 vector)
{
    return (int)(rdmsr(X2(X_REQUEST + vector / 32)) >> vector % 32 & 1);
}

static void messages(void)
{
    enter_mode(X2APIC);
    wrmsr(X2(X_SPURIOUS), 0x1ff);
    u64 id = rdmsr(X2(X_ID)), logical = rdmsr(X2(X_LDR));
    const struct {
        const char *name;
        u64 command;
        int here;
    } all[] = {
        {"self", 0x40000 | VECTOR, 1}, {"physical", id << 32 | VECTOR, 1}, {"broadcast", 0xffffffffull << 32 | VECTOR, 1}, {"everybody", 0x80000 | VECTOR, 1},
        {"logical", logical << 32 | 0x800 | VECTOR, 1}, {"everybody else", 0xc0000 | VECTOR, 0}, {"another", (id + 77) << 32 | VECTOR, 0},
        {"eight bits of ones", 0xffull << 32 | VECTOR, 0}, {"another of the cluster", (logical ^ 3) << 32 | 0x800 | VECTOR, (logical & (logical ^ 3)) != 0},
        {"another cluster", (logical + 0x10000) << 32 | 0x800 | VECTOR, 0},
    };
    check("x2apic.messages");
    for (u32 i = 0; i < sizeof all / sizeof all[0]; i++) {
        tag("%s", (word)all[i].name);
        wrmsr(X2(X_ICR), all[i].command);
        same("command", all[i].command, rdmsr(X2(X_ICR)));
        same("requested", (u64)all[i].here, (u64)requested(VECTOR));
        same("taken", (u64)all[i].here, arrived());
        same("no more requested", 0, (u64)requested(VECTOR));
    }
    check("x2apic.self");
    for (u32 v = 0x20; v < 0x100; v += 7) {
        tag("vector %x", v);
        wrmsr(X2(X_SELF), v);
        same("requested", 1, (u64)requested(v));
        if (v != 0x80) {
            same("taken", 1, arrived());
            same("vector", v, last_vector);
        }
    }
    check("x2apic.priority");
    for (u32 p = 0; p < 16; p++) {
        tag("class %u", p);
        write_cr8(p);
        same("tpr", p << 4, rdmsr(X2(X_TPR)));
        same("ppr", p << 4, rdmsr(X2(X_PPR)));
        wrmsr(X2(X_TPR), (p ^ 5) << 4 | 3);
        same("cr8", p ^ 5, read_cr8());
        wrmsr(X2(X_SELF), VECTOR);
        same("held back", (p ^ 5) < VECTOR >> 4, arrived());
        wrmsr(X2(X_TPR), 0);
        same("then taken", (p ^ 5) >= VECTOR >> 4, arrived());
    }
}

/* ---- the timer ---- */

static void deadline(void)
{
    enter_mode(X2APIC);
    wrmsr(X2(X_SPURIOUS), 0x1ff);
    check("deadline.armed");
    wrmsr(X2(X_TIMER), DEADLINE_MODE | VECTOR);
    same("not armed", 0, rdmsr(TSC_DEADLINE));
    u64 due = tsc() + 1000000000000ull;
    wrmsr(TSC_DEADLINE, due);
    same("armed", due, rdmsr(TSC_DEADLINE));
    same("nothing yet", 0, arrived());
    wrmsr(X2(X_INITIAL), 1);
    same("no initial count", 0, rdmsr(X2(X_INITIAL)));
    same("no current count", 0, rdmsr(X2(X_CURRENT)));
    same("still armed", due, rdmsr(TSC_DEADLINE));
    wrmsr(TSC_DEADLINE, 0);
    same("disarmed", 0, rdmsr(TSC_DEADLINE));
    check("deadline.reached");
    for (u32 i = 0; i < 8; i++) {
        due = tsc() + 20000 * i;
        tag("%u", i);
        wrmsr(TSC_DEADLINE, due);
        while (tsc() < due + 20000)
            if (requested(VECTOR))
                break;
        same("not early", 1, tsc() >= due);
        same("once", 1, arrived());
        same("disarmed", 0, rdmsr(TSC_DEADLINE));
        same("and no more", 0, arrived());
    }
    check("deadline.past");
    wrmsr(TSC_DEADLINE, 1);
    same("at once", 1, arrived());
    same("disarmed", 0, rdmsr(TSC_DEADLINE));
    check("deadline.masked");
    wrmsr(X2(X_TIMER), DEADLINE_MODE | MASKED | VECTOR);
    wrmsr(TSC_DEADLINE, 1);
    same("nothing", 0, arrived());
    check("deadline.modes");
    for (u32 mode = 0; mode < 2; mode++) {
        tag("mode %u", mode);
        wrmsr(X2(X_TIMER), DEADLINE_MODE | VECTOR);
        wrmsr(TSC_DEADLINE, tsc() + 1000000000000ull);
        wrmsr(X2(X_TIMER), mode << 17 | VECTOR);
        same("disarmed", 0, rdmsr(TSC_DEADLINE));
        wrmsr(TSC_DEADLINE, 1);
        same("ignored", 0, arrived());
        wrmsr(X2(X_INITIAL), 0x10000000);
        wrmsr(X2(X_TIMER), DEADLINE_MODE | VECTOR);
        same("count gone", 0, rdmsr(X2(X_INITIAL)));
        same("nothing", 0, arrived());
    }
    check("deadline.counter");
    u64 now = tsc();
    due = now + 1000000000000ull;
    wrmsr(TSC_DEADLINE, due);
    wrmsr(0x10, due - 2000000);
    same("kept", due, rdmsr(TSC_DEADLINE));
    same("not yet", 0, arrived());
    wrmsr(0x10, due);
    same("passed with the counter", 1, arrived());
    wrmsr(0x10, now);
    wrmsr(X2(X_TIMER), MASKED);
}

/* ---- process-context identifiers ---- */

static struct {
    u64 pcid, address;
} operand __attribute__((aligned(16)));

static const struct outcome *invpcid(u64 type, u64 pcid, u64 address)
{
    operand.pcid = pcid;
    operand.address = address;
    struct state s = ring_state(0, invalidate);
    s.rax = type;
    s.rbx = (u64)&operand;
    return run(&s);
}

static void pcids_on(void)
{
    write_cr4(CR4_PAE | CR4_PGE | CR4_PCIDE);
}

static void reserved_bits_of_cr3(void)
{
    check("pcid.cr3");
    u64 tables = read_cr3();
    for (u32 on = 0; on < 2; on++) {
        for (u32 bit = physical_bits(); bit < 64; bit++) {
            if (on)
                pcids_on();
            struct state s = ring_state(0, set_cr3);
            s.rax = tables | 1ull << bit;
            tag("pcide %u bit %u", on, bit);
            if (on && bit == 63)
                finished(run(&s));
            else
                ended(run(&s), GP, 0, s.rip);
            same("cr3", tables, read_cr3());
        }
        machine_reset();
    }
    check("pcid.cr4");
    for (u32 id = 1; id < 4096; id <<= 1) {
        write_cr3(tables | id);
        struct state s = ring_state(0, set_cr4);
        s.rax = CR4_PAE | CR4_PCIDE;
        tag("identifier %u", id);
        ended(run(&s), GP, 0, s.rip);
        same("cr4", 0, read_cr4() & CR4_PCIDE);
        write_cr3(tables);
    }
    pcids_on();
    write_cr3(tables | 77);
    struct state s = ring_state(0, set_cr4);
    s.rax = CR4_PAE;
    finished(run(&s));
    same("identifier", tables | 77, read_cr3());
    write_cr3(tables);
    machine_reset();
}

/* The first word of the page under test. */
static u32 seen(void)
{
    struct state s = ring_state(3, load_page);
    s.rbx = TEST;
    return (u32)run(&s)->rax;
}

/* What each way makes visible: the page moves to another frame, and back. */
static void identifiers(int instruction)
{
    u32 *const first = (u32 *)PHYSICAL, *const second = (u32 *)(PHYSICAL + PAGE);
    check("pcid.flush");
    map_test(1);
    pcids_on();
    *first = 0x1111, *second = 0x2222;
    u64 tables = read_cr3();
    for (u32 global = 0; global < 2; global++) {
        for (u32 how = 0; how < 8; how++) {
            if (how >= 3 && how < 7 && !instruction)
                continue;
            /* Global pages are flushed by their address and by what flushes everything. */
            if (global && how != 0 && how != 5 && how != 7)
                continue;
            write_cr3(tables | 5);
            *test_entry(1) = PHYSICAL | P | W | U | (global ? G : 0);
            invlpg(TEST);
            tag("global %u way %u", global, how);
            same("before", 0x1111, seen());
            *test_entry(1) = (PHYSICAL + PAGE) | P | W | U | (global ? G : 0);
            switch (how) {
            case 0: invlpg(TEST); break;
            case 1: write_cr3(tables | 5); break;
            case 2: write_cr3(tables | 6), write_cr3(tables | 5); break;
            case 7: write_cr4(CR4_PAE | CR4_PCIDE), pcids_on(); break;
            default: finished(invpcid(how - 3, how < 5 ? 5 : 0, TEST));
            }
            same("after", 0x2222, seen());
        }
    }
    write_cr3(tables);
    machine_reset();
}

/* Two sets of tables, each with its identifier, whose translations may stay when the other's come: scratch has the second set's. */
static void spaces(void)
{
    u32 *const first = (u32 *)PHYSICAL, *const second = (u32 *)(PHYSICAL + PAGE);
    check("pcid.spaces");
    map_test(1);
    u64 tables = read_cr3(), *own = (u64 *)scratch;
    copy(own, (void *)tables, PAGE);
    fill(scratch + PAGE, 0, 3 * PAGE);
    own[TEST_PML4] = (u64)(scratch + PAGE) | P | W | U;
    own[512 + (TEST >> 30 & 511)] = (u64)(scratch + 2 * PAGE) | P | W | U;
    own[1024 + (TEST >> 21 & 511)] = (u64)(scratch + 3 * PAGE) | P | W | U;
    own[1536 + (TEST >> 12 & 511)] = (PHYSICAL + PAGE) | P | W | U;
    pcids_on();
    for (u32 i = 0; i < 64; i++) {
        u64 keep = i & 1 ? 1ull << 63 : 0;
        *first = 100 + i, *second = 200 + i;
        tag("%u", i);
        write_cr3(tables | 1 | keep);
        same("first", 100 + i, seen());
        write_cr3((u64)own | 2 | keep);
        same("second", 200 + i, seen());
        if (i % 8 == 7) {
            /* Who changes tables of the other space flushes there when it comes back. */
            *test_entry(1) = (i & 8 ? PHYSICAL : PHYSICAL + PAGE) | P | W | U;
            write_cr3(tables | 1);
            same("moved", i & 8 ? 100 + i : 200 + i, seen());
            *test_entry(1) = PHYSICAL | P | W | U;
            invlpg(TEST);
        }
    }
    write_cr3(tables);
    machine_reset();
}

static void faults_of_invpcid(void)
{
    check("invpcid.operands");
    for (u32 on = 0; on < 2; on++) {
        if (on)
            pcids_on();
        for (u32 type = 0; type < 6; type++) {
            for (u32 bit = 0; bit <= 64; bit++) {
                u64 pcid = bit == 64 ? 0 : 1ull << bit;
                tag("pcide %u type %u bit %u", on, type, bit);
                int bad = type > 3 || pcid >> 12 || (!on && type < 2 && pcid);
                const struct outcome *o = invpcid(type, pcid, TEST);
                same("vector", bad ? GP : BP, o->vector);
            }
            tag("pcide %u type %u", on, type);
            const struct outcome *o = invpcid(type, 0, UPPER_START - 1);
            same("not canonical", type > 3 || type == 0 ? GP : BP, o->vector);
            o = invpcid(type | 1ull << 63, 0, 0);
            same("64-bit type", GP, o->vector);
        }
    }
    machine_reset();
    check("invpcid.memory");
    struct state s = ring_state(0, invalidate);
    s.rax = 2;
    s.rbx = LOWER_END + 1;
    ended(run(&s), GP, 0, s.rip);
    map_test(1);
    *test_entry(1) = 0;
    invlpg(TEST);
    s.rbx = TEST - 8;
    s.rax = 9;
    const struct outcome *o = run(&s);
    ended(o, PF, 0, s.rip);
    machine_reset();
    check("invpcid.ring");
    for (u32 ring = 1; ring < 4; ring++) {
        s = ring_state(ring, invalidate);
        s.rax = 2;
        s.rbx = AT(ring, &operand);
        tag("ring %u", ring);
        ended(run(&s), GP, 0, s.rip);
    }
}

void checks_contexts64(void)
{
    u32 features = feature(1, 2);
    if (features & CPUID_X2APIC) {
        u64 before = rdmsr(APIC_BASE);
        base_without_mode = before & ~(u64)MODE;
        modes();
        registers_of_x2apic();
        messages();
        if (features & CPUID_DEADLINE)
            deadline();
        enter_mode(OFF);
        wrmsr(APIC_BASE, before);
    }
    machine_reset();
    if (features & CPUID_PCID) {
        int instruction = (feature(7, 1) & CPUID7_INVPCID) != 0;
        reserved_bits_of_cr3();
        identifiers(instruction);
        spaces();
        if (instruction)
            faults_of_invpcid();
    }
}
