package org.gearshift.tools.up;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import org.gearshift.vmm.host.VmConsole;

/** The consoles of machines in other processes. */
public final class RemoteConsoles implements Consoles {
    private final ControlClient client;

    public RemoteConsoles(ControlClient client) {
        this.client = client;
    }

    @Override
    public List<Entry> list() throws IOException {
        return client.machines().stream().map(m -> new Entry(m.name(), m.state())).toList();
    }

    @Override
    public Connection open(String name, VmConsole.Viewer viewer) throws IOException {
        SocketChannel channel;
        try {
            channel = client.console(name);
        } catch (ControlClient.Refused e) {
            throw new IOException(e.getMessage(), e);
        }
        Thread t = new Thread(() -> read(channel, viewer), "console-output");
        t.setDaemon(true);
        t.start();
        return new Connection() {
            @Override
            public void type(int b) throws IOException {
                channel.write(ByteBuffer.wrap(new byte[] {(byte) b}));
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }

    private static void read(SocketChannel channel, VmConsole.Viewer viewer) {
        ByteBuffer b = ByteBuffer.allocate(4096);
        try (channel) {
            while (channel.read(b) > 0) {
                viewer.output(Arrays.copyOf(b.array(), b.position()));
                b.clear();
            }
        } catch (IOException e) {
            System.getLogger(RemoteConsoles.class.getName()).log(System.Logger.Level.DEBUG, "a console ended: {0}", e.getMessage());
        }
        viewer.end();
    }
}
