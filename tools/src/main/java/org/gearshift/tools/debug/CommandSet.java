package org.gearshift.tools.debug;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.gearshift.tools.symbols.Symbol;

/** Commands by name, and by every beginning of a name that only one has. */
final class CommandSet {
    private static final int MAX_COMPLETIONS = 200;

    private final Map<String, Command> byName = new LinkedHashMap<>();
    private final List<Command> commands = new ArrayList<>();

    /** Adds all commands of a debugger that runs the guest. @param traps what they stop it at */
    void addDebugging(TrapList traps) {
        RunCommands.addTo(this, traps);
        ReverseCommands.addTo(this, traps);
        BreakCommands.addTo(this, traps);
        InspectionCommands.addTo(this);
    }

    void add(Command c) {
        commands.add(c);
        c.names().forEach(n -> byName.put(n, c));
    }

    /** All, in the order they were added. */
    List<Command> all() {
        return List.copyOf(commands);
    }

    Collection<String> names() {
        return new TreeSet<>(byName.keySet());
    }

    /** The command that is meant. @throws CommandException if there is none, or several begin so */
    Command find(String name) {
        Command exact = byName.get(name);
        if (exact != null) {
            return exact;
        }
        List<Command> like = commands.stream().filter(c -> c.names().stream().anyMatch(n -> n.startsWith(name))).toList();
        if (like.size() == 1) {
            return like.get(0);
        }
        if (like.isEmpty()) {
            throw new CommandException("no command '" + name + "'; 'help' lists them");
        }
        throw new CommandException("'" + name + "' could be " + String.join(", ", like.stream().map(Command::name).toList()));
    }

    /**
     * Executes a line.
     *
     * @return false if there was nothing in it
     * @throws CommandException if it cannot be done
     */
    boolean execute(String line, DebugContext context) throws InterruptedException {
        String text = line.strip();
        if (text.isEmpty() || text.startsWith("#")) {
            return false;
        }
        // x/8w and the like: what is behind the slash is an argument.
        String[] part = text.split("[\\s/]", 2);
        boolean slash = text.length() > part[0].length() && text.charAt(part[0].length()) == '/';
        Command c = find(part[0]);
        c.action().run(context, new Arguments(c.name(), part.length < 2 ? "" : (slash ? "/" : "") + part[1]));
        return true;
    }

    /** What the last of some words may become: commands for the first word, symbols for others. */
    List<String> completions(List<String> words, DebugContext context) {
        String begin = words.get(words.size() - 1);
        if (words.size() == 1) {
            return names().stream().filter(n -> n.startsWith(begin)).toList();
        }
        if (begin.isEmpty()) {
            return List.of();
        }
        return context.symbols().symbols().stream().map(Symbol::name).filter(n -> n.startsWith(begin)).distinct().limit(MAX_COMPLETIONS).toList();
    }

    /** The command {@code help}, of these commands. */
    Command help() {
        return new Command(List.of("help", "h", "?"), "[COMMAND]", "list the commands, or say what one of them takes", (context, a) -> {
            if (!a.isEmpty()) {
                Command c = find(a.next("command"));
                a.end();
                context.print("%s %s", c.name(), c.arguments());
                context.print("  %s%s", c.help(), c.names().size() > 1 ? " (short: " + String.join(", ", c.names().subList(1, c.names().size())) + ")" : "");
                return;
            }
            for (Command c : commands) {
                context.print("%-34s %s", c.name() + " " + c.arguments(), c.help());
            }
        });
    }
}
