package org.gearshift.tools.up;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.gearshift.tools.debug.DebugService;
import org.gearshift.tools.debug.KernelSymbols;
import org.gearshift.vmm.host.HostedVm;
import org.gearshift.vmm.host.VmHost;
import org.gearshift.vmm.host.VmState;

/**
 * The machines of this process for other commands of the same user, on a unix-domain socket. A request is a line, COMMAND or COMMAND NAME; the answer a line,
 * {@code ok} or {@code error MESSAGE}, and after {@code ok} what the command gives: for {@code ps}, {@link MachineLine}s; for {@code console}, the console
 * itself, both ways; for {@code debug}, a debugger's session ({@link DebugService}).
 */
public final class ControlServer implements AutoCloseable {
    static final int LONGEST_REQUEST = 256;

    private static final Map<String, Consumer<HostedVm>> ACTIONS = Map.of("pause", HostedVm::pause, "resume", HostedVm::resume, "stop", HostedVm::requestShutdown,
            "destroy", HostedVm::destroy);

    private final VmHost host;
    private final List<SocketServer> servers = new ArrayList<>();
    private final Path socket;
    private final Function<HostedVm, KernelSymbols> names;
    private final Set<HostedVm> debugged = ConcurrentHashMap.newKeySet();

    /** Opens the process's socket. @param names what the debugger knows of a machine's kernel */
    public ControlServer(VmHost host, RuntimeDirectory directory, Function<HostedVm, KernelSymbols> names) throws IOException {
        this.host = host;
        this.names = names;
        socket = directory.socket(Long.toString(ProcessHandle.current().pid()) + "-" + Integer.toHexString(System.identityHashCode(this)));
        servers.add(SocketServer.open(UnixDomainSocketAddress.of(socket), this::serve));
    }

    /** Where the socket is. */
    public Path socket() {
        return socket;
    }

    /** Lets a machine's console be reached at an address of its own. @return where, in words */
    public String listen(HostedVm vm, SocketAddress address) throws IOException {
        SocketServer s = SocketServer.open(address, c -> ChannelViewer.serve(vm.console(), c));
        servers.add(s);
        return s.place();
    }

    private void serve(SocketChannel channel) {
        boolean handedOn = false;
        try {
            String[] words = readLine(channel).trim().split(" +", 2);
            String name = words.length > 1 ? words[1] : "";
            if (words[0].equals("console") && host.machine(name) != null) {
                write(channel, "ok\n");
                handedOn = true;
                ChannelViewer.serve(host.machine(name).console(), channel);
            } else if (words[0].equals("debug") && host.machine(name) != null) {
                debug(channel, host.machine(name));
            } else {
                write(channel, answer(words[0], name));
            }
        } catch (IOException e) {
            System.getLogger(ControlServer.class.getName()).log(System.Logger.Level.DEBUG, "a control connection ended: {0}", e.getMessage());
        } finally {
            if (!handedOn) {
                close(channel);
            }
        }
    }

    private void debug(SocketChannel channel, HostedVm vm) throws IOException {
        if (vm.state() != VmState.RUNNING) {
            write(channel, "error machine " + vm.name() + " is " + vm.state().label() + ": it cannot be debugged\n");
        } else if (!debugged.add(vm)) {
            write(channel, "error machine " + vm.name() + " is being debugged already\n");
        } else {
            try {
                write(channel, "ok\n");
                new DebugService(vm.machine(), names.apply(vm)).serve(channel);
            } finally {
                debugged.remove(vm);
            }
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            System.getLogger(ControlServer.class.getName()).log(System.Logger.Level.DEBUG, "a control connection: {0}", e.getMessage());
        }
    }

    private String answer(String command, String name) {
        if (command.equals("ps")) {
            List<HostedVm> all = host.machines();
            int weights = all.stream().filter(m -> !m.state().isEnd()).mapToInt(m -> m.share().weight()).sum();
            StringBuilder b = new StringBuilder("ok\n");
            all.forEach(m -> b.append(MachineLine.of(m, weights).encode()).append('\n'));
            return b.toString();
        }
        Consumer<HostedVm> action = ACTIONS.get(command);
        HostedVm vm = host.machine(name);
        if (action == null && !command.equals("console") && !command.equals("debug")) {
            return "error no such request\n";
        }
        if (vm == null) {
            return "error no machine '" + name.replaceAll("[^ -~]", "?") + "'\n";
        }
        try {
            action.accept(vm);
            return "ok\n";
        } catch (IllegalStateException e) {
            return "error " + e.getMessage() + "\n";
        }
    }

    static void write(SocketChannel channel, String text) throws IOException {
        ByteBuffer b = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (b.hasRemaining()) {
            channel.write(b);
        }
    }

    /** Byte by byte: what follows the line is somebody else's. */
    static String readLine(SocketChannel channel) throws IOException {
        StringBuilder line = new StringBuilder();
        ByteBuffer one = ByteBuffer.allocate(1);
        while (channel.read(one) > 0) {
            char c = (char) (one.get(0) & 0xff);
            if (c == '\n') {
                return line.toString();
            }
            if (line.length() == LONGEST_REQUEST * 4) {
                throw new IOException("a line is too long");
            }
            line.append(c);
            one.clear();
        }
        throw new IOException("the connection ended within a line");
    }

    @Override
    public void close() throws IOException {
        for (SocketServer s : servers) {
            s.close();
        }
    }
}
