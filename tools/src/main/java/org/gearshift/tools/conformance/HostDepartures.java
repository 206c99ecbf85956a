package org.gearshift.tools.conformance;

import static org.gearshift.translator.x86.decode.Mnemonic.*;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.IsaExtension;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/**
 * The host's processor: what it has, and where processors differ with the manual's consent, or those of its maker depart from the manual that
 * the guest's processor follows, so that a difference proves nothing.
 */
final class HostDepartures {
    /** Which hosts: all (the manual leaves it to the processor), those of one maker, or QEMU's emulation. */
    enum Who { ANY, AMD, INTEL, QEMU }

    /**
     * One trial, on the host ({@code e}) and emulated ({@code a}).
     *
     * @param instruction the one instruction; of a sequence that at fault, or null
     * @param differences as {@link Comparison} found them
     * @param expected scratch pages as the host left them
     * @param actual the emulated ones
     */
    record Case(Trial trial, Instruction instruction, Outcome e, Outcome a, List<String> differences, byte[] expected, byte[] actual) {
        /** Whether the code has one of these instructions. */
        boolean has(Set<Mnemonic> mnemonics) {
            byte[] bytes = trial.code().bytes();
            Decoder decoder = new Decoder();
            for (int[] at = {0}; at[0] < bytes.length;) {
                if (mnemonics.contains(decoder.decode(() -> at[0] < bytes.length ? bytes[at[0]++] & 0xff : 0, Code.mode(trial.code().bits())).mnemonic())) {
                    return true;
                }
            }
            return false;
        }

        /** The same at any byte of the code: where a changed return address may lead. */
        boolean hasAnywhere(Set<Mnemonic> mnemonics) {
            byte[] bytes = trial.code().bytes();
            Decoder decoder = new Decoder();
            for (int i = 0; i < bytes.length; i++) {
                int[] at = {i};
                if (mnemonics.contains(decoder.decode(() -> at[0] < bytes.length ? bytes[at[0]++] & 0xff : 0, Code.mode(trial.code().bits())).mnemonic())) {
                    return true;
                }
            }
            return false;
        }

        /** The instruction of the code at an address, or null. */
        Instruction instructionAt(long ip) {
            return trial.code().instructionAt(ip);
        }

        boolean faults(int vector) {
            return e.kind() == Outcome.Kind.FAULT && e.vector() == vector;
        }

        boolean bothFault(int vector) {
            return faults(vector) && bothFault();
        }

        /** Whether both stopped at one instruction for the same reason. */
        boolean bothFault() {
            return e.kind() == Outcome.Kind.FAULT && a.kind() == Outcome.Kind.FAULT && a.vector() == e.vector() && e.ip() == a.ip();
        }

        /** Whether the trial, or the place where it stopped, has one of these instructions. */
        boolean is(Set<Mnemonic> mnemonics) {
            return instruction != null && mnemonics.contains(instruction.mnemonic());
        }

        boolean is(Mnemonic m) {
            return instruction != null && instruction.mnemonic() == m;
        }

        /** Whether nothing differs but what begins so. */
        boolean differsOnlyIn(String... beginnings) {
            return differences.stream().allMatch(d -> Arrays.stream(beginnings).anyMatch(d::startsWith));
        }

        /** Whether the scratch pages are the same but for bytes between linear addresses. */
        boolean memoryDiffersOnlyIn(long from, long to) {
            for (int i = 0; i < expected.length; i++) {
                long at = Layout.SCRATCH + i;
                if (expected[i] != actual[i] && (at < from || at >= to)) {
                    return false;
                }
            }
            return true;
        }

        /** Whether all differences lie within the memory operand {@code o}, which is the instruction's. */
        boolean differsOnlyIn(Operand o) {
            long at = o.isMemory() ? EffectiveAddress.linear(trial, instruction, o) : 0;
            return o.isMemory() && differsOnlyIn("memory ") && memoryDiffersOnlyIn(at, at + o.bits / 8);
        }
    }

    /**
     * A line of the table.
     *
     * @param what the instruction, and how processors differ
     * @param reference where that is written
     * @param form forms that are left out altogether
     * @param trial trials whose difference is accepted
     */
    record Departure(Who who, String what, String reference, Predicate<Form> form, Predicate<Case> trial) {
    }

