/* What pages permit, and what the processor writes into their entries: SDM vol. 3A sections 4.6 to 4.8. */
#include "paging.h"

SNIPPET(read_page, "movl (%ebx), %eax");
SNIPPET(write_page, "movl %eax, (%ebx)");
SNIPPET(modify_page, "addl %eax, (%ebx)");
SNIPPET(test_page, "testl %eax, (%ebx)");
SNIPPET(exchange_page, "xchgb %al, (%ebx)");
SNIPPET(execute_page, "jmp *%ebx");

enum access { READ, WRITE, EXECUTE };
static const struct use {
    const char *name, *code;
    enum access access;
} uses[] = {
    {"read", read_page, READ}, {"write", write_page, WRITE}, {"modify", modify_page, WRITE}, {"test", test_page, READ},
    {"xchg", exchange_page, WRITE}, {"execute", execute_page, EXECUTE},
};

/* Control bits a check runs with. */
struct control {
    enum format format;
    int large, wp, smep, smap, nx, ac;
};

/* Whether an access is permitted by a translation whose entries are all present; if not, *error is the error code. */
static int permitted(const struct control *c, enum access a, u32 ring, u64 pde, u64 pte, int leaf_is_pde, u32 *error)
{
    u64 both = leaf_is_pde ? pde : pde & pte, any = leaf_is_pde ? pde : pde | pte;
    int user_page = (both & U) != 0, writable = (both & W) != 0, executable = !(any & XD) || !c->nx;
    int user = ring == 3;
    *error = E_P | (a == WRITE ? E_W : 0) | (user ? E_U : 0) | (a == EXECUTE && (c->smep || c->nx) ? E_ID : 0);
    if (user)
        return user_page && (a == WRITE ? writable : a == READ ? 1 : executable);
    if (a == EXECUTE)
        return executable && !(c->smep && user_page);
    if (c->smap && user_page && !c->ac)
        return 0;
    return a == READ || writable || !c->wp;
}

static void start(const struct control *c)
{
    tables_build(c->format, 1);
    if (c->nx)
        wrmsr(EFER, EFER_NXE);
    paging_on(c->wp ? CR0_WP : 0, CR4_PSE | (c->smep ? CR4_SMEP : 0) | (c->smap ? CR4_SMAP : 0));
}

/* The page under test: memory 0x1800000, at TEST. */
#define PHYSICAL 0x1800000u
#define OFFSET 0x678u

static void control_name(const struct control *c, const char *what, u32 ring)
{
    check("%s.%s.ring%u.%s%s%s%s%s%s", c->format == PAE ? "pae" : "two.level", what, ring, c->large ? "large" : "small", c->wp ? ".wp" : "",
        c->smep ? ".smep" : "", c->smap ? ".smap" : "", c->ac ? ".ac" : "", c->nx ? ".nx" : "");
}

static void one_use(const struct control *c, const struct use *u, u32 ring, u64 pde, u64 pte)
{
    u32 address = TEST + OFFSET, *memory = (u32 *)(PHYSICAL + OFFSET);
    if (!c->large)
        set_entry(1, TEST, pte);
    set_entry(2, TEST, pde);
    invlpg(address);
    memory[0] = 0xcccccccc;
    struct state s = paged_state(ring, u->code);
    s.ebx = address;
    s.eax = 0x11111111;
    s.eflags |= c->ac ? F_AC : 0;
    tag("pde %x.%x pte %x.%x", (u32)(pde >> 32), (u32)pde, (u32)(pte >> 32), (u32)pte);
    const struct outcome *o = run(&s);
    u32 error;
    int leaf_level = c->large ? 2 : 1;
    if (permitted(c, u->access, ring, pde, pte, c->large, &error)) {
        if (u->access == EXECUTE)
            ended(o, BP, 0, (const char *)address, 1);
        else
            finished(o);
        u64 set = u->access == WRITE ? A | D : A;
        u64 leaf = c->large ? pde : pte;
        same("leaf", (u32)(leaf | set), (u32)entry(leaf_level, TEST));
        same("directory", (u32)(pde | (c->large ? set : A)), (u32)entry(2, TEST));
        same("memory", u->code == write_page ? 0x11111111 : u->code == modify_page ? 0xdddddddd : u->code == exchange_page ? 0xcccccc11
            : 0xcccccccc, memory[0]);
    } else {
        ended(o, PF, error, u->access == EXECUTE ? (const char *)address : seen_by(ring, u->code), 0);
        same("cr2", address, o->cr2);
        same("dirty", 0, (u32)entry(leaf_level, TEST) & D);
        same("memory", 0xcccccccc, memory[0]);
    }
}

