package org.gearshift.vmm.boot;

/**
 * Where and how the boot processor starts: 32-bit flat protected mode, paging off, interrupts off, all segments base 0 and limit 4 GiB.
 *
 * @param eip entry point, physical
 * @param eax EAX at entry
 * @param ebx EBX at entry
 * @param esi ESI at entry
 * @param esp ESP at entry
 * @param gdt physical address of a GDT the loader has written with {@code code} and {@code data} in it
 * @param gdtLimit its limit in bytes
 * @param code selector for CS
 * @param data selector for the data segments
 * @param protocol what the image was recognized as, for the log
 */
public record BootState(int eip, int eax, int ebx, int esi, int esp, int gdt, int gdtLimit, int code, int data, String protocol) {
}