    private static final Predicate<Form> NO_FORM = f -> false;
    private static final Predicate<Case> NO_TRIAL = c -> false;
    private static final int PF = 14;
    private static final long CANONICAL_END = 1L << 47;
    private static final int RSP = 4;
    private static final int RSI = 6;
    private static final int RCX = 1;
    private static final int RDI = 7;
    private static final int BR = 5;
    private static final int UD = 6;
    private static final int SS = 12;
    private static final int GP = 13;
    private static final int AC = 17;
    private static final int XM = 19;
    private static final Set<Mnemonic> IMAGES = EnumSet.of(FNSTENV, FLDENV, FNSAVE, FRSTOR, FXSAVE, FXRSTOR, XSAVE, XRSTOR, XSAVEOPT, XSAVEC);
    private static final Set<Mnemonic> MMX_CONVERSIONS = EnumSet.of(CVTPI2PS, CVTPI2PD, CVTPS2PI, CVTTPS2PI, CVTPD2PI, CVTTPD2PI);
    private static final Set<Mnemonic> COMPARISONS_TO_EFLAGS = EnumSet.of(FCOMI, FCOMIP, FUCOMI, FUCOMIP);
    private static final Set<Mnemonic> RETURNS = EnumSet.of(RET);
    private static final Set<Mnemonic> MASKED_STORES = EnumSet.of(MASKMOVQ, MASKMOVDQU, VMASKMOVDQU);
    private static final Set<Mnemonic> MASKED_VECTORS = EnumSet.of(VMASKMOVPS, VMASKMOVPD, VPMASKMOVD, VPMASKMOVQ);
    private static final Set<Mnemonic> GATHERS = EnumSet.of(VPGATHERDD, VPGATHERDQ, VPGATHERQD, VPGATHERQQ, VGATHERDPS, VGATHERDPD, VGATHERQPS, VGATHERQPD);
    private static final Set<Mnemonic> DOT_PRODUCTS = EnumSet.of(DPPS, DPPD, VDPPS, VDPPD);
    private static final Set<Mnemonic> X87_STORES = EnumSet.of(FST, FSTP, FIST, FISTP, FISTTP, FBSTP);
    private static final Set<Mnemonic> LONG_X87_STORES = EnumSet.of(FSTP, FBSTP);
    private static final Set<Mnemonic> MMX_STORES = EnumSet.of(MOVD, MOVQ, MOVNTQ);
    private static final Set<Mnemonic> REPEATED_COMPARISONS = EnumSet.of(CMPS, SCAS);
    private static final Set<Mnemonic> STRINGS = EnumSet.of(MOVS, STOS, LODS, CMPS, SCAS, INS, OUTS);
    private static final Set<Mnemonic> HALF_PRECISION = EnumSet.of(VCVTPH2PS, VCVTPS2PH);
    /** Bits of the status word: an exception is pending; exceptions. */
    private static final int ES = 0x80;
    private static final int EXCEPTIONS = 0x3f;
    private static final int C1 = 0x200;
    private static final int LONGEST_IMAGE = 1024;
    /** The vector of PVM for CPUID. */
    private static final int CPUID_OF_PVM = 0x1a;

