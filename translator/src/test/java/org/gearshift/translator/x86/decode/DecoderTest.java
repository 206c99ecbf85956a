package org.gearshift.translator.x86.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.gearshift.translator.x86.IsaExtension;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

/** What an {@link Instruction} says beyond its text; names, lengths and operands as such are checked against objdump. */
class DecoderTest {
    private static final long MODE_16 = 0;
    private static final long MODE_32 = X86Mode.PROTECTED | X86Mode.CODE32;
    private static final long MODE_64 = X86Mode.PROTECTED | X86Mode.CODE64;

    private final Decoder decoder = new Decoder();

    private Instruction decode(long mode, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        int[] next = {0};
        Instruction insn = decoder.decode(() -> {
            if (next[0] == bytes.length) {
                throw new IllegalStateException("read behind the instruction");
            }
            return bytes[next[0]++] & 0xff;
        }, mode);
        assertEquals(next[0], insn.length(), "bytes read");
        return insn;
    }

    private void assertInvalid(long mode, String hex) {
        assertEquals(Mnemonic.INVALID, decode(mode, hex).mnemonic(), hex);
    }

    @Test
    void sizesFollowModeAndPrefixes() {
        assertEquals(16, decode(MODE_16, "01 d8").operandBits());
        assertEquals(32, decode(MODE_16, "66 01 d8").operandBits());
        assertEquals(32, decode(MODE_16, "67 8b 00").addressBits());
        assertEquals(32, decode(MODE_32, "01 d8").operandBits());
        assertEquals(16, decode(MODE_32, "66 01 d8").operandBits());
        assertEquals(64, decode(MODE_64, "48 01 d8").operandBits());
        assertEquals(64, decode(MODE_64, "66 48 01 d8").operandBits(), "REX.W wins");
        assertEquals(32, decode(MODE_64, "67 8b 00").addressBits());
    }

    @Test
    void stackAndNearBranchesAre64BitIn64BitMode() {
        assertEquals(64, decode(MODE_64, "50").operandBits());
        assertEquals(16, decode(MODE_64, "66 50").operandBits());
        assertEquals(64, decode(MODE_64, "e8 00 00 00 00").operandBits());
        Instruction jump = decode(MODE_64, "66 0f 84 fe ff ff ff");
        assertEquals(64, jump.operandBits(), "66 is ignored by near branches");
        assertEquals(-2, jump.op(0).value);
        assertEquals(64, decode(MODE_64, "c3").operandBits());
        assertEquals(32, decode(MODE_64, "cb").operandBits(), "far return");
        assertEquals(64, decode(MODE_64, "48 cf").operandBits());
        assertEquals(64, decode(MODE_64, "0f 22 d8").operandBits());
    }

    @Test
    void memoryHasItsEffectiveSegment() {
        assertEquals(X86State.DS, decode(MODE_32, "8b 00").op(1).segment);
        assertEquals(X86State.SS, decode(MODE_32, "8b 45 00").op(1).segment, "EBP");
        assertEquals(X86State.SS, decode(MODE_32, "8b 04 24").op(1).segment, "ESP");
        assertEquals(X86State.DS, decode(MODE_32, "8b 04 6d 00 00 00 00").op(1).segment, "EBP as index only");
        assertEquals(X86State.DS, decode(MODE_32, "8b 05 00 00 00 00").op(1).segment, "absolute");
        assertEquals(X86State.SS, decode(MODE_16, "8b 02").op(1).segment, "BP+SI");
        assertEquals(X86State.DS, decode(MODE_16, "8b 06 00 80").op(1).segment, "disp16");
        assertEquals(X86State.GS, decode(MODE_32, "64 65 8b 45 00").op(1).segment, "last override wins");
        assertEquals(X86State.FS, decode(MODE_64, "64 2e 8b 00").op(1).segment, "CS is no override in 64-bit mode");
        assertEquals(X86State.DS, decode(MODE_64, "41 8b 45 00").op(1).segment, "R13");
        assertEquals(X86State.FS, decode(MODE_32, "64 a1 00 00 00 00").op(1).segment, "moffs");
        assertEquals(X86State.DS, decode(MODE_32, "a4").segment());
        assertEquals(X86State.ES, decode(MODE_32, "26 ac").segment());
        assertEquals(X86State.SS, decode(MODE_32, "36 d7").segment());
    }

