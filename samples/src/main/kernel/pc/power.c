/* Power-off the way a PC's firmware describes it: RSDP, RSDT, FADT, and the \_S5_ package in the DSDT (ACPI 6.4, 5.2 and 7.4.2.6). */
#include "../kernel.h"

static int same(const void *p, const char *s, u32 n)
{
    for (u32 i = 0; i < n; i++)
        if (((const char *)p)[i] != s[i])
            return 0;
    return 1;
}

static u32 word(u32 at)
{
    return *(volatile u32 *)at;
}

/* Firmware tables may lie outside what the kernel maps: maps the 4 MiB around an address one to one. */
static void reach(u32 address)
{
    for (u32 a = address & ~0x3fffffu, n = 0; n < 1024; n++, a += PAGE) {
        entry_t *e = page_entry(kernel_directory, a, 1);
        if (!(*e & PRESENT))
            set_page_entry(e, a | PRESENT | WRITABLE);
    }
}

static u32 sleep_type(u32 dsdt)
{
    u32 end = dsdt + word(dsdt + 4);
    for (u32 a = dsdt + 36; a + 12 < end; a++) {
        const u8 *p = (const u8 *)a;
        if (!same(p, "_S5_", 4) || p[4] != 0x12)
            continue;
        p += 5;
        p += (*p >> 6) + 1; /* package length */
        p++;                /* number of elements */
        return *p == 0x0a ? p[1] : *p;
    }
    return 0;
}

void power_off(void)
{
    for (u32 a = 0xe0000; a < 0x100000; a += 16) {
        if (!same((void *)a, "RSD PTR ", 8))
            continue;
        u32 rsdt = word(a + 16);
        reach(rsdt);
        for (u32 i = 36; i < word(rsdt + 4); i += 4) {
            u32 table = word(rsdt + i);
            reach(table);
            if (!same((void *)table, "FACP", 4))
                continue;
            u32 dsdt = word(table + 40);
            reach(dsdt);
            print("power off\n");
            out16((u16)word(table + 64), (u16)(sleep_type(dsdt) << 10 | 1u << 13));
        }
    }
    print("no way to power off\n");
    halt_forever();
}
