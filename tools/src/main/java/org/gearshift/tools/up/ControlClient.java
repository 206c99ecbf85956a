package org.gearshift.tools.up;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The other end of {@link ControlServer}: all processes of the user that run machines. */
public final class ControlClient {
    /** What the user must change: there is no such machine, or it cannot do that now. */
    public static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    private record Found(Path socket, MachineLine machine) {
    }

    private final RuntimeDirectory directory;

    public ControlClient(RuntimeDirectory directory) {
        this.directory = directory;
    }

    /** All machines. */
    public List<MachineLine> machines() throws IOException {
        return found().stream().map(Found::machine).toList();
    }

    private List<Found> found() throws IOException {
        List<Found> all = new ArrayList<>();
        for (Path socket : directory.sockets()) {
            try (SocketChannel c = request(socket, "ps")) {
                String text = new String(Channels.newInputStream(c).readAllBytes(), StandardCharsets.UTF_8);
                text.lines().forEach(l -> all.add(new Found(socket, MachineLine.decode(l))));
            } catch (ConnectException e) {
                // Left behind by a process that was killed.
                Files.deleteIfExists(socket);
            } catch (Refused e) {
                throw new IOException(socket + ": " + e.getMessage(), e);
            }
        }
        return all;
    }

    /** Where a machine is; one that still runs rather than one that has ended. */
    private Path find(String name) throws IOException, Refused {
        List<Found> all = found().stream().filter(f -> f.machine.name().equals(name)).toList();
        List<Found> alive = all.stream().filter(f -> isAlive(f.machine.state())).toList();
        List<Found> candidates = alive.isEmpty() ? all : alive;
        if (candidates.isEmpty()) {
            throw new Refused("no machine '" + name + "' here; 'gearshift ps' lists those there are (looked in " + directory.path() + ")");
        }
        if (candidates.size() > 1) {
            List<String> processes = candidates.stream().map(f -> Long.toString(f.machine.process())).toList();
            throw new Refused("several machines are called '" + name + "', in the processes " + String.join(", ", processes)
                    + "; start them with different --runtime-dir to tell them apart");
        }
        return candidates.get(0).socket;
    }

    private static boolean isAlive(String state) {
        return state.equals("running") || state.equals("paused") || state.equals("created");
    }

    /** Has something done with a machine: {@code pause}, {@code resume}, {@code stop} or {@code destroy}. */
    public void act(String command, String name) throws IOException, Refused {
        request(find(name), command + " " + name).close();
    }

    /** A machine's console: what is read from the channel is output, what is written is typed. */
    public SocketChannel console(String name) throws IOException, Refused {
        return request(find(name), "console " + name);
    }

    /** A debugger's session with a machine, which stands from now on: see {@code DebugService}. */
    public SocketChannel debug(String name) throws IOException, Refused {
        return request(find(name), "debug " + name);
    }

    private static SocketChannel request(Path socket, String line) throws IOException, Refused {
        SocketChannel c = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            c.connect(UnixDomainSocketAddress.of(socket));
            ControlServer.write(c, line + "\n");
            String answer = ControlServer.readLine(c);
            if (!answer.equals("ok")) {
                throw new Refused(answer.startsWith("error ") ? answer.substring("error ".length()) : "unexpected answer '" + answer + "'");
            }
            return c;
        } catch (IOException | Refused e) {
            c.close();
            throw e;
        }
    }
}