static void permissions(const struct control *c)
{
    start(c);
    map(TEST, PHYSICAL, P | W | U);
    u64 table = entry(2, TEST) & ~0xfffull;
    for (u32 k = 0; k < sizeof uses / sizeof uses[0]; k++) {
        for (u32 ring = 0; ring < 4; ring += ring ? 1 : 2) {
            control_name(c, uses[k].name, ring);
            for (u32 n = 0; n < 64; n++) {
                u64 pde_bits = P | (n & 1 ? W : 0) | (n & 2 ? U : 0) | (n & 4 ? XD : 0);
                u64 pte_bits = P | (n & 8 ? W : 0) | (n & 16 ? U : 0) | (n & 32 ? XD : 0);
                if ((n & (4 | 32)) && !c->nx)
                    continue;
                if (c->large && n >= 8)
                    continue;
                u64 pde = c->large ? (PHYSICAL | PS | pde_bits) : (table | pde_bits);
                one_use(c, &uses[k], ring, pde, PHYSICAL | pte_bits);
            }
        }
    }
    paging_off();
}

/* Absent and reserved bits: which entries are looked at at all, and in which order. */
static void faults_of_entries(const struct control *c)
{
    start(c);
    map(TEST, PHYSICAL, P | W | U);
    u64 table = entry(2, TEST) & ~0xfffull;
    u64 reserved_table = 0, reserved_large = 0, reserved_page = 0;
    if (c->format == PAE) {
        reserved_table = reserved_page = 1ull << 62;
        reserved_large = 1ull << 62 | 1u << 13;
        if (physical_bits() < 52)
            reserved_table |= 1ull << 51;
        if (!c->nx)
            reserved_page |= XD;
    } else {
        reserved_large = 1u << 21;
    }
    for (u32 k = 0; k < sizeof uses / sizeof uses[0]; k++) {
        const struct use *u = &uses[k];
        for (u32 pass = 0; pass < 4; pass++) {
            /* Absent entries first, then present ones with reserved bits. */
            int rsvd = (int)pass >> 1;
            u32 ring = pass & 1 ? 3 : 0;
            check("%s.%s.%s.ring%u%s%s", c->format == PAE ? "pae" : "two.level", rsvd ? "reserved" : "absent", uses[k].name, ring,
                c->smep ? ".smep" : "", c->nx ? ".nx" : "");
            for (u32 n = 0; n < 2 * 64; n++) {
                int pde_absent = n & 1, pte_absent = n >> 1 & 1, bad_pde = n >> 2 & 1, bad_pte = n >> 3 & 1, large = n >> 4 & 1;
                u32 bit = n >> 5;
                u64 reserved = large ? reserved_large : bad_pde ? reserved_table : reserved_page;
                /* One of the reserved bits at a time. */
                for (; bit && reserved; bit--)
                    reserved &= reserved - 1;
                reserved &= -reserved;
                if ((!bad_pde && !bad_pte && !pde_absent && !pte_absent) || (large && (bad_pte || pte_absent)))
                    continue;
                if ((bad_pde || bad_pte) && !reserved)
                    continue;
                u64 pde = (large ? PHYSICAL | PS : table) | W | U | (pde_absent ? 0 : P) | (bad_pde ? reserved : 0);
                u64 pte = PHYSICAL | W | U | (pte_absent ? 0 : P) | (bad_pte ? reserved : 0);
                if (bad_pde && bad_pte)
                    continue;
                u32 error = (u->access == WRITE ? E_W : 0) | (ring == 3 ? E_U : 0) | (u->access == EXECUTE && (c->smep || c->nx) ? E_ID : 0);
                int is_rsvd = !pde_absent && (bad_pde || (!pte_absent && bad_pte));
                if (is_rsvd != rsvd)
                    continue;
                error |= rsvd ? E_P | E_RSVD : 0;
                set_entry(2, TEST, table | P | W | U);
                if (!large)
                    set_entry(1, TEST, pte);
                set_entry(2, TEST, pde);
                u32 address = TEST + OFFSET;
                invlpg(address);
                struct state s = paged_state(ring, u->code);
                s.ebx = address;
                tag("pde %x.%x pte %x.%x", (u32)(pde >> 32), (u32)pde, (u32)(pte >> 32), (u32)pte);
                const struct outcome *o = run(&s);
                ended(o, PF, error, u->access == EXECUTE ? (const char *)address : seen_by(ring, u->code), 0);
                same("cr2", address, o->cr2);
            }
        }
    }
    paging_off();
}

