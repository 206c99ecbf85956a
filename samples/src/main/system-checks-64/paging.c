/* What four levels of tables permit, and what the processor writes into their entries: SDM vol. 3A sections 4.5 to 4.8. */
#include "paging.h"

#define OFFSET 0x678u

SNIPPET(read_page, "movl (%rbx), %eax");
SNIPPET(write_page, "movl %eax, (%rbx)");
SNIPPET(modify_page, "addl %eax, (%rbx)");
SNIPPET(execute_page, "jmp *%rbx");

enum access { READ, WRITE, EXECUTE };
static const struct use {
    const char *name, *code;
    enum access access;
} uses[] = {{"read", read_page, READ}, {"write", write_page, WRITE}, {"modify", modify_page, WRITE}, {"execute", execute_page, EXECUTE}};

/* Control bits a check runs with. */
struct control {
    int wp, smep, smap, ac, nx;
};

static const char *const leaf_names[] = {"", "4k", "2m", "1g"};

static void start(const struct control *c)
{
    wrmsr(EFER, EFER_LME | EFER_LMA | (c->nx ? EFER_NXE : 0));
    write_cr0((read_cr0() & ~(u64)CR0_WP) | (c->wp ? CR0_WP : 0));
    write_cr4(CR4_PAE | (c->smep ? CR4_SMEP : 0) | (c->smap ? CR4_SMAP : 0));
}

static u32 code_of_access(const struct control *c, enum access a, u32 ring)
{
    return (a == WRITE ? E_W : 0) | (ring == 3 ? E_U : 0) | (a == EXECUTE && (c->smep || c->nx) ? E_ID : 0);
}

/* Whether a translation with these rights in all entries permits an access. */
static int permitted(const struct control *c, enum access a, u32 ring, u64 all, u64 any)
{
    int executable = !(any & XD), user_page = (all & U) != 0;
    if (ring == 3)
        return user_page && (a == WRITE ? (all & W) != 0 : a == READ ? 1 : executable);
    if (a == EXECUTE)
        return executable && !(c->smep && user_page);
    if (c->smap && user_page && !c->ac)
        return 0;
    return a == READ || all & W || !c->wp;
}

/* One access, with the entries from level 4 down to the leaf as given. */
static void one_use(const struct control *c, const struct use *u, u32 ring, u32 leaf, const u64 *bits)
{
    u64 address = TEST + OFFSET, all = ~0ull, any = 0, before[5];
    u32 *memory = (u32 *)(PHYSICAL + OFFSET);
    for (u32 level = 4; level >= leaf; level--) {
        u64 *e = test_entry(level);
        *e = (*e & 0x000ffffffffff080ull) | P | bits[level];
        before[level] = *e;
        all &= *e;
        any |= *e;
    }
    invlpg(address);
    memory[0] = 0xcccccccc;
    struct state s = ring_state(ring, u->code);
    s.rbx = address;
    s.rax = 0x11111111;
    s.rflags |= c->ac ? F_AC : 0;
    const struct outcome *o = run(&s);
    int good = permitted(c, u->access, ring, all, any);
    if (good) {
        if (u->access == EXECUTE)
            ended(o, BP, 0, address + 1);
        else
            finished(o);
    } else {
        ended(o, PF, E_P | code_of_access(c, u->access, ring), u->access == EXECUTE ? address : s.rip);
        same("cr2", address, o->cr2);
    }
    for (u32 level = 4; level >= leaf; level--) {
        u64 now = *test_entry(level), set = level == leaf && u->access == WRITE ? A | D : A;
        /* Whether a fault leaves accessed bits is the processor's affair. */
        tag("entry of level %u, leaf %u, bits %x %x %x %x", level, leaf, bits[4], bits[3], bits[2], bits[1]);
        if (good)
            same("entry", before[level] | set, now);
        else
            same("dirty", 0, now & D);
    }
    u32 written = u->code == write_page ? 0x11111111 : u->code == modify_page ? 0xdddddddd : 0xcccccccc;
    same("memory", good ? written : 0xcccccccc, memory[0]);
}

