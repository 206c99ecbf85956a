package org.gearshift.translator.x86.disasm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.gearshift.testing.Prerequisite;
import org.gearshift.translator.x86.decode.Decoder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every opcode, with every prefix that may be part of it, is what objdump and the host's processor say. Random bytes: {@link RandomStringTest}. */
class SyntheticCodeTest {
    /** Addresses stay below this, where objdump's and the processor's truncation of branch targets are the same. */
    private static final int LIMIT = 0xff00;

    private static final int[][] ESCAPES = {{}, {0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}};
    private static final int VEX_MAPS = 3;
    /** Of so many samples one is put to the processor. */
    private static final int STRIDE = Integer.getInteger("opcodes.stride", 10);

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Objdump.Machine.class)
    void everyOpcodeReadsAsObjdumpReadsIt(Objdump.Machine machine) throws Exception {
        Prerequisite.program("objdump");
        DisassemblyComparison comparison = new DisassemblyComparison(machine);
        for (CodeSamples.Piece piece : pieces(machine)) {
            byte[] code = piece.code();
            Path file = directory.resolve("code.bin");
            Files.write(file, code);
            Objdump.flat(file.toString(), machine, (address, bytes, offset, end, length, text) -> {
                // The last instructions may be cut off.
                if (address + 16 <= code.length) {
                    comparison.line(address, bytes, offset, end, length, text);
                }
            });
        }
        System.out.print("every opcode " + comparison);
        assertEquals("", comparison.failures());
        assertTrue(comparison.same() > (hasVexMaps(machine) ? 1_900_000 : 1_150_000), comparison::toString);
    }

    @ParameterizedTest
    @EnumSource(Objdump.Machine.class)
    void everyOpcodeExistsIfTheProcessorSaysSo(Objdump.Machine machine) throws Exception {
        Decoder decoder = new Decoder();
        try (LengthProbe probe = new LengthProbe(directory)) {
            assumeTrue(probe.executes(machine.bits), () -> "no " + machine.bits + "-bit code runs under this kernel; objdump's word is compared all the same");
            ProbeComparison comparison = new ProbeComparison(machine, probe, LengthProbe.hostFlags());
            int sample = 0;
            for (CodeSamples.Piece piece : pieces(machine)) {
                byte[] code = Arrays.copyOf(piece.code(), piece.code().length + LengthProbe.STRING);
                for (int at = piece.starts().nextSetBit(0); at >= 0; at = piece.starts().nextSetBit(at + 1)) {
                    if (sample++ % STRIDE == 0) {
                        int[] next = {at};
                        comparison.add(code, at, decoder.decode(() -> code[next[0]++] & 0xff, machine.mode), null);
                    }
                }
            }
            comparison.flush();
            System.out.print("every opcode, the processor's word: " + comparison);
            assertEquals("", comparison.failures());
            assertTrue(comparison.compared() > (hasVexMaps(machine) ? 200_000 : 120_000) / STRIDE, comparison::toString);
        }
    }

    /** In 16-bit code they are what they are in 32-bit code: only with -Dopcodes.stride=1. */
    private static boolean hasVexMaps(Objdump.Machine machine) {
        return machine.bits != 16 || STRIDE == 1;
    }

    private static List<CodeSamples.Piece> pieces(Objdump.Machine machine) {
        List<CodeSamples.Piece> pieces = new ArrayList<>();
        for (int[] escape : ESCAPES) {
            CodeSamples.everyOpcode(machine, escape, LIMIT, pieces::add);
        }
        for (int map = 1; map <= VEX_MAPS && hasVexMaps(machine); map++) {
            CodeSamples.everyVexOpcode(machine, map, LIMIT, pieces::add);
        }
        return pieces;
    }
}
