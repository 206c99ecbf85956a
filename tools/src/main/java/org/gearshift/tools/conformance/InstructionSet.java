package org.gearshift.tools.conformance;

import java.util.List;
import java.util.Locale;
import org.gearshift.translator.x86.IsaExtension;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;

/**
 * Groups of instructions: what {@code --group} names, and the {@code /proc/cpuinfo} flag that says the host has them (null: every host). What belongs to
 * an extension is a group by its name; the others are runs of {@link Mnemonic} constants, which stand there in the manual's order.
 */
record InstructionSet(String name, String hostFlag) {
    /** Mnemonics from one to another, both included. */
    private record Run(String name, Mnemonic first, Mnemonic last) {
        boolean contains(Mnemonic m) {
            return m.compareTo(first) >= 0 && m.compareTo(last) <= 0;
        }
    }

    private static final List<Run> RUNS = List.of(
            new Run("transfer", Mnemonic.MOV, Mnemonic.MOVDIR64B),
            new Run("arithmetic", Mnemonic.ADD, Mnemonic.ADOX),
            new Run("decimal", Mnemonic.DAA, Mnemonic.AAD),
            new Run("shift", Mnemonic.SHL, Mnemonic.SHRD),
            new Run("logic", Mnemonic.AND, Mnemonic.TZCNT),
            new Run("control", Mnemonic.JMP, Mnemonic.LEAVE),
            new Run("string", Mnemonic.MOVS, Mnemonic.OUT),
            new Run("flags", Mnemonic.STC, Mnemonic.SALC),
            new Run("segment", Mnemonic.LDS, Mnemonic.LSS),
            new Run("miscellaneous", Mnemonic.LEA, Mnemonic.UMWAIT),
            new Run("system", Mnemonic.LGDT, Mnemonic.WRPKRU),
            new Run("state", Mnemonic.FXSAVE, Mnemonic.STMXCSR),
            new Run("virtualization", Mnemonic.VMCALL, Mnemonic.CLRSSBSY),
            new Run("x87-transfer", Mnemonic.FLD, Mnemonic.FLDZ),
            new Run("x87-functions", Mnemonic.FSIN, Mnemonic.FYL2XP1),
            new Run("x87-arithmetic", Mnemonic.FADD, Mnemonic.FXAM),
            new Run("x87-control", Mnemonic.FINCSTP, Mnemonic.FSETPM));

    /** The group of an instruction. */
    static InstructionSet of(Instruction i) {
        String flag = hostFlag(i);
        if (i.extension() != IsaExtension.BASE && i.extension() != IsaExtension.CMOV && i.extension() != IsaExtension.CX8 && !isState(i.mnemonic())) {
            return new InstructionSet(i.extension().name().toLowerCase(Locale.ROOT).replace('_', '.'), flag);
        }
        for (Run r : RUNS) {
            if (r.contains(i.mnemonic())) {
                return new InstructionSet(r.name, flag);
            }
        }
        return new InstructionSet("other", flag);
    }

    private static boolean isState(Mnemonic m) {
        return m.compareTo(Mnemonic.FXSAVE) >= 0 && m.compareTo(Mnemonic.STMXCSR) <= 0;
    }

    /** Linux's name of what an instruction needs. */
    private static String hostFlag(Instruction i) {
        return switch (i.extension()) {
            case BASE -> switch (i.mnemonic()) {
                case SERIALIZE -> "serialize";
                case MOVDIR64B -> "movdir64b";
                case PREFETCHW -> "3dnowprefetch";
                case FISTTP -> "pni";
                default -> null;
            };
            case SSE3 -> "pni";
            case LZCNT -> "abm";
            case CLFSH -> "clflush";
            case SHA -> "sha_ni";
            default -> i.extension().name().toLowerCase(Locale.ROOT);
        };
    }
}
