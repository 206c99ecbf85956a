/*
 * Address spaces as four-level tables under direct paging: while a table is in use it is mapped read-only, and the hypervisor changes it on request. A space's tables become so
 * when it is first loaded; until then, and after it has been unpinned, they are memory like any. All pages of a space's own lie in one gigabyte, so that a directory is
 * named by its table of level 2; roots for kernel and user mode, which has none of the kernel's pages, lead there.
 */
#include "../kernel.h"

#define TABLE (PRESENT | WRITABLE | USER)
#define SPACES 16
#define PIN_L4 3u
#define UNPIN 4u
#define NEW_BASEPTR 5u
#define NEW_USER_BASEPTR 15u
#define QUEUE 64

volatile struct shared_info shared;
u64 *frame_list;
u32 kernel_directory;

struct space { u32 directory, kernel_root, kernel_level3, user_root, user_level3; int in_use; };
static struct space spaces[SPACES];
/* The kernel's own tables: level 2, and whether a page is a table in use. */
static entry_t *kernel_level2;
static u8 is_table[KERNEL_MAPPED / PAGE];

static struct { u64 address, value; } queue[QUEUE];
static u32 queued;

static void flush(void)
{
    if (queued && hypercall(MMU_UPDATE, (u64)queue, queued, 0, DOMID_SELF)) {
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
    u32 address = (u32)(u64)e;
    if (address < KERNEL_MAPPED && is_table[address >> 12]) {
        update(address, value);
        flush();
    } else {
        *(volatile entry_t *)e = value;
    }
}

static entry_t *kernel_entry(u32 address)
{
    return (entry_t *)(u64)entry_page(kernel_level2[address >> 21]) + (address >> 12 & 511);
}

/* Queues what makes a page a table that may be used, or memory again. */
static void protect(u32 page, int table)
{
    update((u32)(u64)kernel_entry(page), entry(page, table ? PRESENT : PRESENT | WRITABLE));
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
    entry_t *d = (entry_t *)(u64)directory + (address >> 21 & 511);
    if (!(*d & PRESENT)) {
        if (!create)
            return 0;
        u32 table = page_alloc();
        if (find(directory)->in_use)
            protect(table, 1); /* one request with that of the entry */
        if (is_table[directory >> 12]) {
            update((u32)(u64)d, entry(table, TABLE));
            flush();
        } else {
            *d = entry(table, TABLE);
        }
    }
    return (entry_t *)(u64)entry_page(*d) + (address >> 12 & 511);
}

u32 space_create(void)
{
    struct space *s = find(0);
    s->directory = page_alloc();
    s->kernel_root = page_alloc();
    s->kernel_level3 = page_alloc();
    s->user_root = page_alloc();
    s->user_level3 = page_alloc();
    ((entry_t *)(u64)s->kernel_root)[0] = entry(s->kernel_level3, TABLE);
    ((entry_t *)(u64)s->kernel_level3)[0] = entry((u32)(u64)kernel_level2, TABLE);
    ((entry_t *)(u64)s->kernel_level3)[1] = entry(s->directory, TABLE);
    ((entry_t *)(u64)s->user_root)[0] = entry(s->user_level3, TABLE);
    ((entry_t *)(u64)s->user_level3)[1] = entry(s->directory, TABLE);
    return s->directory;
}

static void protect_all(struct space *s, int tables)
{
    entry_t *d = (entry_t *)(u64)s->directory;
    for (u32 i = 0; i < 512; i++)
        if (d[i] & PRESENT)
            protect(entry_page(d[i]), tables);
    protect(s->directory, tables);
    protect(s->kernel_level3, tables);
    protect(s->kernel_root, tables);
    protect(s->user_level3, tables);
    protect(s->user_root, tables);
    flush();
}

struct extended { u32 command, pad; u64 frame, second; };

static void extended(u32 first, u32 second, u64 a, u64 b)
{
    struct extended operations[2] = { { first, 0, a, 0 }, { second, 0, b, 0 } };
    if (hypercall(MMUEXT_OP, (u64)operations, 2, 0, DOMID_SELF)) {
        print("page-table operation refused\n");
        halt_forever();
    }
}

void load_address_space(u32 directory)
{
    struct space *s = find(directory);
    if (!s->in_use) {
        protect_all(s, 1);
        extended(PIN_L4, PIN_L4, frame_list[s->kernel_root >> 12], frame_list[s->user_root >> 12]);
        s->in_use = 1;
    }
    extended(NEW_BASEPTR, NEW_USER_BASEPTR, frame_list[s->kernel_root >> 12], s->user_root ? frame_list[s->user_root >> 12] : 0);
}

void space_release(u32 directory)
{
    struct space *s = find(directory);
    if (s->in_use) {
        extended(UNPIN, UNPIN, frame_list[s->kernel_root >> 12], frame_list[s->user_root >> 12]);
        protect_all(s, 0);
    }
    entry_t *d = (entry_t *)(u64)directory;
    for (u32 i = 0; i < 512; i++)
        if (d[i] & PRESENT)
            page_free(entry_page(d[i]));
    page_free(s->kernel_root);
    page_free(s->kernel_level3);
    page_free(s->user_root);
    page_free(s->user_level3);
    page_free(directory);
    *s = (struct space){ 0 };
}

/* The builder has mapped the start of memory, one to one: maps the rest of what the kernel uses. */
void memory_init(void)
{
    frame_list = (u64 *)start_info->frames;
    u32 root = (u32)start_info->tables;
    entry_t *level3 = (entry_t *)(u64)entry_page(*(entry_t *)(u64)root);
    kernel_level2 = (entry_t *)(u64)entry_page(level3[0]);
    for (u32 i = 0; i < start_info->table_count; i++)
        is_table[(root >> 12) + i] = 1;
    /* Behind the tables there is the stack, which is not used any more, and then pages to spare. */
    u32 spare = root + (u32)start_info->table_count * PAGE;
    for (u32 a = 0; a < KERNEL_MAPPED; a += 0x200000u) {
        if (kernel_level2[a >> 21] & PRESENT)
            continue;
        entry_t *table = (entry_t *)(u64)spare;
        for (u32 i = 0; i < 512; i++)
            table[i] = entry(a + i * PAGE, PRESENT | WRITABLE);
        protect(spare, 1);
        update((u32)(u64)&kernel_level2[a >> 21], entry(spare, TABLE));
        flush();
        spare += PAGE;
    }
    hypercall(UPDATE_VA_MAPPING, (u64)&shared, start_info->shared_info | PRESENT | WRITABLE, 2, 0);
    interrupts_off();
    spaces[0] = (struct space){ .directory = page_alloc(), .kernel_root = root, .in_use = 1 };
    kernel_directory = spaces[0].directory;
}
