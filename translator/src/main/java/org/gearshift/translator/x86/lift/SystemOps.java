package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.decode.Operand;

/** System instructions (SDM vol. 1, 5.20) other than those about descriptors. */
final class SystemOps {
    private SystemOps() {
    }

    static void register(LiftTable t) {
        t.add(Mnemonic.HLT, (c, i) -> c.serviceExit(X86Service.HLT, c.next()));
        t.add(Mnemonic.CLTS, (c, i) -> c.serviceEnd(X86Service.CLTS));
        t.add(Mnemonic.LMSW, SystemOps::lmsw);
        t.add(Mnemonic.SMSW, SystemOps::smsw);
        t.add(Mnemonic.INVLPG, SystemOps::invlpg);
        t.add(Mnemonic.INVPCID, SystemOps::invpcid);
        t.add(Mnemonic.INVD, (c, i) -> c.serviceEnd(X86Service.CACHE_CONTROL, c.ir.i32(0)));
        t.add((c, i) -> c.serviceEnd(X86Service.CACHE_CONTROL, c.ir.i32(1)), Mnemonic.WBINVD, Mnemonic.WBNOINVD);
        t.add(Mnemonic.RDMSR, (c, i) -> c.serviceEnd(X86Service.RDMSR));
        t.add(Mnemonic.WRMSR, (c, i) -> c.serviceEnd(X86Service.WRMSR));
        t.add(Mnemonic.RDTSC, (c, i) -> counter(c, X86Service.RDTSC));
        t.add(Mnemonic.RDTSCP, (c, i) -> counter(c, X86Service.RDTSCP));
        t.add(Mnemonic.RDPID, (c, i) -> {
            Insn id = c.ir.get32(X86State.TSC_AUX);
            c.write(i.op(0), i.op(0).bits == 64 ? c.ir.zext32(id) : id);
        });
        t.add(Mnemonic.RDPMC, (c, i) -> counter(c, X86Service.RDPMC));
        t.add(Mnemonic.MONITOR, SystemOps::monitor);
        t.add(Mnemonic.MWAIT, (c, i) -> c.serviceExit(X86Service.MWAIT, c.next()));
        t.add((c, i) -> c.serviceExit(X86Service.HYPERCALL, c.next()), Mnemonic.VMCALL, Mnemonic.VMMCALL);
    }

    private static void lmsw(LiftContext c, Instruction i) {
        c.service(X86Service.REQUIRE_CPL0);
        c.serviceEnd(X86Service.LMSW, c.readAs(16, i.op(0)));
    }

    private static void smsw(LiftContext c, Instruction i) {
        Operand o = i.op(0);
        c.service(X86Service.REQUIRE_NO_UMIP);
        Insn v = c.service32(X86Service.SMSW);
        c.write(o, o.bits == 64 ? c.ir.zext32(v) : v);
    }

    private static void invlpg(LiftContext c, Instruction i) {
        Operand o = i.op(0);
        c.serviceEnd(X86Service.INVLPG, c.linearUnchecked(o.segment, c.effectiveAddress(o)));
    }

    private static void invpcid(LiftContext c, Instruction i) {
        IrBuilder ir = c.ir;
        if (!c.isCpl0()) {
            c.service(X86Service.REQUIRE_CPL0);
        }
        Insn type = c.read(i.op(0));
        Insn a = c.address(i.op(1), 16, false);
        Insn low = ir.load(64, a);
        Insn high = ir.load(64, ir.add(a, 8));
        c.serviceEnd(X86Service.INVPCID, type, low, high);
    }

    /** A 64-bit counter into EDX:EAX. */
    private static void counter(LiftContext c, X86Service service) {
        IrBuilder ir = c.ir;
        Insn v = c.service(service);
        c.writeRegister(32, 0, ir.trunc(v));
        c.writeRegister(32, 2, ir.trunc(ir.shr(v, 32)));
    }

    private static void monitor(LiftContext c, Instruction i) {
        int segment = i.segment() >= 0 ? i.segment() : X86State.DS;
        Insn offset = c.asAddress(c.readRegister(i.addressBits(), 0));
        c.serviceEnd(X86Service.MONITOR, c.linear(segment, offset, 1, false));
    }
}