/* Every right taken away at every level in turn, and at none: the others have all. */
static void permissions(const struct control *c)
{
    for (u32 leaf = 1; leaf <= 3; leaf++) {
        for (u32 k = 0; k < sizeof uses / sizeof uses[0]; k++) {
            for (u32 ring = 0; ring < 4; ring += 3) {
                check("%s.%s.ring%u%s%s%s%s%s", (word)leaf_names[leaf], (word)uses[k].name, ring, (word)(c->wp ? ".wp" : ""), (word)(c->smep ? ".smep" : ""),
                    (word)(c->smap ? ".smap" : ""), (word)(c->ac ? ".ac" : ""), (word)(c->nx ? ".nx" : ""));
                map_test(leaf);
                for (u32 w = leaf - 1; w <= 4; w++) {
                    for (u32 u = leaf - 1; u <= 4; u++) {
                        for (u32 x = leaf - 1; x <= (c->nx ? 4 : leaf - 1); x++) {
                            u64 bits[5];
                            for (u32 level = 1; level <= 4; level++)
                                bits[level] = (level == w ? 0 : W) | (level == u ? 0 : U) | (level == x && x >= leaf ? XD : 0);
                            tag("leaf %u without w at %u, u at %u, xd at %u", leaf, w, u, x);
                            one_use(c, &uses[k], ring, leaf, bits);
                        }
                    }
                }
            }
        }
    }
}

/* An entry that is absent, or has a reserved bit, at every level. */
static void faults_of_entries(const struct control *c)
{
    u64 address = TEST + OFFSET, beyond = 0;
    for (u32 b = physical_bits(); b < 52; b++)
        beyond |= 1ull << b;
    for (u32 leaf = 1; leaf <= 3; leaf++) {
        for (u32 k = 0; k < sizeof uses / sizeof uses[0]; k++) {
            check("entries.%s.%s%s%s", (word)leaf_names[leaf], (word)uses[k].name, (word)(c->nx ? ".nx" : ""), (word)(c->smep ? ".smep" : ""));
            for (u32 ring = 0; ring < 4; ring += 3) {
                for (u32 level = leaf; level <= 4; level++) {
                    /* Bits under test: 0 stands for "absent"; 64 for "absent, with all other bits set". */
                    for (u32 bit = 0; bit < 65; bit++) {
                        u64 one = bit && bit < 64 ? 1ull << bit : 0;
                        u64 reserved = beyond | (c->nx ? 0 : XD) | (level == 4 ? PS : 0);
                        if (level == leaf && leaf == 2)
                            reserved |= 0x1fe000;
                        if (level == leaf && leaf == 3)
                            reserved |= 0x3fffe000;
                        int absent = !one;
                        if (!absent && !(one & reserved))
                            continue;
                        map_test(leaf);
                        u64 *e = test_entry(level);
                        *e = bit == 64 ? ~P : absent ? *e & ~P : *e | one;
                        invlpg(address);
                        struct state s = ring_state(ring, uses[k].code);
                        s.rbx = address;
                        tag("ring %u level %u bit %u", ring, level, bit);
                        const struct outcome *o = run(&s);
                        u32 error = code_of_access(c, uses[k].access, ring) | (absent ? 0 : E_P | E_RSVD);
                        ended(o, PF, error, uses[k].access == EXECUTE ? address : s.rip);
                        same("cr2", address, o->cr2);
                    }
                }
            }
        }
    }
}

