package org.gearshift.vmm.boot;

/**
 * Where and how the boot processor starts: interrupts off, all segments base 0 and limit 4 GiB, in 32-bit protected mode with paging off, or in 64-bit
 * mode with memory below 4 GiB mapped to itself.
 *
 * @param eip entry point, physical, below 4 GiB
 * @param eax EAX at entry
 * @param ebx EBX at entry
 * @param esi ESI at entry
 * @param esp ESP at entry
 * @param gdt physical address of a GDT the loader has written with {@code code} and {@code data} in it
 * @param gdtLimit its limit in bytes
 * @param code selector for CS
 * @param data selector for the data segments
 * @param pageTables physical address of the page-map level 4 to start in 64-bit mode with; 0 to start in 32-bit mode
 * @param protocol what the image was recognized as, for the log
 */
public record BootState(int eip, int eax, int ebx, int esi, int esp, int gdt, int gdtLimit, int code, int data, int pageTables, String protocol) {
    /** A start in 32-bit mode, with the segments of {@link FlatGdt}. */
    static BootState flat32(int eip, int eax, int ebx, int esi, int esp, String protocol) {
        return new BootState(eip, eax, ebx, esi, esp, FlatGdt.ADDRESS, FlatGdt.LIMIT, FlatGdt.CODE, FlatGdt.DATA, 0, protocol);
    }

    /** A start in 64-bit mode, with the segments of {@link FlatGdt} and the tables of {@link IdentityMap}. */
    static BootState flat64(int rip, int esi, int esp, String protocol) {
        return new BootState(rip, 0, 0, esi, esp, FlatGdt.ADDRESS, FlatGdt.LIMIT, FlatGdt.CODE, FlatGdt.DATA, IdentityMap.ADDRESS, protocol);
    }
}
