package org.gearshift.translator.x86;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.ir.StateLayout;

/**
 * State slots of an x86 vCPU.
 *
 * <p><b>Arithmetic flags</b> are held as two slots, from which each flag is one short expression (the idea of a carry vector:
 * Intel SDM vol. 1 section 3.4.3 defines the flags):
 * <pre>
 *   ZF = FLAG_RES == 0                               FLAG_RES: result, sign-extended to 64 bits from its width
 *   SF = (FLAG_RES < 0) ^ AUX bit 0
 *   PF = even parity of ((FLAG_RES ^ AUX >>> 8) & 0xff)
 *   CF = AUX bit 31       OF = AUX bit 31 ^ AUX bit 30       AF = AUX bit 3
 * </pre>
 * Bits 0 and 8..15 are 0 after arithmetic; they serve flag combinations no result has (POPF, SAHF, COMISD). {@link #DF} and the
 * remaining EFLAGS bits are apart.
 */
public final class X86State {
    private static final List<String> NAMES = new ArrayList<>();

    /** General registers in encoding order: AX CX DX BX SP BP SI DI, then R8..R15. */
    public static final int GPR = block("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
            "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15");
    public static final int RAX = GPR;
    public static final int RCX = GPR + 1;
    public static final int RDX = GPR + 2;
    public static final int RBX = GPR + 3;
    public static final int RSP = GPR + 4;
    public static final int RBP = GPR + 5;
    public static final int RSI = GPR + 6;
    public static final int RDI = GPR + 7;
    /** Instruction pointer within CS; exact only while translated code is not running, or in a monitor call. */
    public static final int RIP = block("rip");

    public static final int FLAG_RES = block("flag_res");
    public static final int FLAG_AUX = block("flag_aux");
    /** Direction: +1 or -1 (EFLAGS.DF clear or set). */
    public static final int DF = block("df");
    /** TF, IF, IOPL, NT, RF, VM, AC, VIF, VIP, ID at their EFLAGS positions; all other bits 0. */
    public static final int EFLAGS_SYS = block("eflags_sys");
    /** Not 0: the next instruction runs before interrupts are taken; {@link #SHADOW_SS}: and before debug exceptions are. */
    public static final int INT_SHADOW = block("int_shadow");
    /** Values of it after STI, and after MOV SS and POP SS. */
    public static final int SHADOW_STI = 1;
    public static final int SHADOW_SS = 2;
    /** Current privilege level 0..3; 3 in virtual-8086 mode, 0 in real mode. */
    public static final int CPL = block("cpl");

