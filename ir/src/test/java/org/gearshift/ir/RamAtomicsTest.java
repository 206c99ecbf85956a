package org.gearshift.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class RamAtomicsTest {
    private final byte[] ram = new byte[64];
    private final ByteBuffer view = ByteBuffer.wrap(ram).order(ByteOrder.LITTLE_ENDIAN);

    @Test
    void swapsWhatLiesInOneGroupOfEightBytesAndTouchesNothingElse() {
        for (int bits = 8; bits <= 64; bits *= 2) {
            for (int at = 8; at < 24; at++) {
                assertEquals(at % 8 + bits / 8 <= 8, Ram.atomic(at, bits), bits + " bits at " + at);
                if (Ram.atomic(at, bits)) {
                    swap(at, bits);
                }
            }
        }
    }

    private void swap(int at, int bits) {
        java.util.Arrays.fill(ram, (byte) 0xa5);
        byte[] expected = ram.clone();
        long held = 0xa5a5a5a5a5a5a5a5L;
        assertFalse(RamAtomics.compareAndSwap(ram, at, held ^ 1, 0, bits));
        assertEquals(ByteBuffer.wrap(expected), view);
        long value = 0x8182838485868788L;
        for (int i = 0; i < bits / 8; i++) {
            expected[at + i] = (byte) (value >>> 8 * i);
        }
        // Bits above the size do not count.
        assertTrue(RamAtomics.compareAndSwap(ram, at, bits == 64 ? held : held & (1L << bits) - 1, value, bits));
        assertEquals(ByteBuffer.wrap(expected), view, bits + " bits at " + at);
    }

    @Test
    void indicesOutsideTheArrayAreRefused() {
        for (int at : new int[] {-8, 64, 1 << 30, Integer.MIN_VALUE}) {
            assertThrows(IndexOutOfBoundsException.class, () -> RamAtomics.compareAndSwap(ram, at, 0, 1, 32));
        }
    }

    @Test
    void nothingIsLostBetweenThreads() throws InterruptedException {
        Thread[] threads = new Thread[3];
        int rounds = 20_000;
        for (int t = 0; t < threads.length; t++) {
            int at = 9 + 2 * t;
            threads[t] = new Thread(() -> {
                for (int i = 0; i < rounds; i++) {
                    // Neighbours in one group, each incremented by one thread, and one that all share.
                    add(at, 16);
                    add(16, 32);
                }
            });
        }
        for (Thread t : threads) {
            t.start();
        }
        for (Thread t : threads) {
            t.join();
        }
        for (int t = 0; t < threads.length; t++) {
            assertEquals((short) rounds, view.getShort(9 + 2 * t));
        }
        assertEquals(threads.length * rounds, view.getInt(16));
    }

    private void add(int at, int bits) {
        long old;
        do {
            old = bits == 16 ? view.getShort(at) & 0xffff : view.getInt(at);
        } while (!RamAtomics.compareAndSwap(ram, at, old, old + 1, bits));
    }
}
