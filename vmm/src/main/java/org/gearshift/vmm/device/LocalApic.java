package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.IntSupplier;
import org.gearshift.vmm.bus.InterruptLine;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;

/**
 * A processor's local APIC (Intel SDM vol. 3A, ch. 11), not an 82489DX: memory-mapped in xAPIC mode, by model-specific registers in x2APIC mode. Its timer's input clock runs at 1 GHz
 * before the divider; TSC-deadline mode compares with guest nanoseconds. INTR of the 8259 pair comes in at LINT0.
 */
public final class LocalApic implements Device {
    /** Where the registers are after reset. */
    public static final long DEFAULT_BASE = 0xfee00000L;
    /** Size of the register window. */
    public static final int WINDOW = 0x1000;
    /** Timer input clock in Hz. */
    public static final long TIMER_HZ = 1_000_000_000L;
    /** IA32_APIC_BASE: this is the bootstrap processor. */
    public static final int BASE_BOOTSTRAP = 0x100;
    /** IA32_APIC_BASE: x2APIC mode. */
    public static final int BASE_X2APIC = 0x400;
    /** IA32_APIC_BASE: APIC enabled. */
    public static final int BASE_ENABLED = 0x800;

    static final int ID = 0x020;
    static final int VERSION = 0x030;
    static final int TPR = 0x080;
    static final int APR = 0x090;
    static final int PPR = 0x0a0;
    static final int EOI = 0x0b0;
    static final int RRD = 0x0c0;
    static final int LDR = 0x0d0;
    static final int DFR = 0x0e0;
    static final int SPURIOUS = 0x0f0;
    static final int ISR = 0x100;
    static final int TMR = 0x180;
    static final int IRR = 0x200;
    static final int ESR = 0x280;
    static final int ICR_LOW = 0x300;
    static final int ICR_HIGH = 0x310;
    static final int LVT_TIMER = 0x320;
    static final int LVT_LINT0 = 0x350;
    static final int LVT_LINT1 = 0x360;
    static final int LVT_ERROR = 0x370;

    static final int SOFTWARE_ENABLED = 0x100;
    private static final int SPURIOUS_WRITABLE = 0x3ff;
    /** Version 14h with six local vector table entries. */
    private static final int VERSION_VALUE = 0x00050014;
    private static final int ERROR_SEND_VECTOR = 0x20;
    private static final int ERROR_RECEIVE_VECTOR = 0x40;
    private static final int ERROR_REGISTER = 0x80;
    private static final int FIRST_LEGAL_VECTOR = 16;
    private static final int LVTS = 6;
    private static final int LINT0 = 3;
    private static final int ERROR = 5;
    /** Writable bits of the timer, thermal, performance, LINT0, LINT1 and error entries. */
    private static final int[] LVT_WRITABLE = {0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff};
    private static final int NONE = -1;

    private final int id;
    private final boolean bootstrap;
    private final ApicBus bus;
    private final IntSupplier intAcknowledge;
    private final ApicTimer timer;
    private final int[] irr = new int[8];
    private final int[] isr = new int[8];
    private final int[] tmr = new int[8];
    private final int[] lvt = new int[LVTS];
    private long baseMsr;
    private int apicId;
    private int tpr;
    private int ldr;
    private int dfr;
    private int spurious;
    private int esr;
    private int errors;
    private int icrLow;
    private int icrHigh;
    private boolean intr;
    private boolean extIntLatched;
    /** Highest vector in IRR that beats the processor priority, or -1. */
    private int deliverable = NONE;
    private volatile boolean pending;
    private Runnable onPending = () -> { };
    private long accepted;
    private long acknowledged;
    private long ended;
    private long sent;

    /**
     * @param id initial APIC id, also the processor's number; 0 is the bootstrap processor
     * @param intAcknowledge the 8259 pair's acknowledge cycle, returning a vector
     */
    public LocalApic(int id, ApicBus bus, GuestClock clock, EventQueue events, IntSupplier intAcknowledge) {
        this.id = id;
        this.bootstrap = id == 0;
        this.bus = bus;
        this.intAcknowledge = intAcknowledge;
        timer = new ApicTimer(clock, events, this::timerFired);
        bus.attach(this);
        reset();
    }