    @Test
    void addressesHaveBaseIndexScaleAndDisplacement() {
        Operand m = decode(MODE_64, "4a 8b 84 a3 f0 ff ff ff").op(1);
        assertEquals(3, m.base);
        assertEquals(12, m.index);
        assertEquals(4, m.scale);
        assertEquals(-16, m.disp);
        assertEquals(Operand.RIP_BASE, decode(MODE_64, "8b 05 00 00 00 00").op(1).base);
        assertEquals(-1, decode(MODE_64, "8b 04 25 00 00 00 00").op(1).base);
        assertEquals(0x1122334455667788L, decode(MODE_64, "48 a1 88 77 66 55 44 33 22 11").op(1).disp);
        Operand m16 = decode(MODE_16, "8b 81 00 80").op(1);
        assertEquals(3, m16.base);
        assertEquals(7, m16.index);
        assertEquals(-0x8000, m16.disp);
    }

    @Test
    void immediatesAreExtendedAsTheInstructionDoesIt() {
        assertEquals(-128, decode(MODE_32, "24 80").op(1).value);
        assertEquals(-1, decode(MODE_32, "83 c0 ff").op(1).value);
        assertEquals(32, decode(MODE_32, "83 c0 ff").op(1).bits);
        assertEquals(-1, decode(MODE_64, "48 81 c0 ff ff ff ff").op(1).value);
        assertEquals(64, decode(MODE_64, "48 81 c0 ff ff ff ff").op(1).bits);
        assertEquals(0x80, decode(MODE_32, "cd 80").op(0).value);
        assertEquals(0xfe, decode(MODE_32, "e4 fe").op(1).value);
        assertEquals(0xfffc, decode(MODE_32, "c2 fc ff").op(0).value);
        assertEquals(1, decode(MODE_32, "d1 e0").op(1).value);
    }

    @Test
    void highBytesExistWithoutRexOnly() {
        Operand ah = decode(MODE_64, "88 e0").op(1);
        assertTrue(ah.highByte);
        assertEquals(0, ah.reg);
        Operand spl = decode(MODE_64, "40 88 e0").op(1);
        assertFalse(spl.highByte);
        assertEquals(4, spl.reg);
    }

    @Test
    void rexCountsOnlyRightBeforeTheOpcode() {
        assertEquals(16, decode(MODE_64, "48 66 01 d8").operandBits());
        assertEquals(0, decode(MODE_64, "48 66 01 d8").rex());
        assertEquals(0x48, decode(MODE_64, "66 48 01 d8").rex());
    }

    @Test
    void repeatPrefixesAreReportedWhereTheyMean() {
        assertTrue(decode(MODE_32, "f3 a5").rep());
        assertTrue(decode(MODE_32, "f2 a5").rep(), "F2 repeats MOVS as F3 does");
        assertTrue(decode(MODE_32, "f3 a6").rep());
        assertTrue(decode(MODE_32, "f2 ae").repne());
        assertFalse(decode(MODE_32, "f2 ae").rep());
        assertFalse(decode(MODE_32, "f3 c3").rep());
        assertEquals(Mnemonic.RET, decode(MODE_32, "f3 c3").mnemonic());
        assertEquals(8, decode(MODE_32, "f3 aa").elementBits());
        assertEquals(64, decode(MODE_64, "f3 48 ab").elementBits());
        assertEquals(32, decode(MODE_64, "48 6d").elementBits(), "ports are at most 32 bits wide");
    }

    @Test
    void mandatoryPrefixesSelectTheInstruction() {
        assertEquals(Mnemonic.ADDPS, decode(MODE_32, "0f 58 c1").mnemonic());
        assertEquals(Mnemonic.ADDPD, decode(MODE_32, "66 0f 58 c1").mnemonic());
        assertEquals(Mnemonic.ADDSS, decode(MODE_32, "66 f3 0f 58 c1").mnemonic());
        assertEquals(Mnemonic.ADDSD, decode(MODE_32, "f3 f2 0f 58 c1").mnemonic(), "the last repeat prefix counts");
        assertEquals(Mnemonic.POPCNT, decode(MODE_32, "f3 0f b8 c1").mnemonic());
        assertInvalid(MODE_32, "0f b8 c1");
        assertEquals(Mnemonic.PAUSE, decode(MODE_32, "f3 90").mnemonic());
        assertEquals(Mnemonic.NOP, decode(MODE_32, "90").mnemonic());
        assertEquals(Mnemonic.XCHG, decode(MODE_64, "41 90").mnemonic());
        assertEquals(Mnemonic.BSF, decode(MODE_32, "0f bc c1").mnemonic());
        assertEquals(Mnemonic.TZCNT, decode(MODE_32, "f3 0f bc c1").mnemonic());
        assertEquals(16, decode(MODE_32, "66 f2 0f 38 f1 c1").op(1).bits, "CRC32 of a word");
        assertEquals(Mnemonic.MOVBE, decode(MODE_32, "66 0f 38 f1 01").mnemonic());
        assertInvalid(MODE_32, "f3 0f 54 c1");
    }

