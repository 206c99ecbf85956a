package org.gearshift.tools.stage;

/** Strings of JSON (RFC 8259). */
public final class Quoted {
    private Quoted() {
    }

    /** A string as JSON has it, in its quotation marks. */
    public static String json(String s) {
        StringBuilder b = new StringBuilder("\"");
        for (char c : s.toCharArray()) {
            if (c == '"' || c == '\\') {
                b.append('\\').append(c);
            } else if (c < ' ') {
                b.append(String.format("\\u%04x", (int) c));
            } else {
                b.append(c);
            }
        }
        return b.append('"').toString();
    }
}
