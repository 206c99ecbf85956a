/* When a change of page tables must be seen: SDM vol. 3A section 4.10. What may be seen earlier is not checked. */
#include "paging.h"

/* Frames with a number in each, and a page of code that returns it. */
#define FRAME_AT(n) (0x1800000u + (n) * PAGE)
#define FRAMES 16

static void number_frames(void)
{
    for (u32 i = 0; i < FRAMES; i++) {
        u8 *page = fill((void *)FRAME_AT(i), 0xcc, PAGE);
        *(u32 *)page = i;
        /* mov $i, %eax; ret */
        static const u8 code[] = {0xb8, 0, 0, 0, 0, 0xc3};
        copy(page + 16, code, sizeof code);
        page[17] = (u8)i;
    }
}

static u32 read_at(u32 va)
{
    return *(volatile u32 *)va;
}

static u32 execute_at(u32 va)
{
    u32 v;
    __asm__ volatile("call *%1" : "=a"(v) : "r"(va + 16) : "memory", "ecx", "edx");
    return v;
}

/* Reads and executes often enough for whatever caches there are. */
static void use(u32 va, u32 expected, const char *what)
{
    for (u32 i = 0; i < 3; i++) {
        same(what, expected, read_at(va));
        same("executed", expected, execute_at(va));
    }
}

enum flush { INVLPG, CR3, PGE, PAGING };
static const char *const flushes[] = {"invlpg", "cr3", "cr4.pge", "cr0.pg"};

static void flush(enum flush f, u32 va)
{
    u32 cr0 = read_cr0(), cr4 = read_cr4();
    switch (f) {
    case INVLPG:
        invlpg(va);
        break;
    case CR3:
        write_cr3(read_cr3());
        break;
    case PGE:
        write_cr4(cr4 ^ CR4_PGE);
        write_cr4(cr4);
        break;
    default:
        /* Code and stack are mapped one to one. */
        write_cr0(cr0 & ~CR0_PG);
        write_cr0(cr0);
    }
}

static void begin(enum format f, u32 cr4)
{
    number_frames();
    tables_build(f, 1);
    paging_on(CR0_WP, CR4_PSE | cr4);
}

static const char *format_name(enum format f)
{
    return f == PAE ? "pae" : "two.level";
}

/* Another frame, by each way of flushing; global pages outlive only CR3. */
static void remapped(enum format f)
{
    for (u32 how = INVLPG; how <= PAGING; how++) {
        for (u32 global = 0; global < 2; global++) {
            if (global && (how == CR3 || !has_pge()))
                continue;
            if (how == PGE && !has_pge())
                continue;
            check("%s.remapped.%s%s", format_name(f), flushes[how], global ? ".global" : "");
            begin(f, has_pge() ? CR4_PGE : 0);
            u64 bits = P | W | (global ? G : 0);
            for (u32 i = 0; i < FRAMES; i++) {
                map(TEST + 5 * PAGE, FRAME_AT(i), bits);
                flush(how, TEST + 5 * PAGE + 123);
                tag("frame %u", i);
                use(TEST + 5 * PAGE, i, "read");
            }
            paging_off();
        }
    }
}

/* The table itself replaced, through the directory entry; the tables written through another mapping of them. */
static void tables_replaced(enum format f)
{
    for (u32 how = CR3; how <= PAGING; how++) {
        if (how == PGE && !has_pge())
            continue;
        check("%s.table.replaced.%s", format_name(f), flushes[how]);
        begin(f, has_pge() ? CR4_PGE : 0);
        map(TEST, FRAME_AT(1), P | W);
        map(TEST + 0x400000, FRAME_AT(2), P | W);
        u64 first = entry(2, TEST), second = entry(2, TEST + 0x400000);
        for (u32 i = 0; i < 6; i++) {
            set_entry(2, TEST, i & 1 ? second : first);
            flush(how, TEST);
            tag("time %u", i);
            use(TEST, i & 1 ? 2 : 1, "read");
        }
        paging_off();
    }
    check("%s.table.aliased", format_name(f));
    begin(f, 0);
    u32 table = entry_address(1, TEST);
    map(TEST, FRAME_AT(3), P | W);
    table = entry_address(1, TEST);
    map(TEST + PAGE, table & ~0xfffu, P | W);
    for (u32 i = 0; i < FRAMES; i++) {
        *(volatile u32 *)(TEST + PAGE + (table & 0xfff)) = FRAME_AT(i) | P | W;
        invlpg(TEST);
        tag("frame %u", i);
        use(TEST, i, "read");
    }
    /* A table that contains itself. */
    check("%s.table.recursive", format_name(f));
    map(TEST + PAGE, entry_address(1, TEST) & ~0xfffu, P | W);
    for (u32 i = 0; i < FRAMES; i++) {
        u32 own = TEST + PAGE + (entry_address(1, TEST + 2 * PAGE) & 0xfff);
        *(volatile u32 *)own = FRAME_AT(i) | P | W;
        invlpg(TEST + 2 * PAGE);
        use(TEST + 2 * PAGE, i, "read");
    }
    paging_off();
}

