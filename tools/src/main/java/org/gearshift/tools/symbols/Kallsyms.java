package org.gearshift.tools.symbols;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The symbols a Linux kernel with {@code CONFIG_KALLSYMS} carries in its own image, for which there are no headers: the tables are found by what they must look like
 * (scripts/kallsyms.c and kernel/kallsyms.c of the kernel source). Names are sequences of bytes, each of which stands for a token of up to some letters:
 *
 * <pre>
 *   up to 6.3:   offsets[n]  relative_base  num_syms  names  markers  [seqs_of_names]  token_table  token_index
 *   from 6.4:    num_syms  names  markers  token_table  token_index  offsets[n]  relative_base  seqs_of_names
 * </pre>
 *
 * {@code token_index} has 256 offsets into {@code token_table}; {@code markers} has the offset in {@code names} of every 256th name; {@code offsets} are 32 bits each, from
 * {@code relative_base}, or negative ones from there while others are absolute. Kernels before 4.20, whose markers are as wide as addresses, are not read.
 */
final class Kallsyms {
    private static final int TOKENS = 256;
    private static final int MARKER_EVERY = 256;
    private static final int LONGEST_TOKEN = 64;
    private static final int FEWEST_SYMBOLS = 1024;
    private static final int MOST_SYMBOLS = 1 << 20;
    /** Bytes for each symbol that may be between markers and tokens. */
    private static final int BEHIND_MARKERS = 4;
    private static final int MOST_PADDING = 16;

    private final ByteBuffer image;
    private final int word;
    private final String[] tokens = new String[TOKENS];
    private int tokenTable;
    private int afterIndex;
    private int count;
    /** Where {@code num_syms} is. */
    private int countAt;

    /** @param image the unpacked kernel file */
    private Kallsyms(byte[] image, boolean wide) {
        this.image = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        this.word = wide ? Long.BYTES : Integer.BYTES;
    }

    /** The symbols in a kernel's file, or an empty table if it has none that can be found. */
    static SymbolTable read(byte[] file, boolean wide) {
        return new Kallsyms(file, wide).read();
    }

    private SymbolTable read() {
        for (int at = 0; at + 2 * TOKENS <= image.capacity(); at += 4) {
            if (isTokenIndex(at)) {
                List<String> names = names();
                long[] addresses = names == null ? null : addresses();
                if (addresses != null) {
                    return table(names, addresses);
                }
            }
        }
        return SymbolTable.EMPTY;
    }

    private static SymbolTable table(List<String> names, long[] addresses) {
        List<Symbol> out = new ArrayList<>(names.size());
        for (int i = 0; i < addresses.length; i++) {
            String n = names.get(i);
            out.add(new Symbol(addresses[i], 0, n.substring(1), SymbolText.kind(n.charAt(0))));
        }
        return SymbolTable.of(out);
    }

    private int u16(int at) {
        return image.getShort(at) & 0xffff;
    }

    /** Whether a table of offsets of consecutive NUL-terminated tokens is here, and the tokens before it. */
    private boolean isTokenIndex(int at) {
        if (u16(at) != 0 || u16(at + 2) < 2) {
            return false;
        }
        for (int i = 1; i < TOKENS; i++) {
            int step = u16(at + 2 * i) - u16(at + 2 * (i - 1));
            if (step < 1 || step > LONGEST_TOKEN) {
                return false;
            }
        }
        for (int padding = 0; padding < MOST_PADDING; padding++) {
            for (int last = 1; last <= LONGEST_TOKEN; last++) {
                int table = at - padding - u16(at + 2 * (TOKENS - 1)) - last;
                if (table >= 0 && table % 4 == 0 && tokensAt(table, at)) {
                    tokenTable = table;
                    afterIndex = at + 2 * TOKENS;
                    return true;
                }
            }
        }
        return false;
    }

    private boolean tokensAt(int table, int index) {
        for (int i = 0; i < TOKENS; i++) {
            int from = table + u16(index + 2 * i);
            int end = from;
            while (end < index && image.get(end) != 0) {
                end++;
            }
            if (end >= index || i + 1 < TOKENS && end + 1 != table + u16(index + 2 * (i + 1))) {
                return false;
            }
            tokens[i] = new String(image.array(), from, end - from, StandardCharsets.ISO_8859_1);
        }
        // Every character of a name is a token too, and digits are in some names of every kernel.
        return tokens['0'].equals("0") && tokens['a'].length() >= 1;
    }

