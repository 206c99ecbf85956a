package org.gearshift.vmm.debug;

import java.util.List;
import java.util.stream.Stream;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.VCpu;

/** Which monitor service is which {@link EventCatch.Kind}, and how it reads. */
enum ServiceEvent {
    IN(X86Service.IN, EventCatch.Kind.PORT),
    OUT(X86Service.OUT, EventCatch.Kind.PORT),
    INS(X86Service.INS, EventCatch.Kind.PORT),
    OUTS(X86Service.OUTS, EventCatch.Kind.PORT),
    RDMSR(X86Service.RDMSR, EventCatch.Kind.MSR),
    WRMSR(X86Service.WRMSR, EventCatch.Kind.MSR),
    WRITE_CR(X86Service.WRITE_CR, EventCatch.Kind.CONTROL_REGISTER),
    CLTS(X86Service.CLTS, EventCatch.Kind.CONTROL_REGISTER),
    LMSW(X86Service.LMSW, EventCatch.Kind.CONTROL_REGISTER),
    VMCALL(X86Service.HYPERCALL, EventCatch.Kind.HYPERCALL),
    /** Of a paravirtual kernel. */
    SYSCALL(X86Service.SYSCALL, EventCatch.Kind.HYPERCALL);

    private final X86Service service;
    private final EventCatch.Kind kind;

    ServiceEvent(X86Service service, EventCatch.Kind kind) {
        this.service = service;
        this.kind = kind;
    }

    static List<ServiceEvent> of(EventCatch.Kind kind) {
        return Stream.of(values()).filter(e -> e.kind == kind).toList();
    }

    X86Service service() {
        return service;
    }

    EventCatch.Kind kind() {
        return kind;
    }

    /** SYSCALL is a hypercall only where the kernel is one that makes them so. */
    boolean applies(DebuggedCpu c) {
        return this != SYSCALL || c.cpu().inParavirtualKernel();
    }

    /** The number that counts, from the service's first two arguments. */
    long number(VCpu cpu, long a, long b) {
        return switch (this) {
            case IN, OUT -> a & 0xffff;
            case INS, OUTS -> cpu.s[X86State.RDX] & 0xffff;
            case RDMSR, WRMSR -> cpu.s[X86State.RCX] & 0xffffffffL;
            case WRITE_CR -> a;
            case CLTS, LMSW -> 0;
            case VMCALL, SYSCALL -> cpu.s[X86State.RAX] & 0xffffffffL;
        };
    }

    /** What happens, before it does. */
    String describe(VCpu cpu, long a, long b, long c) {
        return switch (this) {
            case IN -> String.format("in, port %x, %d bits", number(cpu, a, b), b);
            case OUT -> String.format("out, port %x, %d bits: %x", number(cpu, a, b), c, b & -1L >>> 64 - c);
            case INS, OUTS -> String.format("%s, port %x", name().toLowerCase(java.util.Locale.ROOT), number(cpu, a, b));
            case RDMSR -> String.format("rdmsr %x", number(cpu, a, b));
            case WRMSR -> String.format("wrmsr %x: %x", number(cpu, a, b), cpu.s[X86State.RDX] << 32 | cpu.s[X86State.RAX] & 0xffffffffL);
            case WRITE_CR -> String.format("cr%d: %x to %x", a, a == 0 ? cpu.s[X86State.CR0] : a == 3 ? cpu.s[X86State.CR3] : a == 4 ? cpu.s[X86State.CR4] : 0, b);
            case CLTS -> "clts";
            case LMSW -> String.format("lmsw: %x", a & 0xffff);
            case VMCALL, SYSCALL -> String.format("hypercall %d", number(cpu, a, b));
        };
    }

    /** The same with what came of it. */
    String describeResult(VCpu cpu, String before, long result) {
        return switch (this) {
            case IN -> before + String.format(": %x", result);
            case RDMSR -> before + String.format(": %x", cpu.s[X86State.RDX] << 32 | cpu.s[X86State.RAX] & 0xffffffffL);
            case SYSCALL -> before + String.format(": %d", cpu.s[X86State.RAX]);
            default -> before;
        };
    }
}
