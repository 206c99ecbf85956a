package org.gearshift.tools.debug;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.List;
import org.jline.reader.Candidate;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** Commands typed on the terminal, with editing, history and completion. */
final class TerminalLines implements Lines {
    private static final String PROMPT = "(gearshift) ";

    private final Terminal terminal;
    private final LineReader reader;
    private String last = "";

    /**
     * @param history file that lines are remembered in
     * @param completions for the words of a line up to the cursor, of which the last is to be completed
     * @param interrupt called for Ctrl-C while no line is being typed
     */
    TerminalLines(Path history, Function<List<String>, List<String>> completions, Runnable interrupt) throws IOException {
        terminal = TerminalBuilder.builder().system(true).build();
        terminal.handle(Terminal.Signal.INT, signal -> interrupt.run());
        reader = LineReaderBuilder.builder().terminal(terminal).appName("gearshift").variable(LineReader.HISTORY_FILE, history)
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                .completer((r, line, candidates) -> completions.apply(line.words().subList(0, line.wordIndex() + 1)).forEach(c -> candidates.add(new Candidate(c)))).build();
    }

    /** A line; an empty one repeats the last. */
    @Override
    public String next() {
        while (true) {
            try {
                String line = reader.readLine(PROMPT);
                if (!line.isBlank()) {
                    last = line;
                }
                return last;
            } catch (UserInterruptException e) {
                // What was typed so far is dropped.
                last = "";
            } catch (EndOfFileException e) {
                return null;
            }
        }
    }

    @Override
    public String origin() {
        return "";
    }

    @Override
    public boolean interactive() {
        return true;
    }

    @Override
    public void close() throws IOException {
        terminal.close();
    }
}
