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

/**
 * Random strings of bytes are instructions, with the same length and text, as objdump says; and exist, with the same length, as the host's processor
 * says, where the host runs code of that size. A string is what follows any place where objdump begins an instruction, in bytes half of which are uniformly random and half put together of prefixes, opcodes and ModRM. As many
 * as property {@code strings} says for each code size.
 */
class RandomStringTest {
    private static final long STRINGS = Long.getLong("strings", 200_000);
    /** Addresses stay below this, where objdump's and the processor's truncation of branch targets are the same. */
    private static final int LIMIT = 0xff00;
    private static final int INSTRUCTIONS_PER_FILE = 9_000;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Objdump.Machine.class)
    void randomStringsAreWhatObjdumpAndTheProcessorSay(Objdump.Machine machine) throws Exception {
        Prerequisite.program("objdump");
        try (LengthProbe probe = new LengthProbe(directory)) {
            DisassemblyComparison objdump = new DisassemblyComparison(machine);
            ProbeComparison processor = new ProbeComparison(machine, probe, LengthProbe.hostFlags());
            boolean asked = probe.executes(machine.bits);
            for (int seed = 0; (asked ? processor.compared() : objdump.same()) < STRINGS; seed++) {
                byte[] code = seed % 2 == 0 ? CodeSamples.uniform(seed, LIMIT) : CodeSamples.random(machine, INSTRUCTIONS_PER_FILE, seed, LIMIT);
                compare(objdump, asked ? processor : null, machine, code);
            }
            System.out.print("random strings, objdump's word: " + objdump + "random strings, the processor's word: "
                    + (asked ? processor : "not asked: no " + machine.bits + "-bit code runs under this kernel\n"));
            List<String> failures = new ArrayList<>(List.of(objdump.failures(), processor.failures()));
            failures.removeIf(String::isEmpty);
            assertEquals(List.of(), failures);
            assertTrue((asked ? processor.compared() : objdump.same()) >= STRINGS, processor::toString);
        }
    }

    private void compare(DisassemblyComparison objdump, ProbeComparison processor, Objdump.Machine machine, byte[] code) throws IOException {
        Path file = directory.resolve("code.bin");
        Files.write(file, code);
        Objdump.flat(file.toString(), machine, (address, bytes, offset, end, length, text) -> {
            // The NOPs before the code count for nothing; the last instructions may be cut off.
            if (address >= CodeSamples.LEAD && end - offset >= LengthProbe.STRING) {
                KnownDifferences.DifferenceClass difference = objdump.line(address, bytes, offset, end, length, text);
                if (processor != null) {
                    processor.add(code, (int) address, objdump.instruction(), difference);
                }
            }
        });
        if (processor != null) {
            processor.flush();
        }
    }
}
