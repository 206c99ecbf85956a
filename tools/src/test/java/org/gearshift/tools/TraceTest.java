package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.gearshift.tools.symbols.ElfImages;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.vmm.trace.TraceEvent;
import org.gearshift.vmm.trace.TraceKind;
import org.gearshift.vmm.trace.TraceReader;
import org.gearshift.vmm.trace.TraceWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run does is written to a file, and can be printed. */
class TraceTest {
    @TempDir
    Path dir;

    private Path trace() {
        return dir.resolve("t.trace");
    }

    private void run(int instructions, String... more) {
        List<String> words = new ArrayList<>(List.of("run", "--clock", "virtual", "-m", "32M", "--serial", "none", "--max-instructions", Integer.toString(instructions),
                "--trace-file",
                trace().toString()));
        words.addAll(List.of(more));
        CommandLineRun r = CommandLineRun.of(words.toArray(new String[0]));
        assertEquals(5, r.code(), r.err());
    }

    private String shown(String... more) {
        List<String> words = new ArrayList<>(List.of("trace", "show", trace().toString()));
        words.addAll(List.of(more));
        CommandLineRun r = CommandLineRun.of(words.toArray(new String[0]));
        assertEquals(0, r.code(), r.err());
        return r.out();
    }

    @Test
    void eventsReadBackAsTheyWereWritten() throws Exception {
        long[][] numbers = {{0, -1, 5}, {Long.MAX_VALUE, Long.MIN_VALUE, 0}, {1, 2, -3}};
        try (TraceWriter w = new TraceWriter(trace())) {
            long retired = 0;
            for (long[] n : numbers) {
                w.event(TraceKind.IO, retired += 1000, 0xffffffff81000000L * n[2], n[0], n[1], n[2]);
            }
            assertEquals(3, w.events());
        }
        try (TraceReader r = new TraceReader(trace())) {
            long retired = 0;
            for (long[] n : numbers) {
                assertEquals(new TraceEvent(TraceKind.IO, retired += 1000, 0xffffffff81000000L * n[2], n[0], n[1], n[2]), r.next());
            }
            assertNull(r.next());
        }
        byte[] cut = Files.readAllBytes(trace());
        Files.write(trace(), java.util.Arrays.copyOf(cut, cut.length - 2));
        try (TraceReader r = new TraceReader(trace())) {
            r.next();
            r.next();
            assertNull(r.next(), "an event that was not finished");
        }
    }

    @Test
    void everyKindOfTheSampleKernel() throws Exception {
        run(3_000_000, "--trace", "int,mmu,io,translate");
        String s = shown("--summary");
        for (String kind : List.of("int", "mmu", "io", "translate")) {
            assertTrue(s.lines().anyMatch(l -> l.startsWith(kind + " ")), s);
        }
        assertTrue(shown("--kind", "io").contains("out port 0x3f8"), "the serial port");
        assertTrue(shown("--kind", "int").contains("exception 14, error code 0x"), "page faults");
        assertTrue(shown("--kind", "mmu").contains("cr3 = 0x"), "address spaces");
        assertTrue(shown("--kind", "translate").contains("bytes of bytecode"), "regions");
    }

    /** Blocks one behind the other, without gaps: what is executed between is all there. */
    @Test
    void everyBlock() throws Exception {
        run(20_000, "--trace", "exec");
        try (TraceReader r = new TraceReader(trace())) {
            long next = 0;
            for (TraceEvent e = r.next(); e != null; e = r.next()) {
                assertEquals(next, e.retired());
                next += e.a();
            }
            assertEquals(20_000, next);
        }
    }

    @Test
    void codeThatIsWrittenIsInvalidated() throws Exception {
        // mov ecx,3; L: inc byte [P+1]; P: mov al,0; dec ecx; jnz L; mov al,0; out 0xf4,al
        byte[] code = HexFormat.of().parseHex("b903000000fe050c001000b00049 75f5b000e6f4ebfe".replace(" ", ""));
        Path elf = Files.write(dir.resolve("self.elf"), ElfImages.with(false, 0x100000, code, List.of(new Symbol(0x100005, 11, "change", Symbol.Kind.FUNCTION))));
        CommandLineRun r = CommandLineRun.of("run", "--kernel", elf.toString(), "-m", "16M", "--serial", "none", "--clock", "virtual", "--trace", "invalidate,translate",
                "--trace-file",
                trace().toString(), "--trace-at", "change");
        assertEquals(1, r.code(), r.err());
        String s = shown("--symbols", elf.toString());
        assertTrue(s.contains("invalidate change") && s.contains("bytes of code at physical 0x10000"), s);
        assertTrue(s.lines().allMatch(l -> l.contains(" change")), "nothing from elsewhere: " + s);
    }

    @Test
    void mistakesAreExplained() throws Exception {
        assertEquals("gearshift: --trace soup: no such kind; there are exec, int, mmu, io, hypercall, translate, invalidate",
                CommandLineRun.of("run", "--serial", "none", "--trace", "soup").err().strip());
        assertEquals("gearshift: --trace follows one processor of one machine: leave out --cpus",
                CommandLineRun.of("run", "--serial", "none", "--trace", "int", "--cpus", "2").err().strip());
        Files.writeString(trace(), "something else");
        CommandLineRun r = CommandLineRun.of("trace", "show", trace().toString());
        assertEquals("gearshift: " + trace() + ": not a trace: it does not begin with GSTRACE1", r.err().strip());
        assertEquals(2, r.code());
    }
}