    /** Segment numbers, in encoding order. */
    public static final int ES = 0;
    public static final int CS = 1;
    public static final int SS = 2;
    public static final int DS = 3;
    public static final int FS = 4;
    public static final int GS = 5;
    private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};

    /** First of six slots, indexed by segment number: visible selectors. */
    public static final int SEG_SELECTOR = perSegment("sel");
    /** Linear bases. */
    public static final int SEG_BASE = perSegment("base");
    /** Limits in bytes (granularity applied): the last valid offset of an expand-up segment. */
    public static final int SEG_LIMIT = perSegment("limit");
    /**
     * Descriptor attributes: bits 8..15 and 20..23 of the descriptor's second doubleword (type, S, DPL, P, AVL, L, D/B, G) moved
     * down by 8, i.e. bits 0..3 type, 4 S, 5..6 DPL, 7 P, 12 AVL, 13 L, 14 D/B, 15 G. 0 for a null selector.
     */
    public static final int SEG_ATTR = perSegment("attr");
    /** Last offset that a read may touch without a closer look: the limit of a readable, present, expand-up segment, otherwise -1. */
    public static final int SEG_READ_LIMIT = perSegment("rlim");
    /** The same for writes. */
    public static final int SEG_WRITE_LIMIT = perSegment("wlim");

    /** LDTR and TR: selector, base, limit, attributes as for segments. */
    public static final int LDTR = block("ldtr_sel", "ldtr_base", "ldtr_limit", "ldtr_attr");
    public static final int TR = block("tr_sel", "tr_base", "tr_limit", "tr_attr");
    public static final int GDTR_BASE = block("gdtr_base");
    public static final int GDTR_LIMIT = block("gdtr_limit");
    public static final int IDTR_BASE = block("idtr_base");
    public static final int IDTR_LIMIT = block("idtr_limit");

    public static final int CR0 = block("cr0");
    public static final int CR2 = block("cr2");
    public static final int CR3 = block("cr3");
    public static final int CR4 = block("cr4");
    public static final int CR8 = block("cr8");
    public static final int XCR0 = block("xcr0");
    /** DR0..DR7 (4 and 5 unused). */
    public static final int DR = block("dr0", "dr1", "dr2", "dr3", "dr4", "dr5", "dr6", "dr7");
    public static final int EFER = block("efer");
    public static final int SYSENTER_CS = block("sysenter_cs");
    public static final int SYSENTER_ESP = block("sysenter_esp");
    public static final int SYSENTER_EIP = block("sysenter_eip");
    public static final int STAR = block("star");
    public static final int LSTAR = block("lstar");
    public static final int CSTAR = block("cstar");
    public static final int FMASK = block("fmask");
    public static final int KERNEL_GS_BASE = block("kernel_gs_base");
    public static final int TSC_AUX = block("tsc_aux");

    /** 64-bit significands of the physical x87 registers R0..R7; also MM0..MM7. */
    public static final int X87_MANTISSA = block("fr0", "fr1", "fr2", "fr3", "fr4", "fr5", "fr6", "fr7");
    /** Sign (bit 15) and biased exponent (bits 0..14) of R0..R7. */
    public static final int X87_EXPONENT = block("fe0", "fe1", "fe2", "fe3", "fe4", "fe5", "fe6", "fe7");
    /** Control word; status word with TOP field zero; TOP 0..7; bit i set: physical register i is empty. */
    public static final int X87_CONTROL = block("fcw");
    public static final int X87_STATUS = block("fsw");
    public static final int X87_TOP = block("ftop");
    public static final int X87_EMPTY = block("fempty");
    /** Last instruction and data pointers: offsets and selectors. The opcode, 11 bits, and {@link #X87_POINTERS_64}. */
    public static final int X87_FIP = block("fip");
    public static final int X87_FCS = block("fcs");
    public static final int X87_FDP = block("fdp");
    public static final int X87_FDS = block("fds");
    public static final int X87_FOP = block("fop");
    /** Beside the opcode: the offsets have 64 bits. Without it the slots' upper halves mean nothing. */
    public static final int X87_POINTERS_64 = 1 << 11;

    /** XMM registers, low and high halves alternating: register n is XMM + 2n (low) and XMM + 2n + 1 (high). */
    public static final int XMM = xmm();
    public static final int MXCSR = block("mxcsr");
    /** Upper halves of YMM0..YMM15 likewise: bits 128..191 of register n are YMM_HIGH + 2n, bits 192..255 YMM_HIGH + 2n + 1. */
    public static final int YMM_HIGH = ymm();
    /** Second half of a 128-bit result that a helper returned; means nothing between instructions. */
    public static final int RESULT_HIGH = block("result_hi");

    public static final StateLayout LAYOUT = new StateLayout(NAMES, RIP);

    private X86State() {
    }

    private static int block(String... names) {
        int first = NAMES.size();
        NAMES.addAll(List.of(names));
        return first;
    }

    private static int perSegment(String suffix) {
        int first = NAMES.size();
        for (String seg : SEGMENTS) {
            NAMES.add(seg + "_" + suffix);
        }
        return first;
    }

    private static int ymm() {
        int first = NAMES.size();
        for (int i = 0; i < 16; i++) {
            NAMES.add("ymm" + i + "_2");
            NAMES.add("ymm" + i + "_3");
        }
        return first;
    }

    private static int xmm() {
        int first = NAMES.size();
        for (int i = 0; i < 16; i++) {
            NAMES.add("xmm" + i + "_lo");
            NAMES.add("xmm" + i + "_hi");
        }
        return first;
    }
}
