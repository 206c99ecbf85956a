package org.gearshift.vmm.bus;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.BitSet;

/**
 * The 65,536 I/O ports (Intel SDM vol. 1, ch. 19). Ports nobody claims read all ones and swallow writes; each is logged once at debug level.
 */
public final class PortBus {
    /** Number of byte ports. */
    public static final int PORTS = 0x10000;

    private static final Logger LOG = System.getLogger(PortBus.class.getName());

    private final PortDevice[] devices = new PortDevice[PORTS];
    private final BitSet logged = new BitSet(PORTS);
    private long reads;
    private long writes;
    private long unclaimed;

    /**
     * Gives {@code count} ports from {@code first} to {@code device}.
     *
     * @throws IllegalArgumentException if the range leaves the port space or touches a claimed port
     */
    public void register(int first, int count, PortDevice device) {
        if (first < 0 || count <= 0 || first + count > PORTS) {
            throw new IllegalArgumentException("ports " + Integer.toHexString(first) + "h+" + count);
        }
        for (int port = first; port < first + count; port++) {
            if (devices[port] != null) {
                throw new IllegalArgumentException("port " + Integer.toHexString(port) + "h is taken by " + devices[port]);
            }
        }
        for (int port = first; port < first + count; port++) {
            devices[port] = device;
        }
    }

    /** True if no port of the range is claimed. */
    public boolean isFree(int first, int count) {
        if (first < 0 || count <= 0 || first + count > PORTS) {
            return false;
        }
        for (int port = first; port < first + count; port++) {
            if (devices[port] != null) {
                return false;
            }
        }
        return true;
    }

    /** Takes back every port of the range that belongs to {@code device}. */
    public void unregister(int first, int count, PortDevice device) {
        for (int port = Math.max(first, 0); port < Math.min(first + count, PORTS); port++) {
            if (devices[port] == device) {
                devices[port] = null;
            }
        }
    }

    /**
     * Reads {@code bits} (8, 16 or 32) at {@code port}; the bytes of an access that runs over port FFFFh read as ones.
     *
     * @return the value, zero-extended (32 bits fill the int)
     */
    public int read(int port, int bits) {
        reads++;
        return readPart(port & 0xffff, bits);
    }

    /** Writes the low {@code bits} (8, 16 or 32) of {@code value} at {@code port}. */
    public void write(int port, int value, int bits) {
        writes++;
        writePart(port & 0xffff, value & mask(bits), bits);
    }

    /** Accesses made by the guest. */
    public long reads() {
        return reads;
    }

    /** Accesses made by the guest. */
    public long writes() {
        return writes;
    }

    /** Byte accesses that no device answered. */
    public long unclaimedAccesses() {
        return unclaimed;
    }

    private int readPart(int port, int bits) {
        PortDevice device = port < PORTS ? devices[port] : null;
        if (device != null && bits <= device.widthAt(port)) {
            return device.read(port, bits) & mask(bits);
        }
        if (bits > 8) {
            int half = bits >>> 1;
            int low = readPart(port, half);
            return low | readPart(port + (half >>> 3), half) << half;
        }
        unclaimed(port, "read of");
        return 0xff;
    }

    private void writePart(int port, int value, int bits) {
        PortDevice device = port < PORTS ? devices[port] : null;
        if (device != null && bits <= device.widthAt(port)) {
            device.write(port, value, bits);
        } else if (bits > 8) {
            int half = bits >>> 1;
            writePart(port, value & mask(half), half);
            writePart(port + (half >>> 3), value >>> half & mask(half), half);
        } else {
            unclaimed(port, "write to");
        }
    }

    private void unclaimed(int port, String what) {
        unclaimed++;
        if (port < PORTS && !logged.get(port)) {
            logged.set(port);
            LOG.log(Level.DEBUG, () -> what + " unclaimed port " + Integer.toHexString(port) + "h");
        }
    }

    private static int mask(int bits) {
        return bits == 32 ? -1 : (1 << bits) - 1;
    }
}