/* A large page made into small ones, and back; INVLPG anywhere in the large one is enough, the small ones take one each. */
static void large_pages(enum format f)
{
    check("%s.large.split", format_name(f));
    for (u32 global = 0; global < 2; global++) {
        if (global && !has_pge())
            continue;
        begin(f, global ? CR4_PGE : 0);
        u32 g = global ? G : 0;
        map(TEST, 0, 0);
        u64 table = entry(2, TEST);
        for (u32 i = 0; i < FRAMES; i++)
            set_entry(1, TEST + i * PAGE, FRAME_AT(FRAMES - 1 - i) | P | W);
        for (u32 i = 0; i < 3; i++) {
            set_entry(2, TEST, FRAME_AT(0) | PS | P | W | g);
            for (u32 k = 0; k < FRAMES; k++)
                invlpg(TEST + k * PAGE);
            for (u32 k = 0; k < FRAMES; k++)
                use(TEST + k * PAGE, k, "large");
            set_entry(2, TEST, table);
            invlpg(TEST + 0x123456);
            for (u32 k = 0; k < FRAMES; k++)
                use(TEST + k * PAGE, FRAMES - 1 - k, "small");
        }
        paging_off();
    }
}

SNIPPET(read_page, "movl (%ebx), %eax");
SNIPPET(write_page, "movl %eax, (%ebx)");

/* What a page permits, taken away and given back. */
static void rights(enum format f)
{
    for (u32 how = INVLPG; how <= PAGING; how++) {
        if (how == PGE && !has_pge())
            continue;
        check("%s.rights.%s", format_name(f), flushes[how]);
        begin(f, has_pge() ? CR4_PGE : 0);
        map(TEST, FRAME_AT(0), P | W | U);
        struct state r = paged_state(3, read_page), w = paged_state(3, write_page);
        r.ebx = w.ebx = TEST;
        static const u32 steps[] = {P | W | U, P | U, P | W | U, P | W, P | W | U, 0, P | W | U, W | U, P | U};
        for (u32 i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            u32 bits = steps[i];
            set_entry(1, TEST, FRAME_AT(0) | bits);
            flush(how, TEST);
            tag("step %u", i);
            if ((bits & (P | U)) == (P | U))
                finished(run(&r));
            else
                ended(run(&r), PF, (bits & P) | E_U, read_page, 0);
            if ((bits & (P | U | W)) == (P | U | W))
                finished(run(&w));
            else
                ended(run(&w), PF, (bits & P) | E_U | E_W, write_page, 0);
        }
        paging_off();
    }
}

/* What needs no flush: an entry that was not present, and one whose rights a fault was due to. */
static void no_flush(enum format f)
{
    check("%s.not.present.is.not.cached", format_name(f));
    begin(f, 0);
    map(TEST, 0, 0);
    struct state r = paged_state(3, read_page), w = paged_state(3, write_page);
    for (u32 i = 0; i < FRAMES; i++) {
        r.ebx = w.ebx = TEST + i * PAGE;
        tag("page %u", i);
        ended(run(&r), PF, E_U, read_page, 0);
        set_entry(1, TEST + i * PAGE, FRAME_AT(i) | P | U);
        const struct outcome *o = run(&r);
        finished(o), same("eax", i, o->eax);
        /* After this fault, whatever of the entry was cached is gone: SDM vol. 3A section 4.10.4.1. */
        ended(run(&w), PF, E_P | E_U | E_W, write_page, 0);
        set_entry(1, TEST + i * PAGE, FRAME_AT(i) | P | U | W);
        finished(run(&w));
    }
    paging_off();
}

/* Accessed and dirty bits that software cleared are set again, once the translation has been flushed. */
static void used_again(enum format f)
{
    for (u32 how = INVLPG; how <= PAGING; how++) {
        if (how == PGE && !has_pge())
            continue;
        check("%s.used.again.%s", format_name(f), flushes[how]);
        begin(f, has_pge() ? CR4_PGE : 0);
        map(TEST, FRAME_AT(0), P | W);
        for (u32 i = 0; i < 6; i++) {
            set_entry(1, TEST, FRAME_AT(0) | P | W);
            set_entry(2, TEST, entry(2, TEST) & ~(u64)A);
            flush(how, TEST);
            tag("round %u", i);
            same("clear", P | W, (u32)entry(1, TEST) & (A | D | P | W));
            (void)read_at(TEST);
            same("read", P | W | A, (u32)entry(1, TEST) & (A | D | P | W));
            same("directory", A, (u32)entry(2, TEST) & A);
            *(volatile u32 *)TEST = 0;
            same("written", P | W | A | D, (u32)entry(1, TEST) & (A | D | P | W));
            /* Dirty, then clean again: the next write has to say so. */
            set_entry(1, TEST, FRAME_AT(0) | P | W | A);
            flush(how, TEST);
            (void)read_at(TEST);
            same("read again", P | W | A, (u32)entry(1, TEST) & (A | D | P | W));
            *(volatile u32 *)TEST = 0;
            same("written again", P | W | A | D, (u32)entry(1, TEST) & (A | D | P | W));
        }
        paging_off();
    }
}

