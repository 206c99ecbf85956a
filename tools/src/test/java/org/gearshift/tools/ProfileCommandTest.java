package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import jdk.jfr.consumer.RecordingFile;
import org.gearshift.tools.symbols.ElfImages;
import org.gearshift.tools.symbols.Symbol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guest whose outer function calls an inner one, which loops: samples say so, and the flame graph is a file by itself. */
class ProfileCommandTest {
    /**
     * start: mov esp,0x200000; call outer; out. outer: push ebp; mov ebp,esp; call inner; pop ebp; ret. inner: push ebp; mov ebp,esp; mov ecx,N; dec ecx; jnz; pop ebp;
     * ret.
     */
    private static final String CODE = """
            bc 00 00 20 00 e8 06 00 00 00 b0 10 e6 f4 eb fe
            55 89 e5 e8 02 00 00 00 5d c3
            55 89 e5 b9 a0 86 01 00 49 75 fd 5d c3
            """;

    @TempDir
    Path dir;

    private Path elf() throws Exception {
        return Files.write(dir.resolve("calls.elf"), ElfImages.with(false, 0x100000, HexFormat.of().parseHex(CODE.replaceAll("\\s", "")),
                List.of(new Symbol(0x100000, 16, "start", Symbol.Kind.FUNCTION), new Symbol(0x100010, 10, "outer", Symbol.Kind.FUNCTION),
                        new Symbol(0x10001a, 13, "inner", Symbol.Kind.FUNCTION))));
    }

    private CommandLineRun profile(String... more) throws Exception {
        java.util.ArrayList<String> words = new java.util.ArrayList<>(List.of("profile", "--kernel", elf().toString(), "-m", "16M", "--every", "1000"));
        words.addAll(List.of(more));
        CommandLineRun r = CommandLineRun.of(words.toArray(new String[0]));
        assertEquals(0, r.code(), r.err());
        return r;
    }

    @Test
    void functionsAndTheirCallers() throws Exception {
        Path folded = dir.resolve("stacks.txt");
        CommandLineRun r = profile("-o", folded.toString());
        assertTrue(r.out().contains("100.00% 100.00%  inner") && r.out().contains("  0.00% 100.00%  outer"), r.out());
        assertEquals("start;outer;inner 200\n", Files.readString(folded));
        assertEquals(r.out().lines().toList().subList(0, 4), profile().out().lines().toList().subList(0, 4), "profiles repeat");
    }

    @Test
    void flameGraphsStandAlone() throws Exception {
        Path svg = dir.resolve("g.svg");
        Path html = dir.resolve("g.html");
        profile("-o", svg.toString());
        profile("-o", html.toString());
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(svg.toFile());
        String page = Files.readString(html);
        assertTrue(page.contains("<title>inner: 200 samples, 100.00%</title>") && page.contains("hottest regions:"), page);
        assertTrue(!page.contains("src=") && !page.contains("href="), "nothing from elsewhere");
    }

    @Test
    void translationsAsEvents() throws Exception {
        Path jfr = dir.resolve("t.jfr");
        profile("--jfr", jfr.toString());
        assertTrue(RecordingFile.readAllEvents(jfr).stream().anyMatch(e -> e.getEventType().getName().equals("org.gearshift.TranslateRegion")
                && e.getInt("bytecodeSize") > 0));
    }

    @Test
    void wrongOptionsAreExplained() {
        CommandLineRun r = CommandLineRun.of("profile", "-o", "x.png");
        assertEquals("gearshift: --output x.png: a name that ends in .html, .svg or .txt", r.err().strip());
        assertEquals(2, r.code());
    }
}