    /** All names, each behind its type letter, or null if what precedes the tokens isn't markers and names. */
    private List<String> names() {
        int least = Math.max(0, tokenTable - BEHIND_MARKERS * MOST_SYMBOLS);
        for (int at = tokenTable - 4 & -4; at >= least; at -= 4) {
            int blocks = image.getInt(at) == 0 ? ascendingFrom(at) : 0;
            List<String> names = blocks >= FEWEST_SYMBOLS / MARKER_EVERY ? names(at, blocks) : null;
            if (names != null) {
                return names;
            }
        }
        return null;
    }

    /** How many words from here on grow as the lengths of 256 names do. */
    private int ascendingFrom(int at) {
        int n = 1;
        for (int next = at + 4; next < tokenTable; next += 4, n++) {
            int step = image.getInt(next) - image.getInt(next - 4);
            if (step < 2 * MARKER_EVERY || step > LONGEST_TOKEN * MARKER_EVERY) {
                break;
            }
        }
        return n;
    }

    /** The names before markers, of which there are {@code blocks}; what follows the markers may look like a few more. */
    private List<String> names(int markers, int blocks) {
        int lastBlock = image.getInt(markers + 4 * (blocks - 1));
        int shortest = image.getInt(markers + 4 * (Math.max(0, blocks - 3)));
        for (int start = markers - shortest & -4; start >= 8 && start > markers - lastBlock - MARKER_EVERY * LONGEST_TOKEN; start -= 4) {
            for (int at = start - 4; at >= start - 8; at -= 4) {
                int n = image.getInt(at);
                if (n >= FEWEST_SYMBOLS && n <= blocks * MARKER_EVERY && n > (blocks - 3) * MARKER_EVERY) {
                    List<String> names = decode(start, n, markers);
                    if (names != null) {
                        count = n;
                        countAt = at;
                        return names;
                    }
                }
            }
        }
        return null;
    }

    private List<String> decode(int start, int n, int markers) {
        List<String> out = new ArrayList<>(n);
        int at = start;
        StringBuilder s = new StringBuilder();
        for (int i = 0; i < n; i++) {
            if (i % MARKER_EVERY == 0 && at - start != image.getInt(markers + 4 * (i / MARKER_EVERY))) {
                return null;
            }
            int length = image.get(at++) & 0xff;
            if (length >= 0x80) {
                // From 6.1 on: two bytes, seven bits each.
                length = length & 0x7f | (image.get(at++) & 0xff) << 7;
            }
            if (length == 0 || at + length > markers) {
                return null;
            }
            s.setLength(0);
            for (int k = 0; k < length; k++) {
                s.append(tokens[image.get(at++) & 0xff]);
            }
            if (s.length() < 2) {
                return null;
            }
            out.add(s.toString());
        }
        return markers - at < MOST_PADDING ? out : null;
    }

    private long word(int at) {
        return word == Long.BYTES ? image.getLong(at) : image.getInt(at) & 0xffffffffL;
    }

    /** Addresses from the offsets before the names or behind the tokens, or null. */
    private long[] addresses() {
        for (int base = countAt - word & -4; base >= countAt - word - MOST_PADDING && base - 4L * count >= 0; base -= 4) {
            for (int padding = 0; padding < MOST_PADDING; padding += 4) {
                long[] a = addresses(base - padding - 4 * count, base);
                if (a != null) {
                    return a;
                }
            }
        }
        for (int from = afterIndex; from <= afterIndex + MOST_PADDING; from += 4) {
            for (int padding = 0; padding < MOST_PADDING; padding += 4) {
                long[] a = addresses(from, from + 4 * count + padding);
                if (a != null) {
                    return a;
                }
            }
        }
        return null;
    }

    /** Whether these are offsets from that base: in ascending order, as the kernel searches them. */
    private long[] addresses(int offsets, int baseAt) {
        if (offsets < 0 || baseAt + word > image.capacity() || offsets + 4L * count > image.capacity()) {
            return null;
        }
        long base = word(baseAt);
        if (base == 0 || (base & 0xfff) != 0 || (word == Long.BYTES ? base >= 0 : base < 0x100000)) {
            return null;
        }
        boolean negative = false;
        for (int i = 0; i < count && !negative; i++) {
            negative = image.getInt(offsets + 4 * i) < 0;
        }
        long[] out = new long[count];
        for (int i = 0; i < count; i++) {
            int o = image.getInt(offsets + 4 * i);
            out[i] = !negative ? base + (o & 0xffffffffL) : o >= 0 ? o : base - 1 - o;
            if (i > 0 && Long.compareUnsigned(out[i], out[i - 1]) < 0) {
                return null;
            }
        }
        return out[count - 1] == out[0] ? null : out;
    }
}
