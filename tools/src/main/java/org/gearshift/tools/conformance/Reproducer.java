package org.gearshift.tools.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * A trial as one line of text and back: {@code bits=32 code=0fc8@0 flags=202 regs=1,2,... fp=0:7f03,18:801f mem=10:aabb}. Registers left out are 0;
 * {@code fp} and {@code mem} give bytes at offsets in the FXSAVE image and in the scratch pages.
 */
final class Reproducer {
    private static final HexFormat HEX = HexFormat.of();
    private static final int CHUNK = 8;

    private Reproducer() {
    }

    static String print(Trial t) {
        StringBuilder b = new StringBuilder();
        b.append("bits=").append(t.code().bits()).append(" code=").append(HEX.formatHex(t.code().bytes())).append('@').append(Integer.toHexString(t.code().offset()));
        b.append(" flags=").append(Integer.toHexString(t.start().eflags)).append(" regs=");
        int last = 15;
        while (last > 0 && t.start().general[last] == 0) {
            last--;
        }
        for (int i = 0; i <= last; i++) {
            b.append(i == 0 ? "" : ",").append(Long.toHexString(t.start().general[i]));
        }
        if (t.start().fp != null) {
            b.append(" fp=");
            String separator = "";
            for (int at = 0; at < Registers.FP_BYTES; at += CHUNK) {
                byte[] chunk = Arrays.copyOfRange(t.start().fp, at, at + CHUNK);
                if (!Arrays.equals(chunk, new byte[CHUNK])) {
                    b.append(separator).append(Integer.toHexString(at)).append(':').append(HEX.formatHex(chunk));
                    separator = ",";
                }
            }
        }
        if (!t.memory().isEmpty()) {
            b.append(" mem=");
            String separator = "";
            for (Patch p : t.memory()) {
                b.append(separator).append(Integer.toHexString(p.offset())).append(':').append(HEX.formatHex(p.bytes()));
                separator = ",";
            }
        }
        return b.toString();
    }

    /** @throws IllegalArgumentException if it is no such line */
    static Trial parse(String line) {
        int bits = 0;
        byte[] code = null;
        int offset = 0;
        Registers r = new Registers();
        List<Patch> memory = new ArrayList<>();
        for (String field : line.strip().split("\\s+")) {
            int equals = field.indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException("not a reproducer: " + field);
            }
            String value = field.substring(equals + 1);
            switch (field.substring(0, equals)) {
                case "bits" -> bits = Integer.parseInt(value);
                case "code" -> {
                    String[] parts = value.split("@");
                    code = HEX.parseHex(parts[0]);
                    offset = parts.length > 1 ? Integer.parseInt(parts[1], 16) : 0;
                }
                case "flags" -> r.eflags = Integer.parseUnsignedInt(value, 16);
                case "regs" -> {
                    String[] parts = value.split(",");
                    for (int i = 0; i < parts.length && i < 16; i++) {
                        r.general[i] = Long.parseUnsignedLong(parts[i], 16);
                    }
                }
                case "fp" -> {
                    r.fp = new byte[Registers.FP_BYTES];
                    for (Patch p : patches(value)) {
                        System.arraycopy(p.bytes(), 0, r.fp, p.offset(), p.bytes().length);
                    }
                }
                case "mem" -> memory.addAll(patches(value));
                default -> throw new IllegalArgumentException("not a reproducer: " + field);
            }
        }
        if (code == null || bits != 32 && bits != 64 || offset + code.length > Layout.CODE_BYTES) {
            throw new IllegalArgumentException("a reproducer needs bits=32 or bits=64 and code=HEX");
        }
        return new Trial(new Code(bits, code, offset), r, List.copyOf(memory));
    }

    private static List<Patch> patches(String text) {
        List<Patch> list = new ArrayList<>();
        for (String p : text.split(",")) {
            if (p.isEmpty()) {
                continue;
            }
            int colon = p.indexOf(':');
            if (colon < 0) {
                throw new IllegalArgumentException("not OFFSET:HEX: " + p);
            }
            list.add(new Patch(Integer.parseInt(p.substring(0, colon), 16), HEX.parseHex(p.substring(colon + 1))));
        }
        return list;
    }
}
