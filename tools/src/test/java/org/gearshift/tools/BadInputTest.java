package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user sees who gets something wrong: one line that says what, exit code 2, no stack trace. */
class BadInputTest {
    @TempDir
    Path dir;

    /** A setup header as a kernel's build writes it, with nothing behind it. */
    private static byte[] header(int version, int xloadflags, int sysSizeParagraphs, int prefAddress, int initSize) {
        ByteBuffer b = ByteBuffer.allocate(5 * 512 + 4096).order(ByteOrder.LITTLE_ENDIAN);
        b.put(0x1f1, (byte) 4).putInt(0x1f4, sysSizeParagraphs).putShort(0x1fe, (short) 0xaa55);
        b.put(0x200, (byte) 0xeb).put(0x201, (byte) 0x6a).putInt(0x202, 0x53726448).putShort(0x206, (short) version);
        b.put(0x211, (byte) 1).putInt(0x214, 0x100000).put(0x234, (byte) 1).putShort(0x236, (short) xloadflags).putInt(0x238, 2047);
        b.putLong(0x258, prefAddress).putInt(0x260, initSize).putInt(0x22c, 0x37ffffff);
        return b.array();
    }

    private Path file(String name, byte[] contents) throws Exception {
        return Files.write(dir.resolve(name), contents);
    }

    private static void refused(String expected, String... args) {
        StringWriter err = new StringWriter();
        int code = Gearshift.execute(new PrintWriter(new StringWriter()), new PrintWriter(err), args);
        String text = err.toString();
        assertEquals(2, code, text);
        String first = text.lines().findFirst().orElse("");
        assertTrue(first.startsWith("gearshift: ") && first.contains(expected), () -> "said: " + text);
        assertFalse(text.contains("\tat "), () -> "a stack trace: " + text);
    }

    @Test
    void missingKernel() {
        refused("no such file", "run", "--kernel", dir.resolve("nothing").toString(), "--serial", "none");
    }

    @Test
    void missingInitrd() throws Exception {
        Path k = file("k", header(0x20f, 0, 256, 0x100000, 0x100000));
        refused("no such file", "run", "--kernel", k.toString(), "--initrd", dir.resolve("nothing").toString(), "--serial", "none");
    }

    @Test
    void notAKernel() throws Exception {
        refused("not a kernel image", "run", "--kernel", file("k", new byte[100_000]).toString(), "--serial", "none");
        refused("not a kernel image", "run", "--kernel", file("empty", new byte[0]).toString(), "--serial", "none");
        refused("is a directory", "run", "--kernel", dir.toString(), "--serial", "none");
    }

    @Test
    void truncatedBzImage() throws Exception {
        refused("truncated", "run", "--kernel", file("k", header(0x20f, 0, 0x60000, 0x100000, 0x100000)).toString(), "--serial", "none");
        refused("truncated", "run", "--kernel", file("short", Arrays.copyOf(header(0x20f, 0, 256, 0x100000, 0x100000), 0x210)).toString(), "--serial", "none");
    }

    @Test
    void sixtyFourBitKernel() throws Exception {
        refused("give more with -m", "run", "--kernel", file("k", header(0x20f, 1, 256, 0x1000000, 0x2000000)).toString(), "-m", "16M", "--serial", "none");
    }

    @Test
    void tooLittleMemory() throws Exception {
        Path k = file("k", header(0x20f, 0, 256, 0x1000000, 0x2000000));
        refused("give more with -m", "run", "--kernel", k.toString(), "-m", "16M", "--serial", "none");
        Path rd = file("rd", new byte[20 << 20]);
        refused("no room for a RAM disk", "run", "--kernel", k.toString(), "--initrd", rd.toString(), "-m", "56M", "--serial", "none");
    }

    @Test
    void absurdMemory() {
        for (String m : new String[] {"0", "-5", "1T", "9999999999G", "", "lots", "4M", "64G"}) {
            refused("-m", "run", "-m", m, "--serial", "none");
        }
    }

    @Test
    void commandLineTooLong() throws Exception {
        refused("command line", "run", "--kernel", file("k", header(0x20f, 0, 256, 0x100000, 0x100000)).toString(), "--append", "x".repeat(5000), "--serial", "none");
    }

    @Test
    void translationCacheWithoutUseOrPlace() throws Exception {
        String cache = dir.resolve("cache").toString();
        refused("for code that is compiled", "run", "--translation-cache", cache, "--backend", "interpreter", "--serial", "none");
        refused("for code that is compiled", "run", "--translation-cache", cache, "--lockstep", "--serial", "none");
        refused("not a directory", "run", "--translation-cache", file("f", new byte[1]).toString(), "--serial", "none");
        assertFalse(Files.exists(Path.of(cache)), "nothing is made for a run that does not take place");
    }

    @Test
    void unknownOptionsAndValues() {
        refused("Unknown option", "run", "--frobnicate");
        refused("--clock", "run", "--clock", "sundial");
        refused("--serial", "run", "--serial", "pigeon");
        refused("--max-instructions", "run", "--max-instructions", "0", "--serial", "none");
        refused("no guest named", "guest", "fetch", "windows");
        refused("not hexadecimal", "inspect", "--bytes", "zz");
        refused("hexadecimal address", "inspect", "--bytes", "90", "--at", "here");
    }
}
