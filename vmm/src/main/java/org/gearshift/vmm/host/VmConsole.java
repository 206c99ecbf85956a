package org.gearshift.vmm.host;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.device.SerialBackend;

/**
 * A machine's console: what the guest writes goes to a log and to everybody who looks, what they type goes to the guest. Its last output is kept for those who
 * come later. Methods are for any thread, but {@link #transmit}, which is the guest's.
 */
public final class VmConsole implements SerialBackend {
    /** Somebody who looks at the console. */
    public interface Viewer {
        /** Takes output, on the guest's thread: must not wait for anybody. The array is the viewer's. */
        void output(byte[] bytes);

        /** There will be no more. */
        void end();
    }

    private static final Logger LOG = System.getLogger(VmConsole.class.getName());
    private static final int KEPT = 1 << 16;
    private static final int CHUNK = 512;

    private final OutputStream log;
    private final byte[] kept = new byte[KEPT];
    private long written;
    private final byte[] chunk = new byte[CHUNK];
    private int chunked;
    private final List<Viewer> viewers = new ArrayList<>();
    private Machine machine;
    private boolean logBroken;
    private boolean ended;

    /** @param log gets all that the guest writes; closed at the machine's end. Null for none */
    public VmConsole(OutputStream log) {
        this.log = log == null ? OutputStream.nullOutputStream() : new BufferedOutputStream(log);
    }

    void connect(Machine vm) {
        synchronized (this) {
            machine = vm;
        }
        vm.onIdle(this::flush);
    }

    @Override
    public synchronized void transmit(byte b) {
        kept[(int) (written++ & KEPT - 1)] = b;
        chunk[chunked++] = b;
        if (b == '\n' || chunked == CHUNK) {
            flush();
        }
    }

    /** Shows what has been gathered. */
    public synchronized void flush() {
        if (chunked == 0) {
            return;
        }
        if (!logBroken) {
            try {
                log.write(chunk, 0, chunked);
                log.flush();
            } catch (IOException e) {
                logBroken = true;
                LOG.log(Level.WARNING, () -> "a console's log is lost from here on: " + e.getMessage());
            }
        }
        for (Viewer v : viewers) {
            v.output(Arrays.copyOf(chunk, chunked));
        }
        chunked = 0;
    }

    /** Lets somebody look, from the last lines of output on. */
    public void attach(Viewer viewer) {
        boolean over;
        synchronized (this) {
            flush();
            viewer.output(recent());
            over = ended;
            if (!over) {
                viewers.add(viewer);
            }
        }
        if (over) {
            viewer.end();
        }
    }

    /** They look no more. */
    public synchronized void detach(Viewer viewer) {
        viewers.remove(viewer);
    }

    /** The last output, up to 64 KiB. */
    public synchronized byte[] recent() {
        int n = (int) Math.min(written, KEPT);
        byte[] all = new byte[n];
        for (int i = 0; i < n; i++) {
            all[i] = kept[(int) (written - n + i & KEPT - 1)];
        }
        return all;
    }

    /** A byte for the guest; lost if the machine is not there yet, or any more. */
    public void type(int b) {
        Machine to;
        synchronized (this) {
            to = ended ? null : machine;
        }
        if (to != null) {
            to.serialInput(b & 0xff);
        }
    }

    void end() {
        List<Viewer> told;
        synchronized (this) {
            flush();
            ended = true;
            told = List.copyOf(viewers);
            viewers.clear();
            try {
                log.close();
            } catch (IOException e) {
                LOG.log(Level.WARNING, () -> "a console's log cannot be closed: " + e.getMessage());
            }
        }
        told.forEach(Viewer::end);
    }
}
