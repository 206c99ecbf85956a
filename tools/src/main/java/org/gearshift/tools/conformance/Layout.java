package org.gearshift.tools.conformance;

import java.util.SplittableRandom;

/** Addresses a trial sees, natively and emulated; {@code oracle.c} has the same numbers. */
final class Layout {
    static final int PAGE = 0x1000;
    /** Two executable pages, nothing behind them. */
    static final long CODE = 0x30000000L;
    static final int CODE_BYTES = 2 * PAGE;
    /** Two readable and writable pages, nothing behind them. */
    static final long SCRATCH = 0x2000f000L;
    static final int SCRATCH_BYTES = 2 * PAGE;
    /** One page before {@link #SCRATCH} that can only be read. */
    static final long READ_ONLY = SCRATCH - PAGE;
    /** Natively the oracle's image, emulated the descriptor tables of the user-level machine: an access here proves nothing. */
    static final long RESERVED = 0x70000000L;
    static final int RESERVED_BYTES = 0x0200_0000;

    /** Where 64-bit code is that does what 32-bit code at {@link #CODE} does; see {@link Recoding}. */
    static final long RECODED = 0x71a00000L;
    static final int RECODED_BYTES = 0x10000;

    /** FS: 32-bit code 4 GiB from here, 64-bit code base. */
    static final long FS_BASE = SCRATCH;
    /** GS of 32-bit code: base {@link #SCRATCH} and a limit that counts. */
    static final long GS_BASE_32 = SCRATCH;
    static final long GS_LIMIT_32 = 0x17ff;
    static final long GS_BASE_64 = SCRATCH + PAGE;

    private static final byte[] BACKGROUND = background();

    private Layout() {
    }

    private static byte[] background() {
        byte[] b = new byte[PAGE + SCRATCH_BYTES];
        SplittableRandom r = new SplittableRandom(20000);
        for (int i = 0; i < b.length; i++) {
            b[i] = (byte) r.nextInt(256);
        }
        return b;
    }

    /** What read-only and scratch pages hold where a trial says nothing; the read-only page first. */
    static byte[] initialPages() {
        return BACKGROUND.clone();
    }

    /** Copies the initial scratch pages. */
    static void initialScratch(byte[] to) {
        System.arraycopy(BACKGROUND, PAGE, to, 0, SCRATCH_BYTES);
    }

    static boolean isReserved(long address) {
        return address >= RESERVED - 64 && address < RESERVED + RESERVED_BYTES;
    }
}
