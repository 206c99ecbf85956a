/* Address spaces as two-level page tables. A directory is named by its page. */
#include "../kernel.h"

u32 kernel_directory;

entry_t *page_entry(u32 directory, u32 address, int create)
{
    u32 *d = (u32 *)directory + (address >> 22);
    if (!(*d & PRESENT)) {
        if (!create)
            return 0;
        set_page_entry(d, page_alloc() | PRESENT | WRITABLE | USER);
    }
    return (entry_t *)(*d & ~(PAGE - 1)) + (address >> 12 & 1023);
}

u32 space_create(void)
{
    u32 d = page_alloc();
    for (u32 i = 0; i < KERNEL_MAPPED >> 22; i++)
        set_page_entry((u32 *)d + i, ((u32 *)kernel_directory)[i]);
    return d;
}

void space_release(u32 directory)
{
    u32 *d = (u32 *)directory;
    for (u32 i = KERNEL_MAPPED >> 22; i < 1024; i++)
        if (d[i] & PRESENT)
            page_free(d[i] & ~(PAGE - 1));
    page_free(directory);
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
