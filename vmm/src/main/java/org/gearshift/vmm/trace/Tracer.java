package org.gearshift.vmm.trace;

import java.util.Set;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.cpu.CpuObserver;
import org.gearshift.vmm.cpu.SystemService;
import org.gearshift.vmm.cpu.VCpu;
import org.gearshift.vmm.engine.Engine;
import org.gearshift.vmm.engine.TranslationListener;

/** Tells a sink what one processor's slow paths, services and translator do. Block by block only if {@link TraceKind#EXEC} is asked for. */
public final class Tracer implements CpuObserver, TranslationListener {
    private static final int PAGE_SHIFT = 12;

    private final Machine machine;
    private final VCpu cpu;
    private final Engine engine;
    private final Set<TraceKind> kinds;
    private final TraceSink sink;

    private Tracer(Machine machine, Set<TraceKind> kinds, TraceSink sink) {
        this.machine = machine;
        this.cpu = machine.cpu();
        this.engine = machine.engine();
        this.kinds = Set.copyOf(kinds);
        this.sink = sink;
    }

    /** Traces a machine's bootstrap processor from now on; before it runs. */
    public static Tracer attach(Machine machine, Set<TraceKind> kinds, TraceSink sink) {
        Tracer t = new Tracer(machine, kinds, sink);
        if (kinds.contains(TraceKind.INT) || kinds.contains(TraceKind.MMU) || kinds.contains(TraceKind.IO)) {
            t.cpu.observe(t);
        }
        if (kinds.contains(TraceKind.TRANSLATE) || kinds.contains(TraceKind.INVALIDATE)) {
            t.engine.setTranslationListener(t);
        }
        if (kinds.contains(TraceKind.IO)) {
            t.ports();
        }
        if (kinds.contains(TraceKind.MMU)) {
            t.before(X86Service.WRITE_CR, TraceKind.MMU, (a, b, c) -> new long[] {a, b, 0});
            t.before(X86Service.INVLPG, TraceKind.MMU, (a, b, c) -> new long[] {-1, a, 0});
        }
        if (kinds.contains(TraceKind.HYPERCALL)) {
            t.before(X86Service.HYPERCALL, TraceKind.HYPERCALL, (a, b, c) -> t.call());
            t.before(X86Service.SYSCALL, TraceKind.HYPERCALL, (a, b, c) -> t.cpu.inParavirtualKernel() ? t.call() : null);
        }
        t.engine.setOneBlock(kinds.contains(TraceKind.EXEC));
        return t;
    }

    /** The three numbers of an event, or null if there is none. */
    @FunctionalInterface
    private interface Numbers {
        long[] of(long a, long b, long c);
    }

    private long[] call() {
        return new long[] {cpu.s[X86State.RAX] & 0xffffffffL, cpu.s[X86State.RDI], 0};
    }

    private void before(X86Service service, TraceKind kind, Numbers numbers) {
        cpu.interpose(service, own -> (a, b, c) -> {
            long[] n = numbers.of(a, b, c);
            if (n != null) {
                event(kind, n[0], n[1], n[2]);
            }
            return own.call(a, b, c);
        });
    }

    private void ports() {
        cpu.interpose(X86Service.IN, own -> (port, bits, c) -> {
            long v = own.call(port, bits, c);
            event(TraceKind.IO, port & 0xffff, v, bits);
            return v;
        });
        cpu.interpose(X86Service.OUT, own -> (port, value, bits) -> {
            event(TraceKind.IO, port & 0xffff, value & -1L >>> Long.SIZE - bits, -bits);
            return own.call(port, value, bits);
        });
        cpu.interpose(X86Service.INS, own -> string(own, 1));
        cpu.interpose(X86Service.OUTS, own -> string(own, -1));
    }

    private SystemService string(SystemService own, int sign) {
        return (bits, b, c) -> {
            event(TraceKind.IO, cpu.s[X86State.RDX] & 0xffff, 0, sign * (bits & 0xff));
            return own.call(bits, b, c);
        };
    }

    private void event(TraceKind kind, long a, long b, long c) {
        sink.event(kind, engine.retired(), pc(), a, b, c);
    }

    private long pc() {
        return linear(cpu.s[X86State.RIP], cpu.mode());
    }

    private static long linear(long pc, long mode) {
        return X86Mode.is(mode, X86Mode.CODE64) ? pc : X86Mode.csBase(mode) + pc & 0xffffffffL;
    }

    /** Runs the machine, as its own method does. */
    public VmOutcome run(long limit) {
        if (!kinds.contains(TraceKind.EXEC)) {
            return machine.run(limit);
        }
        while (true) {
            long pc = pc();
            long before = engine.retired();
            VmOutcome outcome = machine.run(limit);
            long now = engine.retired();
            if (now > before) {
                sink.event(TraceKind.EXEC, before, pc, now - before, 0, 0);
            }
            if (outcome.exitCode() != VmOutcome.LIMIT || now >= limit) {
                return outcome;
            }
        }
    }

    @Override
    public void access(long linear, long physical, int bytes, boolean write) {
        boolean ram = physical + bytes <= machine.ram().end() && !machine.ram().inHole(physical >>> PAGE_SHIFT);
        if (ram && kinds.contains(TraceKind.MMU)) {
            event(TraceKind.MMU, linear, physical, write ? -bytes : bytes);
        } else if (!ram && cpu.exact && kinds.contains(TraceKind.IO)) {
            event(TraceKind.IO, physical, linear, write ? 1 : 0);
        }
    }

    @Override
    public void implicitAccess(long linear, long physical, int bytes, boolean write) {
        // Descriptor tables and stacks of the processor itself: their deliveries and loads are events of other kinds.
    }

    @Override
    public void delivering(Delivery kind, int vector, int errorCode) {
        if (kinds.contains(TraceKind.INT)) {
            event(TraceKind.INT, vector, errorCode, kind.ordinal());
        }
    }

    @Override
    public void modeChanged(long before, long after) {
        // No kind of its own: what changes modes is traced.
    }

    @Override
    public void translated(long linear, int insns, int bytes) {
        if (kinds.contains(TraceKind.TRANSLATE)) {
            sink.event(TraceKind.TRANSLATE, engine.retired(), linear, insns, bytes, 0);
        }
    }

    @Override
    public void compiled(long linear, int blocks, int insns, int bytecodeSize) {
        if (kinds.contains(TraceKind.TRANSLATE)) {
            sink.event(TraceKind.TRANSLATE, engine.retired(), linear, insns, bytecodeSize, blocks);
        }
    }

    @Override
    public void invalidated(long linear, long physical, int bytes) {
        if (kinds.contains(TraceKind.INVALIDATE)) {
            sink.event(TraceKind.INVALIDATE, engine.retired(), linear, physical, bytes, 0);
        }
    }
}