    private static final List<Departure> OF_PROCESSORS = List.of(
            forms(Who.AMD, "near branches with a 66 prefix in 64-bit mode: Intel ignores the prefix, AMD takes 16-bit operands",
                    "SDM vol. 2 under Jcc, CALL, RET; APM vol. 3 section 1.2.2", f -> f.bits == 64 && has66(f) && isNearBranch(f.sample)),
            forms(Who.AMD, "0F 0D with a register: a reserved NOP for Intel, #UD for AMD", "SDM vol. 2 table A-3; APM vol. 3 under PREFETCH",
                    f -> f.mnemonic() == NOP && f.map == 1 && f.opcode == 0x0d),
            forms(Who.AMD, "MOVSXD with a 66 prefix: Intel reads 16 bits, AMD 32", "SDM vol. 2 and APM vol. 3 under MOVSXD",
                    f -> f.mnemonic() == MOVSXD && f.sample.op(0).bits == 16),
            forms(Who.ANY, "x87 register forms without a place in the manual (D9 D8, DC D0, DC D8, DD C8, DE D0, DF C8, DF D0, DF D8) report stack faults each in "
                    + "their own way", "SDM vol. 2 tables A-7 to A-22 have no such forms", HostDepartures::isUndocumentedX87),
            trials(Who.ANY, "operands across the end of a 4 GiB segment: #GP or #SS, or an access that wraps", "SDM vol. 3A section 5.3",
                    HostDepartures::wraps),
            trials(Who.ANY, "operands across the end of the canonical ranges: #GP or #SS, #AC, or the page fault of what comes before", "SDM vol. 1 section 3.3.7.1",
                    c -> c.trial.code().bits() == 64 && (atCanonicalEnd(c.e.address()) || atCanonicalEnd(c.a.address()))
                            && (c.faults(PF) || c.faults(GP) || c.faults(SS) || c.faults(AC)) && c.a.kind() == Outcome.Kind.FAULT && c.e.vector() != c.a.vector()),
            trials(Who.AMD, "operands by way of FS and GS in 64-bit code: AMD wants the offset canonical, Intel the linear address only", "SDM vol. 1 section 3.3.7.1",
                    c -> c.trial.code().bits() == 64 && c.instruction != null && (c.faults(GP) || c.faults(SS)) && c.e.error() == 0
                            && hasSegmentBase(c)),
            trials(Who.ANY, "page faults on operands longer than 16 bytes, and on elements of masked vectors: which of the missing bytes CR2 names",
                    "SDM vol. 3A section 4.7 gives no order",
                    c -> c.bothFault(PF) && (isImage(c.instruction) || c.is(MASKED_VECTORS)) && Math.abs(c.e.address() - c.a.address()) < LONGEST_IMAGE
                            && Arrays.equals(c.e.registers().general, c.a.registers().general)),
            trials(Who.ANY, "alignment checks of 16-byte operands and images: whether #AC is raised", "SDM vol. 3A section 6.15, interrupt 17",
                    c -> c.instruction != null && (c.faults(AC) || c.a.vector() == AC) && !c.bothFault(AC) && (isImage(c.instruction) || hasMemory128(c.instruction))),
            trials(Who.ANY, "CMPS and MOVS with two operands that may not be accessed: whose fault it is", "SDM vol. 2 under CMPS and MOVS gives no order; of AMD's "
                    + "processors Zen 4 takes the second of CMPS first, Zen 5 the first", HostDepartures::bothOperandsFault),
            trials(Who.ANY, "VMASKMOV and VPMASKMOV with 32-bit addresses in 64-bit code: elements beyond 4 GiB wrap, or do not", "SDM vol. 2 under VMASKMOV says nothing of it",
                    c -> c.trial.code().bits() == 64 && c.instruction != null && MASKED_VECTORS.contains(c.instruction.mnemonic())
                            && c.instruction.addressBits() == 32 && operandAtEnd(c)),
            trials(Who.ANY, "MXCSR_MASK and the reserved bytes of FXSAVE images", "SDM vol. 1 sections 10.5.1 and 11.6.6", NO_TRIAL),
            trials(Who.ANY, "MASKMOVQ and MASKMOVDQU with a mask of zero bits: whether the address is looked at", "SDM vol. 2 under MASKMOVDQU",
                    c -> c.instruction != null && MASKED_STORES.contains(c.instruction.mnemonic()) && (c.faults(PF) || c.faults(AC) || c.faults(GP))),
            trials(Who.ANY, "REP INS and REP OUTS with a count of 0: whether the permission is checked", "SDM vol. 2 under REP and INS gives no order",
                    c -> c.instruction != null && (c.instruction.mnemonic() == INS || c.instruction.mnemonic() == OUTS) && c.instruction.rep()
                            && c.faults(13)),
            trials(Who.AMD, "SHA instructions with a memory operand that is not aligned: Intel raises #GP, AMD reads it", "SDM vol. 2 table 2-21 (type 4)",
                    c -> c.instruction != null && c.instruction.extension() == IsaExtension.SHA && !c.faults(GP) && c.a.vector() == GP && c.a.error() == 0),
            trials(Who.AMD, "UD0 and UD1: Intel fetches a ModRM byte, AMD does not", "SDM vol. 2 and APM vol. 3 under UD",
                    c -> c.instruction != null && (c.instruction.mnemonic() == UD0 || c.instruction.mnemonic() == UD1) && c.faults(UD)
                            && c.a.vector() == PF),
            trials(Who.ANY, "CALL of a target that is not canonical with a stack that cannot be written: which fault comes first", "SDM vol. 2 under CALL gives no order",
                    c -> c.instruction != null && c.instruction.mnemonic() == CALL && c.trial.code().bits() == 64
                            && (c.faults(PF) || c.faults(AC) || c.faults(SS)) && c.a.vector() == GP && c.e.ip() == c.a.ip()),
            trials(Who.ANY, "ENTER: whether the look at the new stack pointer is checked for alignment", "SDM vol. 2 under ENTER names only the page fault",
                    c -> c.instruction != null && c.instruction.mnemonic() == ENTER && c.faults(AC)),
            trials(Who.ANY, "INT of a vector that the host's kernel and the hypervisor under it have for themselves (17, 19 and 1B of PVM: #UD; 1A: CPUID)",
                    "not the processor's word", HostDepartures::isHypercall),
            trials(Who.ANY, "POPA that faults midway has loaded the registers before", "SDM vol. 2 and APM vol. 3 under POPA say nothing of it",
                    c -> c.instruction != null && c.instruction.mnemonic() == POPA && c.bothFault(PF)),
            trials(Who.ANY, "FCOMI and its like with an unmasked invalid operand: EFLAGS are left alone, or say unordered",
                    "SDM vol. 2 under FCOMI leaves them alone; processors of both makers do not",
                    c -> c.trial.start().fp != null && c.has(COMPARISONS_TO_EFLAGS) && (c.trial.start().control() & c.e.registers().control() & 1) == 0),
            trials(Who.ANY, "a return address that was changed leads into the middle of an instruction, and there to FCOMI or its like: C1 is 0, or left alone",
                    "SDM vol. 2 under FCOMI sets it to 0; processors of both makers do not", HostDepartures::comparesInTheMiddle),
            trials(Who.ANY, "CVTPI2PS with a memory operand does not enter MMX state", "SDM vol. 2 and APM vol. 4 under CVTPI2PS say it does",
                    c -> c.instruction != null && c.instruction.mnemonic() == CVTPI2PS && c.instruction.op(1).isMemory()),
            trials(Who.ANY, "conversions between MMX and XMM that raise #XM have entered MMX state before", "SDM vol. 2 leaves the order open",
                    c -> c.instruction != null && MMX_CONVERSIONS.contains(c.instruction.mnemonic()) && c.bothFault(XM)),
            trials(Who.AMD, "REP CMPS and REP SCAS that fault midway: Intel restores EFLAGS, AMD leaves those of the last comparison", "SDM vol. 2 under REP; APM vol. 3 "
                    + "under REPE says nothing of it", c -> c.is(REPEATED_COMPARISONS) && isRepeated(c.instruction) && c.bothFault() && c.differsOnlyIn("eflags ")),
            trials(Who.AMD, "gathers that fault: Intel has spread the sign of every element of the mask and cleared what is above the vectors, AMD has not", "SDM vol. 2 under VPGATHERDD, operation",
                    c -> c.is(GATHERS) && c.bothFault() && c.differsOnlyIn("xmm", "ymm")),
            trials(Who.AMD, "VCVTPH2PS and VCVTPS2PH of 8 bytes that are not aligned: AMD raises #AC", "SDM vol. 2 under VCVTPH2PS (type 11, without #AC)",
                    c -> c.is(HALF_PRECISION) && c.faults(AC)),
            trials(Who.INTEL, "VCVTPS2PH to memory that may not be written raises #XM, or has set the flags of MXCSR before",
                    "SDM vol. 3A table 6-2 leaves the order of faults of one instruction to the processor",
                    c -> c.is(VCVTPS2PH) && (c.bothFault() && c.differsOnlyIn("mxcsr ")
                            || c.faults(XM) && c.a.kind() == Outcome.Kind.FAULT && c.e.ip() == c.a.ip() && c.differsOnlyIn("mxcsr ", "end "))),
            trials(Who.INTEL, "PUSH of a segment register with an operand of 32 bits: the upper half is not written, and 2 bytes are aligned", "SDM vol. 2 under PUSH allows both",
                    c -> isPushOfSegment32(c.instruction) && (c.differsOnlyIn("memory ") && isUpperHalfOfTop(c) || c.a.vector() == AC && !c.faults(AC))),
            trials(Who.INTEL, "CALL of a target that is not canonical has stored the return address before", "SDM vol. 3A section 6.5 leaves partial stores open",
                    c -> c.is(CALL) && c.trial.code().bits() == 64 && c.bothFault(GP) && c.differsOnlyIn("memory ") && isReturnAddress(c)),
            trials(Who.INTEL, "REP with 32-bit addresses in 64-bit code that ends or faults before the first element: registers have been zero-extended",
                    "SDM vol. 2 under REP says nothing of it", HostDepartures::isZeroExtendedByRep),
            trials(Who.INTEL, "BOUND with a violated lower and an unreadable upper bound: #BR or the page fault", "SDM vol. 2 under BOUND gives no order",
                    c -> c.is(BOUND) && c.faults(BR) && c.a.vector() == PF && c.e.ip() == c.a.ip()),
            trials(Who.INTEL, "x87 stores with an unmasked exception to memory that may not be written: the exception becomes pending, memory is not looked at",
                    "SDM vol. 3A table 6-2 leaves the order of faults of one instruction to the processor", HostDepartures::isPendingInsteadOfFault),
            trials(Who.INTEL, "FSTP and FBSTP of 10 bytes into a page that may not be written have written those before it", "SDM vol. 3A section 6.5 leaves partial "
                    + "stores open", c -> c.is(LONG_X87_STORES) && c.bothFault() && c.instruction.op(0).bits == 80 && c.differsOnlyIn(c.instruction.op(0))),
            trials(Who.INTEL, "stores of MMX registers that fault have entered MMX state before", "SDM vol. 2 under MOVD and MOVQ gives no order",
                    c -> c.is(MMX_STORES) && c.bothFault() && c.differsOnlyIn("fsw ", "tags ", "st")),
            trials(Who.INTEL, "DPPS and DPPD with several NaNs: which of them each element of the result has", "SDM vol. 1 table 4-7 and vol. 2 under DPPS: the order of the "
                    + "sums' operands is the processor's", c -> c.is(DOT_PRODUCTS) && c.differsOnlyIn(vector(c.instruction.op(0))) && areNans(c)));

