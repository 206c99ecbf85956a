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
    /** VEX by map, mandatory prefix, W and vvvv. All instructions decoded there have opcodes from F0 up. */
    private static final int[][] VEX_ESCAPES = {{0xc4, 0xe2, 0x78}, {0xc4, 0xe2, 0x79}, {0xc4, 0xe2, 0x7a}, {0xc4, 0xe2, 0x7b}, {0xc4, 0xe2, 0x60},
        {0xc4, 0xe2, 0xe2}, {0xc4, 0xe2, 0x7c}, {0xc4, 0xe3, 0x7b}, {0xc4, 0xe3, 0xfb}, {0xc4, 0xe3, 0x73}};

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Objdump.Machine.class)
    void everyOpcodeReadsAsObjdumpReadsIt(Objdump.Machine machine) throws Exception {
        Prerequisite.program("objdump");
        DisassemblyComparison comparison = new DisassemblyComparison(machine);
        List<byte[]> pieces = new ArrayList<>();
        for (int[] escape : ESCAPES) {
            CodeSamples.everyOpcode(machine, escape, 0, LIMIT, pieces::add);
        }
        for (int[] escape : VEX_ESCAPES) {
            CodeSamples.everyOpcode(machine, escape, 0xf0, LIMIT, pieces::add);
        }
        for (byte[] piece : pieces) {
            compare(comparison, machine, piece);
        }
        System.out.print("every opcode " + comparison);
        assertEquals("", comparison.failures());
        assertTrue(comparison.same() > 500_000, comparison::toString);
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
