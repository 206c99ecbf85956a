package org.gearshift.vmm.device;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Carries interrupt messages between I/O APIC and local APICs (Intel SDM vol. 3A, 11.6.2, "Determining IPI Destination") and the processor
 * signals that are no interrupts: NMI, INIT, start-up.
 */
public final class ApicBus {
    /** The processor's other inputs; {@code processor} says whose. */
    public interface ProcessorSignals {
        /** Nobody listens; each signal is logged. */
        ProcessorSignals NONE = new ProcessorSignals() {
            @Override
            public void nmi(int processor) {
                log("NMI", processor);
            }

            @Override
            public void init(int processor) {
                log("INIT", processor);
            }

            @Override
            public void startUp(int processor, int vector) {
                log("start-up", processor);
            }

            private void log(String what, int processor) {
                System.getLogger(ApicBus.class.getName()).log(Level.DEBUG, "{0} to processor {1} has no receiver", what, processor);
            }
        };

        /** A non-maskable interrupt. */
        void nmi(int processor);

        /** The INIT signal: the processor waits for its start-up message. */
        void init(int processor);

        /** The start-up message: run from {@code vector << 12} in real mode. */
        void startUp(int processor, int vector);
    }

    private static final long MESSAGE_BASE = 0xfee00000L;
    private static final long MESSAGE_WINDOW = 0x100000;
    private static final long MESSAGE_LOGICAL = 4;

    private final List<LocalApic> apics = new ArrayList<>();
    private ProcessorSignals signals = ProcessorSignals.NONE;
    private IntConsumer endOfInterrupt = vector -> { };

    /** Connects the processors. */
    public void connect(ProcessorSignals to) {
        signals = to;
    }

    /** Who hears that a level-triggered vector has ended. */
    public void onEndOfInterrupt(IntConsumer listener) {
        endOfInterrupt = listener;
    }

    void attach(LocalApic apic) {
        apics.add(apic);
    }

    void broadcastEoi(int vector) {
        endOfInterrupt.accept(vector);
    }

    /**
     * Sends a message to its destination.
     *
     * @param low bits 0-15 as in the ICR: vector, delivery mode, destination mode, trigger mode
     * @param destination 8-bit destination field
     * @return false if no processor accepted it
     */
    boolean send(int low, int destination) {
        boolean all = destination == ApicMessage.BROADCAST && (low & ApicMessage.DESTINATION_LOGICAL) == 0;
        return sendWide(low, all ? ApicMessage.BROADCAST_WIDE : destination);
    }

    /** The same with a destination of 32 bits, as in x2APIC mode. */
    boolean sendWide(int low, int destination) {
        boolean logical = (low & ApicMessage.DESTINATION_LOGICAL) != 0;
        if (ApicMessage.deliveryMode(low) == ApicMessage.LOWEST_PRIORITY) {
            LocalApic lowest = null;
            for (int i = 0; i < apics.size(); i++) {
                LocalApic apic = apics.get(i);
                if (apic.isDestination(logical, destination) && apic.isSoftwareEnabled()
                        && (lowest == null || apic.processorPriority() < lowest.processorPriority())) {
                    lowest = apic;
                }
            }
            if (lowest != null) {
                deliver(lowest, low);
            }
            return lowest != null;
        }
        boolean accepted = false;
        for (int i = 0; i < apics.size(); i++) {
            LocalApic apic = apics.get(i);
            if (apic.isDestination(logical, destination)) {
                deliver(apic, low);
                accepted = true;
            }
        }
        return accepted;
    }

    /**
     * A message-signalled interrupt (Intel SDM vol. 3A, 11.11): destination and its mode are in the address, vector and the rest in the data.
     *
     * @return false if the address means no interrupt, or no processor accepted it
     */
    public boolean message(long address, int data) {
        if ((address & ~(MESSAGE_WINDOW - 1)) != MESSAGE_BASE) {
            return false;
        }
        int mode = (address & MESSAGE_LOGICAL) != 0 ? ApicMessage.DESTINATION_LOGICAL : 0;
        return send(data & (ApicMessage.VECTOR | 0x700 | ApicMessage.LEVEL) | mode, (int) (address >>> 12) & 0xff);
    }

    /** Sends to all processors, or all but {@code except}. */
    void sendToAll(int low, LocalApic except) {
        for (int i = 0; i < apics.size(); i++) {
            if (apics.get(i) != except) {
                deliver(apics.get(i), low);
            }
        }
    }

    void deliver(LocalApic apic, int low) {
        int vector = low & ApicMessage.VECTOR;
        switch (ApicMessage.deliveryMode(low)) {
            case ApicMessage.FIXED, ApicMessage.LOWEST_PRIORITY -> apic.accept(vector, (low & ApicMessage.LEVEL) != 0);
            case ApicMessage.NMI -> signals.nmi(apics.indexOf(apic));
            case ApicMessage.INIT -> {
                apic.initReset();
                signals.init(apics.indexOf(apic));
            }
            case ApicMessage.START_UP -> signals.startUp(apics.indexOf(apic), vector);
            case ApicMessage.EXT_INT -> apic.latchExtInt();
            // No system management mode here: an SMI is as if its handler did nothing.
            default -> { }
        }
    }
}
