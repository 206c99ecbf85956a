/* Page allocator, and what can be said of address spaces whatever their tables look like. */
#include "kernel.h"

#define POOL_START 0x800000u
#define POOL_END KERNEL_MAPPED

u32 pages_in_use;
static u32 free_list;
static u32 pool_next = POOL_START;

u32 page_alloc(void)
{
    u32 p = free_list;
    if (p)
        free_list = *(u32 *)p;
    else if (pool_next < POOL_END) {
        p = pool_next;
        pool_next += PAGE;
    } else {
        print("out of memory\n");
        halt_forever();
    }
    zero((void *)p, PAGE);
    pages_in_use++;
    return p;
}

void page_free(u32 p)
{
    *(u32 *)p = free_list;
    free_list = p;
    pages_in_use--;
}

/* Where user pages may be: what a copy or the end of a space has to look at. */
#define USER_END 0x60000000u

static void each_page(u32 directory, void (*what)(u32 address, entry_t *e, u32 argument), u32 argument)
{
    for (u32 table = USER_BASE; table < USER_END; table += 0x200000u) {
        entry_t *e = page_entry(directory, table, 0);
        if (!e)
            continue;
        for (u32 i = 0; i < 512; i++)
            if (e[i] & PRESENT)
                what(table + i * PAGE, e + i, argument);
    }
}

static void give_back(u32 address, entry_t *e, u32 argument)
{
    (void)address;
    (void)argument;
    page_free(entry_page(*e));
}

void space_destroy(u32 directory)
{
    each_page(directory, give_back, 0);
    space_release(directory);
}

static void copy_page(u32 address, entry_t *e, u32 to)
{
    u32 p = page_alloc();
    copy((void *)p, (void *)entry_page(*e), PAGE);
    set_page_entry(page_entry(to, address, 1), entry(p, *e & (PRESENT | WRITABLE | USER)));
}

/* A second space with its own copy of every user page, as fork without copy-on-write makes it. */
u32 space_copy(u32 directory)
{
    u32 copy_directory = space_create();
    each_page(directory, copy_page, copy_directory);
    return copy_directory;
}
