package org.gearshift.tools.conformance;

import java.util.Locale;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/**
 * One way to write an instruction: an opcode with operand size, mandatory and repeat prefixes, LOCK, REX or VEX, and register or memory operand.
 * Register numbers, addressing and immediates are chosen for each encoding.
 */
final class Form {
    /** REX prefix: none; any without W, or none; one without W; one with W. */
    enum Rex { NONE, OPTIONAL, REQUIRED, WIDE }

    final int bits;
    /** 66, F3, F2, F0 in this order. */
    final byte[] prefixes;
    final Rex rex;
    /** 0 one-byte, 1 0F, 2 0F 38, 3 0F 3A. */
    final int map;
    final int opcode;
    /** VEX.W, L and pp as {@code W << 3 | L << 2 | pp}, or -1. */
    final int vex;
    /** VEX.vvvv names a register. */
    final boolean vvvv;
    /** A ModRM byte with a memory operand follows. */
    final boolean memory;
    /** Its index is a vector register. */
    final boolean vsib;
    /** With {@link #memory}: values of ModRM.reg; otherwise: values of the byte behind the opcode, empty if it means nothing. */
    final int[] choices;
    /** One instruction of this form. */
    final Instruction sample;
    final InstructionSet set;

    Form(int bits, byte[] prefixes, Rex rex, int map, int opcode, int vex, boolean vvvv, boolean memory, int[] choices, Instruction sample) {
        this.bits = bits;
        this.prefixes = prefixes;
        this.rex = rex;
        this.map = map;
        this.opcode = opcode;
        this.vex = vex;
        this.vvvv = vvvv;
        this.memory = memory;
        this.vsib = memory && sample.operands().stream().anyMatch(o -> o.isMemory() && o.indexBits != 0);
        this.choices = choices;
        this.sample = sample;
        this.set = InstructionSet.of(sample);
    }

    Mnemonic mnemonic() {
        return sample.mnemonic();
    }

    boolean has(Operand.Kind kind) {
        for (Operand o : sample.operands()) {
            if (o.kind == kind) {
                return true;
            }
        }
        return false;
    }

    /** For example {@code lock add m32,r32 [01]}. */
    @Override
    public String toString() {
        StringBuilder b = new StringBuilder();
        for (byte p : prefixes) {
            if ((p & 0xff) == 0xf0) {
                b.append("lock ");
            }
        }
        b.append(sample.rep() ? "rep " : sample.repne() ? "repne " : "");
        b.append(sample.mnemonic().name().toLowerCase(Locale.ROOT));
        if (sample.condition() >= 0) {
            b.append('.').append(Integer.toHexString(sample.condition()));
        }
        if (sample.elementBits() > 0) {
            b.append(sample.elementBits());
        }
        for (int i = 0; i < sample.operandCount(); i++) {
            Operand o = sample.op(i);
            b.append(i == 0 ? ' ' : ',').append(o.kind.name().charAt(0) == 'M' && o.isMemory() ? "m" : name(o)).append(o.bits == 0 ? "" : o.bits);
        }
        if (sample.operandCount() == 0) {
            b.append(' ').append(sample.operandBits());
        }
        b.append(" [").append(vex >= 0 ? "vex." + Integer.toHexString(vex) + "." : "");
        for (byte p : prefixes) {
            b.append(String.format("%02x ", p));
        }
        b.append(rex == Rex.WIDE ? "rex.w " : rex == Rex.REQUIRED ? "rex " : "");
        b.append(map > 0 ? "0f " : "").append(map == 2 ? "38 " : map == 3 ? "3a " : "").append(String.format("%02x", opcode));
        if (choices.length > 0 && choices.length < 8) {
            b.append(memory ? "/" + choices[0] : String.format(" %02x", choices[0]));
        } else if (memory && choices.length == 1) {
            b.append('/').append(choices[0]);
        }
        return b.append(']').toString();
    }

    private static String name(Operand o) {
        return switch (o.kind) {
            case GPR -> "r";
            case IMMEDIATE -> "i";
            case RELATIVE -> "rel";
            default -> o.kind.name().toLowerCase(Locale.ROOT);
        };
    }
}
