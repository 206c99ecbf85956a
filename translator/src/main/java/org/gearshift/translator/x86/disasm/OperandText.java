package org.gearshift.translator.x86.disasm;

import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;
import org.gearshift.translator.x86.decode.Operand.Kind;

/** Writes the operands of one instruction. */
final class OperandText {
    /** By log2(bits) - 3: 8 (with REX), 16, 32, 64 bits. */
    static final String[][] GPR_NAMES = {
        {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"},
        {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w"},
        {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"},
        {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"},
    };
    static final String[] SEGMENT_NAMES = {"es", "cs", "ss", "ds", "fs", "gs"};
    private static final String[] HIGH_NAMES = {"ah", "ch", "dh", "bh"};

    private final StringBuilder out;
    private final Instruction insn;
    private final long pc;
    private final boolean mode64;

    OperandText(StringBuilder out, Instruction insn, long pc, boolean mode64) {
        this.out = out;
        this.insn = insn;
        this.pc = pc;
        this.mode64 = mode64;
    }

    void append(Operand op, int position) {
        switch (op.kind) {
            case GPR -> out.append(op.highByte ? HIGH_NAMES[op.reg] : general(registerBits(op), op.reg));
            case SEGMENT -> out.append(SEGMENT_NAMES[op.reg]);
            case CONTROL -> out.append("cr").append(op.reg);
            case DEBUG -> out.append("dr").append(op.reg);
            case ST -> stack(op, position);
            case MMX -> out.append("mm").append(op.reg);
            case XMM -> out.append("xmm").append(op.reg);
            case YMM -> out.append("ymm").append(op.reg);
            case MEMORY -> memory(op);
            case IMMEDIATE -> immediate(op);
            case RELATIVE -> hex(mask(pc + insn.length() + op.value, mode64 ? 64 : op.bits));
            case FAR_POINTER -> {
                hex(op.reg);
                out.append(':');
                hex(op.value);
            }
            default -> throw new AssertionError(op.kind);
        }
    }

    static String general(int bits, int number) {
        return GPR_NAMES[Integer.numberOfTrailingZeros(bits) - 3][number];
    }

    /** A selector that is loaded or looked up is written with the name of the whole register. */
    private int registerBits(Operand op) {
        boolean selector = insn.mnemonic() == Mnemonic.MOV && insn.op(0).kind == Kind.SEGMENT
                || insn.mnemonic() == Mnemonic.LAR || insn.mnemonic() == Mnemonic.LSL;
        return selector ? insn.operandBits() : op.bits;
    }

    /** Of two stack operands the one that is the top by definition is "st"; the one that ModRM encodes is "st(i)", be i 0. */
    private void stack(Operand op, int position) {
        out.append("st");
        if (insn.operandCount() == 1 || position != impliedTop()) {
            out.append('(').append(op.reg).append(')');
        }
    }

    private int impliedTop() {
        if (insn.op(0).reg != 0) {
            return 1;
        }
        return insn.op(1).reg == 0 && MnemonicText.isPopping(insn.mnemonic()) ? 1 : 0;
    }

    private void immediate(Operand op) {
        hex(mask(op.value, op.bits));
    }

    private void memory(Operand op) {
        out.append(sizeName(op));
        boolean absolute = op.base < 0 && op.index < 0;
        boolean stackBase = op.base == 4 || op.base == 5;
        int defaultSegment = stackBase ? 2 : 3;
        if (absolute || op.segment != defaultSegment) {
            out.append(SEGMENT_NAMES[op.segment]).append(':');
        }
        if (absolute) {
            hex(mask(op.disp, insn.addressBits()));
            return;
        }
        out.append('[');
        if (op.base == Operand.RIP_BASE) {
            out.append(insn.addressBits() == 64 ? "rip" : "eip");
        } else if (op.base >= 0) {
            out.append(general(insn.addressBits(), op.base));
        }
        if (op.index >= 0) {
            out.append(op.base >= 0 ? "+" : "").append(index(op));
            if (insn.addressBits() != 16) {
                out.append('*').append(op.scale);
            }
        }
        if (op.base == Operand.RIP_BASE) {
            out.append('+');
            hex(mask(op.disp, 64));
        } else if (op.disp != 0) {
            out.append(op.disp < 0 ? '-' : '+');
            hex(Math.abs(op.disp));
        }
        out.append(']');
    }

    private String index(Operand op) {
        return op.indexBits == 0 ? general(insn.addressBits(), op.index) : (op.indexBits == 256 ? "ymm" : "xmm") + op.index;
    }

    private String sizeName(Operand op) {
        switch (insn.mnemonic()) {
            case INVLPG, PREFETCH, PREFETCHW, PREFETCHWT1, PREFETCHNTA, PREFETCHT0, PREFETCHT1, PREFETCHT2, CLFLUSH, CLFLUSHOPT, CLWB, CLDEMOTE:
                return "BYTE PTR ";
            case LGDT, LIDT, SGDT, SIDT, LDDQU, VLDDQU, INVPCID, WRSS, WRUSS:
                return "";
            case INVEPT, INVVPID, CMPXCHG16B:
                return "OWORD PTR ";
            default:
                break;
        }
        return switch (op.bits) {
            case 8 -> "BYTE PTR ";
            case 16 -> "WORD PTR ";
            case 32 -> "DWORD PTR ";
            case 48 -> "FWORD PTR ";
            case 64 -> "QWORD PTR ";
            case 80 -> "TBYTE PTR ";
            case 128 -> "XMMWORD PTR ";
            case 256 -> "YMMWORD PTR ";
            default -> "";
        };
    }

    private void hex(long value) {
        out.append("0x").append(Long.toHexString(value));
    }

    private static long mask(long value, int bits) {
        return bits == 64 ? value : value & (1L << bits) - 1;
    }
}
