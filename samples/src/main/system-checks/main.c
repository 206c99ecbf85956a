/* Which checks run: all groups that run to their end, or what the command line names. */
#include "machine.h"
#include "options.h"

#define GROUPS \
    G(segments) G(limits) G(transfers) G(interrupts) G(paging) G(translations) G(restarts) G(faults) G(v86) G(tasks) G(debug) G(unshared) G(events) G(privilege) G(alignment) G(rules) G(modified)

#define G(name) void checks_##name(void);
GROUPS
#undef G

static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
#define G(name) {#name, checks_##name},
GROUPS
#undef G
};

/* A group of its own: what QEMU does not survive. */
void based_breakpoints(void);
void paging_without_protection(void);
void reserved_bits_of_cr4(void);
void undefined_to_all_but_qemu(void);
void checks_unshared(void)
{
    based_breakpoints();
    paging_without_protection();
    reserved_bits_of_cr4();
    undefined_to_all_but_qemu();
}

struct multiboot {
    u32 flags, lower, upper, boot_device;
    u32 command_line;
};

void checks_main(u32 magic, const struct multiboot *info)
{
    machine_reset();
    if (magic != 0x2badb002)
        fatal("not started by multiboot");
    command_line = info->flags & 4 ? (const char *)(word)info->command_line : 0;
    const char *triple = option("triple");
    if (triple)
        triple_fault(number(triple, 0));
    spoil = number(option("spoil"), 0);
    const char *only = option("groups");
    u32 passes = number(option("passes"), 1);
    u32 failed = 0;
    for (u32 pass = 1; pass <= passes; pass++) {
        quiet = pass < passes;
        for (u32 i = 0; i < sizeof groups / sizeof groups[0]; i++) {
            if (only && !listed(only, groups[i].name))
                continue;
            machine_reset();
            group(groups[i].name);
            groups[i].run();
        }
        failed += totals();
    }
    out8(0xf4, failed ? 1 : 0);
}
