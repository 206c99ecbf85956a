/* The sample kernel: paging, traps, processes, benchmarks, power-off. */
#include "kernel.h"

void kernel_main(u32 magic, u32 info)
{
    (void)info;
    console_init();
    print("Gearshift sample kernel (" MACHINE_NAME ")\n");
    if (magic != 0x2badb002u)
        print("not started by multiboot\n");
    memory_init();
    traps_init();
    processes_run();
    benchmarks_run();
    power_off();
}
