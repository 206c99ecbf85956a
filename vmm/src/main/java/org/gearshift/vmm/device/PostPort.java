package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.bus.PortDevice;

/** Port 80h: the last power-on self-test code (IBM PC/AT Technical Reference); systems also write it to waste a microsecond. */
public final class PostPort implements Device, PortDevice {
    /** The port. */
    public static final int PORT = 0x80;

    private int code;
    private long writes;

    /** Claims 80h. */
    public void attach(PortBus ports) {
        ports.register(PORT, 1, this);
    }

    /** The last code written. */
    public int code() {
        return code;
    }

    @Override
    public int read(int port, int bits) {
        return code;
    }

    @Override
    public void write(int port, int value, int bits) {
        code = value;
        writes++;
    }

    @Override
    public String name() {
        return "post";
    }

    @Override
    public void reset() {
        code = 0;
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.writeByte(code);
    }

    @Override
    public void restore(DataInput in) throws IOException {
        code = in.readUnsignedByte();
    }

    @Override
    public void counters(CounterSink sink) {
        sink.count("writes", writes);
    }

    @Override
    public String toString() {
        return "post";
    }
}
