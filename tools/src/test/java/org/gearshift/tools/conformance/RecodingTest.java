package org.gearshift.tools.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.disasm.Disassembler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What 32-bit instructions become as 64-bit code; that it does the same, {@link ConformanceTest} finds out where no 32-bit code can be run. */
class RecodingTest {
    private static final long EXIT = 0x71234560L;
    private static final long STACK = 0x71000100L;

    private static Recoding recode(String hex) throws NotRecodableException {
        return Recoding.of(new Code(32, HexFormat.of().parseHex(hex)), EXIT, STACK);
    }

    /** The 64-bit code, disassembled, without the jump at its end. */
    private static String text(String hex) throws NotRecodableException {
        byte[] bytes = recode(hex).bytes();
        Disassembler d = new Disassembler(Code.mode(64));
        Decoder decoder = new Decoder();
        List<String> lines = new ArrayList<>();
        for (int[] at = {0}; at[0] < bytes.length;) {
            long pc = Layout.RECODED + at[0];
            Instruction i = decoder.decode(() -> bytes[at[0]++] & 0xff, Code.mode(64));
            lines.add(d.format(i, pc));
        }
        return String.join("; ", lines.subList(0, lines.size() - 1));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # Addresses stay 32 bits wide.
            01548810     | add DWORD PTR [eax+ecx*4+0x10],edx
            8b0500000120 | mov eax,DWORD PTR ds:0x20010000
            f3a5         | rep movs DWORD PTR es:[edi],DWORD PTR ds:[esi]
            64a134120000 | mov eax,DWORD PTR fs:0x1234
            # 16-bit addresses are computed before.
            67648b48fe   | lea r15d,[rbx+rsi*1-0x2]; movzx r15d,r15w; mov ecx,DWORD PTR fs:[r15d]
            # What the bytes mean otherwise is written in another way.
            44           | inc esp
            664b         | dec bx
            82c105       | add cl,0x5
            # The stack keeps its width.
            56           | mov DWORD PTR [esp-0x4],esi; lea esp,[rsp-0x4]
            5f           | mov r8d,DWORD PTR [esp]; lea esp,[rsp+0x4]; mov edi,r8d
            c20800       | mov r8d,DWORD PTR [esp]; lea esp,[rsp+0xc]; jmp r8
            # Branches lead to what their targets have become: over an INC that becomes longer; back to the beginning.
            740140ebfb   | je 0x71a00008; inc eax; jmp 0x71a00000
            """)
    void codeIsWrittenSoThatItDoesTheSame(String hex, String recoded) throws Exception {
        assertEquals(recoded, text(hex));
    }

    @Test
    void theWidthBitOfVexSaysNothingOfGeneralRegisters() throws Exception {
        assertEquals(text("c4e268f2c1"), text("c4e2e8f2c1"));
    }

    @Test
    void addressesOfPartsAreThoseOfTheInstruction() throws Exception {
        Recoding r = recode("5690");
        assertEquals(Layout.CODE, r.original(Layout.RECODED));
        assertEquals(Layout.CODE, r.original(Layout.RECODED + 5));
        assertEquals(Layout.CODE + 1, r.original(Layout.RECODED + r.places().get(Layout.CODE + 1)));
        assertEquals(Layout.CODE + 2, r.original(Layout.RECODED + r.places().get(Layout.CODE + 2)));
        assertEquals(0x1234, r.original(0x1234));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            27               | does not exist in 64-bit code
            60               | does not exist in 64-bit code
            1e               | does not exist in 64-bit code
            0fae00           | has an image of another format in 64-bit code
            2e8b00           | addresses memory by way of CS, which cannot be written
            67a4             | has implied 16-bit addresses
            8b80             | is cut off by the end of the code, or no instruction
            7501b801000000   | leads into the middle of an instruction
            """)
    void whatHasNoCounterpartIsRefused(String hex, String reason) {
        assertEquals(reason, assertThrows(NotRecodableException.class, () -> recode(hex)).getMessage());
    }
}
