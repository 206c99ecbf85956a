package org.gearshift.tools.profile;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.gearshift.tools.stage.Code;
import org.gearshift.tools.symbols.ElfFile;
import org.gearshift.tools.symbols.LineTable;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.tools.symbols.SymbolFormatException;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.vmm.trace.TraceKind;
import org.gearshift.vmm.trace.TraceSink;

/**
 * How often the lines of a guest program were executed: gathered from the blocks that a {@link org.gearshift.vmm.trace.Tracer} tells of, and written as lcov reads it
 * (geninfo(1), FILES).
 *
 * <p>A line may be several pieces of code, such as the three parts of a {@code for}: its count is that of the piece which was begun most often. Code is what the file says
 * is at an address.
 */
public final class Coverage implements TraceSink {
    private static final int LONGEST = 15;

    private final ElfFile elf;
    private final LineTable lines;
    private final SymbolTable symbols;
    private final long mode;
    /** Executions by a block's address and number of instructions. */
    private final Map<Block, long[]> blocks = new HashMap<>();

    private record Block(long address, int instructions) {
    }

    /** @param name what to call the file in messages @throws SymbolFormatException if it has no line numbers */
    public Coverage(String name, ElfFile elf) throws SymbolFormatException {
        this.elf = elf;
        this.lines = LineTable.of(name, elf);
        this.symbols = elf.symbols();
        this.mode = Code.mode(elf.is64Bit() ? Long.SIZE : Integer.SIZE);
    }

    @Override
    public void event(TraceKind kind, long retired, long pc, long a, long b, long c) {
        if (kind == TraceKind.EXEC && elf.sectionAt(pc) != null) {
            blocks.computeIfAbsent(new Block(pc, (int) a), k -> new long[1])[0]++;
        }
    }

    /** Executions of each instruction. */
    private Map<Long, Long> instructions() throws SymbolFormatException {
        Map<Long, Long> counts = new HashMap<>();
        for (Map.Entry<Block, long[]> e : blocks.entrySet()) {
            long at = e.getKey().address;
            for (int i = 0; i < e.getKey().instructions; i++) {
                counts.merge(at, e.getValue()[0], Long::sum);
                int length = length(at);
                if (length == 0) {
                    break;
                }
                at += length;
            }
        }
        return counts;
    }

    /** Bytes of the instruction at an address, 0 if the file has none there. */
    private int length(long address) throws SymbolFormatException {
        ElfFile.Section s = elf.sectionAt(address);
        if (s == null) {
            return 0;
        }
        ByteBuffer code = elf.contents(s);
        int from = (int) (address - s.address());
        int most = Math.min(LONGEST, code.limit() - from);
        int[] next = {0};
        Instruction i = new Decoder().decode(() -> next[0] < most ? code.get(from + next[0]++) & 0xff : next[0]++ & 0, mode);
        return i.length() <= most ? i.length() : 0;
    }

    /** What was executed, as text. @param test what to call the run, a word */
    public String lcov(String test) throws SymbolFormatException {
        Map<Long, Long> counts = instructions();
        Map<String, Map<Integer, Long>> files = new TreeMap<>();
        Map<String, Map<String, long[]>> functions = new TreeMap<>();
        for (LineTable.Row r : lines.rows()) {
            long count = counts.getOrDefault(r.address(), 0L);
            Map<Integer, Long> ofFile = files.computeIfAbsent(r.file(), f -> new TreeMap<>());
            if (r.statement()) {
                ofFile.merge(r.line(), count, Math::max);
            }
            SymbolTable.Place p = symbols.at(r.address());
            if (p != null && p.offset() == 0 && p.symbol().kind() == Symbol.Kind.FUNCTION) {
                functions.computeIfAbsent(r.file(), f -> new TreeMap<>()).put(p.symbol().name(), new long[] {r.line(), count});
            }
        }
        StringBuilder out = new StringBuilder();
        files.forEach((file, ofFile) -> {
            out.append("TN:").append(test).append("\nSF:").append(file).append('\n');
            functions(functions.getOrDefault(file, Map.of()), out);
            ofFile.forEach((line, count) -> out.append("DA:").append(line).append(',').append(count).append('\n'));
            out.append("LF:").append(ofFile.size()).append("\nLH:").append(ofFile.values().stream().filter(n -> n > 0).count()).append("\nend_of_record\n");
        });
        return out.toString();
    }

    private static void functions(Map<String, long[]> all, StringBuilder out) {
        all.forEach((name, lineAndCount) -> out.append("FN:").append(lineAndCount[0]).append(',').append(name).append('\n'));
        all.forEach((name, lineAndCount) -> out.append("FNDA:").append(lineAndCount[1]).append(',').append(name).append('\n'));
        out.append("FNF:").append(all.size()).append("\nFNH:").append(all.values().stream().filter(n -> n[1] > 0).count()).append('\n');
    }

    /** A line for the user: how many lines there are, and how many of them were executed. */
    public String summary() throws SymbolFormatException {
        long found = 0;
        long hit = 0;
        for (String line : lcov("").split("\n")) {
            found += line.startsWith("LF:") ? Long.parseLong(line.substring(3)) : 0;
            hit += line.startsWith("LH:") ? Long.parseLong(line.substring(3)) : 0;
        }
        return String.format("%,d of %,d lines executed", hit, found);
    }
}
