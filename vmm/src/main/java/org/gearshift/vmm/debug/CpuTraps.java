package org.gearshift.vmm.debug;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.LongStream;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.cpu.CpuObserver;
import org.gearshift.vmm.cpu.SystemService;
import org.gearshift.vmm.cpu.VCpu;
import org.gearshift.vmm.engine.Breakpoints;

/** What one processor's loop, slow paths and services ask and tell while it runs. On its thread. */
final class CpuTraps implements Breakpoints, CpuObserver {
    private static final long MODES = X86Mode.PROTECTED | X86Mode.V86 | X86Mode.CODE32 | X86Mode.CODE64;

    private final Debugger debugger;
    private final Traps traps;
    private final DebuggedCpu c;
    private final VCpu cpu;
    private final Set<X86Service> interposed = EnumSet.noneOf(X86Service.class);
    private volatile long[] linear = {};
    private volatile long[] physical = {};
    /** Where a step was interrupted: a breakpoint of which nobody is told. */
    private Long returnPoint;

    CpuTraps(Debugger debugger, Traps traps, DebuggedCpu c) {
        this.debugger = debugger;
        this.traps = traps;
        this.c = c;
        this.cpu = c.cpu();
    }

    /** Sets where the breakpoints are, sorted. */
    void setPlaces(long[] linearAddresses, long[] physicalAddresses) {
        linear = linearAddresses;
        physical = physicalAddresses;
        if (returnPoint != null) {
            c.engine().breakpointChanged(returnPoint, false);
            returnPoint = null;
        }
        c.engine().setBreakpoints(linear.length + physical.length == 0 ? null : this);
    }

    /** Watches or not. A step must see exceptions and interrupts. @param events kinds that are stopped at */
    void listen(boolean always, Set<EventCatch.Kind> events) {
        cpu.observe(always || debugger.stepping(c) || debugger.history() != null ? this : null);
        for (EventCatch.Kind kind : events) {
            for (ServiceEvent e : ServiceEvent.of(kind)) {
                if (interposed.add(e.service())) {
                    cpu.interpose(e.service(), own -> watched(e, own));
                }
            }
        }
    }

    /** A service that is called by the one instruction alone if it is stopped at, so that the stop comes right behind it. */
    private SystemService watched(ServiceEvent event, SystemService own) {
        return (x, y, z) -> {
            EventCatch e = event.applies(c) ? traps.matching(event.kind(), event.number(cpu, x, y)) : null;
            if (e == null) {
                return own.call(x, y, z);
            }
            if (!cpu.exact) {
                cpu.restartExact();
            }
            String text = event.describe(cpu, x, y, z);
            long result = own.call(x, y, z);
            stopBehind(e, event.describeResult(cpu, text, result));
            return result;
        };
    }

    @Override
    public boolean at(long linearAddress, long physicalAddress) {
        return Arrays.binarySearch(linear, linearAddress) >= 0 || physical.length > 0 && Arrays.binarySearch(physical, physicalAddress) >= 0;
    }

    @Override
    public boolean reached(long linearAddress, long physicalAddress) {
        if (c.interrupted && linearAddress == c.interruptedAt && cpu.stackPointer() == c.interruptedStack) {
            // Back where a step was interrupted: the loop comes back and steps.
            c.interrupted = false;
            c.resumedAt = linearAddress;
            c.resumedRetired = c.engine().retired();
            return true;
        }
        if (c.engine().retired() == c.resumedRetired && linearAddress == c.resumedAt) {
            return false;
        }
        Breakpoint b = traps.stopping(c, linearAddress, physicalAddress);
        if (b == null) {
            return false;
        }
        if (b.isTemporary() && !debugger.isTravelling()) {
            traps.remove(b);
        }
        debugger.note(c, Stop.Reason.BREAKPOINT, b, "");
        return true;
    }