/* Two address spaces, switched between often; a global page is in both. */
static void spaces(void)
{
    static u32 other[1024] __attribute__((aligned(4096)));
    check("spaces");
    begin(TWO_LEVEL, has_pge() ? CR4_PGE : 0);
    u32 first = read_cr3();
    map(TEST, FRAME_AT(4), P | W);
    map(TEST + 0x400000, FRAME_AT(5), P | W);
    copy(other, (const void *)first, sizeof other);
    other[TEST >> 22] = (u32)entry(2, TEST + 0x400000);
    for (u32 i = 0; i < 20; i++) {
        write_cr3(i & 1 ? (u32)other : first);
        tag("switch %u", i);
        use(TEST, i & 1 ? 5 : 4, "read");
        *(volatile u32 *)(TEST + 8) = 100 + i;
        same("memory", 100 + i, *(u32 *)(FRAME_AT(4 + (i & 1)) + 8));
    }
    write_cr3(first);
    paging_off();
}

/* CR0.WP and the CR4 bits themselves take effect at once, with translations in use. */
static void controls(enum format f)
{
    check("%s.wp.toggled", format_name(f));
    begin(f, 0);
    map(TEST, FRAME_AT(0), P);
    struct state w = paged_state(0, write_page);
    w.ebx = TEST;
    for (u32 i = 0; i < 6; i++) {
        write_cr0(i & 1 ? read_cr0() & ~CR0_WP : read_cr0() | CR0_WP);
        tag("time %u", i);
        if (i & 1)
            finished(run(&w));
        else
            ended(run(&w), PF, E_P | E_W, seen_by(0, write_page), 0);
    }
    paging_off();
    if (!has_smep() || !has_smap())
        return;
    check("%s.smep.smap.toggled", format_name(f));
    begin(f, 0);
    map(TEST, FRAME_AT(7), P | W | U);
    struct state r = paged_state(0, read_page);
    struct state e = ring_state(0, (const void *)(TEST + 32));
    r.ebx = TEST;
    for (u32 i = 0; i < 8; i++) {
        write_cr4((read_cr4() & ~(CR4_SMEP | CR4_SMAP)) | (i & 1 ? CR4_SMEP : 0) | (i & 2 ? CR4_SMAP : 0));
        tag("time %u", i);
        if (i & 2)
            ended(run(&r), PF, E_P, seen_by(0, read_page), 0);
        else
            finished(run(&r));
        if (i & 1)
            ended(run(&e), PF, E_P | E_ID, (const char *)(TEST + 32), 0);
        else
            ended(run(&e), BP, 0, (const char *)(TEST + 33), 0);
    }
    paging_off();
    /* EFLAGS.AC lifts SMAP, by whatever it is changed. */
    check("%s.smap.stac", format_name(f));
    begin(f, CR4_SMAP);
    map(TEST, FRAME_AT(7), P | W | U);
    static const struct {
        u8 bytes[16];
        u32 length, faults_at;
    } codes[] = {
        {{0x0f, 0x01, 0xcb, 0x8b, 0x03, 0xcc}, 6, 0},                         /* stac; mov (%ebx), %eax; int3 */
        {{0x0f, 0x01, 0xcb, 0x8b, 0x03, 0x0f, 0x01, 0xca, 0x8b, 0x03, 0xcc}, 11, 8}, /* ...; clac; mov (%ebx), %eax */
        {{0x9c, 0x81, 0x0c, 0x24, 0, 0, 4, 0, 0x9d, 0x8b, 0x03, 0xcc}, 12, 0},        /* pushf; orl $AC, (%esp); popf; mov */
    };
    static u8 code[PAGE] __attribute__((aligned(4096)));
    for (u32 i = 0; i < 3; i++) {
        copy(code, codes[i].bytes, codes[i].length);
        struct state s = ring_state(0, code);
        s.ebx = TEST;
        for (u32 k = 0; k < 3; k++) {
            tag("code %u", i);
            if (codes[i].faults_at)
                ended(run(&s), PF, E_P, (const char *)code, codes[i].faults_at);
            else
                ended(run(&s), BP, 0, (const char *)code, codes[i].length);
        }
    }
    paging_off();
}

void checks_translations(void)
{
    for (u32 f = TWO_LEVEL; f <= (has_pae() ? PAE : TWO_LEVEL); f++) {
        remapped(f);
        tables_replaced(f);
        large_pages(f);
        rights(f);
        no_flush(f);
        used_again(f);
        controls(f);
    }
    spaces();
}