    @Test
    void lockIsLegalOnReadModifyWriteOfMemoryOnly() {
        assertTrue(decode(MODE_32, "f0 0f b1 0a").lock());
        assertTrue(decode(MODE_32, "f0 ff 02").lock());
        assertInvalid(MODE_32, "f0 0f b1 ca");
        assertInvalid(MODE_32, "f0 03 02");
        assertInvalid(MODE_32, "f0 38 02");
        assertInvalid(MODE_32, "f0 90");
    }

    @Test
    void registersThatDoNotExistAreInvalid() {
        assertInvalid(MODE_32, "8e c8");
        assertInvalid(MODE_32, "8e f0");
        assertInvalid(MODE_32, "0f 20 c8");
        assertInvalid(MODE_64, "44 0f 23 c0");
        assertEquals(8, decode(MODE_64, "44 0f 20 c0").op(1).reg);
        assertEquals(0, decode(MODE_32, "0f 20 00").op(0).reg, "ModRM.mod of MOV CR is taken as 3");
        assertInvalid(MODE_32, "8d c0");
        assertInvalid(MODE_32, "0f c7 c8");
    }

    @Test
    void opcodesMeanOtherThingsIn64BitMode() {
        assertEquals(Mnemonic.ARPL, decode(MODE_32, "63 c8").mnemonic());
        assertEquals(Mnemonic.MOVSXD, decode(MODE_64, "48 63 c8").mnemonic());
        assertEquals(Mnemonic.LES, decode(MODE_32, "c4 01").mnemonic());
        assertEquals(Mnemonic.ANDN, decode(MODE_32, "c4 e2 70 f2 c2").mnemonic());
        assertEquals(Mnemonic.ANDN, decode(MODE_64, "c4 e2 70 f2 c2").mnemonic());
        assertInvalid(MODE_16, "c4 e2");
        for (String hex : new String[] {"06", "27", "60", "9a 00 00 00 00 00 00", "ce", "d4 0a", "d6", "ea 00 00 00 00 00 00", "82 c0 00"}) {
            assertInvalid(MODE_64, hex);
        }
        assertInvalid(MODE_32, "0f 05");
    }

    /** As processors do, which know length before meaning; {@code RandomStringTest} asks one. */
    @Test
    void whatDoesNotExistIsAsLongAsItsOpcodeMakesIt() {
        assertInvalid(MODE_32, "fe 90 00 00 00 00");
        assertInvalid(MODE_32, "c6 4c 24 08 55");
        assertInvalid(MODE_32, "66 c7 c8 55 55");
        assertInvalid(MODE_32, "f2 0f 54 05 00 00 00 00");
        assertInvalid(MODE_32, "0f ba c0 55");
        assertInvalid(MODE_32, "0f 38 7f 40 00");
        assertInvalid(MODE_32, "0f 3a 7f 40 00 55");
        assertInvalid(MODE_64, "66 9a 00 00 00 00");
        assertEquals(Mnemonic.TOO_LONG, decode(MODE_32, "66 66 66 66 66 66 66 66 66 66 fe 90 00 00 00").mnemonic());
    }

    @Test
    void vexGivesThreeOperandsAndAWidth() {
        Instruction i = decode(MODE_64, "c4 41 3d 58 f1");
        assertEquals(Mnemonic.VADDPD, i.mnemonic());
        assertEquals(List.of(14, 8, 9), i.operands().stream().map(o -> o.reg).toList());
        assertEquals(Operand.Kind.YMM, i.op(2).kind);
        assertEquals(256, i.vexBits());
        Instruction scalar = decode(MODE_32, "c5 d7 58 07");
        assertEquals(Mnemonic.VADDSD, scalar.mnemonic());
        assertEquals(64, scalar.op(2).bits);
        assertEquals(Operand.Kind.XMM, scalar.op(0).kind, "VEX.L is ignored");
        assertEquals(Mnemonic.LDS, decode(MODE_32, "c5 07").mnemonic());
        assertEquals(7, decode(MODE_32, "c4 e3 71 4a c2 f0").op(3).reg, "only three bits of the register in the immediate count in 32-bit code");
        assertEquals(15, decode(MODE_64, "c4 e3 71 4a c2 f0").op(3).reg);
    }

