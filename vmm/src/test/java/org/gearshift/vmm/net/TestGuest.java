package org.gearshift.vmm.net;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/** A network with a guest's interface on it, whose frames the test makes and reads itself. */
final class TestGuest implements EthernetStation, AutoCloseable {
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    final ManualTimers timers = new ManualTimers();
    final UserNetwork network;
    final ArrayDeque<byte[]> received = new ArrayDeque<>();
    /** Frames the guest has room for; 0 and it is not ready. */
    int room = Integer.MAX_VALUE;
    boolean offload;
    /** Largest frame received so far. */
    int largest;
    private final Frame frame = new Frame();

    TestGuest() throws IOException {
        this(UserNetworkOptions.defaults());
    }

    TestGuest(UserNetworkOptions options) throws IOException {
        network = new UserNetwork(options, timers, null);
        network.connect(this);
    }

    @Override
    public boolean ready() {
        return room > 0;
    }

    @Override
    public boolean receive(Frame f) {
        if (room == 0) {
            return false;
        }
        room--;
        largest = Math.max(largest, f.length());
        byte[] b = Arrays.copyOf(f.bytes(), f.length());
        if (f.checksumPartial()) {
            if (!offload) {
                throw new AssertionError("a partial checksum for a guest that takes none");
            }
            int at = f.checksumStart() + f.checksumOffset();
            int sum = Packets.checksum(b, f.checksumStart(), b.length - f.checksumStart(), 0);
            b[at] = (byte) (sum >> 8);
            b[at + 1] = (byte) sum;
        }
        if (f.segmentSize() > 0 != b.length > 1514 || f.segmentSize() > 0 && !offload) {
            throw new AssertionError(b.length + " bytes, segments of " + f.segmentSize());
        }
        received.add(b);
        return true;
    }

    @Override
    public boolean takesPartialChecksums() {
        return offload;
    }

    @Override
    public boolean takesLargeTcp() {
        return offload;
    }

    /** Sends frames as one batch. */
    void send(byte[]... frames) {
        for (byte[] b : frames) {
            network.send(frame(b));
        }
        network.flush();
    }

    Frame frame(byte[] b) {
        frame.begin(b.length);
        System.arraycopy(b, 0, frame.bytes(), 0, b.length);
        return frame;
    }

    /** The next frame, which must be there already. */
    byte[] next() {
        byte[] b = received.poll();
        if (b == null) {
            throw new AssertionError("no frame came");
        }
        return b;
    }

    Packets.Received nextIp() {
        return Packets.parse(next());
    }

    /** Waits, as the host's sockets work at their own pace. */
    Packets.Received awaitIp() {
        until(() -> !received.isEmpty());
        return nextIp();
    }

    void until(BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            network.poll();
            if (System.nanoTime() > end) {
                throw new AssertionError("waited for too long");
            }
            Thread.onSpinWait();
        }
    }

    /** Polls until the network is quiet for a moment of real time. */
    void settle() {
        for (int i = 0; i < 20; i++) {
            network.poll();
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    long counter(String name) {
        long[] value = {-1};
        network.counters((n, v) -> value[0] = n.equals(name) ? v : value[0]);
        if (value[0] < 0) {
            throw new AssertionError("no counter " + name);
        }
        return value[0];
    }


    @Override
    public void close() {
        network.close();
    }
}