/* Without CR4.PSE, PS and reserved bits of a 32-bit directory entry mean nothing; 4 KiB pages everywhere. */
static void without_large_pages(void)
{
    check("two.level.pse.off");
    tables_build(TWO_LEVEL, 0);
    paging_on(0, 0);
    map(TEST, PHYSICAL, P | W | U);
    set_entry(2, TEST, entry(2, TEST) | PS);
    for (u32 k = 0; k < sizeof uses / sizeof uses[0] - 1; k++) {
        struct state s = paged_state(3, uses[k].code);
        s.ebx = TEST + OFFSET;
        tag("%s", uses[k].name);
        finished(run(&s));
    }
    paging_off();
}

/* The physical address of every page, and of every byte within it, is right: both sizes, both formats, high offsets too. */
static void addresses(enum format f)
{
    check("%s.addresses", f == PAE ? "pae" : "two.level");
    tables_build(f, 1);
    paging_on(CR0_WP, CR4_PSE);
    u32 large = f == PAE ? 0x200000 : 0x400000;
    for (u32 i = 0; i < 8; i++)
        map(TEST + 0x400000 + i * PAGE, PHYSICAL + (7 - i) * 3 * PAGE, P | W | U);
    set_entry(2, TEST, PHYSICAL | PS | P | W | U);
    for (u32 i = 0; i < 200; i++) {
        u32 offset = i * 0x12345 % (large - 4) & ~3u;
        *(u32 *)(PHYSICAL + offset) = 0xa0000000 + i;
        tag("large offset %x", offset);
        same("value", 0xa0000000 + i, *(volatile u32 *)(TEST + offset));
        *(volatile u32 *)(TEST + offset) = i;
        same("memory", i, *(volatile u32 *)(PHYSICAL + offset));
    }
    for (u32 i = 0; i < 8 * PAGE; i += 52) {
        u32 physical = PHYSICAL + (7 - i / PAGE) * 3 * PAGE + i % PAGE;
        *(u8 *)physical = (u8)(i >> 2);
        tag("small offset %x", i);
        same("value", (u8)(i >> 2), *(volatile u8 *)(TEST + 0x400000 + i));
    }
    paging_off();
}

/* Turning paging on with page-directory pointers that have reserved bits. */
SNIPPET(load_cr3, "movl %eax, %cr3");
SNIPPET(load_cr0, "movl %eax, %cr0");

