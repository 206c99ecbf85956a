package org.gearshift.translator.x86.disasm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever the bytes: decoder and disassembler agree with objdump. */
class RandomCodeTest {
    private static final int FILES = 16;
    private static final int INSTRUCTIONS_PER_FILE = 8_000;
    /** Addresses stay below this, where objdump's and the processor's truncation of branch targets are the same. */
    private static final int LIMIT = 0xff00;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Objdump.Machine.class)
    void randomInstructionsReadAsObjdumpReadsThem(Objdump.Machine machine) throws Exception {
        Guests.assumeTool("objdump");
        DisassemblyComparison comparison = new DisassemblyComparison(machine);
        for (int seed = 0; seed < FILES; seed++) {
            byte[] code = CodeSamples.random(machine, INSTRUCTIONS_PER_FILE, seed, LIMIT);
            Path file = directory.resolve("code.bin");
            Files.write(file, code);
            Objdump.flat(file.toString(), machine, (address, bytes, length, text) -> {
                // The last instructions may be cut off.
                if (address + 16 <= code.length) {
                    comparison.line(address, code, (int) address, code.length, length, text);
                }
            });
        }
        System.out.println("random " + comparison);
        assertEquals("", comparison.failures());
        assertTrue(comparison.same() > 200_000, comparison::toString);
    }
}