/* Bits that are ignored, and such as only software uses. */
static void ignored(void)
{
    check("entries.ignored");
    for (u32 leaf = 1; leaf <= 3; leaf++) {
        for (u32 level = leaf; level <= 4; level++) {
            for (u32 bit = 8; bit < 63; bit++) {
                u64 one = 1ull << bit;
                if (bit >= 12 && bit < 52)
                    continue;
                map_test(leaf);
                *test_entry(level) |= one;
                invlpg(TEST);
                struct state s = ring_state(3, read_page);
                s.rbx = TEST + OFFSET;
                tag("leaf %u level %u bit %u", leaf, level, bit);
                finished(run(&s));
            }
        }
    }
}

/* What INVLPG and CR3 make visible, and what a global page keeps; the physical address of a page is where its entry says. */
static void flushes(void)
{
    static u32 *const first = (u32 *)(PHYSICAL + OFFSET), *const second = (u32 *)(PHYSICAL + PAGE + OFFSET);
    check("flush");
    for (u32 how = 0; how < 4; how++) {
        map_test(1);
        *first = 0x1111, *second = 0x2222;
        struct state s = ring_state(3, read_page);
        s.rbx = TEST + OFFSET;
        tag("way %u", how);
        const struct outcome *o = run(&s);
        same("before", 0x1111, o->rax);
        *test_entry(1) = (PHYSICAL + PAGE) | P | W | U;
        if (how == 0)
            invlpg(TEST);
        else if (how == 1)
            write_cr3(read_cr3());
        else if (how == 2)
            write_cr4(read_cr4() ^ CR4_PGE);
        else
            write_cr0(read_cr0() ^ CR0_WP);
        if (how == 3)
            write_cr3(read_cr3());
        o = run(&s);
        same("after", 0x2222, o->rax);
    }
    machine_reset();
    check("flush.levels");
    for (u32 level = 2; level <= 4; level++) {
        map_test(1);
        struct state s = ring_state(3, read_page);
        s.rbx = TEST + OFFSET;
        tag("level %u", level);
        finished(run(&s));
        *test_entry(level) &= ~U;
        invlpg(TEST);
        ended(run(&s), PF, E_P | E_U, s.rip);
        *test_entry(level) &= ~P;
        write_cr3(read_cr3());
        ended(run(&s), PF, E_U, s.rip);
    }
    map_test(1);
}

/* The processor's own accesses are those of ring 0, whatever the ring: tables and stacks in pages of ring 3 and SMAP. */
SNIPPET(load_segment, "movl %eax, %ds");
SNIPPET(interrupt, "int $0x60");
static void implicit(void)
{
    check("implicit.smap");
    write_cr4(CR4_PAE | CR4_SMAP);
    for (u32 ring = 0; ring < 4; ring += 3) {
        for (u32 ac = 0; ac < 2; ac++) {
            idt[PF].low |= 2ull << 32;
            map_test(1);
            tss_main.ist[3] = TEST + 0x800;
            idt[VECTOR].low |= 4ull << 32 | (u64)DPL(3) << 40;
            struct state s = ring_state(ring, interrupt);
            s.rflags |= ac ? F_AC : 0;
            tag("stack, ring %u ac %u", ring, ac);
            const struct outcome *o = run(&s);
            /* At ring 3 AC lifts nothing for what the processor does itself. */
            if (ring == 0 && ac)
                same("vector", VECTOR, o->vector);
            else
                ended(o, PF, E_P | E_W, s.rip);
            machine_reset();
            write_cr4(CR4_PAE | CR4_SMAP);
        }
    }
    machine_reset();
}

void checks_paging64(void)
{
    for (u32 n = 0; n < 32; n++) {
        struct control c = {n & 1, n >> 1 & 1, n >> 2 & 1, n >> 3 & 1, n >> 4 & 1};
        if (c.ac && !c.smap)
            continue;
        start(&c);
        permissions(&c);
        machine_reset();
    }
    for (u32 n = 0; n < 4; n++) {
        struct control c = {1, n & 1, 0, 0, n >> 1};
        start(&c);
        faults_of_entries(&c);
        machine_reset();
    }
    ignored();
    flushes();
    implicit();
}
