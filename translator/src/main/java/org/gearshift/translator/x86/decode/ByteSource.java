package org.gearshift.translator.x86.decode;

/** Where a {@link Decoder} takes instruction bytes from, in order. */
@FunctionalInterface
public interface ByteSource {
    /**
     * The next byte, 0..255. Called once for each byte of the instruction and never for one behind it, so that an implementation may
     * fetch from guest memory and throw the fault of the fetch.
     */
    int next();
}
