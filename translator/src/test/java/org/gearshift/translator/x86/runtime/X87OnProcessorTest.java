package org.gearshift.translator.x86.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.disasm.Disassembler;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every x87 instruction in every form gives bit for bit what the processor gives: registers, tags, status, control, pointers, memory, and the signal, under
 * all control words, with full and empty registers and with exceptions pending. {@code -Dgearshift.test.states=N} takes more operands for each form.
 */
class X87OnProcessorTest {
    private static final int STATES = Integer.getInteger("gearshift.test.states", 600);
    private static final long MODE32 = X86Mode.PROTECTED | X86Mode.CODE32;
    /** Their results may differ in the last place: {@link X87FunctionsOnProcessorTest}. */
    static final Set<Mnemonic> FUNCTIONS = EnumSet.of(Mnemonic.FSIN, Mnemonic.FCOS, Mnemonic.FSINCOS, Mnemonic.FPTAN, Mnemonic.FPATAN, Mnemonic.F2XM1,
            Mnemonic.FYL2X, Mnemonic.FYL2XP1);
    private static final Set<Mnemonic> FCOMI = EnumSet.of(Mnemonic.FCOMI, Mnemonic.FCOMIP, Mnemonic.FUCOMI, Mnemonic.FUCOMIP);
    private static final Set<Mnemonic> STORES = EnumSet.of(Mnemonic.FST, Mnemonic.FSTP, Mnemonic.FIST, Mnemonic.FISTP, Mnemonic.FISTTP, Mnemonic.FBSTP);
    private static final Set<Mnemonic> IMAGES = EnumSet.of(Mnemonic.FNSTENV, Mnemonic.FNSAVE);
    private static final int CF = 1;
    private static final int PF = 4;
    private static final int ZF = 0x40;
    private static Processor processor;
    private final Comparison comparison = new Comparison(processor);
    private int forms;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        processor = new Processor(true);
    }

    @AfterAll
    static void stop() {
        processor.close();
    }

    static Instruction decode(byte[] code) {
        int[] at = {0};
        return new Decoder().decode(() -> at[0] < code.length ? code[at[0]++] & 0xff : 0, MODE32);
    }

    static String name(byte[] code) {
        return new Disassembler(MODE32).format(decode(code), 0) + " (" + HexFormat.of().formatHex(code) + ")";
    }

    /**
     * One form. Not compared is where processors of both makers depart from the manual:
     *
     * <pre>
     * FCOMI, FCOMIP, FUCOMI, FUCOMIP   C1 is left as it was instead of cleared (SDM vol. 2 under FCOMI: C1 set to 0);
     *                                  ZF, PF, CF are written although an unmasked #IA was raised (same place: only if it is masked)
     * </pre>
     *
     * Intel's leave stores undone if an unmasked exception becomes pending, store what fits before a fault (FSTP and FBSTP of 10 bytes), and many have no selectors of
     * pointers (CPUID leaf 7 EBX bit 13).
     */
    private void check(int offset, List<MachineState> states, int... bytes) throws IOException {
        byte[] code = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            code[i] = (byte) bytes[i];
        }
        Instruction instruction = decode(code);
        Mnemonic m = instruction.mnemonic();
        comparison.mayStayPending = STORES.contains(m);
        comparison.storedBeforeFault = STORES.contains(m) && instruction.op(0).bits == 80 ? 10 : 0;
        comparison.ignoredMemory.clear();
        if (IMAGES.contains(m) && (processor.leaf7 >> 13 & 1) != 0) {
            int at = (int) instruction.op(0).disp;
            int first = instruction.operandBits() == 16 ? 8 : 16;
            comparison.ignoredMemory.set(at + first, at + first + 2);
            comparison.ignoredMemory.set(at + first * 3 / 2, at + first * 3 / 2 + 2);
        }
        comparison.ignoredStatus = X87Conditions.undefined(m);
        comparison.pointers = true;
        if (FCOMI.contains(m)) {
            comparison.ignoredStatus |= X87Status.C1;
            comparison.check(name(code), code, offset, masked(states, true));
            comparison.ignoredFlags = ZF | PF | CF;
            comparison.check(name(code), code, offset, masked(states, false));
            comparison.ignoredFlags = 0;
        } else {
            comparison.check(name(code), code, offset, states);
        }
        forms++;
    }

    /** Those that mask the invalid operation, or those that do not. */
    private static List<MachineState> masked(List<MachineState> states, boolean which) {
        return states.stream().filter(m -> (m.control() & X87Status.IE) != 0 == which).toList();
    }

    private void finish() {
        comparison.finish();
        System.out.printf("x87: %d forms, %d states, 0 differences%n", forms, comparison.compared());
    }

    private static boolean isFunction(int opcode, int modrm) {
        return FUNCTIONS.contains(decode(new byte[] {(byte) opcode, (byte) modrm}).mnemonic());
    }

    @Test
    void registerForms() throws IOException {
        for (int opcode = 0xd8; opcode <= 0xdf; opcode++) {
            for (int modrm = 0xc0; modrm <= 0xff; modrm++) {
                if (!isFunction(opcode, modrm)) {
                    check(Processor.OFFSET, X87States.random(opcode << 8 | modrm, STATES), opcode, modrm);
                }
            }
        }
        check(Processor.OFFSET, X87States.random(1, STATES), 0x9b);
        finish();
        assertEquals(8 * 64 - FUNCTIONS.size() + 1, forms);
    }

    @Test
    void memoryForms() throws IOException {
        for (int opcode = 0xd8; opcode <= 0xdf; opcode++) {
            for (int reg = 0; reg < 8; reg++) {
                long seed = opcode << 8 | reg;
                check(Processor.OFFSET, X87States.random(seed, 2 * STATES), opcode, reg << 3 | 7);
                check(Processor.OFFSET, X87States.random(seed, STATES / 4), opcode, reg << 3 | 0x47, 8 * reg);
            }
        }
        finish();
        assertEquals(2 * 64, forms);
    }

    /** Environments in the 32- and 16-bit formats, of which the loaded ones are any bytes. */
    @Test
    void environments() throws IOException {
        for (int reg : new int[] {4, 6}) {
            for (int opcode : new int[] {0xd9, 0xdd}) {
                List<MachineState> states = X87States.images(opcode << 8 | reg, STATES);
                check(Processor.OFFSET, states, opcode, reg << 3 | 7);
                check(Processor.OFFSET, states, 0x66, opcode, reg << 3 | 7);
            }
        }
        finish();
    }

    /** Faults of memory operands leave everything as it was; pending exceptions come before them. */
    @Test
    void operandsBeyondThePage() throws IOException {
        for (int opcode = 0xd8; opcode <= 0xdf; opcode++) {
            for (int reg = 0; reg < 8; reg++) {
                for (int inside : new int[] {0, 1, 2, 3, 4, 7, 8, 9, 10}) {
                    check(0x1000 - inside, X87States.random(opcode << 8 | reg, STATES / 20), opcode, reg << 3 | 7);
                }
            }
        }
        finish();
    }

    /** With EFLAGS.AC set operands must be aligned: numbers to their size, or 8 where it is 10; environments to 4 or 2. */
    @Test
    void misalignedOperands() throws IOException {
        comparison.alignmentChecked = true;
        for (int opcode = 0xd8; opcode <= 0xdf; opcode++) {
            for (int reg = 0; reg < 8; reg++) {
                for (int offset = 0; offset < 9; offset++) {
                    check(Processor.OFFSET + offset, X87States.random(opcode << 8 | reg, STATES / 20), opcode, reg << 3 | 7);
                    if (opcode == 0xd9 || opcode == 0xdd) {
                        check(Processor.OFFSET + offset, X87States.random(opcode << 8 | reg, STATES / 20), 0x66, opcode, reg << 3 | 7);
                    }
                }
            }
        }
        finish();
    }
}
