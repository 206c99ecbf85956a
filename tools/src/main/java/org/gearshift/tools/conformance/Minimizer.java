package org.gearshift.tools.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Takes away instructions, register values and memory contents for as long as a difference remains. */
final class Minimizer {
    /** Whether a trial still differs, and how. */
    @FunctionalInterface
    interface Check {
        /** The failure of a trial of {@code q}, or of the one instruction if that is null; null if all is well. */
        Failure differs(Trial t, Sequence q) throws IOException;
    }

    private static final int CHUNK = 8;

    private final Check check;
    private Failure best;

    Minimizer(Check check) {
        this.check = check;
    }

    Failure minimize(Failure f) throws IOException {
        best = f;
        if (f.sequence() != null) {
            instructions();
        }
        memory();
        registers();
        if (f.sequence() != null) {
            instructions();
        }
        return best;
    }

    private boolean keep(Trial t, Sequence q) throws IOException {
        Failure f = check.differs(t, q);
        if (f == null) {
            return false;
        }
        best = f;
        return true;
    }

    private void instructions() throws IOException {
        for (int n = Math.max(1, best.sequence().length() / 2); n >= 1; n /= 2) {
            for (int from = best.sequence().length() - n; from >= 0; from--) {
                Sequence less = best.sequence().without(from, Math.min(best.sequence().length(), from + n));
                if (less.length() > 0) {
                    keep(new Trial(less.code(), best.trial().start(), best.trial().memory()), less);
                }
                from = Math.min(from, best.sequence().length());
            }
        }
    }

    private void memory() throws IOException {
        for (int i = best.trial().memory().size() - 1; i >= 0; i--) {
            List<Patch> less = new ArrayList<>(best.trial().memory());
            less.remove(i);
            keep(new Trial(best.trial().code(), best.trial().start(), less), best.sequence());
        }
        for (int i = 0; i < best.trial().memory().size(); i++) {
            shorten(i);
        }
    }

    private void shorten(int i) throws IOException {
        for (boolean front : new boolean[] {true, false}) {
            while (best.trial().memory().get(i).bytes().length > 1) {
                Patch p = best.trial().memory().get(i);
                int cut = Math.max(1, p.bytes().length / 4);
                Patch q = front ? new Patch(p.offset() + cut, Arrays.copyOfRange(p.bytes(), cut, p.bytes().length))
                        : new Patch(p.offset(), Arrays.copyOf(p.bytes(), p.bytes().length - cut));
                List<Patch> less = new ArrayList<>(best.trial().memory());
                less.set(i, q);
                if (!keep(new Trial(best.trial().code(), best.trial().start(), less), best.sequence())) {
                    break;
                }
            }
        }
    }

    private void registers() throws IOException {
        for (int n = 0; n < 16; n++) {
            for (long v : new long[] {0, 1, best.trial().start().general[n] & 0xff, best.trial().start().general[n] & 0xffff_ffffL}) {
                Registers r = best.trial().start().copy();
                if (r.general[n] == v) {
                    break;
                }
                r.general[n] = v;
                if (with(r)) {
                    break;
                }
            }
        }
        Registers plain = best.trial().start().copy();
        plain.eflags = 0x202;
        with(plain);
        if (best.trial().start().fp != null) {
            floatingPoint();
        }
    }

    private void floatingPoint() throws IOException {
        Registers none = best.trial().start().copy();
        none.clearFp();
        if (with(none)) {
            return;
        }
        for (int at = Registers.ST; at < Registers.FP_BYTES; at += CHUNK) {
            Registers r = best.trial().start().copy();
            byte[] zero = new byte[CHUNK];
            if (!Arrays.equals(r.fp, at, at + CHUNK, zero, 0, CHUNK)) {
                System.arraycopy(zero, 0, r.fp, at, CHUNK);
                with(r);
            }
        }
        Registers r = best.trial().start().copy();
        r.mxcsr(0x1f80);
        with(r);
        r = best.trial().start().copy();
        r.control(0x37f);
        r.status(r.status() & ~0x8080);
        with(r);
        r = best.trial().start().copy();
        r.status(0);
        with(r);
    }

    private boolean with(Registers r) throws IOException {
        return keep(new Trial(best.trial().code(), r, best.trial().memory()), best.sequence());
    }
}
