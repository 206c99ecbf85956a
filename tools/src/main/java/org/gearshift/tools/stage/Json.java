package org.gearshift.tools.stage;

/** Pieces of JSON text (RFC 8259). */
final class Json {
    private Json() {
    }

    /** A string. */
    static String text(String s) {
        StringBuilder b = new StringBuilder("\"");
        for (char c : s.toCharArray()) {
            switch (c) {
                case '"', '\\' -> b.append('\\').append(c);
                case '\n' -> b.append("\\n");
                case '\t' -> b.append("\\t");
                default -> {
                    if (c < ' ') {
                        b.append(String.format("\\u%04x", (int) c));
                    } else {
                        b.append(c);
                    }
                }
            }
        }
        return b.append('"').toString();
    }

    /** An address: a string, since numbers of 64 bits do not survive every reader. */
    static String hex(long v) {
        return "\"0x" + Long.toHexString(v) + "\"";
    }
}
