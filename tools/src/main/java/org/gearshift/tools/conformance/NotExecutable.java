package org.gearshift.tools.conformance;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/** Instructions that are not compared, with the reason: a user process cannot execute them, or two executions need not agree. */
final class NotExecutable {
    private static final Map<Mnemonic, String> REASONS = new EnumMap<>(Mnemonic.class);

    static {
        put("leaves the program: a system call or a return to where no program is", Mnemonic.SYSCALL, Mnemonic.SYSENTER, Mnemonic.SYSEXIT,
                Mnemonic.SYSRET, Mnemonic.IRET, Mnemonic.RET_FAR, Mnemonic.JMP_FAR, Mnemonic.CALL_FAR);
        put("loads a segment register: descriptor tables are the system's", Mnemonic.LDS, Mnemonic.LES, Mnemonic.LFS, Mnemonic.LGS, Mnemonic.LSS);
        put("shows the system's tables and registers", Mnemonic.SGDT, Mnemonic.SIDT, Mnemonic.SLDT, Mnemonic.STR, Mnemonic.SMSW, Mnemonic.LAR,
                Mnemonic.LSL, Mnemonic.VERR, Mnemonic.VERW);
        put("two executions differ", Mnemonic.CPUID, Mnemonic.RDTSC, Mnemonic.RDTSCP, Mnemonic.RDRAND, Mnemonic.RDSEED, Mnemonic.RDPID,
                Mnemonic.RDPMC, Mnemonic.XGETBV, Mnemonic.RDPKRU, Mnemonic.WRPKRU);
        put("changes or shows base addresses the oracle needs", Mnemonic.RDFSBASE, Mnemonic.RDGSBASE, Mnemonic.WRFSBASE, Mnemonic.WRGSBASE);
        put("waits, and the host may trap it", Mnemonic.MONITOR, Mnemonic.MWAIT, Mnemonic.MONITORX, Mnemonic.MWAITX, Mnemonic.UMONITOR, Mnemonic.UMWAIT,
                Mnemonic.TPAUSE, Mnemonic.PTWRITE);
        put("belongs to a hypervisor, to safer mode or to enclaves", EnumSet.range(Mnemonic.VMCALL, Mnemonic.PCONFIG));
        put("belongs to transactions or to control-flow enforcement", EnumSet.range(Mnemonic.XBEGIN, Mnemonic.CLRSSBSY));
        put("answers by what the host's processor supports", Mnemonic.INVPCID, Mnemonic.CLZERO, Mnemonic.PREFETCHWT1, Mnemonic.CLDEMOTE, Mnemonic.RSM,
                Mnemonic.XSETBV,
                Mnemonic.XSAVE, Mnemonic.XSAVEC, Mnemonic.XSAVEOPT, Mnemonic.XSAVES, Mnemonic.XRSTOR, Mnemonic.XRSTORS);
        put("a hypervisor under the host may report it in its own way", Mnemonic.INT1);
        put("is no instruction", Mnemonic.INVALID, Mnemonic.TOO_LONG);
    }

    private NotExecutable() {
    }

    private static void put(String reason, Mnemonic... mnemonics) {
        for (Mnemonic m : mnemonics) {
            REASONS.put(m, reason);
        }
    }

    private static void put(String reason, Set<Mnemonic> mnemonics) {
        mnemonics.forEach(m -> REASONS.put(m, reason));
    }

    /** Why an instruction is not compared, or null if it is. */
    static String reason(Instruction i) {
        String r = REASONS.get(i.mnemonic());
        if (r != null) {
            return r;
        }
        if ((i.mnemonic() == Mnemonic.MOV || i.mnemonic() == Mnemonic.POP) && i.operandCount() > 0 && i.op(0).kind == Operand.Kind.SEGMENT) {
            return REASONS.get(Mnemonic.LDS);
        }
        return null;
    }
}
