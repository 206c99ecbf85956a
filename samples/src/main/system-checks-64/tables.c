/* Page tables for tests. */
#include "paging.h"

extern u64 test_pml4e, page_maps[512];
static u64 pointers[512] __attribute__((aligned(4096))), directory[512] __attribute__((aligned(4096))), table[512] __attribute__((aligned(4096)));
static u64 top_tables[3][512] __attribute__((aligned(4096)));

u64 *test_entry(u32 level)
{
    return level == 4 ? &test_pml4e : level == 3 ? &pointers[5] : level == 2 ? &directory[PHYSICAL >> 21] : &table[PHYSICAL >> 12 & 511];
}

void map_test(u32 leaf)
{
    test_pml4e = (u64)pointers | P | W | U;
    *test_entry(3) = (leaf == 3 ? PS : (u64)directory) | P | W | U;
    *test_entry(2) = (leaf == 2 ? PHYSICAL | PS : (u64)table) | P | W | U;
    *test_entry(1) = PHYSICAL | P | W | U;
    write_cr3(read_cr3());
}

void map_top(u64 memory, u64 bits)
{
    page_maps[255] = (u64)top_tables[0] | P | W | U;
    top_tables[0][511] = (u64)top_tables[1] | P | W | U;
    top_tables[1][511] = (u64)top_tables[2] | P | W | U;
    top_tables[2][511] = memory | bits;
    invlpg(TOP);
}

u32 physical_bits(void)
{
    u32 r[4];
    cpuid(0x80000008, r);
    return r[0] & 0xff;
}