    @Test
    void illegalVexIsInvalid() {
        for (String hex : new String[] {"66 c5 f8 58 c0", "f3 c5 f8 58 c0", "f0 c5 f8 58 00", "c5 f0 53 c0", "c4 e4 78 58 c0", "c4 e2 79 16 c0", "c5 fd 6e c0"}) {
            assertInvalid(MODE_32, hex);
        }
        assertInvalid(MODE_32, "c4 e2 39 1d c0");
        assertInvalid(MODE_64, "48 c5 f8 58 c0");
        assertInvalid(MODE_16, "c5 f8 58 c0");
        assertEquals(Mnemonic.VPGATHERDD, decode(MODE_32, "c4 e2 61 90 0c 17").mnemonic());
        assertInvalid(MODE_32, "c4 e2 61 90 14 17");
        assertInvalid(MODE_32, "c4 e2 61 90 0f");
    }

    @Test
    void instructionsNameTheExtensionTheyBelongTo() {
        assertEquals(IsaExtension.BASE, decode(MODE_32, "01 d8").extension());
        assertEquals(IsaExtension.CMOV, decode(MODE_32, "0f 44 c1").extension());
        assertEquals(IsaExtension.MMX, decode(MODE_32, "0f fc c1").extension());
        assertEquals(IsaExtension.SSE, decode(MODE_32, "0f e0 c1").extension());
        assertEquals(IsaExtension.SSE2, decode(MODE_32, "66 0f fc c1").extension());
        assertEquals(IsaExtension.SSSE3, decode(MODE_32, "0f 38 00 c1").extension());
        assertEquals(IsaExtension.AVX, decode(MODE_32, "c5 f1 fc c1").extension());
        assertEquals(IsaExtension.AVX2, decode(MODE_32, "c5 f5 fc c1").extension());
        assertEquals(IsaExtension.AVX, decode(MODE_32, "c4 e2 7d 18 07").extension());
        assertEquals(IsaExtension.AVX2, decode(MODE_32, "c4 e2 7d 18 c1").extension());
    }

    @Test
    void moreThanFifteenBytesAreTooLong() {
        String prefixes = "66".repeat(14);
        assertEquals(Mnemonic.NOP, decode(MODE_32, prefixes + "90").mnemonic());
        Instruction tooLong = decode(MODE_32, prefixes + "01");
        assertEquals(Mnemonic.TOO_LONG, tooLong.mnemonic());
        assertEquals(Decoder.MAX_LENGTH, tooLong.length());
    }

    @Test
    void faultsOfTheByteSourcePassThrough() {
        IllegalStateException fault = assertThrows(IllegalStateException.class, () -> decode(MODE_32, "81 c0 01 02"));
        assertNotNull(fault);
        assertEquals(Mnemonic.NOP, decode(MODE_32, "90").mnemonic(), "the decoder is usable afterwards");
    }

    @Test
    void registerOperandsAreShared() {
        assertSame(decode(MODE_32, "01 d8").op(0), decode(MODE_32, "29 c8").op(0));
    }

    /** Every mnemonic is the meaning of some form, so that none is a dead name. */
    @Test
    void everyMnemonicHasAnEncoding() {
        Set<Mnemonic> reached = EnumSet.of(Mnemonic.INVALID, Mnemonic.TOO_LONG);
        for (int opcode = 0; opcode < 0x800; opcode++) {
            if (!OpcodeMaps.hasModrm(opcode)) {
                for (Form f : OpcodeMaps.forms(opcode)) {
                    reached.add(f.mnemonic);
                }
                continue;
            }
            for (int modrm = 0; modrm < 256; modrm += 8) {
                for (Form f : OpcodeMaps.forms(opcode, modrm)) {
                    reached.add(f.mnemonic);
                }
            }
        }
        assertEquals(EnumSet.noneOf(Mnemonic.class), EnumSet.complementOf(EnumSet.copyOf(reached)));
    }
}
