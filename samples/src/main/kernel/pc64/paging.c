/* Address spaces as four-level page tables. A directory is named by the page of its root. The first gigabyte's table of level 2 is all spaces'. */
#include "../kernel.h"

#define TABLE (PRESENT | WRITABLE | USER)
#define GIGABYTES 4 /* below 4 GiB */

u32 kernel_directory;

static entry_t *table(entry_t e)
{
    return (entry_t *)entry_page(e);
}

/* The table of level 3, which leads to a gigabyte by each entry. */
static entry_t *level3(u32 directory)
{
    return table(*(entry_t *)directory);
}

entry_t *page_entry(u32 directory, u32 address, int create)
{
    entry_t *t = (entry_t *)directory;
    for (u32 shift = 39; shift > 12; shift -= 9) {
        entry_t *e = t + ((u64)address >> shift & 511);
        if (!(*e & PRESENT)) {
            if (!create)
                return 0;
            set_page_entry(e, page_alloc() | TABLE);
        }
        t = table(*e);
    }
    return t + (address >> 12 & 511);
}

u32 space_create(void)
{
    u32 root = page_alloc();
    set_page_entry((entry_t *)root, page_alloc() | TABLE);
    set_page_entry(level3(root), *level3(kernel_directory));
    return root;
}

void space_release(u32 directory)
{
    entry_t *top = level3(directory);
    for (u32 g = 1; g < GIGABYTES; g++) {
        if (!(top[g] & PRESENT))
            continue;
        for (u32 i = 0; i < 512; i++)
            if (table(top[g])[i] & PRESENT)
                page_free(entry_page(table(top[g])[i]));
        page_free(entry_page(top[g]));
    }
    page_free((u32)top);
    page_free(directory);
}

void memory_init(void)
{
    kernel_directory = page_alloc();
    for (u32 a = 0; a < KERNEL_MAPPED; a += PAGE)
        *page_entry(kernel_directory, a, 1) = entry(a, PRESENT | WRITABLE);
    load_address_space(kernel_directory);
}
