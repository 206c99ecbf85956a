package org.gearshift.vmm.cpu;

/** Hears of stores that changed bytes translations were made from. */
@FunctionalInterface
public interface CodeWriteListener {
    /**
     * Called right after the store, before the storing instruction ends.
     *
     * @param physical physical address of the first byte
     * @param bytes number of bytes, 1..4096, within one page
     */
    void codeWritten(long physical, int bytes);
}
