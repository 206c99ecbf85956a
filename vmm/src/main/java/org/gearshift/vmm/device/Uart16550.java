package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.gearshift.vmm.bus.InterruptLine;
import org.gearshift.vmm.bus.PortBus;
import org.gearshift.vmm.bus.PortDevice;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;

/**
 * The 16550A UART (National Semiconductor PC16550D) as a PC wires it: interrupts reach the controller only while MCR.OUT2 is set.
 *
 * <p>Transmission takes no time: THRE and TEMT are always set. Reception keeps the rule that counts: below the trigger level, the character
 * timeout interrupt comes four character times after the last byte. Bytes that do not fit wait on the host's side; the line never overruns
 * except in loopback.
 */
public final class Uart16550 implements Device, PortDevice {
    /** Ports of COM1. */
    public static final int COM1 = 0x3f8;
    /** Ports of COM2. */
    public static final int COM2 = 0x2f8;
    /** Divisor clock in Hz: 1.8432 MHz / 16. */
    private static final int BAUD_BASE = 115_200;
    private static final int FIFO_SIZE = 16;

    private static final int DATA = 0;
    private static final int IER = 1;
    private static final int IIR_FCR = 2;
    private static final int LCR = 3;
    private static final int MCR = 4;
    private static final int LSR = 5;
    private static final int MSR = 6;

    private static final int IER_RECEIVED = 0x01;
    private static final int IER_THR_EMPTY = 0x02;
    private static final int IER_LINE_STATUS = 0x04;
    private static final int IER_MODEM_STATUS = 0x08;
    private static final int IER_WRITABLE = 0x0f;
    private static final int IIR_NONE = 0x01;
    private static final int IIR_MODEM_STATUS = 0x00;
    private static final int IIR_THR_EMPTY = 0x02;
    private static final int IIR_RECEIVED = 0x04;
    private static final int IIR_LINE_STATUS = 0x06;
    private static final int IIR_TIMEOUT = 0x0c;
    private static final int IIR_FIFOS = 0xc0;
    private static final int FCR_ENABLE = 0x01;
    private static final int FCR_CLEAR_RECEIVER = 0x02;
    private static final int LCR_DIVISOR_LATCH = 0x80;
    private static final int MCR_DTR = 0x01;
    private static final int MCR_RTS = 0x02;
    private static final int MCR_OUT1 = 0x04;
    private static final int MCR_OUT2 = 0x08;
    private static final int MCR_LOOP = 0x10;
    private static final int MCR_WRITABLE = 0x1f;
    private static final int LSR_DATA_READY = 0x01;
    private static final int LSR_OVERRUN = 0x02;
    private static final int LSR_BREAK = 0x10;
    private static final int LSR_THR_EMPTY = 0x20;
    private static final int LSR_IDLE = 0x40;
    private static final int LSR_ERRORS = 0x1e;
    private static final int MSR_CTS = 0x10;
    private static final int MSR_DSR = 0x20;
    private static final int MSR_RI = 0x40;
    private static final int MSR_DCD = 0x80;
    private static final int MSR_DELTA_RI = 0x04;
    private static final int[] TRIGGER_LEVEL = {1, 4, 8, 14};

    private final String name;
    private final int base;
    private final GuestClock clock;
    private final InterruptLine irq;
    private final EventQueue.Event timeout;
    private final ConcurrentLinkedQueue<Byte> fromHost = new ConcurrentLinkedQueue<>();
    private SerialBackend backend = SerialBackend.NONE;
    private volatile Runnable wakeUp = () -> { };

    private final byte[] fifo = new byte[FIFO_SIZE];
    private int fifoHead;
    private int fifoCount;
    private int ier;
    private int fcr;
    private int lcr;
    private int mcr;
    private int lsrErrors;
    private int msr;
    private int scratch;
    private int divisor;
    private boolean thrEmptyPending;
    private boolean timeoutPending;
    private long transmitted;
    private long received;
    private long overruns;

    /** @param base first of eight ports */
    public Uart16550(String name, int base, GuestClock clock, EventQueue events, InterruptLine irq) {
        this.name = name;
        this.base = base;
        this.clock = clock;
        this.irq = irq;
        timeout = events.event(this::characterTimeout);
        reset();
    }

    /** Claims the eight ports. */
    public void attach(PortBus ports) {
        ports.register(base, 8, this);
    }

    /** Plugs the cable in. */
    public void connect(SerialBackend to) {
        backend = to;
    }

    /** What to call, on the host's thread, after {@link #receive}: for a vCPU that sleeps. */
    public void onInput(Runnable action) {
        wakeUp = action;
    }

