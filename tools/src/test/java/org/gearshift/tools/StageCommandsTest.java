package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.gearshift.tools.symbols.ElfImages;
import org.gearshift.tools.symbols.Symbol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.objectweb.asm.ClassReader;

/** Each stage of translation works alone and in a pipe, and says exactly what is wrong with its input. */
class StageCommandsTest {
    private static final String LOOP = "8b 03 83 c3 04 01 c2 49 75 f6 c3";

    @TempDir
    Path dir;

    private static CommandLineRun run(String input, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Gearshift.execute(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), new PrintWriter(out), new PrintWriter(err), args);
        return new CommandLineRun(code, out.toString().replace("\r\n", "\n"), err.toString());
    }

    private static String shown(String input, String... args) {
        CommandLineRun r = run(input, args);
        assertEquals(0, r.code(), r.err());
        assertEquals("", r.err());
        return r.out();
    }

    private static void refused(String expected, String input, String... args) {
        CommandLineRun r = run(input, args);
        assertEquals(2, r.code(), r.out());
        assertEquals("gearshift: " + expected, r.err().strip());
    }

    @Test
    void eachStageReadsTheOneBefore() {
        String listing = shown(LOOP, "decode");
        assertTrue(listing.contains("    1008:  75 f6                          jne 0x1000\n"), listing);
        String ir = shown(listing, "lift");
        assertEquals(ir, shown("", "lift", "8b0383c304", "01c24975f6c3"), "or lifts bytes itself");
        String optimized = shown(ir, "optimize");
        assertTrue(optimized.length() < ir.length() && optimized.contains("; dec ecx\n"), optimized);
        assertEquals(optimized, shown(optimized, "optimize", "--passes", "none"), "what is read is what was written");
        String bytecode = shown(optimized, "emit");
        assertTrue(bytecode.contains("GETFIELD org/gearshift/ir/GuestContext.readMap : [I"), bytecode);
        for (String text : List.of(LOOP, listing, ir, optimized)) {
            String end = shown(text, "run-ir", "--set", "ebx=0x2000", "--set", "ecx=3", "--memory", "2000=01000000 02000000 04000000");
            assertTrue(end.startsWith("jvm: left the region for 0x0, 16 instructions\n") && end.contains("*edx    0x7 "), end);
            assertTrue(end.endsWith("interpreter: the same\n"), end);
        }
    }

    @Test
    void codeOf64And16Bits() {
        String wide = shown(shown("48 89 44 24 08 c3", "decode", "--mode", "64"), "lift");
        assertTrue(wide.startsWith("; code 64\n"), wide);
        String end = shown(wide, "run-ir", "--set", "rax=0x1122334455667788");
        assertTrue(end.contains("*7fffff00:  00 00 00 00 00 00 00 00 88 77 66 55 44 33 22 11\n"), end);
        String narrow = shown("b8 34 12", "decode", "--mode", "16");
        assertTrue(narrow.contains("mov ax,0x1234"), narrow);
        assertTrue(shown(narrow, "interpret", "--set", "eax=0xffff0000").contains("*eax    0xffff1234 "));
    }

    @Test
    void passesOneByOne() {
        String diff = shown("01 d8 01 c8", "optimize", "--diff", "--passes", "dead-puts,dead-code");
        assertTrue(diff.contains("""
                -   put.i32 flag_res, v2
                -   put.i32 flag_aux, v3
                """), diff);
        assertTrue(diff.contains("; dead-code: removes pure operations whose values nobody uses; 12 operations, now 11\n"), diff);
        assertTrue(diff.contains("-   v3 = aux.add.i32.32 v0, v1, v2\n"), "values keep their names: " + diff);
        refused("no pass 'peephole'; there are simplify, dead-puts, dead-code, and 'none'", "90", "optimize", "--passes", "peephole");
    }

    @Test
    void graphsAndClassesAreFiles() throws Exception {
        Path dot = dir.resolve("g.dot");
        Path svg = dir.resolve("g.svg");
        shown(LOOP, "lift", "--cfg", dot.toString());
        shown(LOOP, "lift", "--cfg", svg.toString());
        String g = Files.readString(dot);
        assertTrue(g.startsWith("digraph region {") && g.contains("\"1000\" -> \"1000\" [label=\"taken\"];") && g.contains("mov eax,DWORD PTR [ebx]\\l"), g);
        javax.xml.parsers.DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(svg.toFile());
        refused("--cfg g.png: a name that ends in .dot or .svg", LOOP, "lift", "--cfg", "g.png");
        Path cls = dir.resolve("R.class");
        shown(LOOP, "emit", "--class", cls.toString());
        assertEquals("org/gearshift/backend/jvm/G_region", new ClassReader(Files.readAllBytes(cls)).getClassName());
    }

    @Test
    void jsonForOtherPrograms() {
        assertTrue(shown("40", "decode", "--json").contains("{\"address\": \"0x1000\", \"bytes\": \"40\", \"mnemonic\": \"INC\", \"text\": \"inc eax\"}"));
        assertTrue(shown("40", "lift", "--json").contains("{\"op\": \"get\", \"type\": \"i32\", \"result\": \"v0\", \"text\": \"v0 = get.i32 rax\"}"));
        assertTrue(shown("40", "emit", "--json").contains("\"bytecodeBytes\": "));
        assertTrue(shown("40", "run-ir", "--json", "--set", "eax=1").contains("\"eax\": \"0x2\""));
    }

    @Test
    void symbolsOfAProgram() throws Exception {
        byte[] code = HexFormat.of().parseHex("90909090" + LOOP.replace(" ", "") + "cccc");
        Path elf = Files.write(dir.resolve("p.elf"), ElfImages.with(false, 0x8048000, code, List.of(new Symbol(0x8048000, 4, "nothing", Symbol.Kind.FUNCTION),
                new Symbol(0x8048004, 11, "sum", Symbol.Kind.FUNCTION), new Symbol(0x8048008, 0, "table", Symbol.Kind.OBJECT))));
        String s = shown("", "decode", "--file", elf.toString(), "--symbol", "sum");
        assertTrue(s.startsWith("; code 32\n; sum\n 8048004:  8b 03 ") && s.endsWith("ret\n") && s.contains("; <sum>"), s);
        refused(elf + ": no symbol 'som'; did you mean sum?", "", "lift", "--file", elf.toString(), "--symbol", "som");
        refused(elf + ": which code of it? --symbol NAME or --at ADDRESS", "", "lift", "--file", elf.toString());
        refused(elf + ": has no code at 0x100", "", "lift", "--file", elf.toString(), "--at", "100");
        Path map = Files.writeString(dir.resolve("map"), "08048004 T total\n");
        assertTrue(shown("", "decode", "--file", elf.toString(), "--symbols", map.toString(), "--symbol", "total").contains("; total\n"));
        Path raw = Files.write(dir.resolve("raw.bin"), code);
        assertTrue(shown("", "decode", "--file", raw.toString(), "--at", "7c00", "--length", "2").endsWith("    7c01:  90                             nop\n"));
    }

    @Test
    void faultsAndServicesEndARun() {
        assertTrue(shown("8b 03", "run-ir").startsWith("jvm: exception #PF at 0x1000, error code 0: no memory at 0x0 (--memory gives some), 0 instructions\n"));
        assertTrue(shown("90 f7 f1", "run-ir").startsWith("jvm: exception #DE at 0x1001, 1 instructions\n"));
        assertTrue(shown("0f a2", "run-ir").startsWith("jvm: stopped at 0x1000: the instruction asks the monitor for CPUID, which only a whole machine answers"));
        assertTrue(shown("eb fe", "run-ir", "--limit", "100").startsWith("jvm: the limit of 100 instructions left too few for the block at 0x1000, 100 instructions\n"));
    }

    @Test
    void wrongInputIsExplained() {
        refused("the bytes: column 5: expected a hexadecimal digit, not 'g'", "", "decode", "8b 0g");
        refused("standard input: line 2, column 1: a byte has two digits, and there is one", "8b 03\n8\n", "decode");
        refused("standard input: no bytes in it", " ", "lift");
        refused("the bytes: the bytes are no complete instruction", "", "lift", "8b");
        refused("--mode 48: 16, 32 or 64", "", "lift", "90", "--mode", "48");
        refused("standard input: line 1, column 16: expected '{', but the line ends", "block 1 bytes 1\n", "optimize");
        String head = "block 0x10 bytes 1 {\n  mark 0x10\n  ";
        refused("standard input: line 3, column 16: no state slot 'rbq'", head + "v0 = get.i32 rbq\n  goto 0x11\n}\n", "optimize");
        refused("standard input: line 3, column 8: no operation 'got.i32'", head + "v0 = got.i32 rbx\n  goto 0x11\n}\n", "emit");
        refused("standard input: line 3, column 8: expected 'get.i32' or the like: the type is missing", head + "v0 = get rbx\n  goto 0x11\n}\n", "emit");
        refused("standard input: line 3, column 3: expected a block end (goto, branch, indirect, exit, exit.to.state) before '}'", head + "}\n", "interpret");
        refused("standard input: line 4, column 16: no value 'v1' before this line of the block", head + "v0 = get.i32 rbx\n  put.i32 rax, v1\n  goto 0x11\n}\n", "run-ir");
        refused("standard input: this is IR already; optimize, emit, interpret and run-ir take it", head + "goto 0x11\n}\n", "decode");
        refused("--set eex=5: no register, flag or state slot 'eex'", "90", "run-ir", "--set", "eex=5");
        refused("--memory 2000: expected ADDRESS=BYTES or ADDRESS+SIZE, all in hexadecimal", "90", "run-ir", "--memory", "2000");
    }

    @Test
    void machineCodeNeedsTheLaunchersJava() throws Exception {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process p = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", classPath, "org.gearshift.tools.Gearshift", "emit", "--machine-code", "90")
                .redirectErrorStream(true).start();
        String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(2, p.waitFor(), said);
        assertTrue(said.contains("--machine-code: this Java was started without HotSpot's white-box interface, which shows compiled code; the launcher ./gearshift starts it with it"), said);
    }
}
