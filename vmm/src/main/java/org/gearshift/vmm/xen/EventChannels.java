package org.gearshift.vmm.xen;

import org.gearshift.vmm.clock.EventQueue;

/**
 * The domain's event channels, with 2-level pending and mask bits in the shared page (event_channel.h). The other end of an interdomain channel is a {@link Backend} of the monitor, which
 * counts as domain 0.
 */
final class EventChannels {
    /** Ports of the 2-level layout: 64 words of 64 bits; port 0 is never used. */
    static final int PORTS = 4096;
    static final int VIRQ_TIMER = 0;
    private static final int VIRQS = 24;
    /** Virtual interrupts that belong to a vCPU, not to the domain as a whole. */
    private static final int PER_VCPU = 1 << 0 | 1 << 1 | 1 << 7 | 1 << 13;
    private static final int DOM0 = 0;
    private static final int DOMID_SELF = 0x7ff0;

    /** States, with the numbers that EVTCHNOP_status gives them. */
    private enum State { CLOSED, UNBOUND, INTERDOMAIN, PIRQ, VIRQ, IPI }

    /** The other end of an interdomain channel. */
    interface Backend {
        /** The domain has sent an event. */
        void notified();
    }

    private final SharedInfo shared;
    private final VirtualCpu vcpu;
    private final GuestPointer guest;
    private final int self;
    private final State[] state = new State[PORTS];
    private final Backend[] backend = new Backend[PORTS];
    private final int[] virq = new int[PORTS];
    private final int[] virqPort = new int[VIRQS];
    /** Ports a SCHEDOP_poll waits for; null if none is under way. */
    private int[] polled;
    private boolean polling;
    private final EventQueue.Event pollTimeout;

    EventChannels(SharedInfo shared, VirtualCpu vcpu, GuestPointer guest, EventQueue events, int domainId) {
        this.shared = shared;
        this.vcpu = vcpu;
        this.guest = guest;
        this.self = domainId;
        this.pollTimeout = events.event(this::endPoll);
        java.util.Arrays.fill(state, State.CLOSED);
    }

    private int allocate() {
        for (int port = 1; port < PORTS; port++) {
            if (state[port] == State.CLOSED) {
                return port;
            }
        }
        return Errno.ENOSPC;
    }

    /** A new channel whose other end is the monitor's. @return its port at the domain's end */
    int connect(Backend other) {
        int port = allocate();
        state[port] = State.INTERDOMAIN;
        backend[port] = other;
        return port;
    }

    /** Takes the other end of a channel that the domain offers to domain 0; false if it does not. */
    boolean bind(long number, Backend other) {
        if (number <= 0 || number >= PORTS || state[(int) number] != State.UNBOUND) {
            return false;
        }
        int port = (int) number;
        state[port] = State.INTERDOMAIN;
        backend[port] = other;
        return true;
    }

    /** Sends the domain an event. */
    void raise(int port) {
        if (state[port] == State.CLOSED) {
            return;
        }
        shared.raise(port);
        if (polling && (polled.length == 0 || polls(port))) {
            endPoll();
        }
        vcpu.checkUpcall();
    }

    private boolean polls(int port) {
        for (int p : polled) {
            if (p == port) {
                return true;
            }
        }
        return false;
    }

    /** Sends the domain a virtual interrupt, if it has bound it. */
    void raiseVirq(int number) {
        if (virqPort[number] != 0) {
            raise(virqPort[number]);
        }
    }

    /** SCHEDOP_poll: waits until one of the ports is pending. @param timeoutNanos system time, 0: for ever */
    long poll(long portsAt, long count, long timeoutNanos) {
        if (count < 0 || count > 128) {
            return Errno.EINVAL;
        }
        int[] ports = new int[(int) count];
        for (int i = 0; i < ports.length; i++) {
            long port = guest.read32(portsAt + 4L * i);
            if (port >= PORTS) {
                return Errno.EINVAL;
            }
            ports[i] = (int) port;
        }
        for (int port : ports) {
            if (shared.pending(port)) {
                return 0;
            }
        }
        polled = ports;
        polling = true;
        if (timeoutNanos != 0) {
            pollTimeout.arm(timeoutNanos);
        }
        vcpu.block();
        return 0;
    }

    private void endPoll() {
        polling = false;
        pollTimeout.cancel();
        vcpu.wake();
    }

