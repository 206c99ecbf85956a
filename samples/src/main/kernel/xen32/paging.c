/*
 * Address spaces as three-level tables under direct paging, as in ../xen/paging.c, but with one root for kernel and user mode, which has no right to the kernel's pages. Each root has a table of level 2
 * for the last gigabyte, where the hypervisor is, of its own.
 */
#include "../kernel.h"

#define TABLE (PRESENT | WRITABLE | USER)
#define SPACES 16
#define PIN_L3 2u
#define UNPIN 4u
#define NEW_BASEPTR 5u
#define QUEUE 64

volatile struct shared_info shared;
u32 *frame_list;
u32 kernel_directory;

struct space { u32 directory, root, last; int in_use; };
static struct space spaces[SPACES];
/* The kernel's own tables: level 2, and whether a page is a table in use. */
static entry_t *kernel_level2;
static u8 is_table[KERNEL_MAPPED / PAGE];

static struct { u64 address, value; } queue[QUEUE];
static u32 queued;

static void flush(void)
{
    if (queued && hypercall(MMU_UPDATE, (u32)queue, queued, 0, DOMID_SELF)) {
        print("page-table update refused\n");
        halt_forever();
    }
    queued = 0;
}

static void update(u32 entry_address, entry_t value)
{
    if (queued == QUEUE)
        flush();
    queue[queued].address = machine_address(entry_address);
    queue[queued++].value = value;
}

void set_page_entry(entry_t *e, entry_t value)
{
    u32 address = (u32)e;
    if (address < KERNEL_MAPPED && is_table[address >> 12]) {
        update(address, value);
        flush();
    } else {
        *(volatile entry_t *)e = value;
    }
}

static entry_t *kernel_entry(u32 address)
{
    return (entry_t *)entry_page(kernel_level2[address >> 21]) + (address >> 12 & 511);
}

/* Queues what makes a page a table that may be used, or memory again. */
static void protect(u32 page, int table)
{
    update((u32)kernel_entry(page), entry(page, table ? PRESENT : PRESENT | WRITABLE));
    is_table[page >> 12] = (u8)table;
}

static struct space *find(u32 directory)
{
    for (u32 i = 0; i < SPACES; i++)
        if (spaces[i].directory == directory)
            return &spaces[i];
    print("no such address space\n");
    halt_forever();
    return 0;
}

entry_t *page_entry(u32 directory, u32 address, int create)
{
    if (address < USER_BASE)
        return kernel_entry(address);
    entry_t *d = (entry_t *)directory + (address >> 21 & 511);
    if (!(*d & PRESENT)) {
        if (!create)
            return 0;
        u32 table = page_alloc();
        if (find(directory)->in_use)
            protect(table, 1); /* one request with that of the entry */
        if (is_table[directory >> 12]) {
            update((u32)d, entry(table, TABLE));
            flush();
        } else {
            *d = entry(table, TABLE);
        }
    }
    return (entry_t *)entry_page(*d) + (address >> 12 & 511);
}

u32 space_create(void)
{
    struct space *s = find(0);
    s->directory = page_alloc();
    s->root = page_alloc();
    s->last = page_alloc();
    entry_t *root = (entry_t *)s->root;
    root[0] = entry((u32)kernel_level2, PRESENT);
    root[1] = entry(s->directory, PRESENT);
    root[3] = entry(s->last, PRESENT);
    return s->directory;
}

static void protect_all(struct space *s, int tables)
{
    entry_t *d = (entry_t *)s->directory;
    for (u32 i = 0; i < 512; i++)
        if (d[i] & PRESENT)
            protect(entry_page(d[i]), tables);
    protect(s->directory, tables);
    protect(s->last, tables);
    protect(s->root, tables);
    flush();
}

struct extended { u32 command, frame, second; };

static void extended(u32 command, u32 root)
{
    struct extended operation = { command, frame_list[root >> 12], 0 };
    if (hypercall(MMUEXT_OP, (u32)&operation, 1, 0, DOMID_SELF)) {
        print("page-table operation refused\n");
        halt_forever();
    }
}

void load_address_space(u32 directory)
{
    struct space *s = find(directory);
    if (!s->in_use) {
        protect_all(s, 1);
        extended(PIN_L3, s->root);
        s->in_use = 1;
    }
    extended(NEW_BASEPTR, s->root);
}

void space_release(u32 directory)
{
    struct space *s = find(directory);
    if (s->in_use) {
        extended(UNPIN, s->root);
        protect_all(s, 0);
    }
    entry_t *d = (entry_t *)directory;
    for (u32 i = 0; i < 512; i++)
        if (d[i] & PRESENT)
            page_free(entry_page(d[i]));
    page_free(s->root);
    page_free(s->last);
    page_free(directory);
    *s = (struct space){ 0 };
}

/* The builder has mapped the start of memory, one to one: maps the rest of what the kernel uses. */
void memory_init(void)
{
    frame_list = (u32 *)start_info->frames;
    u32 root = start_info->tables;
    kernel_level2 = (entry_t *)entry_page(*(entry_t *)root);
    for (u32 i = 0; i < start_info->table_count; i++)
        is_table[(root >> 12) + i] = 1;
    /* Behind the tables there is the stack, which is not used any more, and then pages to spare. */
    u32 spare = root + start_info->table_count * PAGE;
    for (u32 a = 0; a < KERNEL_MAPPED; a += 0x200000u) {
        if (kernel_level2[a >> 21] & PRESENT)
            continue;
        entry_t *table = (entry_t *)spare;
        for (u32 i = 0; i < 512; i++)
            table[i] = entry(a + i * PAGE, PRESENT | WRITABLE);
        protect(spare, 1);
        update((u32)&kernel_level2[a >> 21], entry(spare, TABLE));
        flush();
        spare += PAGE;
    }
    hypercall(UPDATE_VA_MAPPING, (u32)&shared, start_info->shared_info | PRESENT | WRITABLE, 0, 2);
    interrupts_off();
    spaces[0] = (struct space){ .directory = page_alloc(), .root = root, .in_use = 1 };
    kernel_directory = spaces[0].directory;
}
