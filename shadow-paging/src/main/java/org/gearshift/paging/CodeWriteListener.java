package org.gearshift.paging;

/** Told when bytes that overlap translated code have changed, by a store of a guest, a device's DMA or a page walk's accessed bit. */
@FunctionalInterface
public interface CodeWriteListener {
    /** RAM bytes {@code physical .. physical + bytes - 1}, all in one frame, have just been written. */
    void codeWritten(long physical, int bytes);
}
