package org.gearshift.tools.symbols;

import java.util.ArrayList;
import java.util.List;

/**
 * The text that {@code nm} writes and the kernel uses for {@code System.map} and {@code /proc/kallsyms}: lines of address in hexadecimal, type letter (nm(1)), name and, of a
 * module's symbols, {@code [module]}.
 */
final class SymbolText {
    private static final int ADDRESS = 0;
    private static final int TYPE = 1;
    private static final int NAME = 2;

    private SymbolText() {
    }

    /**
     * Reads a text.
     *
     * @param file its name, for messages
     */
    static SymbolTable parse(String file, String text) throws SymbolFormatException {
        List<Symbol> found = new ArrayList<>();
        int number = 0;
        boolean zeros = true;
        for (String line : text.split("\n")) {
            number++;
            String s = line.strip();
            if (s.isEmpty()) {
                continue;
            }
            if (s.contains(" The real System.map ")) {
                throw new SymbolFormatException(file + ": a placeholder, says itself: \"" + s.replaceFirst("^[0-9a-f]+ B ", "")
                        + "\"; give the kernel image instead, which carries the names of its functions");
            }
            Symbol symbol = symbol(file, number, s.split("\\s+"));
            zeros &= symbol.address() == 0;
            found.add(symbol);
        }
        if (found.isEmpty()) {
            throw new SymbolFormatException(file + ": no symbols in it");
        }
        if (zeros) {
            throw new SymbolFormatException(file + ": every address is 0: the kernel hides them from this user; read /proc/kallsyms as root, or with sysctl "
                    + "kernel.kptr_restrict=0");
        }
        return SymbolTable.of(found);
    }

    private static Symbol symbol(String file, int line, String[] words) throws SymbolFormatException {
        if (words.length < NAME + 1 || words[TYPE].length() != 1 || !words[ADDRESS].matches("[0-9a-fA-F]{1,16}")) {
            throw new SymbolFormatException(file + ": line " + line + ": expected 'ADDRESS TYPE NAME', as in System.map");
        }
        return new Symbol(Long.parseUnsignedLong(words[ADDRESS], 16), 0, words[NAME], kind(words[TYPE].charAt(0)));
    }

    /** What an nm type letter says. */
    static Symbol.Kind kind(char type) {
        return switch (type) {
            case 't', 'T', 'w', 'W', 'i' -> Symbol.Kind.FUNCTION;
            case 'a', 'A', 'n', 'N', '?', 'U' -> Symbol.Kind.OTHER;
            default -> Symbol.Kind.OBJECT;
        };
    }
}
