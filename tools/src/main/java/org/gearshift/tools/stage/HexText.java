package org.gearshift.tools.stage;

import java.io.ByteArrayOutputStream;

/** Bytes written in hexadecimal, with or without white space and {@code 0x} between them. */
final class HexText {
    private HexText() {
    }

    /** Reads bytes. What is wrong is told with line and column. @param what the text is, for messages */
    static byte[] parse(String what, String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int line = 1;
        int column = 0;
        int high = -1;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            column++;
            if (Character.isWhitespace(c) || c == ',') {
                if (high >= 0) {
                    throw bad(what, line, column - 1, "a byte has two digits, and there is one");
                }
                line += c == '\n' ? 1 : 0;
                column = c == '\n' ? 0 : column;
                continue;
            }
            if (c == '0' && high < 0 && i + 1 < text.length() && (text.charAt(i + 1) | 0x20) == 'x') {
                i++;
                column++;
                continue;
            }
            int digit = Character.digit(c, 16);
            if (digit < 0 || c > 'f') {
                throw bad(what, line, column, "expected a hexadecimal digit, not '" + c + "'");
            }
            if (high < 0) {
                high = digit;
            } else {
                out.write(high << 4 | digit);
                high = -1;
            }
        }
        if (high >= 0) {
            throw bad(what, line, column, "a byte has two digits, and there is one");
        }
        if (out.size() == 0) {
            throw new InputException(what + ": no bytes in it");
        }
        return out.toByteArray();
    }

    private static InputException bad(String what, int line, int column, String message) {
        return new InputException(what + ": " + (line > 1 ? "line " + line + ", " : "") + "column " + column + ": " + message);
    }
}
