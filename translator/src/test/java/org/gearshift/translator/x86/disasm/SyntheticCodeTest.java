package org.gearshift.translator.x86.disasm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every opcode reads as objdump reads it. Random bytes: {@link RandomStringTest}. */
class SyntheticCodeTest {
    /** Addresses stay below this, where objdump's and the processor's truncation of branch targets are the same. */
    private static final int LIMIT = 0xff00;

    private static final int[][] ESCAPES = {{}, {0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}};
    private static final int VEX_MAPS = 3;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Objdump.Machine.class)
    void everyOpcodeReadsAsObjdumpReadsIt(Objdump.Machine machine) throws Exception {
        Prerequisite.program("objdump");
        DisassemblyComparison comparison = new DisassemblyComparison(machine);
        List<byte[]> pieces = new ArrayList<>();
        for (int[] escape : ESCAPES) {
            CodeSamples.everyOpcode(machine, escape, LIMIT, pieces::add);
        }
        for (int map = 1; map <= VEX_MAPS; map++) {
            CodeSamples.everyVexOpcode(machine, map, LIMIT, pieces::add);
        }
        for (byte[] piece : pieces) {
            compare(comparison, machine, piece);
        }
        System.out.print("every opcode " + comparison);
        assertEquals("", comparison.failures());
        assertTrue(comparison.same() > 2_000_000, comparison::toString);
    }

    private void compare(DisassemblyComparison comparison, Objdump.Machine machine, byte[] code) throws IOException {
        Path file = directory.resolve("code.bin");
        Files.write(file, code);
        Objdump.flat(file.toString(), machine, (address, bytes, offset, end, length, text) -> {
            // The last instructions may be cut off.
            if (address + 16 <= code.length) {
                comparison.line(address, bytes, offset, end, length, text);
            }
        });
    }
}
