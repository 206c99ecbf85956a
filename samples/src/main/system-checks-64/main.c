/* Which checks run: all groups, or what the command line names. */
#include "machine.h"
#include "../system-checks/options.h"

#define GROUPS G(interrupts64) G(returns64) G(transfers64) G(segments64) G(canonical64) G(calls64) G(paging64) G(compatible64) G(registers64) G(debug64) G(events64) G(modified64) G(contexts64) \
    G(unshared64)

#define G(name) void checks_##name(void);
GROUPS
#undef G

/* A group of its own: what QEMU does not survive. */
void null_task(void);
void bases_of_tables(void);
void leaving_from_64_bit_code(void);
void reserved_bits_of_registers(void);
void checks_unshared64(void)
{
    null_task();
    bases_of_tables();
    leaving_from_64_bit_code();
    reserved_bits_of_registers();
}

static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
#define G(name) {#name, checks_##name},
GROUPS
#undef G
};

struct multiboot {
    u32 flags, lower, upper, boot_device, command_line;
};

void checks_main(u32 magic, const struct multiboot *info)
{
    machine_reset();
    if (magic != 0x2badb002)
        fatal("not started by multiboot");
    command_line = info->flags & 4 ? (const char *)(word)info->command_line : 0;
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
