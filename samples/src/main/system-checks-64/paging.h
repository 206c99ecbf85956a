/* Four levels of tables for one page under test: SDM vol. 3A section 4.5. */
#ifndef PAGING_H
#define PAGING_H

#include "machine.h"

#define P 1ull
#define W 2ull
#define U 4ull
#define A 0x20ull
#define D 0x40ull
#define PS 0x80ull
#define G 0x100ull
#define XD (1ull << 63)

/* Bits of page-fault error codes. */
#define E_P 1u
#define E_W 2u
#define E_U 4u
#define E_RSVD 8u
#define E_ID 16u

/* The memory behind the page, and its address: the same one for pages of 4 KiB, 2 MiB and 1 GiB. */
#define PHYSICAL 0x1800000ull
#define TEST ((u64)TEST_PML4 << 39 | 5ull << 30 | PHYSICAL)
/* Another page: the last one of the lower half. */
#define TOP (LOWER_END & ~0xfffull)

/* Its entry at a level: 4 is the page-map level 4, 1 the page table. */
u64 *test_entry(u32 level);
/* Builds the tables, with all rights, down to a page at level 1 (4 KiB), 2 (2 MiB) or 3 (1 GiB). */
void map_test(u32 leaf);
/* Maps the page at TOP to memory, with these bits. */
void map_top(u64 memory, u64 bits);
u32 physical_bits(void);

#endif
