package org.gearshift.translator.x86.lift;

/** Guest code bytes, as the processor fetches them. */
@FunctionalInterface
public interface CodeSource {
    /**
     * One code byte.
     *
     * @param linear linear address, zero-extended to 64 bits outside 64-bit mode
     * @return the byte, 0..255
     * @throws org.gearshift.ir.GuestFault if fetching it faults
     */
    int fetch(long linear);
}