    /** A byte from the other end; may be called by any thread. */
    public void receive(byte b) {
        fromHost.add(b);
        wakeUp.run();
    }

    /** Moves what the host sent into the receiver, as far as it fits; on the vCPU thread. */
    public void poll() {
        if (!fromHost.isEmpty() && (mcr & MCR_LOOP) == 0) {
            refill();
            update();
        }
    }

    private void refill() {
        int room = ((fcr & FCR_ENABLE) != 0 ? FIFO_SIZE : 1) - fifoCount;
        if (room <= 0) {
            return;
        }
        Byte next;
        while (room-- > 0 && (next = fromHost.poll()) != null) {
            push(next);
        }
    }

    @Override
    public int read(int port, int bits) {
        switch (port - base) {
            case DATA:
                return latchOpen() ? divisor & 0xff : readData();
            case IER:
                return latchOpen() ? divisor >>> 8 : ier;
            case IIR_FCR:
                return readIdentification();
            case LCR:
                return lcr;
            case MCR:
                return mcr;
            case LSR:
                return readLineStatus();
            case MSR:
                return readModemStatus();
            default:
                return scratch;
        }
    }

    @Override
    public void write(int port, int value, int bits) {
        switch (port - base) {
            case DATA -> {
                if (latchOpen()) {
                    divisor = divisor & 0xff00 | value;
                } else {
                    send(value);
                }
            }
            case IER -> {
                if (latchOpen()) {
                    divisor = divisor & 0xff | value << 8;
                } else {
                    writeInterruptEnable(value & IER_WRITABLE);
                }
            }
            case IIR_FCR -> writeFifoControl(value);
            case LCR -> lcr = value;
            case MCR -> writeModemControl(value & MCR_WRITABLE);
            case LSR, MSR -> { }
            default -> scratch = value;
        }
        if ((mcr & MCR_LOOP) == 0 && !fromHost.isEmpty()) {
            refill();
        }
        update();
    }

    private boolean latchOpen() {
        return (lcr & LCR_DIVISOR_LATCH) != 0;
    }

    private void send(int value) {
        thrEmptyPending = true;
        if ((mcr & MCR_LOOP) != 0) {
            loopBack((byte) value);
        } else {
            transmitted++;
            backend.transmit((byte) value);
        }
    }

    private void loopBack(byte b) {
        boolean fifos = (fcr & FCR_ENABLE) != 0;
        if (fifoCount < (fifos ? FIFO_SIZE : 1)) {
            push(b);
            return;
        }
        overruns++;
        lsrErrors |= LSR_OVERRUN;
        if (!fifos) {
            // The holding register is overwritten; a full FIFO keeps what it has.
            fifo[fifoHead] = b;
        }
    }

    private void push(byte b) {
        received++;
        fifo[fifoHead + fifoCount++ & FIFO_SIZE - 1] = b;
        timeoutPending = false;
        armTimeout();
    }

    private int readData() {
        int value = 0;
        if (fifoCount > 0) {
            value = fifo[fifoHead] & 0xff;
            fifoHead = fifoHead + 1 & FIFO_SIZE - 1;
            fifoCount--;
        }
        timeoutPending = false;
        if ((mcr & MCR_LOOP) == 0 && !fromHost.isEmpty()) {
            refill();
        }
        armTimeout();
        update();
        return value;
    }

    private void armTimeout() {
        if (fifoCount == 0 || (fcr & FCR_ENABLE) == 0) {
            timeout.cancel();
        } else {
            int bitsPerCharacter = 2 + 5 + (lcr & 3) + (lcr >>> 2 & 1) + (lcr >>> 3 & 1);
            int bauds = Math.max(1, BAUD_BASE / Math.max(1, divisor));
            timeout.arm(clock.nanos() + 4L * bitsPerCharacter * 1_000_000_000L / bauds);
        }
    }

    private void characterTimeout() {
        timeoutPending = fifoCount > 0;
        update();
    }

    private void writeInterruptEnable(int value) {
        if ((value & IER_THR_EMPTY) != 0 && (ier & IER_THR_EMPTY) == 0) {
            // Enabling the interrupt while the holding register is empty raises it at once.
            thrEmptyPending = true;
        }
        ier = value;
    }

    private void writeFifoControl(int value) {
        if (((value ^ fcr) & FCR_ENABLE) != 0 || (value & FCR_CLEAR_RECEIVER) != 0) {
            fifoCount = 0;
            timeoutPending = false;
            timeout.cancel();
        }
        fcr = (value & FCR_ENABLE) != 0 ? value & 0xc9 : 0;
    }

