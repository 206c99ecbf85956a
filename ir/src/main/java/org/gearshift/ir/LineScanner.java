package org.gearshift.ir;

/** One line of IR text, read from left to right; {@code ;} starts a comment that lasts to its end. */
final class LineScanner {
    private final int line;
    private final String text;
    private int at;
    /** Where the last token began. */
    private int token;

    LineScanner(int line, String raw) {
        this.line = line;
        int comment = raw.indexOf(';');
        String s = comment >= 0 ? raw.substring(0, comment) : raw;
        this.text = s.stripTrailing();
        skip();
    }

    private void skip() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    boolean atEnd() {
        return at >= text.length();
    }

    /** An error at the last token. */
    IrSyntaxException error(String what) {
        return new IrSyntaxException(line, token + 1, what);
    }

    /** An error at what comes next. */
    IrSyntaxException expected(String what) {
        token = at;
        int end = at;
        while (end < text.length() && isWord(text.charAt(end))) {
            end++;
        }
        String found = atEnd() ? "the line ends" : "found '" + text.substring(at, Math.max(end, at + 1)) + "'";
        return error("expected " + what + ", but " + found);
    }

    private static boolean isWord(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '.' || c == '-' || c == '/';
    }

    /** The next run of letters, digits and {@code _ . - /}. @param what it should be, for the message */
    String word(String what) {
        int end = at;
        while (end < text.length() && isWord(text.charAt(end))) {
            end++;
        }
        if (end == at) {
            throw expected(what);
        }
        token = at;
        String w = text.substring(at, end);
        at = end;
        skip();
        return w;
    }

    /** Whether the given symbol comes next; if so it is passed. */
    boolean take(String symbol) {
        if (!text.startsWith(symbol, at)) {
            return false;
        }
        token = at;
        at += symbol.length();
        skip();
        return true;
    }

    void expect(String symbol) {
        if (!take(symbol)) {
            throw expected("'" + symbol + "'");
        }
    }

    /** A decimal number, or a hexadecimal one with {@code 0x}. */
    long number(String what) {
        String w = word(what);
        try {
            return w.startsWith("0x") ? Long.parseUnsignedLong(w.substring(2), 16) : Long.parseLong(w);
        } catch (NumberFormatException e) {
            throw error("expected " + what + ", not '" + w + "'");
        }
    }

    void end() {
        if (!atEnd()) {
            throw expected("the end of the line");
        }
    }
}