    @Override
    public void access(long linearAddress, long physicalAddress, int bytes, boolean write) {
        Watchpoint w = traps.covering(linearAddress, physicalAddress, bytes, write);
        EventCatch device = w != null || c.memory().isRam(physicalAddress) ? null : traps.matching(EventCatch.Kind.MMIO, physicalAddress);
        if (w == null && device == null) {
            return;
        }
        if (!cpu.exact) {
            cpu.restartExact();
        }
        String text = String.format("%s of %d bytes at %x", write ? "write" : "read", bytes, linearAddress);
        if (w != null) {
            hit(w, linearAddress, physicalAddress, write, text);
        } else {
            stopBehind(device, text + String.format(" (device at %x)", physicalAddress));
        }
    }

    @Override
    public void implicitAccess(long linearAddress, long physicalAddress, int bytes, boolean write) {
        Watchpoint w = traps.covering(linearAddress, physicalAddress, bytes, write);
        if (w != null) {
            hit(w, linearAddress, physicalAddress, write, String.format("%s of %d bytes at %x", write ? "write" : "read", bytes, linearAddress) + Stop.BY_PROCESSOR);
        }
    }

    private void hit(Watchpoint w, long linearAddress, long physicalAddress, boolean write, String text) {
        w.hit();
        long at = w.isPhysical() ? physicalAddress : linearAddress;
        debugger.note(c, new Stop(Stop.Reason.WATCH, c.number(), Math.max(at, w.address()), write, w, text));
    }

    private void stopBehind(EventCatch e, String text) {
        debugger.note(c, Stop.Reason.EVENT, e, text);
    }

    @Override
    public void delivering(Delivery kind, int vector, int errorCode) {
        boolean exception = kind == Delivery.EXCEPTION;
        if (debugger.history() != null && debugger.history().delivering(c, exception)) {
            c.engine().requestStop();
        }
        EventCatch e = traps.matching(exception ? EventCatch.Kind.EXCEPTION : EventCatch.Kind.INTERRUPT, vector);
        if (e != null) {
            String code = errorCode < 0 ? "" : String.format(", error code %x", errorCode);
            String address = exception && vector == 14 ? String.format(", address %x", cpu.s[X86State.CR2]) : "";
            stopBehind(e, String.format("%s %d%s%s at %x", exception ? "exception" : "interrupt", vector, code, address, c.pc()));
        } else if (debugger.stepping(c) && !c.interrupted) {
            if (exception || debugger.stepsIntoInterrupts()) {
                debugger.note(c, Stop.Reason.STEP, null, String.format("%s %d", exception ? "exception" : "interrupt", vector));
            } else {
                c.interruptedAt = c.pc();
                c.interruptedStack = cpu.stackPointer();
                c.interrupted = true;
                stopOnReturn();
                c.engine().requestStop();
            }
        }
    }

    private void stopOnReturn() {
        returnPoint = c.interruptedAt;
        linear = LongStream.concat(Arrays.stream(linear), LongStream.of(returnPoint)).sorted().distinct().toArray();
        c.engine().setBreakpoints(this);
        c.engine().breakpointChanged(returnPoint, false);
    }

    @Override
    public void modeChanged(long before, long after) {
        if (((before ^ after) & MODES) != 0) {
            EventCatch e = traps.matching(EventCatch.Kind.MODE, 0);
            if (e != null) {
                stopBehind(e, name(before) + " to " + name(after));
            }
        }
    }

    /** What a mode is called. */
    static String name(long mode) {
        if (!X86Mode.is(mode, X86Mode.PROTECTED)) {
            return "real mode";
        }
        if (X86Mode.is(mode, X86Mode.V86)) {
            return "virtual-8086 mode";
        }
        return X86Mode.is(mode, X86Mode.CODE64) ? "64-bit mode" : X86Mode.is(mode, X86Mode.CODE32) ? "32-bit protected mode" : "16-bit protected mode";
    }
}
