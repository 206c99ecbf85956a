package org.gearshift.tools.debug;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** The user's side of {@link DebugService}: takes lines from scripts and the terminal, and shows what comes back. */
public final class DebugClient implements Closeable {
    private final SocketChannel channel;
    private final InputStream in;
    private final OutputStream out;
    private final PrintWriter screen;
    private final PrintWriter messages;
    private boolean ended;

    /** @param channel of a session that has just begun */
    public DebugClient(SocketChannel channel, PrintWriter screen, PrintWriter messages) {
        this.channel = channel;
        this.in = new BufferedInputStream(Channels.newInputStream(channel));
        this.out = new ChannelOutput(channel);
        this.screen = screen;
        this.messages = messages;
    }

    /**
     * Talks until there is no more to say.
     *
     * @param asksUser whether the user is asked after the scripts
     * @param history file that typed lines are remembered in
     * @return whether every command of a script could be done
     */
    public boolean run(List<DebugConsole.Script> scripts, boolean asksUser, Path history) throws IOException {
        screen.print(answer().text);
        screen.flush();
        for (DebugConsole.Script s : scripts) {
            if (!converse(new ScriptLines(s.name(), s.lines()))) {
                return false;
            }
        }
        if (!asksUser) {
            return true;
        }
        try (Lines user = System.console() != null ? new TerminalLines(history, this::completions, this::interrupt) : new InputLines(System.in)) {
            return converse(user);
        }
    }

    private boolean converse(Lines lines) throws IOException {
        for (String line = ended ? null : lines.next(); line != null; line = ended ? null : lines.next()) {
            Answer a = ask(line);
            if (a.done || lines.interactive()) {
                screen.print(a.text);
                screen.flush();
            } else {
                messages.print("gearshift: " + lines.origin() + ": " + a.text);
                messages.flush();
                return false;
            }
        }
        return true;
    }

    private record Answer(String text, boolean done) {
    }

    private synchronized Answer ask(String line) throws IOException {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        return answer();
    }

    /** What is said up to the end of an answer, or of the connection. */
    private Answer answer() throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        int b = in.read();
        while (b >= 0 && b != DebugService.DONE && b != DebugService.FAILED) {
            text.write(b);
            b = in.read();
        }
        ended = b < 0;
        return new Answer(text.toString(StandardCharsets.UTF_8), b != DebugService.FAILED);
    }

    private List<String> completions(List<String> words) {
        try {
            return ask("\t" + String.join(" ", words)).text.lines().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Stops the guest; on another thread than that which waits for the answer. */
    private void interrupt() {
        try {
            out.write(DebugService.INTERRUPT);
        } catch (IOException e) {
            System.getLogger(DebugClient.class.getName()).log(System.Logger.Level.DEBUG, "the machine has gone: {0}", e.getMessage());
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
