package org.gearshift.tools.conformance;

import java.util.List;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/**
 * Groups of instructions: what {@code --group} names, and the {@code /proc/cpuinfo} flag that says the host has them (null: every host).
 * A group is a run of {@link Mnemonic} constants, which stand there in the manual's order.
 */
record InstructionSet(String name, String hostFlag, Mnemonic first, Mnemonic last) {
    /** Earlier lines win. */
    private static final List<InstructionSet> TABLE = List.of(
            one("movbe", "movbe", Mnemonic.MOVBE),
            one("transfer", "cx8", Mnemonic.CMPXCHG8B),
            one("transfer", "cx16", Mnemonic.CMPXCHG16B),
            one("transfer", "cmov", Mnemonic.CMOVCC),
            one("direct-stores", "movdiri", Mnemonic.MOVDIRI),
            one("direct-stores", "movdir64b", Mnemonic.MOVDIR64B),
            new InstructionSet("transfer", null, Mnemonic.MOV, Mnemonic.MOVDIR64B),
            new InstructionSet("adx", "adx", Mnemonic.ADCX, Mnemonic.ADOX),
            new InstructionSet("arithmetic", null, Mnemonic.ADD, Mnemonic.ADOX),
            new InstructionSet("decimal", null, Mnemonic.DAA, Mnemonic.AAD),
            one("sse4.2", "sse4_2", Mnemonic.CRC32),
            one("popcnt", "popcnt", Mnemonic.POPCNT),
            one("lzcnt", "abm", Mnemonic.LZCNT),
            one("bmi1", "bmi1", Mnemonic.TZCNT),
            new InstructionSet("shift", null, Mnemonic.SHL, Mnemonic.SHRD),
            new InstructionSet("logic", null, Mnemonic.AND, Mnemonic.TEST),
            new InstructionSet("bmi1", "bmi1", Mnemonic.ANDN, Mnemonic.BLSR),
            new InstructionSet("bmi2", "bmi2", Mnemonic.BZHI, Mnemonic.SHRX),
            new InstructionSet("control", null, Mnemonic.JMP, Mnemonic.LEAVE),
            new InstructionSet("string", null, Mnemonic.MOVS, Mnemonic.OUT),
            new InstructionSet("flags", null, Mnemonic.STC, Mnemonic.SALC),
            new InstructionSet("segment", null, Mnemonic.LDS, Mnemonic.LSS),
            one("miscellaneous", "3dnowprefetch", Mnemonic.PREFETCHW),
            one("miscellaneous", "clflush", Mnemonic.CLFLUSH),
            one("miscellaneous", "clflushopt", Mnemonic.CLFLUSHOPT),
            one("miscellaneous", "clwb", Mnemonic.CLWB),
            one("miscellaneous", "serialize", Mnemonic.SERIALIZE),
            new InstructionSet("miscellaneous", null, Mnemonic.LEA, Mnemonic.UMWAIT),
            new InstructionSet("system", null, Mnemonic.LGDT, Mnemonic.WRPKRU),
            new InstructionSet("state", "fxsr", Mnemonic.FXSAVE, Mnemonic.FXRSTOR),
            new InstructionSet("state", "sse", Mnemonic.LDMXCSR, Mnemonic.STMXCSR),
            new InstructionSet("state", "xsave", Mnemonic.XSAVE, Mnemonic.XSETBV),
            new InstructionSet("virtualization", null, Mnemonic.VMCALL, Mnemonic.CLRSSBSY),
            one("x87", "pni", Mnemonic.FISTTP),
            new InstructionSet("x87-transfer", null, Mnemonic.FLD, Mnemonic.FLDZ),
            new InstructionSet("x87-functions", null, Mnemonic.FSIN, Mnemonic.FYL2XP1),
            new InstructionSet("x87-arithmetic", null, Mnemonic.FADD, Mnemonic.FXAM),
            new InstructionSet("x87-control", null, Mnemonic.FINCSTP, Mnemonic.FSETPM),
            new InstructionSet("mmx", "mmx", Mnemonic.MOVD, Mnemonic.EMMS),
            new InstructionSet("mmx", "sse", Mnemonic.PAVGB, Mnemonic.MOVNTQ),
            new InstructionSet("sse", "sse", Mnemonic.MOVAPS, Mnemonic.SFENCE),
            new InstructionSet("sse2", "sse2", Mnemonic.MOVAPD, Mnemonic.MFENCE),
            new InstructionSet("sse3", "pni", Mnemonic.ADDSUBPS, Mnemonic.LDDQU),
            new InstructionSet("ssse3", "ssse3", Mnemonic.PHADDW, Mnemonic.PALIGNR),
            new InstructionSet("sse4.1", "sse4_1", Mnemonic.PMULLD, Mnemonic.PACKUSDW),
            new InstructionSet("sse4.2", "sse4_2", Mnemonic.PCMPESTRI, Mnemonic.PCMPGTQ),
            one("pclmulqdq", "pclmulqdq", Mnemonic.PCLMULQDQ),
            new InstructionSet("gfni", "gfni", Mnemonic.GF2P8AFFINEQB, Mnemonic.GF2P8MULB),
            new InstructionSet("aes", "aes", Mnemonic.AESDEC, Mnemonic.AESKEYGENASSIST),
            new InstructionSet("sha", "sha_ni", Mnemonic.SHA1MSG1, Mnemonic.SHA256RNDS2));
    private static final InstructionSet SSE2_INTEGER = new InstructionSet("sse2", "sse2", Mnemonic.MOVD, Mnemonic.MOVNTQ);
    private static final InstructionSet AVX = new InstructionSet("avx", "avx", Mnemonic.INVALID, Mnemonic.INVALID);
    private static final InstructionSet AVX2 = new InstructionSet("avx2", "avx2", Mnemonic.INVALID, Mnemonic.INVALID);

    private static InstructionSet one(String name, String flag, Mnemonic m) {
        return new InstructionSet(name, flag, m, m);
    }

    private boolean contains(Mnemonic m) {
        return m.compareTo(first) >= 0 && m.compareTo(last) <= 0;
    }

    /** The group of an instruction. */
    static InstructionSet of(Instruction i, boolean vex) {
        for (InstructionSet s : TABLE) {
            if (s.contains(i.mnemonic())) {
                if (vex && !s.name.startsWith("bmi")) {
                    return AVX;
                }
                return s.name.equals("mmx") && hasXmm(i) ? SSE2_INTEGER : s;
            }
        }
        return vex ? AVX2 : new InstructionSet("other", null, i.mnemonic(), i.mnemonic());
    }

    private static boolean hasXmm(Instruction i) {
        for (Operand o : i.operands()) {
            if (o.kind == Operand.Kind.XMM) {
                return true;
            }
        }
        return false;
    }
}
