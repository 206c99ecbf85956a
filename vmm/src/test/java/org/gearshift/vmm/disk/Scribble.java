package org.gearshift.vmm.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;

/** Writes, zeroes and reads an image at random, beside a model of what it must contain. */
final class Scribble {
    final byte[] model;
    private final Random random;

    Scribble(long seed, byte[] contents) {
        random = new Random(seed);
        model = contents;
    }

    /** {@code count} operations; zeroes also by discarding if {@code discards}, which must give zeroes then. */
    void on(DiskImage image, int count, boolean discards) throws IOException {
        for (int i = 0; i < count; i++) {
            int length = DiskImage.SECTOR * (1 + random.nextInt(random.nextInt(4) == 0 ? 500 : 16));
            int offset = DiskImage.SECTOR * random.nextInt(model.length / DiskImage.SECTOR);
            length = Math.min(length, model.length - offset);
            switch (random.nextInt(8)) {
                case 0 -> {
                    image.writeZeroes(offset, length, random.nextBoolean());
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                case 1 -> discard(image, offset, length, discards);
                case 2 -> image.flush();
                case 3, 4 -> verify(image, offset, length);
                default -> {
                    byte[] data = new byte[length];
                    random.nextBytes(data);
                    image.write(offset, data, 0, length);
                    System.arraycopy(data, 0, model, offset, length);
                }
            }
        }
        verify(image, 0, model.length);
    }

    /** After discarding, whatever is read must stay. */
    private void discard(DiskImage image, int offset, int length, boolean discards) throws IOException {
        if (discards) {
            image.discard(offset, length);
            image.read(offset, model, offset, length);
        }
    }

    void verify(DiskImage image, int offset, int length) throws IOException {
        byte[] got = new byte[length + 2];
        image.read(offset, got, 1, length);
        assertArrayEquals(Arrays.copyOfRange(model, offset, offset + length), Arrays.copyOfRange(got, 1, length + 1), "at " + offset);
    }
}
