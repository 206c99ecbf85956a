package org.gearshift.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.ir.pass.PassPipeline;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Golden files {@code *.ir}: cases that begin with {@code ; case: name}, each a block, behind {@code ; optimized:} what the full pipeline makes of it, and
 * {@code ; run: slots => slots} lines, executed by the interpreter on the optimized block. {@code -Dbless=true} writes what is computed now into the source
 * files instead of comparing.
 */
class GoldenIrTest {
    private static final Path FILES = Path.of("src/test/resources/org/gearshift/ir/golden");
    private static final Map<String, Helper> HELPERS = Map.of("mix", SampleContext.MIX, "swap", SampleContext.SWAP, "check", SampleContext.CHECK);
    private static final String CASE = "; case: ";
    private static final String OPTIMIZED = "; optimized:\n";
    private static final String RUN = "; run: ";

    @TestFactory
    Stream<DynamicTest> files() throws IOException {
        List<Path> files;
        try (Stream<Path> s = Files.list(FILES)) {
            files = s.filter(f -> f.toString().endsWith(".ir")).sorted().toList();
        }
        return files.stream().map(f -> DynamicTest.dynamicTest(f.getFileName().toString(), () -> check(f)));
    }

    private static void check(Path file) throws IOException {
        String text = Files.readString(file);
        int first = text.indexOf(CASE);
        StringBuilder now = new StringBuilder(text.substring(0, first));
        for (String part : text.substring(first + CASE.length()).split(CASE)) {
            now.append(CASE).append(regenerate(part));
        }
        if (Boolean.getBoolean("bless")) {
            Files.writeString(file, now);
        } else {
            assertEquals(text, now.toString());
        }
    }

    private static String regenerate(String part) {
        int runs = part.indexOf(RUN);
        int optimized = part.indexOf(OPTIMIZED);
        int inputEnd = Math.min(runs < 0 ? part.length() : runs, optimized < 0 ? part.length() : optimized);
        String input = part.substring(0, inputEnd);
        String name = input.substring(0, input.indexOf('\n') + 1);
        Block in = Parser.parseBlock(input.substring(name.length()), SampleContext.LAYOUT, HELPERS);
        Block out = new PassPipeline(SampleContext.LAYOUT, true).optimize(Region.of(in)).blocks().get(0);
        StringBuilder s = new StringBuilder(name).append(Printer.print(in, SampleContext.LAYOUT));
        s.append(OPTIMIZED).append(Printer.print(out, SampleContext.LAYOUT));
        for (String line : part.split("\n")) {
            if (line.startsWith(RUN)) {
                String given = line.substring(RUN.length()).split("=>")[0].trim();
                s.append(RUN).append(given).append(" => ").append(execute(out, given)).append('\n');
            }
        }
        return s.append('\n').toString();
    }

    /** Runs a block from given slot values; returns the exit and the slots that have changed. */
    private static String execute(Block b, String given) {
        SampleContext ctx = new SampleContext();
        ctx.budget = 100;
        ctx.s[SampleContext.LIMIT] = 0xffff;
        for (String assignment : given.split("\\s+")) {
            String[] nameValue = assignment.split("=");
            ctx.s[SampleContext.LAYOUT.slot(nameValue[0])] = Long.decode(nameValue[1]);
        }
        long[] before = ctx.s.clone();
        Interpreter interpreter = new Interpreter(SampleContext.LAYOUT, SampleContext.RES, SampleContext.AUX);
        int exit = interpreter.run(ctx, interpreter.prepare(b));
        StringBuilder s = new StringBuilder();
        for (int i = 0; i < SampleContext.LAYOUT.slotCount(); i++) {
            if (ctx.s[i] != before[i] || i == SampleContext.PC) {
                s.append(SampleContext.LAYOUT.name(i)).append("=0x").append(Long.toHexString(ctx.s[i])).append(' ');
            }
        }
        if (exit == Interpreter.EXIT_FAULT) {
            s.append("fault ").append(ctx.fault.vector).append(' ');
        }
        return s.append("retired ").append(100 - ctx.budget).toString();
    }
}
