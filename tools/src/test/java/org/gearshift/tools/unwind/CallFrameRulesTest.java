package org.gearshift.tools.unwind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules for each address are those that binutils read from the same file. */
class CallFrameRulesTest {
    private static final String PROGRAM = """
            #include <stdio.h>
            int main(int count, char **words) {
                for (int i = 0; i < count; i++) {
                    printf("%s\\n", words[i]);
                }
                return 0;
            }
            """;
    /** What compilers write seldom. */
    private static final String SELDOM = """
                    .globl _start
            _start: .cfi_startproc simple
                    .cfi_def_cfa STACK, 16
                    .cfi_undefined COLUMN
                    nop
                    .cfi_offset COLUMN, -WORD
                    .cfi_val_offset STACK, 8
                    .skip 100
                    .cfi_remember_state
                    .cfi_same_value 3
                    .cfi_escape 0x15, 6, 0x7e                        # val_offset_sf
                    .cfi_escape 0x14, 2, 3                           # val_offset
                    .cfi_register 0, 1
                    .skip 70000
                    .cfi_escape 0x0f, 4, 0x77, 8, 0x23, 16           # def_cfa_expression
                    .cfi_escape 0x10, 3, 2, 0x77, 8                  # expression
                    .cfi_escape 0x16, 5, 2, 0x77, 0x70               # val_expression
                    .cfi_escape 0x2e, 16                             # GNU_args_size
                    .skip 300
                    .cfi_restore_state
                    .cfi_escape 0x06, 3                              # restore_extended
                    .cfi_escape 0x05, 6, 4, 0x11, 2, 0x7b            # offset_extended, offset_extended_sf
                    .cfi_escape 0x2f, 0, 3                           # GNU_negative_offset_extended
                    .cfi_escape 0x12, 7, 0x7c                        # def_cfa_sf
                    nop
                    .cfi_escape 0x13, 0x79                           # def_cfa_offset_sf
                    .cfi_def_cfa_register 5
                    nop
                    .cfi_endproc
                    .cfi_startproc
                    .cfi_signal_frame
                    .cfi_personality 0, _start
                    .cfi_lsda 0x3, _start
                    .cfi_escape 7, COLUMN
                    nop
                    .cfi_endproc
            """;

    @TempDir
    Path dir;

    private static int compare(Path elf) throws Exception {
        Map<String, List<String>> expected = CompiledFrames.byReadelf(elf);
        Map<String, List<String>> seen = CompiledFrames.readHere(elf);
        assertEquals(new java.util.TreeSet<>(expected.keySet()), new java.util.TreeSet<>(seen.keySet()));
        expected.forEach((entry, rows) -> {
            if (rows.isEmpty()) {
                // No instruction says anything.
                assertEquals(1, seen.get(entry).size(), entry);
            } else {
                assertEquals(rows, seen.get(entry), entry);
            }
        });
        return expected.values().stream().mapToInt(List::size).sum();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-m32", "-m64"})
    void ofAProgramWithItsLibrary(String width) throws Exception {
        int rows = compare(CompiledFrames.compiled(dir, "program.c", PROGRAM, width, "-O2", "-static", "-fomit-frame-pointer"));
        assertTrue(rows > 5000, "rows: " + rows);
    }

    @ParameterizedTest
    @CsvSource({"-m32,-gdwarf-2", "-m32,-gdwarf-5", "-m64,-gdwarf-2", "-m64,-gdwarf-3", "-m64,-gdwarf-4", "-m64,-gdwarf-5"})
    void ofDebugFrames(String width, String version) throws Exception {
        Path elf = CompiledFrames.compiled(dir, "debug.c", "int f(int *); int g(int *a) { return f(a) + 1; } int f(int *a) { return a ? g(a + 1) : 0; } int _start(void) { int a; return f(&a); }",
                width, version, "-O1", "-nostdlib", "-static", "-fomit-frame-pointer", "-fno-asynchronous-unwind-tables", "-fno-stack-protector", "-fno-pie", "-no-pie");
        assertTrue(compare(elf) > 3);
        assertTrue(CompiledFrames.readHere(elf).keySet().stream().allMatch(k -> k.startsWith(".debug_frame")));
    }

    @ParameterizedTest
    @CsvSource({"-m32,8,4,4", "-m64,16,7,8"})
    void ofEveryInstruction(String width, String column, String stack, String word) throws Exception {
        String source = SELDOM.replace("COLUMN", column).replace("STACK", stack).replace("WORD", word);
        compare(CompiledFrames.compiled(dir, "seldom.s", source, width, "-nostdlib", "-static"));
    }

    /** Lengths and references of 64 bits, which the assembler does not write by itself. */
    @Test
    void ofDebugFramesWith64BitLengths() throws Exception {
        String entries = """
                        .globl _start
                _start: .skip 16
                        .section .debug_frame,"",@progbits
                c:      .long 0xffffffff; .quad 2f - 1f
                1:      .quad -1
                        .byte 4; .asciz ""; .byte 8, 0; .uleb128 1; .sleb128 -8; .uleb128 16; .byte 0x0c, 7, 8, 0x90, 1
                        .balign 8
                2:      .long 0xffffffff; .quad 4f - 3f
                3:      .quad c, _start, 16
                        .byte 0x41, 0x0e, 16, 0x86, 2
                        .balign 8
                4:
                """;
        assertEquals(2, compare(CompiledFrames.compiled(dir, "long.s", entries, "-m64", "-nostdlib", "-static")));
    }

    /** The row for one address is the last of all rows that begins there or before. */
    @Test
    void rowsByAddress() throws Exception {
        Path elf = CompiledFrames.compiled(dir, "program.c", PROGRAM, "-m64", "-O2", "-static");
        CallFrameInformation all = ProgramFrames.of(elf).sections().get(0);
        Set<Long> ends = new LinkedHashSet<>();
        for (FrameDescription d : all.descriptions()) {
            List<UnwindRow> rows = new ArrayList<>(CallFrameProgram.rows(d, all.bases()));
            for (int i = 0; i < rows.size(); i++) {
                long next = i + 1 < rows.size() ? rows.get(i + 1).from() : d.from() + d.length();
                if (next > rows.get(i).from()) {
                    String row = CompiledFrames.text(rows.get(i), d, DwarfRegisters.X86_64);
                    assertEquals(row, CompiledFrames.text(CallFrameProgram.at(d, all.bases(), rows.get(i).from()), d, DwarfRegisters.X86_64));
                    assertEquals(row, CompiledFrames.text(CallFrameProgram.at(d, all.bases(), next - 1), d, DwarfRegisters.X86_64));
                }
            }
            assertEquals(d, all.at(d.from()));
            assertEquals(d, all.at(d.from() + d.length() - 1));
            ends.add(d.from() + d.length());
        }
        all.descriptions().forEach(d -> ends.remove(d.from()));
        assertTrue(ends.stream().allMatch(e -> all.at(e) == null), "between functions nothing is known");
    }
}