    /** The id software gave it, initially the processor's number. */
    public int id() {
        return apicId;
    }

    /** The wire from the 8259 pair's INT pin. */
    public InterruptLine lint0() {
        return this::setLint0;
    }

    /** True if the processor should take an interrupt as soon as it can. */
    public boolean interruptPending() {
        return pending;
    }

    /** What to call when an interrupt becomes pending: the processor may sleep. */
    public void onPending(Runnable action) {
        onPending = action;
    }

    /** The acknowledge cycle. @return the vector, the spurious one if the request has gone */
    public int acknowledge() {
        if (!isGloballyEnabled()) {
            return intAcknowledge.getAsInt();
        }
        if (deliverable != NONE) {
            int vector = deliverable;
            acknowledged++;
            clear(irr, vector);
            set(isr, vector);
            update();
            return vector;
        }
        if (pending) {
            extIntLatched = false;
            int vector = intAcknowledge.getAsInt();
            update();
            return vector;
        }
        return spurious & ApicMessage.VECTOR;
    }

    /** IA32_APIC_BASE. */
    public long baseMsr() {
        return baseMsr;
    }

    /**
     * Sets IA32_APIC_BASE; disabling the APIC resets it (SDM 11.4.3). The caller moves the register window.
     *
     * @return false, with nothing done, for what the modes do not allow (SDM figure 11-28): x2APIC mode is entered from xAPIC mode, and left by disabling the APIC
     */
    public boolean setBaseMsr(long value) {
        long before = baseMsr;
        boolean enable = (value & BASE_ENABLED) != 0;
        boolean x2 = (value & BASE_X2APIC) != 0;
        if (x2 && (!enable || !isGloballyEnabled()) || !x2 && enable && isX2Apic()) {
            return false;
        }
        if (x2 && !isX2Apic()) {
            apicId = id;
            icrHigh = 0;
        }
        baseMsr = value & ~(long) BASE_BOOTSTRAP | (bootstrap ? BASE_BOOTSTRAP : 0);
        if ((before & BASE_ENABLED) != 0 && (value & BASE_ENABLED) == 0) {
            initReset();
        }
        update();
        return true;
    }

    /** Whether it is in x2APIC mode. */
    public boolean isX2Apic() {
        return (baseMsr & BASE_X2APIC) != 0;
    }

    /** True if IA32_APIC_BASE enables it. */
    public boolean isGloballyEnabled() {
        return (baseMsr & BASE_ENABLED) != 0;
    }

    boolean isSoftwareEnabled() {
        return (spurious & SOFTWARE_ENABLED) != 0;
    }

    /** Task priority class, as CR8 shows it: 0..15. */
    public int taskPriorityClass() {
        return tpr >>> 4;
    }

    /** Sets the task priority through CR8. */
    public void setTaskPriorityClass(int value) {
        tpr = (value & 0xf) << 4;
        update();
    }

    /** IA32_TSC_DEADLINE: 0 if not armed or not in that mode. */
    public long tscDeadline() {
        return timer.tscDeadline();
    }

    /** Arms the timer for a TSC value, if its mode is TSC-deadline; 0 disarms. */
    public void setTscDeadline(long tsc) {
        timer.setTscDeadline(tsc);
    }

    /** Leaves the registers as firmware does for a system that starts on the 8259 pair: virtual wire mode (MultiProcessor Spec. 1.4, 3.6.2.2). */
    public void virtualWire() {
        write(SPURIOUS, SOFTWARE_ENABLED | 0xff);
        write(LVT_LINT0, ApicMessage.EXT_INT << 8);
        write(LVT_LINT1, ApicMessage.NMI << 8);
    }

