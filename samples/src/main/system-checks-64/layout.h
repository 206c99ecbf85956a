/* Numbers that C and assembly share. */
#ifndef LAYOUT_H
#define LAYOUT_H

/* The same 32 MiB of memory: for ring 3, and for ring 0 at the top of the address space. It is at 0 as well, for ring 0. */
#define USER 0x40000000
#define HIGH 0xffffffff80000000
/* The entry of the page-map level 4 that is for tests, and where that is. */
#define TEST_PML4 0x80

#define CODE0 0x08
/* What a landing place executes: INT n. */
#define LANDED 0x30

#define EFER 0xc0000080
#define EFER_SCE 1
#define EFER_LME 0x100
#define EFER_LMA 0x400
#define EFER_NXE 0x800
#define CR0_PG 0x80000000
#define CR4_PAE 0x20

#endif