    private static final List<Departure> TABLE = Stream.concat(OF_PROCESSORS.stream(), QemuDepartures.table().stream()).toList();

    private final Who maker;
    private final Set<String> features;

    HostDepartures(String cpuinfo) {
        this(cpuinfo.contains("AuthenticAMD") ? Who.AMD : cpuinfo.contains("GenuineIntel") ? Who.INTEL : Who.ANY, cpuinfo);
    }

    private HostDepartures(Who maker, String cpuinfo) {
        this.maker = maker;
        features = new HashSet<>();
        cpuinfo.lines().filter(l -> l.startsWith("flags")).findFirst()
                .ifPresent(l -> features.addAll(List.of(l.substring(l.indexOf(':') + 1).strip().split(" +"))));
    }

    static HostDepartures ofThisHost() throws IOException {
        return new HostDepartures(Files.readString(Path.of("/proc/cpuinfo")));
    }

    /** Of QEMU's user-mode emulation. */
    static HostDepartures ofQemu() {
        return new HostDepartures(Who.QEMU, "");
    }

    private static Departure forms(Who who, String what, String reference, Predicate<Form> form) {
        return new Departure(who, what, reference, form, NO_TRIAL);
    }

    static Departure trials(Who who, String what, String reference, Predicate<Case> trial) {
        return new Departure(who, what, reference, NO_FORM, trial);
    }

