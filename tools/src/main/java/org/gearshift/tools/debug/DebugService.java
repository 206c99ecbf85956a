package org.gearshift.tools.debug;

import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.debug.Stop;

/**
 * The debugger's commands for a machine that runs already, for somebody at the other end of a connection. What comes are lines, and {@link #INTERRUPT} at any time, which
 * stops the guest; what goes is text, and behind each answer {@link #DONE}, or {@link #FAILED} if the command could not be done. A line that begins with a tab asks how its
 * last word may go on. The first answer says where the machine stands. When the connection ends the machine goes on as if nothing had been.
 */
public final class DebugService {
    static final int DONE = 0x04;
    static final int FAILED = 0x15;
    static final int INTERRUPT = 0x03;
    private static final long LOOK_MILLIS = 100;
    private static final int LONGEST_LINE = 1 << 16;
    /** Stands for the connection's end among the lines. */
    private static final String END = "\0";

    private final Machine machine;
    private final KernelSymbols symbols;
    private final CommandSet commands = new CommandSet();
    private final TrapList traps;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private boolean left;

    /** @param machine one whose debugger was made before it ran */
    public DebugService(Machine machine, KernelSymbols symbols) {
        this.machine = machine;
        this.symbols = symbols;
        this.traps = new TrapList(machine.debugger().traps());
        commands.addDebugging(traps);
        commands.add(new Command(List.of("detach", "quit", "q", "exit"), "", "leave; the guest goes on without a debugger", (c, a) -> left = true));
        commands.add(commands.help());
    }

    /** Stops the machine, and answers until there is an end. */
    public void serve(SocketChannel channel) throws IOException {
        machine.debugger().attach(true);
        machine.debugger().pause();
        Thread reader = new Thread(() -> read(Channels.newInputStream(channel)), "debugger-input");
        reader.setDaemon(true);
        reader.start();
        try (PrintWriter writer = new PrintWriter(new BufferedWriter(new OutputStreamWriter(new ChannelOutput(channel), StandardCharsets.UTF_8)))) {
            DebugContext context = new DebugContext(machine, symbols, writer);
            Stop first = null;
            // To the end, even if nobody is there any more: only a machine that stands can be let go.
            while (first == null) {
                first = machine.debugger().awaitStop(LOOK_MILLIS);
            }
            RunCommands.reporting(traps).report(context, first);
            answer(context, writer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            leave();
        }
    }

    private void answer(DebugContext context, PrintWriter writer) throws InterruptedException {
        int end = DONE;
        while (true) {
            writer.write(end);
            if (writer.checkError()) {
                return;
            }
            String line = lines.take();
            if (line.equals(END)) {
                return;
            }
            end = DONE;
            try {
                if (line.startsWith("\t")) {
                    commands.completions(List.of(line.substring(1).split(" ", -1)), context).forEach(writer::println);
                } else {
                    commands.execute(line, context);
                }
            } catch (CommandException e) {
                writer.println(e.getMessage());
                end = FAILED;
            } catch (RuntimeException e) {
                System.getLogger(DebugService.class.getName()).log(System.Logger.Level.WARNING, "command " + line, e);
                writer.println("the debugger itself failed: " + e);
                end = FAILED;
            }
            if (left) {
                writer.write(end);
                return;
            }
        }
    }

    private void read(InputStream in) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try {
            for (int b = in.read(); b >= 0; b = in.read()) {
                if (b == INTERRUPT) {
                    interrupt();
                } else if (b == '\n') {
                    lines.add(line.toString(StandardCharsets.UTF_8));
                    line.reset();
                } else if (line.size() < LONGEST_LINE) {
                    line.write(b);
                }
            }
        } catch (IOException e) {
            System.getLogger(DebugService.class.getName()).log(System.Logger.Level.DEBUG, "a debugger has gone: {0}", e.getMessage());
        }
        lines.add(END);
        // Whoever waits for the guest to stop need not any more; what is in the queue before the end may let it run once more.
        while (interrupt()) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS));
        }
    }

    /** Stops the guest. @return false if the session is over */
    private synchronized boolean interrupt() {
        if (!left) {
            machine.debugger().pause();
        }
        return !left;
    }

    private synchronized void leave() {
        left = true;
        machine.debugger().detach();
    }
}
