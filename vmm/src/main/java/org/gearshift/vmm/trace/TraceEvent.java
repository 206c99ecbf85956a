package org.gearshift.vmm.trace;

import java.util.function.LongFunction;
import org.gearshift.vmm.cpu.CpuObserver;

/**
 * One event.
 *
 * @param retired guest instructions before it
 * @param pc linear address of the instruction, or of the block or translation the event is about
 * @param a first number of its kind, and so on
 */
public record TraceEvent(TraceKind kind, long retired, long pc, long a, long b, long c) {
    private static final String[] DELIVERIES = {"exception", "interrupt", "nmi"};

    /** A line. @param names of addresses */
    public String text(LongFunction<String> names) {
        return String.format("%,15d  %-10s %s  %s", retired, kind, names.apply(pc), details());
    }

    private String details() {
        return switch (kind) {
            case EXEC -> a + " instructions";
            case INT -> DELIVERIES[(int) Math.floorMod(c, CpuObserver.Delivery.values().length)] + " " + a + (b < 0 ? "" : ", error code 0x" + Long.toHexString(b));
            case MMU -> mapping();
            case IO -> device();
            case HYPERCALL -> a + " (0x" + Long.toHexString(b) + ", ...)";
            case TRANSLATE -> c == 0 ? String.format("block of %d instructions, %d bytes", a, b)
                    : String.format("region of %d instructions in %d blocks, %d bytes of bytecode", a, c, b);
            case INVALIDATE -> String.format("%d bytes of code at physical 0x%x", b, a);
        };
    }

    private String mapping() {
        if (c != 0) {
            return String.format("%s 0x%x -> 0x%x, %d bytes", c < 0 ? "store" : "load", a, b, Math.abs(c));
        }
        return a < 0 ? String.format("invlpg 0x%x", b) : String.format("cr%d = 0x%x", a, b);
    }

    private String device() {
        if (Math.abs(c) > 1) {
            return String.format("%s port 0x%x: 0x%x, %d bits", c < 0 ? "out" : "in", a, b, Math.abs(c));
        }
        return String.format("%s device 0x%x", c == 1 ? "store" : "load", a);
    }
}