    static List<Departure> table() {
        return TABLE;
    }

    private List<Departure> here() {
        List<Departure> list = new ArrayList<>();
        for (Departure d : TABLE) {
            if (d.who == Who.ANY || d.who == maker) {
                list.add(d);
            }
        }
        return list;
    }

    /** Whether the host has a feature, by its name in {@code /proc/cpuinfo}; null is had by all. */
    boolean has(String feature) {
        return feature == null || features.contains(feature);
    }

    /** Why a form is not compared on this host, or null. */
    String skips(Form f) {
        if (!has(f.set.hostFlag())) {
            return "the host has no " + f.set.hostFlag();
        }
        for (Departure d : here()) {
            if (d.form.test(f)) {
                return d.what;
            }
        }
        return null;
    }

    /** The line that accepts a trial's difference, or null. */
    Departure accepts(Case c) {
        for (Departure d : here()) {
            if (d.trial.test(c)) {
                return d;
            }
        }
        return null;
    }

    /** Instructions that do not stand in sequences, because {@link #table} lets them leave one thing or another for those that follow. */
    static boolean leavesOpen(Instruction i) {
        return MMX_CONVERSIONS.contains(i.mnemonic()) || DOT_PRODUCTS.contains(i.mnemonic()) || isPushOfSegment32(i);
    }

