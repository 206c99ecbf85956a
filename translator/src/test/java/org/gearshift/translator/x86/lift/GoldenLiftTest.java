package org.gearshift.translator.x86.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.gearshift.ir.Block;
import org.gearshift.ir.Printer;
import org.gearshift.ir.Verifier;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The IR of representative instructions of each group. {@code -Dbless=true} writes the files anew. */
class GoldenLiftTest {
    private static final long FLAT = X86Mode.FLAT_CS | X86Mode.FLAT_DS | X86Mode.FLAT_ES | X86Mode.FLAT_SS;
    private static final Map<String, Long> MODES = Map.of(
            "code16", 0L,
            "code32", X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | FLAT,
            "sse32", X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | FLAT | X86Mode.OSFXSR,
            "avx32", X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | FLAT | X86Mode.OSFXSR | X86Mode.OSXSAVE | X86Mode.AVX,
            "user32", X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | FLAT | 3,
            "code64", X86Mode.PROTECTED | X86Mode.CODE64 | X86Mode.STACK32);
    private static final long START = 0x1000;

    @ParameterizedTest
    @ValueSource(strings = {"data-transfer", "stack", "integer-arithmetic", "decimal", "logic", "shift-rotate", "bit-byte", "control-transfer",
        "string", "flag-control", "segment", "system", "miscellaneous", "simd", "avx"})
    void groupLiftsAsRecorded(String group) throws IOException {
        String recorded = read(group + ".txt");
        StringBuilder actual = new StringBuilder();
        for (String line : recorded.lines().filter(l -> l.startsWith("== ")).toList()) {
            String[] f = line.split(" ", 3);
            actual.append(line).append('\n').append(lift(f[1], f[2].replace(" ", "")));
        }
        if (Boolean.getBoolean("bless")) {
            Files.writeString(Path.of("src/test/resources/org/gearshift/translator/x86/lift/golden", group + ".txt"), actual);
            return;
        }
        assertEquals(recorded, actual.toString());
    }

    private static String lift(String mode, String hex) {
        byte[] code = HexFormat.of().parseHex(hex);
        // The code's own instructions: their number is found by lifting until it is used up.
        for (int n = 1; ; n++) {
            Block b = new X86Lifter().lift(a -> a - START < code.length ? code[(int) (a - START)] & 0xff : 0x90, START, MODES.get(mode), n);
            if (b.guestBytes() >= code.length) {
                assertEquals(List.of(), Verifier.check(b, X86State.LAYOUT), hex);
                return Printer.print(b, X86State.LAYOUT);
            }
        }
    }

    private static String read(String name) {
        try (InputStream in = GoldenLiftTest.class.getResourceAsStream("golden/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