    private void writeModemControl(int value) {
        int before = modemLines();
        mcr = value;
        int after = modemLines();
        int delta = (before ^ after) >>> 4;
        // RI counts only when it ends.
        delta = delta & ~MSR_DELTA_RI | ((before & ~after & MSR_RI) != 0 ? MSR_DELTA_RI : 0);
        msr |= delta;
    }

    /** CTS, DSR, RI and DCD: the cable's other end is always ready; in loopback they follow the modem control outputs. */
    private int modemLines() {
        if ((mcr & MCR_LOOP) == 0) {
            return MSR_CTS | MSR_DSR | MSR_DCD;
        }
        return ((mcr & MCR_RTS) != 0 ? MSR_CTS : 0) | ((mcr & MCR_DTR) != 0 ? MSR_DSR : 0)
                | ((mcr & MCR_OUT1) != 0 ? MSR_RI : 0) | ((mcr & MCR_OUT2) != 0 ? MSR_DCD : 0);
    }

    private int readModemStatus() {
        int value = modemLines() | msr & 0xf;
        msr = 0;
        update();
        return value;
    }

    private int readLineStatus() {
        int value = lineStatus();
        lsrErrors = 0;
        update();
        return value;
    }

    private int lineStatus() {
        return (fifoCount > 0 ? LSR_DATA_READY : 0) | lsrErrors & (LSR_ERRORS | LSR_BREAK) | LSR_THR_EMPTY | LSR_IDLE;
    }

    private int readIdentification() {
        int id = interruptId();
        if (id == IIR_THR_EMPTY) {
            thrEmptyPending = false;
            update();
        }
        return id | ((fcr & FCR_ENABLE) != 0 ? IIR_FIFOS : 0);
    }

    private int interruptId() {
        if ((ier & IER_LINE_STATUS) != 0 && lsrErrors != 0) {
            return IIR_LINE_STATUS;
        }
        if ((ier & IER_RECEIVED) != 0 && fifoCount > 0) {
            int trigger = (fcr & FCR_ENABLE) != 0 ? TRIGGER_LEVEL[fcr >>> 6] : 1;
            if (fifoCount >= trigger) {
                return IIR_RECEIVED;
            }
            if (timeoutPending) {
                return IIR_TIMEOUT;
            }
        }
        if ((ier & IER_THR_EMPTY) != 0 && thrEmptyPending) {
            return IIR_THR_EMPTY;
        }
        if ((ier & IER_MODEM_STATUS) != 0 && (msr & 0xf) != 0) {
            return IIR_MODEM_STATUS;
        }
        return IIR_NONE;
    }

    private void update() {
        irq.set(interruptId() != IIR_NONE && (mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void reset() {
        timeout.cancel();
        fifoHead = 0;
        fifoCount = 0;
        ier = 0;
        fcr = 0;
        lcr = 0;
        mcr = 0;
        lsrErrors = 0;
        msr = 0;
        scratch = 0;
        divisor = 12;
        thrEmptyPending = false;
        timeoutPending = false;
        update();
    }

    @Override
    public void save(DataOutput out) throws IOException {
        out.write(fifo);
        int[] registers = {fifoHead, fifoCount, ier, fcr, lcr, mcr, lsrErrors, msr, scratch};
        for (int register : registers) {
            out.writeByte(register);
        }
        out.writeShort(divisor);
        out.writeBoolean(thrEmptyPending);
        out.writeBoolean(timeoutPending);
        timeout.save(out);
        Byte[] waiting = fromHost.toArray(Byte[]::new);
        out.writeInt(waiting.length);
        for (byte b : waiting) {
            out.writeByte(b);
        }
    }

    @Override
    public void restore(DataInput in) throws IOException {
        in.readFully(fifo);
        fifoHead = in.readUnsignedByte();
        fifoCount = in.readUnsignedByte();
        ier = in.readUnsignedByte();
        fcr = in.readUnsignedByte();
        lcr = in.readUnsignedByte();
        mcr = in.readUnsignedByte();
        lsrErrors = in.readUnsignedByte();
        msr = in.readUnsignedByte();
        scratch = in.readUnsignedByte();
        divisor = in.readUnsignedShort();
        thrEmptyPending = in.readBoolean();
        timeoutPending = in.readBoolean();
        timeout.restore(in);
        fromHost.clear();
        for (int left = in.readInt(); left > 0; left--) {
            fromHost.add(in.readByte());
        }
        update();
    }

    @Override
    public void counters(CounterSink sink) {
        sink.count("transmitted", transmitted);
        sink.count("received", received);
        sink.count("overruns", overruns);
    }

    @Override
    public String toString() {
        return name;
    }
}
