package org.gearshift.tools.symbols;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Symbols by address and by name. Unchangeable. */
public final class SymbolTable {
    public static final SymbolTable EMPTY = new SymbolTable(List.of());

    /** How far a symbol of unknown size reaches if no other follows it: no function is larger. */
    private static final long LARGEST = 1 << 16;
    /** Names with more differences than one in this many characters are not alike. */
    private static final int ALIKE = 3;

    private final List<Symbol> symbols;
    private final long[] addresses;
    private final Map<String, List<Symbol>> byName = new HashMap<>();

    /**
     * An address seen from the symbol it belongs to.
     *
     * @param offset bytes behind the symbol's beginning
     */
    public record Place(Symbol symbol, long offset) {
        @Override
        public String toString() {
            return offset == 0 ? symbol.name() : symbol.name() + "+0x" + Long.toHexString(offset);
        }
    }

    private SymbolTable(List<Symbol> sorted) {
        symbols = sorted;
        addresses = sorted.stream().mapToLong(s -> s.address() ^ Long.MIN_VALUE).toArray();
        for (Symbol s : sorted) {
            byName.computeIfAbsent(s.name(), n -> new ArrayList<>(1)).add(s);
        }
    }

    /** A table of these symbols, in whatever order they come. */
    public static SymbolTable of(Collection<Symbol> symbols) {
        List<Symbol> sorted = new ArrayList<>(symbols);
        // Of several names for one address the last one found wins: a function, then the larger, then the shorter name.
        sorted.sort((a, b) -> {
            int c = Long.compareUnsigned(a.address(), b.address());
            return c != 0 ? c : PREFERRED_LAST.compare(a, b);
        });
        return new SymbolTable(List.copyOf(sorted));
    }

    private static final Comparator<Symbol> PREFERRED_LAST = Comparator.comparingInt((Symbol s) -> -s.kind().ordinal()).thenComparingLong(Symbol::size)
            .thenComparing(s -> s.name().length(), Comparator.reverseOrder()).thenComparing(Symbol::name, Comparator.reverseOrder());

    /** All symbols by address. */
    public List<Symbol> symbols() {
        return symbols;
    }

    public boolean isEmpty() {
        return symbols.isEmpty();
    }

    /** All symbols of a name, by address; static functions of several files may share one. */
    public List<Symbol> named(String name) {
        return byName.getOrDefault(name, List.of());
    }

    /** The first symbol of a name, code before anything else, or null. */
    public Symbol find(String name) {
        List<Symbol> all = named(name);
        return all.stream().filter(s -> s.kind() == Symbol.Kind.FUNCTION).findFirst().orElse(all.isEmpty() ? null : all.get(0));
    }

    /** The symbol an address belongs to, and how far into it; null if it is in none. */
    public Place at(long address) {
        int i = lastUpTo(address);
        return i < 0 || address - symbols.get(i).address() >= extent(i) ? null : new Place(symbols.get(i), address - symbols.get(i).address());
    }

    /** {@code name+0x12}, or the hexadecimal address where there is no symbol. */
    public String describe(long address) {
        Place p = at(address);
        return p == null ? "0x" + Long.toHexString(address) : p.toString();
    }

    /** Bytes from a symbol's address to its end: its size or, where that isn't known, up to the next symbol. */
    public long extent(Symbol s) {
        int i = lastUpTo(s.address());
        return s.size() > 0 ? s.size() : i < 0 ? LARGEST : extent(i);
    }

    private long extent(int i) {
        Symbol s = symbols.get(i);
        if (s.size() > 0) {
            return s.size();
        }
        return i + 1 < symbols.size() ? symbols.get(i + 1).address() - s.address() : LARGEST;
    }

    /** Index of the last symbol at or below an address, -1 if there is none. */
    private int lastUpTo(long address) {
        int i = Arrays.binarySearch(addresses, address ^ Long.MIN_VALUE);
        if (i < 0) {
            return -i - 2;
        }
        while (i + 1 < addresses.length && addresses[i + 1] == addresses[i]) {
            i++;
        }
        return i;
    }

    /** The same symbols elsewhere: for a kernel that has moved itself. @param by added to every address */
    public SymbolTable moved(long by) {
        return by == 0 ? this : of(symbols.stream().map(s -> new Symbol(s.address() + by, s.size(), s.name(), s.kind())).toList());
    }

    /** These symbols and others. */
    public SymbolTable with(SymbolTable others) {
        List<Symbol> all = new ArrayList<>(symbols);
        all.addAll(others.symbols);
        return of(all);
    }

    /** These symbols and those of what runs beside: a name that is here already gets that one's own before it, as in {@code ls.memcpy}. */
    public SymbolTable beside(String owner, SymbolTable others) {
        Map<String, String> names = new HashMap<>();
        return with(of(others.symbols.stream().map(s -> new Symbol(s.address(), s.size(), names.computeIfAbsent(s.name(), n -> named(n).isEmpty() ? n : owner + "." + n), s.kind())).toList()));
    }

    /** Names that are most like one that isn't there, best first: for messages. */
    public List<String> nearest(String name, int count) {
        record Candidate(String name, int distance) { }
        int most = Math.max(1, name.length() / ALIKE);
        return byName.keySet().stream().map(n -> new Candidate(n, n.contains(name) && !name.isEmpty() ? 1 : distance(name, n, most)))
                .filter(c -> c.distance <= most)
                .sorted(Comparator.comparingInt(Candidate::distance).thenComparingInt(c -> c.name.length()).thenComparing(Candidate::name))
                .limit(count).map(Candidate::name).toList();
    }

    /** Levenshtein distance, or more than {@code most} as soon as it is certain to be. */
    private static int distance(String a, String b, int most) {
        if (Math.abs(a.length() - b.length()) > most) {
            return most + 1;
        }
        int[] row = new int[b.length() + 1];
        Arrays.setAll(row, j -> j);
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            int least = i;
            for (int j = 1; j <= b.length(); j++) {
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
                least = Math.min(least, row[j]);
            }
            if (least > most) {
                return most + 1;
            }
        }
        return row[b.length()];
    }
}