    /** MSR {@code 800h + register} in x2APIC mode; -1 if it cannot be read. */
    public long readMsr(int register) {
        if (!isX2Apic() || !X2ApicRegisters.isReadable(register)) {
            return -1;
        }
        return register == X2ApicRegisters.ICR ? (long) icrHigh << 32 | icrLow & 0xffffffffL : readRegister(register << 4) & 0xffffffffL;
    }

    /** Writes it; false if that is not possible. */
    public boolean writeMsr(int register, long value) {
        if (!isX2Apic() || !X2ApicRegisters.accepts(register, value)) {
            return false;
        }
        switch (register) {
            case X2ApicRegisters.ICR -> {
                icrHigh = (int) (value >>> 32);
                icrLow = (int) value;
                sendIpi();
            }
            case X2ApicRegisters.SELF_IPI -> {
                sent++;
                if (value < FIRST_LEGAL_VECTOR) {
                    error(ERROR_SEND_VECTOR);
                } else {
                    accept((int) value, false);
                }
            }
            default -> writeRegister(register << 4, (int) value);
        }
        return true;
    }

    /** Reads the 32-bit register at {@code offset} (0..FFCh) of the window, which there is in xAPIC mode only. */
    public int read(int offset) {
        return isGloballyEnabled() && !isX2Apic() ? readRegister(offset & 0xff0) : -1;
    }

    private int readRegister(int register) {
        if (register >= ISR && register < ESR) {
            int[] bits = register < TMR ? isr : register < IRR ? tmr : irr;
            return bits[register >>> 4 & 7];
        }
        if (register >= LVT_TIMER && register <= LVT_ERROR) {
            return lvt[register - LVT_TIMER >>> 4];
        }
        switch (register) {
            case ID: return isX2Apic() ? id : apicId << 24;
            case VERSION: return VERSION_VALUE;
            case TPR: return tpr;
            case PPR: return processorPriority();
            case APR, RRD, EOI: return 0;
            case LDR: return logicalId();
            case DFR: return dfr;
            case SPURIOUS: return spurious;
            case ESR: return esr;
            case ICR_LOW: return icrLow;
            case ICR_HIGH: return icrHigh;
            case ApicTimer.INITIAL_COUNT: return timer.initialCount();
            case ApicTimer.CURRENT_COUNT: return timer.currentCount();
            case ApicTimer.DIVIDE: return timer.divideConfiguration();
            default:
                error(ERROR_REGISTER);
                return 0;
        }
    }

    /** The logical destination register; in x2APIC mode cluster and place in it follow from the id (SDM 11.12.10.2). */
    private int logicalId() {
        return isX2Apic() ? id >>> 4 << 16 | 1 << (id & 0xf) : ldr;
    }

    /** Writes the 32-bit register at {@code offset} (0..FFCh) of the window. */
    public void write(int offset, int value) {
        if (isGloballyEnabled() && !isX2Apic()) {
            writeRegister(offset & 0xff0, value);
        }
    }

    private void writeRegister(int register, int value) {
        if (register >= LVT_TIMER && register <= LVT_ERROR) {
            writeLvt(register - LVT_TIMER >>> 4, value);
            return;
        }
        switch (register) {
            case ID -> apicId = value >>> 24;
            case TPR -> {
                tpr = value & 0xff;
                update();
            }
            case EOI -> endOfInterrupt();
            case LDR -> ldr = value & 0xff000000;
            case DFR -> dfr = value | 0x0fffffff;
            case SPURIOUS -> writeSpurious(value & SPURIOUS_WRITABLE);
            case ESR -> {
                esr = errors;
                errors = 0;
            }
            case ICR_LOW -> {
                icrLow = value & 0xccfff;
                sendIpi();
            }
            case ICR_HIGH -> icrHigh = value & 0xff000000;
            case ApicTimer.INITIAL_COUNT -> timer.setInitialCount(value);
            case ApicTimer.DIVIDE -> timer.setDivideConfiguration(value);
            case VERSION, APR, PPR, RRD, ApicTimer.CURRENT_COUNT -> { }
            default -> error(ERROR_REGISTER);
        }
    }

