/* The sample kernel: paging, traps, processes, benchmarks, power-off. */
#include "kernel.h"

void kernel_main(u32 magic, u32 info)
{
    console_init(info);
    print("Gearshift sample kernel (" MACHINE_NAME ")\n");
    if (magic != BOOT_MAGIC)
        print("not started by " BOOT_PROTOCOL "\n");
    rounds_from(command_line(info));
    memory_init();
    traps_init();
    benchmarks_warm_up();
    processes_run();
    benchmarks_run();
    power_off();
}
