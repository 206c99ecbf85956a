package org.gearshift.backend.jvm;

import org.objectweb.asm.Label;

/** Bytecode that finds an access's place in RAM: one implementation for each width of addresses. */
interface PageLookup {
    /**
     * Takes the address from the stack and finds it in a page map; jumps to {@code slow}, with nothing on the stack, if it is not present there or the
     * access leaves the page.
     */
    void find(int bits, boolean write, Label slow);

    /** The same for a constant address, in a page to the end of which whatever is accessed lies. */
    void findConstant(long va, boolean write, Label slow);

    /** Pushes the index in RAM that was found, of {@link RamAccess#indexType}. */
    void offset(RamAccess ram);

    /**
     * Pushes the index in RAM that {@link #find} found, in the form that the access to RAM wants.
     *
     * @param keep local that gets the index, of {@link RamAccess#indexType}, or {@link MemoryAccess#NO_INDEX}
     */
    void index(RamAccess ram, int keep);

    /** Pushes the address. */
    void address();
}
