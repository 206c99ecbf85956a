package org.gearshift.tools.conformance;

/** Bytes a trial finds in the scratch pages at {@code Layout.SCRATCH + offset}; they lie within the pages. */
record Patch(int offset, byte[] bytes) {
    int end() {
        return offset + bytes.length;
    }
}
