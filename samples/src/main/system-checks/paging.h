/* Page tables of both formats for the checks. */
#ifndef PAGING_H
#define PAGING_H

#include "machine.h"

/* Bits of entries: SDM vol. 3A section 4.3 and 4.4. */
#define P 1u
#define W 2u
#define U 4u
#define PWT 8u
#define PCD 0x10u
#define A 0x20u
#define D 0x40u
#define PS 0x80u
#define G 0x100u
#define XD (1ull << 63)

/* Error codes of page faults. */
#define E_P 1
#define E_W 2
#define E_U 4
#define E_RSVD 8
#define E_ID 16

/* Linear addresses nothing else is mapped at: 8 MiB for tests. */
#define TEST 0x40000000u
/* All of memory once more for rings below 3: its pages are not user pages. */
#define ALIAS 0x80000000u

enum format { TWO_LEVEL, PAE };

/*
 * Fresh tables, not in use yet: memory one to one, where only pages that rings above 2 need are user pages, and the same at ALIAS without user
 * pages; 4 KiB pages for the image, large ones for the rest if large.
 */
void tables_build(enum format f, int large);
/* Turns paging on with them, and CR0 and CR4 bits besides; off: paging_off. */
void paging_on(u32 cr0, u32 cr4);
void paging_off(void);
/* Entries of the tables: level 2 is the directory. A page table is made where there is none. */
u64 entry(u32 level, u32 va);
void set_entry(u32 level, u32 va, u64 value);
/* Where it is. */
u32 entry_address(u32 level, u32 va);
/* Maps a page. */
void map(u32 va, u32 physical, u64 bits);
/* Processor features. */
int has_pae(void);
int has_nx(void);
int has_smep(void);
int has_smap(void);
int has_umip(void);
int has_pge(void);
/* MAXPHYADDR. */
u32 physical_bits(void);
/* A probe of a ring with paging on: rings below 3 run and have their stack at ALIAS or in supervisor pages. */
struct state paged_state(u32 ring, const char *code);
/* Address of a snippet as that ring sees it. */
const char *seen_by(u32 ring, const char *code);

#endif
