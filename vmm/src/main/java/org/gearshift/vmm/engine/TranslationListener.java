package org.gearshift.vmm.engine;

/** Who is told of translations, as they come and go. On the vCPU's thread. */
public interface TranslationListener {
    /** A block was lifted. @param linear address of its first byte @param bytes of code */
    void translated(long linear, int insns, int bytes);

    /** A region was compiled. @param linear address of the first block of it that got hot */
    void compiled(long linear, int blocks, int insns, int bytecodeSize);

    /** A block was thrown away, since its code was written, or a region it is part of no longer fits. */
    void invalidated(long linear, long physical, int bytes);
}
