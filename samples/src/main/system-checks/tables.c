/* Page tables of both formats. */
#include "paging.h"

#define LARGE_MEMORY 0x2000000u

static u32 directory[1024] __attribute__((aligned(4096)));
static u64 pointers[4] __attribute__((aligned(32)));
static u64 directories[4][512] __attribute__((aligned(4096)));
/* Page tables, handed out in order. */
static u8 pool[24][PAGE] __attribute__((aligned(4096)));
static u32 used;
static enum format current;

extern const char snippets_start[], snippets_end[];

static u32 features(u32 leaf, u32 reg)
{
    u32 r[4];
    cpuid(leaf & 0x80000000, r);
    if (leaf > r[0])
        return 0;
    cpuid(leaf, r);
    return r[reg];
}

int has_pae(void) { return features(1, 3) >> 6 & 1; }
int has_pge(void) { return features(1, 3) >> 13 & 1; }
int has_nx(void) { return features(0x80000001, 3) >> 20 & 1; }
int has_smep(void) { return features(7, 1) >> 7 & 1; }
int has_smap(void) { return features(7, 1) >> 20 & 1; }
int has_umip(void) { return features(7, 2) >> 2 & 1; }

u32 physical_bits(void)
{
    u32 bits = features(0x80000008, 0) & 0xff;
    return bits ? bits : 36;
}

static u32 new_table(void)
{
    if (used == sizeof pool / sizeof pool[0])
        fatal("out of page tables");
    return (u32)fill(pool[used++], 0, PAGE);
}

u32 entry_address(u32 level, u32 va)
{
    u32 table;
    if (current == TWO_LEVEL) {
        if (level == 2)
            return (u32)&directory[va >> 22];
        table = directory[va >> 22];
        return (table & ~0xfffu) + (va >> 12 & 1023) * 4;
    }
    if (level == 2)
        return (u32)&directories[va >> 30][va >> 21 & 511];
    table = (u32)directories[va >> 30][va >> 21 & 511];
    return (table & ~0xfffu) + (va >> 12 & 511) * 8;
}

u64 entry(u32 level, u32 va)
{
    u32 at = entry_address(level, va);
    return current == PAE ? *(volatile u64 *)at : *(volatile u32 *)at;
}

void set_entry(u32 level, u32 va, u64 value)
{
    u32 at = entry_address(level, va);
    ((volatile u32 *)at)[0] = (u32)value;
    if (current == PAE)
        ((volatile u32 *)at)[1] = (u32)(value >> 32);
}

void map(u32 va, u32 physical, u64 bits)
{
    if (!(entry(2, va) & P))
        set_entry(2, va, new_table() | P | W | U);
    set_entry(1, va, physical | bits);
}

static int is_user_page(u32 physical)
{
    return (physical >= (u32)snippets_start && physical < (u32)snippets_end)
        || (physical >= (u32)probe_stack[3] && physical < STACK_TOP(probe_stack[3]));
}

void tables_build(enum format f, int large)
{
    u32 large_bytes = f == PAE ? 0x200000 : 0x400000;
    current = f;
    used = 0;
    fill(directory, 0, sizeof directory);
    fill(directories, 0, sizeof directories);
    for (u32 i = 0; i < 4; i++)
        pointers[i] = (u32)directories[i] | P;
    for (u32 at = 0; at < LARGE_MEMORY; at += large_bytes) {
        int split = !large || at < 0x400000;
        if (split) {
            for (u32 a = at; a < at + large_bytes; a += PAGE)
                map(a, a, P | W | (is_user_page(a) ? U : 0));
            set_entry(2, ALIAS + at, entry(2, at) & ~(u64)U);
        } else {
            set_entry(2, at, at | P | W | PS);
            set_entry(2, ALIAS + at, at | P | W | PS);
        }
    }
}

void paging_on(u32 cr0, u32 cr4)
{
    write_cr4(cr4 | (current == PAE ? CR4_PAE : 0));
    write_cr3(current == PAE ? (u32)pointers : (u32)directory);
    tss_double.cr3 = read_cr3();
    write_cr0(CR0_PE | CR0_ET | CR0_PG | cr0);
}

void paging_off(void)
{
    write_cr0(CR0_PE | CR0_ET);
    write_cr4(0);
    if (has_nx())
        wrmsr(EFER, 0);
}

const char *seen_by(u32 ring, const char *code)
{
    return ring == 3 ? code : code + ALIAS;
}

struct state paged_state(u32 ring, const char *code)
{
    return ring_state(ring, seen_by(ring, code));
}
