package org.gearshift.vmm.xen;

import org.gearshift.vmm.policy.Sharing;

/**
 * The domain's event channels, with 2-level pending and mask bits in the shared page (event_channel.h). The other end of an interdomain channel is a {@link Backend}
 * of the monitor, which counts as domain 0, or a port of another domain.
 */
final class EventChannels {
    /** Ports of the 2-level layout at most: 64 words of 64 bits; port 0 is never used. */
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

        /** The domain has closed its end. */
        default void closed() {
        }
    }

    /** A port of another domain. */
    private record Peer(Domain other, int port, int self) implements Backend {
        @Override
        public void notified() {
            other.mailbox.post(() -> other.events.raiseFrom(self, port));
        }

        @Override
        public void closed() {
            other.mailbox.post(() -> other.events.peerClosed(self, port));
        }
    }

    private final Domain domain;
    private final SharedInfo shared;
    private final GuestPointer guest;
    private final int self;
    private final State[] state = new State[PORTS];
    private final Backend[] backend = new Backend[PORTS];
    /** Who may bind a port that is unbound, or has. */
    private final int[] remote = new int[PORTS];
    private final int[] virq = new int[PORTS];
    /** The vCPU that a port's events go to. */
    private final int[] vcpu = new int[PORTS];
    /** Ports by vCPU and virtual interrupt; those of the domain as a whole are vCPU 0's. */
    private final int[][] virqPort;

    EventChannels(Domain domain) {
        this.domain = domain;
        this.shared = domain.shared;
        this.guest = domain.guest;
        this.self = domain.id;
        virqPort = new int[domain.vcpus()][VIRQS];
        java.util.Arrays.fill(state, State.CLOSED);
    }

    private int allocate() {
        for (int port = 1; port < domain.abi.eventPorts(); port++) {
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
        remote[port] = DOM0;
        backend[port] = other;
        return port;
    }

    /** Takes the other end of a channel that the domain offers to domain 0; false if it does not. */
    boolean bind(long number, Backend other) {
        return bind(number, DOM0, other);
    }

    private boolean bind(long number, int by, Backend other) {
        if (number <= 0 || number >= PORTS || state[(int) number] != State.UNBOUND || remote[(int) number] != by) {
            return false;
        }
        int port = (int) number;
        state[port] = State.INTERDOMAIN;
        backend[port] = other;
        return true;
    }

    /** Another domain has sent an event, if the port is still bound to it. */
    private void raiseFrom(int by, int port) {
        if (state[port] == State.INTERDOMAIN && remote[port] == by) {
            raise(port);
        }
    }

    /** Another domain has closed its end: the port waits for it again. */
    private void peerClosed(int by, int port) {
        if (state[port] == State.INTERDOMAIN && remote[port] == by) {
            state[port] = State.UNBOUND;
            backend[port] = null;
        }
    }

    /** Another domain has ended: nobody will bind what waits for it. */
    void peerEnded(int ended) {
        for (int port = 1; port < PORTS; port++) {
            if (state[port] == State.INTERDOMAIN && remote[port] == ended && backend[port] instanceof Peer) {
                state[port] = State.UNBOUND;
                backend[port] = null;
            }
        }
    }

    /** Sends the domain an event. */
    void raise(int port) {
        if (state[port] == State.CLOSED) {
            return;
        }
        VirtualCpu target = domain.vcpu(vcpu[port]);
        if (shared.raise(port, target.info)) {
            target.raised();
        }
        for (int i = 0; i < domain.vcpus(); i++) {
            domain.vcpu(i).portRaised(port);
        }
    }

    /** Sends a vCPU a virtual interrupt, if it has bound it. */
    void raiseVirq(VirtualCpu target, int number) {
        int port = virqPort[target.number][number];
        if (port != 0) {
            raise(port);
        }
    }

    /** SCHEDOP_poll: the calling vCPU waits until one of the ports is pending. @param timeoutNanos system time, 0: for ever */
    long poll(long portsAt, long count, long timeoutNanos) {
        if (count < 0 || count > 128) {
            return Errno.EINVAL;
        }
        int[] ports = new int[(int) count];
        for (int i = 0; i < ports.length; i++) {
            long port = guest.read32(portsAt + 4L * i);
            if (port >= domain.abi.eventPorts()) {
                return Errno.EINVAL;
            }
            ports[i] = (int) port;
        }
        for (int port : ports) {
            if (shared.pending(port)) {
                return 0;
            }
        }
        domain.vcpu.timers.pollBegins(timeoutNanos);
        domain.vcpu.poll(ports);
        return 0;
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
            // The last goes on where the first was interrupted, which it never is here.
            case 10, 14 -> reset(guest.read16(at));
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
        int by = guest.read16(at + 2);
        int port = allocate();
        if (port < 0) {
            return port;
        }
        guest.write32(at + 4, port);
        state[port] = State.UNBOUND;
        remote[port] = by == DOMID_SELF ? self : by;
        return 0;
    }

    /** {remote domain 16, remote port 32, local port 32}: takes the other end of a channel that another domain offers to this one. */
    private long bindInterdomain(long at) {
        int id = guest.read16(at);
        if (id == DOM0 || id == DOMID_SELF || id == self) {
            // The monitor offers none, and a loop would lead nowhere.
            return Errno.EINVAL;
        }
        Domain other = domain.group.find(id);
        if (other == null) {
            return Errno.ESRCH;
        }
        if (!domain.group.mayShare(Sharing.EVENT_CHANNEL, domain, other)) {
            return Errno.EPERM;
        }
        long theirs = guest.read32(at + 4);
        guest.checkWritable(at + 8, Integer.BYTES);
        int port = allocate();
        if (port < 0) {
            return port;
        }
        // What the other sends from the moment of the binding arrives here.
        state[port] = State.INTERDOMAIN;
        remote[port] = id;
        backend[port] = new Peer(other, (int) theirs, self);
        if (!other.mailbox.ask(() -> other.events.bind(theirs, self, new Peer(domain, port, id)), domain.mailbox, false)) {
            state[port] = State.CLOSED;
            backend[port] = null;
            return Errno.EINVAL;
        }
        guest.write32(at + 8, port);
        // It may have sent something before (Xen's evtchn_bind_interdomain).
        raise(port);
        return 0;
    }

    private long bindVirq(long at) {
        long number = guest.read32(at);
        long cpu = guest.read32(at + 4);
        if (number >= VIRQS || cpu != 0 && (PER_VCPU >>> number & 1) == 0) {
            return Errno.EINVAL;
        }
        if (cpu >= domain.vcpus()) {
            return Errno.ENOENT;
        }
        if (virqPort[(int) cpu][(int) number] != 0) {
            return Errno.EEXIST;
        }
        int port = allocate();
        if (port < 0) {
            return port;
        }
        guest.write32(at + 8, port);
        state[port] = State.VIRQ;
        virq[port] = (int) number;
        vcpu[port] = (int) cpu;
        virqPort[(int) cpu][(int) number] = port;
        return 0;
    }

    private long bindIpi(long at) {
        long cpu = guest.read32(at);
        if (cpu >= domain.vcpus()) {
            return Errno.ENOENT;
        }
        int port = allocate();
        if (port < 0) {
            return port;
        }
        guest.write32(at + 4, port);
        state[port] = State.IPI;
        vcpu[port] = (int) cpu;
        return 0;
    }

    private long bindVcpu(long port, long cpu) {
        if (cpu >= domain.vcpus()) {
            return Errno.ENOENT;
        }
        boolean movable = switch (state(port)) {
            case UNBOUND, INTERDOMAIN, PIRQ -> true;
            case VIRQ -> (PER_VCPU >>> virq[(int) port] & 1) == 0;
            default -> false;
        };
        if (movable) {
            vcpu[(int) port] = (int) cpu;
        }
        return movable ? 0 : Errno.EINVAL;
    }

    private long close(long port) {
        State s = state(port);
        if (s == State.CLOSED) {
            return Errno.EINVAL;
        }
        int p = (int) port;
        if (s == State.VIRQ) {
            virqPort[vcpu[p]][virq[p]] = 0;
        }
        state[p] = State.CLOSED;
        vcpu[p] = 0;
        if (backend[p] != null) {
            backend[p].closed();
            backend[p] = null;
        }
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
            return domain != DOM0 ? Errno.ESRCH : port >= this.domain.abi.eventPorts() ? Errno.EINVAL : Errno.EPERM;
        }
        if (port >= this.domain.abi.eventPorts()) {
            return Errno.EINVAL;
        }
        State s = state(port);
        guest.write32(at + 8, s.ordinal());
        guest.write32(at + 12, vcpu[(int) port]);
        if (s == State.VIRQ) {
            guest.write32(at + 16, virq[(int) port]);
        } else if (s == State.UNBOUND || s == State.INTERDOMAIN) {
            guest.write16(at + 16, remote[(int) port]);
            guest.write32(at + 20, backend[(int) port] instanceof Peer p ? p.port : 0);
        }
        return 0;
    }

    private long unmask(long port) {
        if (port >= domain.abi.eventPorts()) {
            return Errno.EINVAL;
        }
        VirtualCpu target = domain.vcpu(vcpu[(int) port]);
        if (shared.unmask((int) port, target.info)) {
            target.raised();
        }
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
