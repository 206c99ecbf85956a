/* Page allocator and address spaces: two-level tables, the kernel mapped one to one in every space. */
#include "kernel.h"

#define POOL_START 0x800000u
#define POOL_END KERNEL_MAPPED

u32 kernel_directory;
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

u32 *page_entry(u32 directory, u32 address, int create)
{
    u32 *d = (u32 *)directory + (address >> 22);
    if (!(*d & PRESENT)) {
        if (!create)
            return 0;
        set_page_entry(d, page_alloc() | PRESENT | WRITABLE | USER);
    }
    return (u32 *)(*d & ~(PAGE - 1)) + (address >> 12 & 1023);
}

u32 space_create(void)
{
    u32 d = page_alloc();
    for (u32 i = 0; i < KERNEL_MAPPED >> 22; i++)
        set_page_entry((u32 *)d + i, ((u32 *)kernel_directory)[i]);
    return d;
}

void space_destroy(u32 directory)
{
    u32 *d = (u32 *)directory;
    for (u32 i = KERNEL_MAPPED >> 22; i < 1024; i++) {
        if (!(d[i] & PRESENT))
            continue;
        u32 *t = (u32 *)(d[i] & ~(PAGE - 1));
        for (u32 k = 0; k < 1024; k++)
            if (t[k] & PRESENT)
                page_free(t[k] & ~(PAGE - 1));
        page_free((u32)t);
    }
    page_free(directory);
}

/* A second space with its own copy of every user page, as fork without copy-on-write makes it. */
u32 space_copy(u32 directory)
{
    u32 copy_directory = space_create();
    u32 *d = (u32 *)directory;
    for (u32 i = KERNEL_MAPPED >> 22; i < 1024; i++) {
        if (!(d[i] & PRESENT))
            continue;
        u32 *t = (u32 *)(d[i] & ~(PAGE - 1));
        for (u32 k = 0; k < 1024; k++) {
            if (!(t[k] & PRESENT))
                continue;
            u32 p = page_alloc();
            copy((void *)p, (void *)(t[k] & ~(PAGE - 1)), PAGE);
            set_page_entry(page_entry(copy_directory, i << 22 | k << 12, 1), p | (t[k] & (PAGE - 1)));
        }
    }
    return copy_directory;
}

void memory_init(void)
{
    kernel_directory = page_alloc();
    for (u32 a = 0; a < KERNEL_MAPPED; a += PAGE) {
        u32 *d = (u32 *)kernel_directory + (a >> 22);
        if (!(*d & PRESENT))
            *d = page_alloc() | PRESENT | WRITABLE;
        ((u32 *)(*d & ~(PAGE - 1)))[a >> 12 & 1023] = a | PRESENT | WRITABLE;
    }
    enable_paging(kernel_directory);
}