    private static boolean isPushOfSegment32(Instruction i) {
        return i != null && i.mnemonic() == PUSH && i.op(0).kind == Operand.Kind.SEGMENT && i.operandBits() == 32;
    }

    private static boolean isUpperHalfOfTop(Case c) {
        long top = c.e.registers().general[RSP] + Encoder.segmentBase(X86State.SS, c.trial.code().bits());
        return c.memoryDiffersOnlyIn(top + 2, top + 4);
    }

    private static boolean isReturnAddress(Case c) {
        long top = c.e.registers().general[RSP];
        return c.memoryDiffersOnlyIn(top - 8, top);
    }

    private static boolean isRepeated(Instruction i) {
        return i.rep() || i.repne();
    }

    /** Differences of a vector register begin so. */
    private static String[] vector(Operand o) {
        return new String[] {"xmm" + o.reg + "[", "ymm" + o.reg + "["};
    }

    /** Whether elements of a dot product that differ are NaNs in both. */
    private static boolean areNans(Case c) {
        int register = c.instruction.op(0).reg;
        boolean doubles = c.instruction.mnemonic() == DPPD || c.instruction.mnemonic() == VDPPD;
        for (int part = 0; part < 4; part++) {
            long e = c.e.registers().vector(register, part);
            long a = c.a.registers().vector(register, part);
            boolean same = doubles ? bothNanOrSame(e, a) : bothNanOrSame((int) e, (int) a) && bothNanOrSame((int) (e >>> 32), (int) (a >>> 32));
            if (!same) {
                return false;
            }
        }
        return true;
    }

    private static boolean bothNanOrSame(long e, long a) {
        return e == a || Double.isNaN(Double.longBitsToDouble(e)) && Double.isNaN(Double.longBitsToDouble(a));
    }

    private static boolean bothNanOrSame(int e, int a) {
        return e == a || Float.isNaN(Float.intBitsToFloat(e)) && Float.isNaN(Float.intBitsToFloat(a));
    }

    private static boolean isZeroExtendedByRep(Case c) {
        Instruction i = c.instruction;
        if (c.trial.code().bits() != 64 || !c.is(STRINGS) || !isRepeated(i) || i.addressBits() != 32 || !c.differsOnlyIn("rcx ", "rsi ", "rdi ")) {
            return false;
        }
        for (int n : new int[] {RCX, RSI, RDI}) {
            long e = c.e.registers().general[n];
            if (e != c.a.registers().general[n] && e != (c.a.registers().general[n] & 0xffff_ffffL)) {
                return false;
            }
        }
        return true;
    }

    /** Whether an x87 store that faulted here left an exception for the next instruction there. */
    private static boolean isPendingInsteadOfFault(Case c) {
        if (c.a.kind() != Outcome.Kind.FAULT || c.trial.start().fp == null) {
            return false;
        }
        Instruction at = c.instructionAt(c.a.ip());
        int unmasked = c.e.registers().status() & ~c.e.registers().control() & EXCEPTIONS;
        return at != null && X87_STORES.contains(at.mnemonic()) && (c.a.vector() == PF || c.a.vector() == GP || c.a.vector() == SS || c.a.vector() == AC)
                && (c.e.registers().status() & ES) != 0 && unmasked != 0 && (c.a.registers().status() & ES) == 0;
    }

    private static boolean has66(Form f) {
        for (byte p : f.prefixes) {
            if (p == 0x66) {
                return true;
            }
        }
        return false;
    }

    private static boolean isNearBranch(Instruction i) {
        return switch (i.mnemonic()) {
            case JCC, JMP, CALL, RET, LOOP, LOOPE, LOOPNE, JCXZ -> true;
            default -> false;
        };
    }

