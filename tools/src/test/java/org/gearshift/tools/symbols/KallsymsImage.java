package org.gearshift.tools.symbols;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Kallsyms tables as a kernel's build writes them, one token a character but for one, somewhere in other bytes. */
final class KallsymsImage {
    private static final int LEAD = 4096;

    private final boolean wide;
    private final boolean late;
    private final boolean sequences;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /**
     * Chooses a layout.
     *
     * @param late that of 6.4, where offsets come last
     * @param sequences with the kernel's index by name
     */
    KallsymsImage(boolean wide, boolean late, boolean sequences) {
        this.wide = wide;
        this.late = late;
        this.sequences = sequences;
    }

    /** The bytes for these symbols, ascending; text symbols relative to {@code base}. */
    byte[] of(List<Symbol> symbols, long base) {
        byte[] other = new byte[LEAD];
        new java.util.Random(1).nextBytes(other);
        out.writeBytes(other);
        if (!late) {
            offsets(symbols, base);
        }
        word(symbols.size());
        align();
        List<Integer> markers = new ArrayList<>();
        int start = out.size();
        for (int i = 0; i < symbols.size(); i++) {
            if (i % 256 == 0) {
                markers.add(out.size() - start);
            }
            name(symbols.get(i));
        }
        align();
        markers.forEach(this::word);
        align();
        if (sequences && !late) {
            sequences(symbols.size());
        }
        tokens();
        if (late) {
            offsets(symbols, base);
            if (sequences) {
                sequences(symbols.size());
            }
        }
        out.writeBytes(other);
        return out.toByteArray();
    }

    private void sequences(int n) {
        for (int i = 0; i < n; i++) {
            out.write(i >> 16);
            out.write(i >> 8);
            out.write(i);
        }
        align();
    }

    private void offsets(List<Symbol> symbols, long base) {
        symbols.forEach(s -> word(wide ? (int) (base - 1 - s.address()) : (int) (s.address() - base)));
        align();
        word((int) base);
        if (wide) {
            word((int) (base >>> 32));
        }
    }

    private void name(Symbol s) {
        String text = (s.kind() == Symbol.Kind.FUNCTION ? "T" : "D") + s.name().replace("sys_", "\u0001");
        if (text.length() > 127) {
            out.write(text.length() & 0x7f | 0x80);
            out.write(text.length() >> 7);
        } else {
            out.write(text.length());
        }
        out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private void tokens() {
        ByteArrayOutputStream table = new ByteArrayOutputStream();
        ByteBuffer index = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 256; i++) {
            index.putShort((short) table.size());
            table.writeBytes((i == 1 ? "sys_" : i == 0 ? "zero" : String.valueOf((char) i)).getBytes(StandardCharsets.ISO_8859_1));
            table.write(0);
        }
        out.writeBytes(table.toByteArray());
        align();
        out.writeBytes(index.array());
    }

    private void align() {
        while (out.size() % (wide ? 8 : 4) != 0) {
            out.write(0);
        }
    }

    private void word(int v) {
        for (int k = 0; k < 32; k += 8) {
            out.write(v >> k);
        }
    }
}
