package org.gearshift.tools.symbols;

/**
 * A name of an address.
 *
 * @param address virtual, as linked; 32-bit ones zero-extended
 * @param size bytes, 0 if not known
 * @param name as the linker knows it
 */
public record Symbol(long address, long size, String name, Kind kind) {
    /** What is there. */
    public enum Kind { FUNCTION, OBJECT, OTHER }

    /** Whether code may be looked for there: where the source of the symbol doesn't tell, yes. */
    public boolean mayBeCode() {
        return kind != Kind.OBJECT;
    }
}
