package org.gearshift.paging;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Memory outside the heap for tests, of which only pages that are written to take any: copy-on-write mappings of a file that is one hole. */
record SparseMemory(FileChannel file) implements GuestRam.HostMemory {
    static SparseMemory of(long bytes) throws IOException {
        Path path = Files.createTempFile("ram", null);
        FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE, StandardOpenOption.SPARSE);
        file.write(ByteBuffer.allocate(1), bytes - 1);
        return new SparseMemory(file);
    }

    @Override
    public long address() {
        throw new UnsupportedOperationException("no code runs on it");
    }

    @Override
    public ByteBuffer piece(long offset, int length) {
        try {
            return file.map(FileChannel.MapMode.PRIVATE, offset, length);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