    private void writeSpurious(int value) {
        spurious = value;
        if (!isSoftwareEnabled()) {
            for (int i = 0; i < LVTS; i++) {
                lvt[i] |= ApicMessage.MASKED;
            }
        }
        update();
    }

    private void writeLvt(int index, int value) {
        lvt[index] = value & LVT_WRITABLE[index] | (isSoftwareEnabled() ? 0 : ApicMessage.MASKED);
        if (index == 0) {
            timer.setMode(lvt[0] >>> ApicTimer.MODE_SHIFT & 3);
        }
        update();
    }

    private void timerFired() {
        if ((lvt[0] & ApicMessage.MASKED) == 0) {
            accept(lvt[0] & ApicMessage.VECTOR, false);
        }
    }

    /** Whether LINT0, where the 8259s' output arrives, is programmed to raise NMI. */
    public boolean lint0RaisesNmi() {
        return isGloballyEnabled() && (lvt[LINT0] & ApicMessage.MASKED) == 0 && ApicMessage.deliveryMode(lvt[LINT0]) == ApicMessage.NMI;
    }

    private void setLint0(boolean asserted) {
        boolean rising = asserted && !intr;
        intr = asserted;
        int entry = lvt[LINT0];
        if (rising && isGloballyEnabled() && (entry & ApicMessage.MASKED) == 0 && ApicMessage.deliveryMode(entry) != ApicMessage.EXT_INT) {
            bus.deliver(this, entry & 0x7ff);
        }
        update();
    }

    void latchExtInt() {
        extIntLatched = true;
        update();
    }

    /** A fixed interrupt arrives. */
    void accept(int vector, boolean level) {
        if (!isGloballyEnabled() || !isSoftwareEnabled()) {
            return;
        }
        if (vector < FIRST_LEGAL_VECTOR) {
            error(ERROR_RECEIVE_VECTOR);
            return;
        }
        accepted++;
        set(irr, vector);
        if (level) {
            set(tmr, vector);
        } else {
            clear(tmr, vector);
        }
        update();
    }

    private void endOfInterrupt() {
        int vector = highest(isr);
        if (vector == NONE) {
            return;
        }
        ended++;
        clear(isr, vector);
        update();
        if ((tmr[vector >>> 5] >>> vector & 1) != 0) {
            bus.broadcastEoi(vector);
        }
    }

    private void sendIpi() {
        sent++;
        int vector = icrLow & ApicMessage.VECTOR;
        int mode = ApicMessage.deliveryMode(icrLow);
        if (mode == ApicMessage.FIXED && vector < FIRST_LEGAL_VECTOR) {
            error(ERROR_SEND_VECTOR);
            return;
        }
        boolean deassert = (icrLow & 0xc000) == ApicMessage.LEVEL;
        if (mode == ApicMessage.INIT && deassert) {
            // INIT level de-assert only synchronizes arbitration ids, which nothing uses.
            return;
        }
        int message = icrLow & 0xfff;
        switch (icrLow >>> 18 & 3) {
            case 0 -> {
                if (isX2Apic()) {
                    bus.sendWide(message, icrHigh);
                } else {
                    bus.send(message, icrHigh >>> 24);
                }
            }
            case 1 -> bus.deliver(this, message);
            case 2 -> bus.sendToAll(message, null);
            default -> bus.sendToAll(message, this);
        }
    }

    private void error(int bit) {
        errors |= bit;
        int entry = lvt[ERROR];
        // An illegal vector in the error entry itself would otherwise report itself without end.
        if ((entry & ApicMessage.MASKED) == 0 && (entry & ApicMessage.VECTOR) >= FIRST_LEGAL_VECTOR) {
            accept(entry & ApicMessage.VECTOR, false);
        }
    }