    /** The hypercall event_channel_op. */
    long operation(long[] a) {
        long at = a[1];
        return switch ((int) a[0]) {
            case 0 -> bindInterdomain(at);
            case 1 -> bindVirq(at);
            case 2, 11, 12, 13 -> bindPirqOrFifo((int) a[0]);
            case 3 -> close(guest.read32(at));
            case 4 -> send(guest.read32(at));
            case 5 -> status(at);
            case 6 -> allocUnbound(at);
            case 7 -> bindIpi(at);
            case 8 -> bindVcpu(guest.read32(at), guest.read32(at + 4));
            case 9 -> unmask(guest.read32(at));
            case 10 -> reset(guest.read16(at));
            default -> Errno.ENOSYS;
        };
    }

    /** No physical interrupts, and no other layout than this one: guests fall back to it. */
    private static long bindPirqOrFifo(int operation) {
        return operation == 2 ? Errno.EPERM : Errno.ENOSYS;
    }

    private State state(long port) {
        return port > 0 && port < PORTS ? state[(int) port] : State.CLOSED;
    }

    private long allocUnbound(long at) {
        int domain = guest.read16(at);
        if (domain != DOMID_SELF && domain != self) {
            return domain == DOM0 ? Errno.EPERM : Errno.ESRCH;
        }
        int port = allocate();
        if (port < 0) {
            return port;
        }
        guest.write32(at + 4, port);
        state[port] = State.UNBOUND;
        return 0;
    }

    private long bindInterdomain(long at) {
        int domain = guest.read16(at);
        // The monitor offers none, and the domain's own unbound ports wait for domain 0.
        return domain == DOM0 || domain == DOMID_SELF || domain == self ? Errno.EINVAL : Errno.ESRCH;
    }

    private long bindVirq(long at) {
        long number = guest.read32(at);
        long cpu = guest.read32(at + 4);
        if (number >= VIRQS) {
            return Errno.EINVAL;
        }
        if (cpu != 0) {
            return (PER_VCPU >>> number & 1) == 0 ? Errno.EINVAL : Errno.ENOENT;
        }
        if (virqPort[(int) number] != 0) {
            return Errno.EEXIST;
        }
        int port = allocate();
        if (port < 0) {
            return port;
        }
        guest.write32(at + 8, port);
        state[port] = State.VIRQ;
        virq[port] = (int) number;
        virqPort[(int) number] = port;
        return 0;
    }

    private long bindIpi(long at) {
        if (guest.read32(at) != 0) {
            return Errno.ENOENT;
        }
        int port = allocate();
        if (port < 0) {
            return port;
        }
        guest.write32(at + 4, port);
        state[port] = State.IPI;
        return 0;
    }

    private long bindVcpu(long port, long cpu) {
        if (cpu != 0) {
            return Errno.ENOENT;
        }
        return switch (state(port)) {
            case UNBOUND, INTERDOMAIN, PIRQ -> 0;
            case VIRQ -> (PER_VCPU >>> virq[(int) port] & 1) == 0 ? 0 : Errno.EINVAL;
            default -> Errno.EINVAL;
        };
    }

    private long close(long port) {
        State s = state(port);
        if (s == State.CLOSED) {
            return Errno.EINVAL;
        }
        int p = (int) port;
        if (s == State.VIRQ) {
            virqPort[virq[p]] = 0;
        }
        state[p] = State.CLOSED;
        backend[p] = null;
        shared.clearPending(p);
        return 0;
    }

    private long send(long port) {
        return switch (state(port)) {
            case INTERDOMAIN -> {
                backend[(int) port].notified();
                yield 0;
            }
            case IPI -> {
                raise((int) port);
                yield 0;
            }
            case UNBOUND -> 0;
            default -> Errno.EINVAL;
        };
    }

    private long status(long at) {
        int domain = guest.read16(at);
        long port = guest.read32(at + 4);
        if (domain != DOMID_SELF && domain != self) {
            return domain == DOM0 ? Errno.EPERM : Errno.ESRCH;
        }
        if (port >= PORTS) {
            return Errno.EINVAL;
        }
        State s = state(port);
        guest.write32(at + 8, s.ordinal());
        guest.write32(at + 12, 0);
        if (s == State.VIRQ) {
            guest.write32(at + 16, virq[(int) port]);
        } else if (s == State.UNBOUND || s == State.INTERDOMAIN) {
            guest.write16(at + 16, DOM0);
            guest.write32(at + 20, 0);
        }
        return 0;
    }

    private long unmask(long port) {
        if (port >= PORTS) {
            return Errno.EINVAL;
        }
        shared.unmask((int) port);
        return 0;
    }

    private long reset(int domain) {
        if (domain != DOMID_SELF && domain != self) {
            return domain == DOM0 ? Errno.EPERM : Errno.ESRCH;
        }
        for (int port = 1; port < PORTS; port++) {
            close(port);
        }
        return 0;
    }
}