    private static boolean comparesInTheMiddle(Case c) {
        return c.instruction == null && c.trial.start().fp != null && c.has(RETURNS) && !c.has(COMPARISONS_TO_EFLAGS) && c.hasAnywhere(COMPARISONS_TO_EFLAGS)
                && c.differsOnlyIn("fsw ") && (c.e.registers().status() ^ c.a.registers().status()) == C1;
    }

    private static boolean isHypercall(Case c) {
        return c.is(INT) && c.a.vector() == GP && (c.faults(UD) && c.e.ip() == c.a.ip() || c.e.kind() == Outcome.Kind.DONE && c.instruction.op(0).value == CPUID_OF_PVM);
    }

    private static boolean isUndocumentedX87(Form f) {
        if (f.map != 0 || f.memory || f.choices.length == 0 || f.opcode < 0xd8 || f.opcode > 0xdf) {
            return false;
        }
        int group = f.choices[0] & 0xf8;
        return switch (f.opcode) {
            case 0xd9 -> group == 0xd8;
            case 0xdc -> group == 0xd0 || group == 0xd8;
            case 0xdd -> group == 0xc8;
            case 0xde -> group == 0xd0;
            case 0xdf -> group == 0xc8 || group == 0xd0 || group == 0xd8;
            default -> false;
        };
    }

    private static boolean wraps(Case c) {
        if (c.trial.code().bits() != 32 || !(c.faults(SS) || c.faults(GP)) || c.e.error() != 0) {
            return false;
        }
        if (c.instruction != null && operandAtEnd(c)) {
            return true;
        }
        if (c.faults(SS) && atEnd(c.e.registers().general[RSP])) {
            return true;
        }
        return c.a.vector() == PF && (atEnd(c.a.address()) || atEnd(c.a.address() - Layout.FS_BASE)) && c.e.ip() == c.a.ip();
    }

    private static boolean operandAtEnd(Case c) {
        for (Operand o : c.instruction.operands()) {
            if (o.isMemory() && atEnd(EffectiveAddress.offset(c.trial, c.instruction, o))) {
                return true;
            }
        }
        return false;
    }

    /** Whether both stopped at an instruction with two memory operands before it had done anything. */
    private static boolean bothOperandsFault(Case c) {
        return c.instruction != null && (c.instruction.mnemonic() == CMPS || c.instruction.mnemonic() == MOVS) && c.e.kind() == Outcome.Kind.FAULT
                && c.a.kind() == Outcome.Kind.FAULT && c.e.ip() == c.a.ip() && haveSameAddresses(c);
    }

    /** Whether general registers are the same, in as many bits as the addresses of the instruction have. */
    private static boolean haveSameAddresses(Case c) {
        long mask = c.instruction.addressBits() == 32 ? 0xffff_ffffL : -1;
        for (int n = 0; n < 16; n++) {
            if (((c.e.registers().general[n] ^ c.a.registers().general[n]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether an address is near where canonical ones end. */
    private static boolean atCanonicalEnd(long address) {
        return Math.abs(address - CANONICAL_END) < LONGEST_IMAGE || Math.abs(address + CANONICAL_END) < LONGEST_IMAGE;
    }

    /** Whether an operand is addressed through a segment with a base by an offset that is not canonical. */
    private static boolean hasSegmentBase(Case c) {
        for (Operand o : c.instruction.operands()) {
            if (o.isMemory() && o.segment >= X86State.FS && !ShadowMmu.canonical(EffectiveAddress.offset(c.trial, c.instruction, o))) {
                return true;
            }
        }
        return c.instruction.segment() >= X86State.FS && !ShadowMmu.canonical(c.e.registers().general[RSI]);
    }

    /** Whether an offset is near the end of a 4 GiB segment, or behind it. */
    private static boolean atEnd(long offset) {
        return (int) offset >= -LONGEST_IMAGE && (int) offset < LONGEST_IMAGE;
    }

    private static boolean isImage(Instruction i) {
        return i != null && IMAGES.contains(i.mnemonic());
    }

    private static boolean hasMemory128(Instruction i) {
        if (MASKED_STORES.contains(i.mnemonic())) {
            return true;
        }
        for (Operand o : i.operands()) {
            if (o.isMemory() && o.bits >= 128) {
                return true;
            }
        }
        return false;
    }
}
