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

    private static String refusal(String hex) {
        return assertThrows(NotRecodableException.class, () -> recode(hex)).getMessage();
    }

    @Test
    void addressesStay32BitsWide() throws Exception {
        assertEquals("add DWORD PTR [eax+ecx*4+0x10],edx", text("01548810"));
        assertEquals("mov eax,DWORD PTR ds:0x20010000", text("8b0500000120"));
        assertEquals("rep movs DWORD PTR es:[edi],DWORD PTR ds:[esi]", text("f3a5"));
        assertEquals("mov eax,DWORD PTR fs:0x1234", text("64a134120000"));
    }

    @Test
    void sixteenBitAddressesAreComputedBefore() throws Exception {
        assertEquals("lea r15d,[rbx+rsi*1-0x2]; movzx r15d,r15w; mov ecx,DWORD PTR fs:[r15d]", text("67648b48fe"));
    }

    @Test
    void whatTheBytesMeanOtherwiseIsWrittenInAnotherWay() throws Exception {
        assertEquals("inc esp", text("44"));
        assertEquals("dec bx", text("664b"));
        assertEquals("add cl,0x5", text("82c105"));
        // VEX.W says nothing of the size of a general register in 32-bit code.
        assertEquals(text("c4e268f2c1"), text("c4e2e8f2c1"));
    }

    @Test
    void theStackKeepsItsWidth() throws Exception {
        assertEquals("mov DWORD PTR [esp-0x4],esi; lea esp,[rsp-0x4]", text("56"));
        assertEquals("mov r8d,DWORD PTR [esp]; lea esp,[rsp+0x4]; mov edi,r8d", text("5f"));
        assertEquals("mov r8d,DWORD PTR [esp]; lea esp,[rsp+0xc]; jmp r8", text("c20800"));
    }

    @Test
    void branchesLeadToWhatTheirTargetsHaveBecome() throws Exception {
        // jz over an INC that becomes longer; back to the beginning.
        assertEquals("je 0x71a00008; inc eax; jmp 0x71a00000", text("740140ebfb"));
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

    @Test
    void whatHasNoCounterpartIsRefused() {
        assertEquals("does not exist in 64-bit code", refusal("27"));
        assertEquals("does not exist in 64-bit code", refusal("60"));
        assertEquals("does not exist in 64-bit code", refusal("1e"));
        assertEquals("has an image of another format in 64-bit code", refusal("0fae00"));
        assertEquals("addresses memory by way of CS, which cannot be written", refusal("2e8b00"));
        assertEquals("has implied 16-bit addresses", refusal("67a4"));
        assertEquals("is cut off by the end of the code, or no instruction", refusal("8b80"));
        assertEquals("leads into the middle of an instruction", refusal("7501b801000000"));
    }
}
