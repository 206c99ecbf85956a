package org.gearshift.tools.unwind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.gearshift.tools.symbols.ElfFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Call frame information may hold anything: the end is always an answer or a {@link CallFrameException}. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class DamagedFramesTest {
    private static final long STACK = 0x7ff000;
    private static final int TRIALS = 150;
    private static final String CODE = ".globl _start\n_start: nop\n.skip 0x100\n.section .eh_frame,\"a\",@progbits\n";
    /** Length, CIE, version 1, "zR", alignments 1 and -8, return address in register 16, absolute pointers, CFA = rsp + 8, return address at CFA - 8. */
    private static final String CIE = "c: .long 2f - 1f\n1: .long 0\n.byte 1; .asciz \"zR\"; .uleb128 1; .sleb128 -8; .byte 16; .uleb128 1; .byte 0\n.byte 0x0c, 7, 8, 0x90, 1\n.balign 8\n2:\n";
    private static final String FDE = ".long 2f - 1f\n1: .long 1b - c\n.quad _start, 0x100\n.uleb128 0\n%s\n.balign 8\n2:\n";

    @TempDir
    Path dir;

    private static FrameState state(boolean wide, long pc) {
        return FrameState.of(wide, pc, true, n -> STACK);
    }

    /** Each value on the stack is the address of its place. */
    private static Long memory(long address, int bytes) {
        return address - STACK >= -0x1000 && address - STACK < 0x1000 ? (Long) (bytes == 8 ? address : address & (1L << 8 * bytes) - 1) : null;
    }

    @ParameterizedTest
    @ValueSource(strings = {"-m32", "-m64"})
    void randomDamageIsFoundOrHarmless(String width) throws Exception {
        Path elf = CompiledFrames.compiled(dir, "program.c", "int main(void) { return 0; }", width, "-static");
        byte[] whole = Files.readAllBytes(elf);
        ElfFile.Section s = new ElfFile("whole", whole).section(".eh_frame");
        List<FrameDescription> all = ProgramFrames.of(elf).sections().get(0).descriptions();
        Random random = new Random(1);
        int refused = 0;
        int problems = 0;
        for (int i = 0; i < TRIALS; i++) {
            byte[] damaged = whole.clone();
            // A few wrong bytes, so that most tables are taken, or one in a hundred.
            int wrong = i % 2 == 0 ? 1 + random.nextInt(5) : s.length() / 100;
            for (int k = 0; k < wrong; k++) {
                damaged[s.offset() + random.nextInt(s.length())] = (byte) random.nextInt();
            }
            ProgramFrames frames = new ProgramFrames("damaged", () -> damaged);
            problems += frames.problem() != null ? 1 : 0;
            for (FrameDescription d : all) {
                try {
                    frames.step(state(width.equals("-m64"), d.from() + d.length() / 2), DamagedFramesTest::memory, 0);
                } catch (CallFrameException e) {
                    assertNotNull(e.getMessage());
                    refused++;
                }
            }
        }
        assertTrue(problems > TRIALS / 5 && refused > 0, problems + " files, " + refused + " steps");
    }

    /** What bt says of a table with such instructions. */
    private String problem(String instructions) throws Exception {
        Path elf = CompiledFrames.compiled(dir, "made.s", CODE + CIE + FDE.formatted(instructions), "-m64", "-nostdlib", "-static");
        ProgramFrames frames = ProgramFrames.of(elf);
        assertNull(frames.problem());
        long start = frames.sections().get(0).descriptions().get(0).from();
        CallFrameException e = assertThrows(CallFrameException.class, () -> frames.step(state(true, start + 0x80), DamagedFramesTest::memory, 0));
        assertTrue(e.getMessage().startsWith(elf + ": .eh_frame, entry at 0x"), e.getMessage());
        return e.getMessage().replaceFirst(".*entry at 0x[0-9a-f]+: ", "").replaceAll("0x[0-9a-f]+", "#");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        ".byte 0x3f                                     | at # the unknown instruction #",
        ".byte 0x0b                                     | a state is to be restored that was not remembered",
        ".fill 300, 1, 0x0a                             | more than 256 states are to be remembered",
        ".fill 35000, 2, 0x0b0a                         | more than 65536 instructions",
        ".byte 0x0f, 1, 0x77                             | at # 1 bytes should follow and 0 do",
        ".byte 0x0f, 3, 0x2f, 0xfd, 0xff                | the expression at # does not end",
        ".byte 0x0f, 3, 0x2f, 0xf0, 0xff                | a jump out of the expression at #",
        ".byte 0x0f, 1, 0x13                            | the expression at # takes more from its stack than is there",
        ".byte 0x0f, 4, 0x30, 0x2f, 0xfc, 0xff          | the expression at # needs more than 64 places of its stack",
        ".byte 0x0f, 3, 0x31, 0x30, 0x1b                | the expression at # divides by zero",
        ".byte 0x0f, 1, 0x9c                            | at # the operation #, which is unknown or not for frames",
        ".byte 0x0f, 2, 0x30, 0x06                      | no memory at 0",
        ".byte 0x0c, 17, 0                              | the frame is found by r17, which is not known any more",
        ".byte 0x0c, 0x80, 0x80, 0x80, 0x80, 0x10, 0    | register 4294967296, which no processor has",
        ".byte 0x0c, 7, 0x80, 0x80, 1                   | no memory with the return address at 802ff8",
        ".byte 0x0f, 1, 0x30, 0x0e, 8                   | before # half of a frame address is changed which is not a register and an offset",
        ".byte 0x01; .quad 0                            | the location goes back",
        ".byte 0x13, 0x08                               | the caller's frame should be at 7fefc0, which is not above this one",
        ".byte 0x06, 16, 0x08, 16                       | no rule for the return address"})
    void whatIsWrongIsSaid(String instructions, String problem) throws Exception {
        assertEquals(problem, problem(instructions));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'zR'|'zQ'     | a CIE with the unknown augmentation 'zQ'",
        "'zR'|'armcc+' | a CIE with the unknown augmentation 'armcc+'",
        "'1; .asciz'|'7; .asciz' | a CIE of the unknown version 7",
        "'.byte 1; .asciz'|'.byte 4; .asciz' | a CIE for addresses of 1 bytes and segment selectors of 120",
        "'.byte 16; .uleb128 1; .byte 0'|'.byte 16; .uleb128 1; .byte 0x7f' | at # a pointer of the unknown encoding #"})
    void entriesThatAreNoneMakeTheSectionUseless(String right, String wrong, String problem) throws Exception {
        Path elf = CompiledFrames.compiled(dir, "made.s", CODE + CIE.replace(right, wrong) + FDE.formatted(""), "-m64", "-nostdlib", "-static", "-Wl,--no-ld-generated-unwind-info");
        ProgramFrames frames = ProgramFrames.of(elf);
        assertTrue(String.valueOf(frames.problem()).replaceAll("0x[0-9a-f]+", "#").contains(problem), frames.problem());
        assertTrue(frames.problem().endsWith("; the section is not used"), frames.problem());
        assertNull(frames.step(state(true, 0x401000), DamagedFramesTest::memory, 0));
    }

    /** Expressions by themselves: operations, on registers that are all 0x7ff000. */
    @ParameterizedTest
    @CsvSource({"32,3a 39 1c,1", "64,09 ff,ffffffffffffffff", "32,09 ff,ffffffff", "64,09 f8 34 26,ffffffffffffffff", "32,09 f8 34 26,ffffffff", "32,09 f8 34 25,fffffff",
        "64,77 08 80 00 3f 1a 3b 2a 33 24 22,7ff008", "64,80 00 3f 1a 3b 2a,0", "32,31 32 16 1c,1", "64,31 32 33 17 22 24,18", "64,09 fd 19,3", "32,0c ff ff ff ff 31 22,0", "64,30 28 01 00 31 35,5",
        "64,31 28 01 00 31 35,5", "64,10 80 01 23 80 01,100", "32,09 f9 33 1b,fffffffe", "32,09 f9 34 1d,1", "64,31 09 ff 2b,1", "64,31 32 14 22 15 01 21,3", "64,92 07 10,7ff010", "64,77 04 94 02,f004",
        "32,79 04,", "32,74 04 06,7ff004", "64,03 00 10 00 00 00 00 00 00,1001000", "64,37 1f 20,6", "64,35 33 1e 36 27,9", "64,31 31 29 32 2e,1", "64,31 32 2c 31 2d,0", "64,38 96 12 13,8"})
    void expressions(int bits, String code, String value) {
        byte[] bytes = HexFormat.ofDelimiter(" ").parseHex(code);
        FrameBytes in = new FrameBytes(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), 0, bytes.length);
        try {
            assertEquals(value, Long.toHexString(FrameExpression.value(in, null, state(bits == 64, 0x1008), DamagedFramesTest::memory, 0x1000000)));
        } catch (CallFrameException e) {
            assertNull(value, e.getMessage());
        }
    }

    @Test
    void otherFilesKnowNothing() throws Exception {
        Path text = Files.writeString(dir.resolve("System.map"), "00001000 T start\n");
        assertNull(ProgramFrames.of(text).problem());
        assertNull(ProgramFrames.of(text).step(state(true, 0x1000), DamagedFramesTest::memory, 0));
        Path object = CompiledFrames.compiled(dir, "object.c", "int f(void) { return 0; }", "-c");
        assertTrue(ProgramFrames.of(object).sections().isEmpty(), "not linked");
        assertTrue(ProgramFrames.of(dir.resolve("none")).problem().contains("none"));
        Path packed = CompiledFrames.compiled(dir, "packed.c", "int _start(void) { return 0; }", "-g", "-gz=zlib", "-nostdlib",
                "-static", "-fno-asynchronous-unwind-tables");
        String problem = ProgramFrames.of(packed).problem();
        assertTrue(problem == null || problem.contains("objcopy --decompress-debug-sections"), problem);
    }
}