static void pointer_table(void)
{
    static u64 table[4] __attribute__((aligned(32)));
    check("pae.pointers.cr3");
    tables_build(PAE, 1);
    paging_on(0, 0);
    u32 good = read_cr3();
    static const u64 reserved[] = {1u << 1, 1u << 2, 1u << 5, 1u << 6, 1u << 7, 1u << 8, 1ull << 62, 1ull << 63};
    /* Pointers that nothing here goes through, so that a processor that took them would survive it. */
    for (u32 i = 1; i < 4; i += 2) {
        for (u32 k = 0; k < sizeof reserved / sizeof reserved[0]; k++) {
            for (u32 present = 0; present < 2; present++) {
                copy(table, (const void *)(good & ~0x1fu), sizeof table);
                table[i] = (table[i] & ~(u64)P) | reserved[k] | present;
                struct state s = paged_state(0, load_cr3);
                s.eax = (u32)table;
                tag("pointer %u bits %x.%x %s", i, (u32)(reserved[k] >> 32), (u32)reserved[k], present ? "present" : "absent");
                const struct outcome *o = run(&s);
                if (present)
                    ended(o, GP, 0, seen_by(0, load_cr3), 0), same("cr3", good, read_cr3());
                else
                    finished(o), same("cr3", (u32)table, read_cr3());
                write_cr3(good);
            }
        }
    }
    paging_off();
    check("pae.pointers.cr0");
    copy(table, (const void *)(good & ~0x1fu), sizeof table);
    table[1] |= 1u << 5;
    write_cr4(CR4_PAE);
    write_cr3((u32)table);
    struct state s = ring_state(0, load_cr0);
    s.eax = CR0_PE | CR0_ET | CR0_PG;
    ended(run(&s), GP, 0, load_cr0, 0);
    same("cr0", CR0_PE | CR0_ET, read_cr0());
    table[1] &= ~(u64)P;
    finished(run(&s));
    paging_off();
    /* The pointers are read when CR3 is loaded, and not again. */
    check("pae.pointers.held");
    tables_build(PAE, 1);
    paging_on(0, 0);
    map(TEST, PHYSICAL, P | W | U);
    u64 *pointers = (u64 *)(read_cr3() & ~0x1fu), kept = pointers[1];
    *(u32 *)PHYSICAL = 0x12345678;
    pointers[1] = 0;
    invlpg(TEST);
    s = paged_state(0, read_page);
    s.ebx = TEST;
    const struct outcome *o = run(&s);
    if (finished(o))
        same("value", 0x12345678, o->eax);
    write_cr3(read_cr3());
    o = run(&s);
    ended(o, PF, 0, seen_by(0, read_page), 0);
    same("cr2", TEST, o->cr2);
    pointers[1] = kept;
    ended(run(&s), PF, 0, seen_by(0, read_page), 0);
    write_cr3(read_cr3());
    finished(run(&s));
    paging_off();
}

void checks_paging(void)
{
    struct control c = {TWO_LEVEL, 0, 0, 0, 0, 0, 0};
    for (u32 n = 0; n < 128; n++) {
        c.format = n & 1 ? PAE : TWO_LEVEL;
        c.large = n >> 1 & 1;
        c.wp = n >> 2 & 1;
        c.smep = n >> 3 & 1;
        c.smap = n >> 4 & 1;
        c.nx = n >> 5 & 1;
        c.ac = n >> 6 & 1;
        if ((c.format == PAE && !has_pae()) || (c.smep && !has_smep()) || (c.smap && !has_smap()) || (c.nx && (!has_nx() || c.format != PAE))
            || (c.ac && !c.smap))
            continue;
        permissions(&c);
    }
    group("entries");
    for (u32 n = 0; n < 8; n++) {
        struct control e = {n & 1 ? PAE : TWO_LEVEL, 0, 1, (int)(n >> 1 & 1) && has_smep(), 0, (int)(n >> 2 & 1), 0};
        if ((e.format == PAE && !has_pae()) || (e.nx && (!has_nx() || e.format != PAE)))
            continue;
        faults_of_entries(&e);
    }
    without_large_pages();
    addresses(TWO_LEVEL);
    if (has_pae()) {
        addresses(PAE);
        pointer_table();
    }
}