    /** Whether a message is for this one. @param destination 32 bits; all ones: for all */
    boolean isDestination(boolean logical, int destination) {
        if (!isGloballyEnabled()) {
            return false;
        }
        if (destination == ApicMessage.BROADCAST_WIDE || !logical) {
            return destination == ApicMessage.BROADCAST_WIDE || destination == apicId;
        }
        int logicalId = logicalId();
        if (isX2Apic()) {
            return destination >>> 16 == logicalId >>> 16 && (destination & logicalId & 0xffff) != 0;
        }
        logicalId >>>= 24;
        if (dfr >>> 28 == 0xf) {
            return (logicalId & destination) != 0;
        }
        boolean cluster = destination >>> 4 == 0xf || destination >>> 4 == logicalId >>> 4;
        return cluster && (logicalId & destination & 0xf) != 0;
    }

    /** The PPR register (SDM 11.8.3.1). */
    int processorPriority() {
        int serving = highest(isr);
        int inService = serving == NONE ? 0 : serving & 0xf0;
        return (tpr & 0xf0) >= inService ? tpr : inService;
    }

    private void update() {
        int vector = highest(irr);
        deliverable = vector != NONE && (vector & 0xf0) > (processorPriority() & 0xf0) ? vector : NONE;
        boolean before = pending;
        boolean now;
        if (!isGloballyEnabled()) {
            now = intr;
        } else {
            int entry = lvt[LINT0];
            boolean extInt = intr && (entry & ApicMessage.MASKED) == 0 && ApicMessage.deliveryMode(entry) == ApicMessage.EXT_INT;
            now = deliverable != NONE || extInt || extIntLatched && intr;
        }
        if (now != before) {
            pending = now;
            if (now) {
                onPending.run();
            }
        }
    }

    private static int highest(int[] bits) {
        for (int i = 7; i >= 0; i--) {
            if (bits[i] != 0) {
                return i << 5 | 31 - Integer.numberOfLeadingZeros(bits[i]);
            }
        }
        return NONE;
    }

    private static void set(int[] bits, int vector) {
        bits[vector >>> 5] |= 1 << vector;
    }

    private static void clear(int[] bits, int vector) {
        bits[vector >>> 5] &= ~(1 << vector);
    }

    @Override
    public String name() {
        return "lapic" + id;
    }

    @Override
    public void reset() {
        baseMsr = DEFAULT_BASE | BASE_ENABLED | (bootstrap ? BASE_BOOTSTRAP : 0);
        apicId = id;
        initReset();
    }

    /** The state after INIT (SDM 11.4.7.3): all but id and IA32_APIC_BASE. */
    void initReset() {
        Arrays.fill(irr, 0);
        Arrays.fill(isr, 0);
        Arrays.fill(tmr, 0);
        Arrays.fill(lvt, ApicMessage.MASKED);
        tpr = 0;
        ldr = 0;
        dfr = -1;
        spurious = 0xff;
        esr = 0;
        errors = 0;
        icrLow = 0;
        icrHigh = 0;
        extIntLatched = false;
        timer.reset();
        update();
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.writeLong(baseMsr);
        for (int[] bits : new int[][] {irr, isr, tmr, lvt, {apicId, tpr, ldr, dfr, spurious, esr, errors, icrLow, icrHigh}}) {
            for (int value : bits) {
                out.writeInt(value);
            }
        }
        out.writeBoolean(intr);
        out.writeBoolean(extIntLatched);
        timer.save(out);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        baseMsr = in.readLong();
        for (int[] bits : new int[][] {irr, isr, tmr, lvt}) {
            for (int i = 0; i < bits.length; i++) {
                bits[i] = in.readInt();
            }
        }
        apicId = in.readInt();
        tpr = in.readInt();
        ldr = in.readInt();
        dfr = in.readInt();
        spurious = in.readInt();
        esr = in.readInt();
        errors = in.readInt();
        icrLow = in.readInt();
        icrHigh = in.readInt();
        intr = in.readBoolean();
        extIntLatched = in.readBoolean();
        timer.restore(in);
        update();
    }

    @Override
    public void counters(CounterSink sink) {
        sink.count("accepted", accepted);
        sink.count("acknowledged", acknowledged);
        sink.count("eoi", ended);
        sink.count("ipi", sent);
        sink.count("timer", timer.fired());
    }

    @Override
    public String toString() {
        return name();
    }
}
