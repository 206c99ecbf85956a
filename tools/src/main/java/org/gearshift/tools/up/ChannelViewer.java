package org.gearshift.tools.up;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import org.gearshift.vmm.host.VmConsole;

/**
 * Somebody at the other end of a socket who looks at a console, and types. What a slow reader does not take in time is left out, and said to be: the guest
 * never waits.
 */
final class ChannelViewer implements VmConsole.Viewer {
    private static final int MOST_QUEUED = 1 << 20;

    private final VmConsole console;
    private final SocketChannel channel;
    private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
    private int queued;
    private long lost;
    private boolean over;

    private ChannelViewer(VmConsole console, SocketChannel channel) {
        this.console = console;
        this.channel = channel;
    }

    /** Connects a socket with a console until either ends; the channel is closed then. */
    static void serve(VmConsole console, SocketChannel channel) {
        ChannelViewer viewer = new ChannelViewer(console, channel);
        console.attach(viewer);
        Thread writer = new Thread(viewer::write, "console-output");
        writer.setDaemon(true);
        writer.start();
        viewer.read();
        console.detach(viewer);
        viewer.end();
    }

    private void read() {
        ByteBuffer b = ByteBuffer.allocate(1024);
        try {
            while (channel.read(b) >= 0) {
                b.flip();
                while (b.hasRemaining()) {
                    console.type(b.get());
                }
                b.clear();
            }
        } catch (IOException e) {
            // They have gone, or the machine has: the same as an end.
            System.getLogger(ChannelViewer.class.getName()).log(System.Logger.Level.DEBUG, "a console's connection ended: {0}", e.getMessage());
        }
    }

    private void write() {
        try (channel) {
            for (byte[] next = take(); next != null; next = take()) {
                ByteBuffer b = ByteBuffer.wrap(next);
                while (b.hasRemaining()) {
                    channel.write(b);
                }
            }
        } catch (IOException e) {
            System.getLogger(ChannelViewer.class.getName()).log(System.Logger.Level.DEBUG, "a console's connection ended: {0}", e.getMessage());
        }
    }

    private synchronized byte[] take() {
        try {
            while (queue.isEmpty()) {
                if (over) {
                    return null;
                }
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
        byte[] next = queue.poll();
        queued -= next.length;
        return next;
    }

    @Override
    public synchronized void output(byte[] bytes) {
        if (queued + bytes.length > MOST_QUEUED) {
            lost += bytes.length;
            return;
        }
        if (lost > 0) {
            byte[] note = ("\r\n[gearshift: " + lost + " bytes left out]\r\n").getBytes(StandardCharsets.US_ASCII);
            queue.add(note);
            queued += note.length;
            lost = 0;
        }
        queue.add(bytes);
        queued += bytes.length;
        notifyAll();
    }

    @Override
    public synchronized void end() {
        over = true;
        notifyAll();
    }
}
