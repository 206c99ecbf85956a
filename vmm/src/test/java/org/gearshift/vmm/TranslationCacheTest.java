package org.gearshift.vmm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.TranslationCache;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is remembered from run to run makes a run compile sooner, and never do anything else. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TranslationCacheTest {
    private static final int HOT = 6000;
    private static final int TIMES = 30_000;
    private static final String FILE = "regions.gz";

    @TempDir
    private Path directory;
    private Vm first;

    /** Loops round two functions, of which one takes two ways. @param padding nops before the loop @param value that is added */
    private static String program(int padding, int value) {
        String jump = padding == 0 ? "" : String.format("e9%08x", Integer.reverseBytes(padding - 5)) + "90".repeat(padding - 5);
        // mov esp, 90000h; mov ecx, TIMES; loop: call one; call two; dec ecx; jnz loop; cli; hlt
        return jump + "bc00000900" + String.format("b9%08x", Integer.reverseBytes(TIMES)) + "e80a000000 e80d000000 49 75f3 fa f4 90"
                // one: add eax, value; xor ebx, eax; test al, 1; ret
                + String.format("81c0%08x 31c3 a801 c3", Integer.reverseBytes(value))
                // two: test cl, 3; jnz over; add edx, ebx; rol edx, 5; over: inc esi; ret
                + "f6c103 7505 01da c1c205 46 c3";
    }

    private Vm run(String program, Path cache) throws Exception {
        EngineOptions options = EngineOptions.of(EngineOptions.Backend.JVM);
        options = new EngineOptions(EngineOptions.Backend.JVM, HOT, options.regionInsns(), options.dominance(), true, false);
        TranslationCache translations = cache == null ? null : TranslationCache.in(cache);
        Vm vm = VmTest.load(program, new VmConfig(16 << 20, VmConfig.Clock.VIRTUAL, options.with(translations)));
        assertEquals(VmOutcome.DEAD, vm.run(Long.MAX_VALUE).exitCode());
        if (translations != null) {
            translations.save();
        }
        return vm;
    }

    private static long[] registers(Vm vm) {
        return Arrays.copyOfRange(vm.cpu().s, X86State.RAX, X86State.RAX + 8);
    }

    private void assertSame(Vm expected, Vm actual) {
        assertArrayEquals(registers(expected), registers(actual));
        assertEquals(expected.engine().retired(), actual.engine().retired());
        assertEquals(expected.stateHash(), actual.stateHash(), "all of its state");
    }

    @BeforeEach
    void runOnce() throws Exception {
        first = run(program(0, 12345), directory);
        assertSame(run(program(0, 12345), null), first);
        assertEquals(0, first.engine().statistics().recalled);
        assertTrue(first.engine().statistics().regions > 0, "it must have been hot");
    }

    @Test
    void aSecondRunCompilesWhatWasHotAfterAFewTimes() throws Exception {
        Vm second = run(program(0, 12345), directory);
        assertSame(first, second);
        assertTrue(second.engine().statistics().recalled > 0);
        assertTrue(second.engine().interpreted() < first.engine().interpreted() / 2, second.engine().interpreted() + " of " + first.engine().interpreted());
        assertTrue(run(program(0, 12345), directory).engine().statistics().recalled > 0, "what was recalled is kept as well");
    }

    @Test
    void codeIsKnownAgainAtAnotherAddress() throws Exception {
        assertTrue(run(program(0x3000, 12345), directory).engine().statistics().recalled > 0);
    }

    @Test
    void whatIsOtherCodeIsNot() throws Exception {
        Vm other = run(program(0x3010, 54321), directory);
        assertEquals(0, other.engine().statistics().recalled, "it lies elsewhere in its page");
        assertSame(run(program(0x3010, 54321), null), other);
    }

    @Test
    void aFileThatIsNoneIsReplaced() throws Exception {
        Path file = directory.resolve(FILE);
        byte[] good = Files.readAllBytes(file);
        for (byte[] bad : new byte[][] {{}, {1, 2, 3}, Arrays.copyOf(good, good.length / 2), Arrays.copyOf(good, good.length - 1), packed(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9})}) {
            Files.write(file, bad);
            Vm second = run(program(0, 12345), directory);
            assertEquals(0, second.engine().statistics().recalled);
            assertSame(first, second);
            assertTrue(run(program(0, 12345), directory).engine().statistics().recalled > 0, "a good one is in its place");
        }
    }

    /** Whoever can write the file can make a run slow, but not wrong. */
    @Test
    void aFileThatSomebodyHasChangedChangesNothing() throws Exception {
        Path file = directory.resolve(FILE);
        byte[] good = unpacked(Files.readAllBytes(file));
        Random random = new Random(1201);
        int recalled = 0;
        for (int n = 0; n < 60; n++) {
            byte[] changed = good.clone();
            for (int k = 0; k <= n % 4; k++) {
                changed[random.nextInt(changed.length)] = (byte) random.nextInt();
            }
            Files.write(file, packed(changed));
            Vm second = run(program(0, 12345), directory);
            assertSame(first, second);
            recalled += second.engine().statistics().recalled > 0 ? 1 : 0;
        }
        assertTrue(recalled > 10, "most changes leave a file that is used: " + recalled);
    }

    @Test
    void whereNoFileCanBeItSaysSo() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        assertThrows(IOException.class, () -> TranslationCache.in(file));
    }

    private static byte[] packed(byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream z = new GZIPOutputStream(out)) {
            z.write(content);
        }
        return out.toByteArray();
    }

    private static byte[] unpacked(byte[] file) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(file))) {
            return in.readAllBytes();
        }
    }
}
