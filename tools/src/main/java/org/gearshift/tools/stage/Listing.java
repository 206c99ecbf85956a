package org.gearshift.tools.stage;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.tools.symbols.SymbolTable;

/**
 * Code as text, in the manner of objdump: a line of code size, then lines of address, bytes and assembly. Only addresses and bytes are read back.
 *
 * <pre>
 * ; code 32
 *     1000:  8b 03                          mov eax,DWORD PTR [ebx]
 * </pre>
 */
public final class Listing {
    private static final Pattern LINE = Pattern.compile("\\s*([0-9a-fA-F]{1,16}):\\s+((?:[0-9a-fA-F]{2} )*[0-9a-fA-F]{2})(?:\\s.*)?");
    private static final Pattern SIZE = Pattern.compile("; code (16|32|64)\\b.*");
    private static final Pattern TARGET = Pattern.compile("0x([0-9a-f]{3,16})\\b(?!\\])");

    private Listing() {
    }

    /** Writes code; branch targets are named where there are symbols. */
    public static String print(Code c) {
        StringBuilder out = new StringBuilder("; code " + c.codeSize() + "\n");
        SymbolTable symbols = c.image().symbols();
        for (Code.Line l : c.lines()) {
            SymbolTable.Place p = symbols.at(l.address());
            if (p != null && p.offset() == 0) {
                out.append("; ").append(p.symbol().name()).append('\n');
            }
            out.append(String.format("%8x:  %-30s %s%s%n", l.address(), HexFormat.ofDelimiter(" ").formatHex(l.bytes()), l.text(), target(l.text(), symbols)));
        }
        return out.toString().replace("\r\n", "\n");
    }

    private static String target(String text, SymbolTable symbols) {
        Matcher m = TARGET.matcher(text);
        SymbolTable.Place p = m.find() ? symbols.at(Long.parseUnsignedLong(m.group(1), 16)) : null;
        return p == null ? "" : "  ; <" + p + ">";
    }

    /** The same as JSON. */
    public static String json(Code c) {
        List<String> rows = new ArrayList<>();
        for (Code.Line l : c.lines()) {
            SymbolTable.Place p = c.image().symbols().at(l.address());
            rows.add("{\"address\": " + Json.hex(l.address()) + ", \"bytes\": " + Json.text(HexFormat.of().formatHex(l.bytes())) + ", \"mnemonic\": "
                    + Json.text(l.instruction().mnemonic().toString()) + ", \"text\": " + Json.text(l.text()) + (p == null ? "" : ", \"symbol\": "
                            + Json.text(p.toString())) + "}");
        }
        return "{\"code\": " + c.codeSize() + ", \"instructions\": [\n  " + String.join(",\n  ", rows) + "\n]}\n";
    }

    /** Whether a text is a listing. */
    static boolean isListing(String text) {
        return text.lines().anyMatch(l -> LINE.matcher(l).matches());
    }

    /** The code size a text is marked with, or 0. */
    static int codeSize(String text) {
        return text.lines().map(SIZE::matcher).filter(Matcher::matches).map(m -> Integer.parseInt(m.group(1))).findFirst().orElse(0);
    }

    /** Reads a listing. @param size to use if the text does not say */
    static Code parse(String text, int size) {
        List<CodeImage.Piece> pieces = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            String s = line.stripTrailing();
            Matcher m = LINE.matcher(s);
            if (m.matches()) {
                byte[] bytes = HexFormat.of().parseHex(m.group(2).replace(" ", ""));
                pieces.add(new CodeImage.Piece(Long.parseUnsignedLong(m.group(1), 16), bytes, 0, bytes.length));
            } else if (!s.isBlank() && !s.stripLeading().startsWith(";")) {
                throw new InputException("line " + number + ", column 1: expected 'ADDRESS:  BYTES  TEXT' or a comment that begins with ';'");
            }
        }
        CodeImage.Piece last = pieces.get(pieces.size() - 1);
        return new Code(new CodeImage("the listing", pieces, SymbolTable.EMPTY, size), pieces.get(0).address(), last.address() + last.length(), size);
    }
}
