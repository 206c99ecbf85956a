package org.gearshift.tools.symbols;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Symbols are found by name and by address, from every kind of file that has them. */
class SymbolTableTest {
    private static final String MAP = """
            c1000000 T startup_32
            c1000100 T memcpy
            c1000100 t __memcpy
            c1000180 T memset
            c1000200 D jiffies
            f8001000 t helper [module]
            """;

    @TempDir
    Path dir;

    private static SymbolTable map() throws Exception {
        return SymbolReader.read("System.map", MAP.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void addressesAreSeenFromTheirSymbol() throws Exception {
        SymbolTable t = map();
        assertEquals("memcpy+0x7f", t.describe(0xc100017fL));
        assertEquals("memcpy", t.describe(0xc1000100L), "the shorter of two names");
        assertEquals("memset", t.describe(0xc1000180L));
        assertEquals("0xc0ffffff", t.describe(0xc0ffffffL));
        assertEquals("helper+0x4", t.describe(0xf8001004L));
        assertNull(t.at(0xf9001004L), "far behind the last symbol");
        assertEquals(0x80, t.extent(t.find("memcpy")));
        assertEquals("memcpy+0x1", t.moved(0x1000).describe(0xc1001101L));
        assertEquals(Symbol.Kind.OBJECT, t.find("jiffies").kind());
    }

    @Test
    void namesThatAreAlikeAreOffered() throws Exception {
        SymbolTable t = map();
        assertEquals("memcpy", t.nearest("memcopy", 3).get(0));
        assertEquals(List.of("memcpy", "__memcpy"), t.nearest("memcp", 3), "those that contain it first");
        assertEquals(List.of(), t.nearest("wholly_different_name", 3));
        assertNull(t.find("memcopy"));
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void elfFiles(boolean wide) throws Exception {
        List<Symbol> symbols = List.of(new Symbol(0x401000, 16, "first", Symbol.Kind.FUNCTION), new Symbol(0x401010, 8, "table", Symbol.Kind.OBJECT),
                new Symbol(0x401020, 0, "label", Symbol.Kind.OTHER));
        Path f = Files.write(dir.resolve("x.elf"), ElfImages.with(wide, 0x401000, new byte[64], symbols));
        SymbolTable t = SymbolReader.read(f);
        assertEquals(3, t.symbols().size());
        assertEquals(symbols.get(0), t.find("first"));
        assertEquals(Symbol.Kind.FUNCTION, t.find("label").kind(), "a label in code");
        assertEquals("table+0x7", t.describe(0x401017));
        assertNull(t.at(0x401018), "between two symbols of known size");
    }

    /** In every layout that kernels of the last years have had. */
    @ParameterizedTest
    @CsvSource({"true,false,false", "true,false,true", "true,true,true", "true,true,false", "false,false,true", "false,false,false", "false,true,true"})
    void tablesThatKernelsCarry(boolean wide, boolean late, boolean sequences) {
        SplittableRandom random = new SplittableRandom(3);
        long base = wide ? 0xffffffff81000000L : 0xc1000000L;
        List<Symbol> symbols = new ArrayList<>();
        long at = base;
        for (int i = 0; i < 2900; i++) {
            String name = (i % 3 == 0 ? "sys_" : "do_") + Integer.toString(random.nextInt(1 << 30), 36) + "x".repeat(i == 700 ? 200 : random.nextInt(9)) + "_0";
            symbols.add(new Symbol(at, 0, name, i < 2000 ? Symbol.Kind.FUNCTION : Symbol.Kind.OBJECT));
            at += 1 + random.nextInt(4000);
        }
        SymbolTable t = Kallsyms.read(new KallsymsImage(wide, late, sequences).of(symbols, base), wide);
        assertEquals(symbols, t.symbols());
    }

    @Test
    void damagedFilesAreRefusedNotFollowed() {
        byte[] elf = ElfImages.with(true, 0x401000, new byte[64], List.of(new Symbol(0x401000, 16, "first", Symbol.Kind.FUNCTION)));
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 2000; i++) {
            byte[] damaged = elf.clone();
            for (int k = 0; k < 4; k++) {
                int where = random.nextInt(3) == 0 ? elf.length - 1 - random.nextInt(5 * 64) : random.nextInt(64);
                damaged[where] = (byte) random.nextInt(256);
            }
            try {
                SymbolReader.read("damaged", damaged);
            } catch (java.io.IOException | org.gearshift.vmm.boot.BootException e) {
                assertTrue(e.getMessage().startsWith("damaged: "), e.getMessage());
            }
        }
    }

    @Test
    void unusableFilesAreExplained() {
        refused("a placeholder", "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n");
        refused("line 2: expected 'ADDRESS TYPE NAME'", "c1000000 T a\nc1000001 T\n");
        refused("kptr_restrict", "0000000000000000 T a\n0000000000000000 T b\n");
        refused("neither ELF", "\0\1\2");
    }

    private static void refused(String expected, String text) {
        Exception e = assertThrows(SymbolFormatException.class, () -> SymbolReader.read("file", text.getBytes(StandardCharsets.UTF_8)));
        assertTrue(e.getMessage().startsWith("file: ") && e.getMessage().contains(expected), e.getMessage());
    }
}
