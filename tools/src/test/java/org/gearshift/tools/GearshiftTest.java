package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.AnnotatedElement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The commands and their names, of which only the one that runs is made ready. */
class GearshiftTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int gearshift(String... args) {
        return Gearshift.execute(new PrintWriter(out), new PrintWriter(err), args);
    }

    @Test
    void everyCommandHasTheNameItIsFoundBy() {
        Gearshift.COMMANDS.forEach((name, type) -> assertEquals(type.getAnnotation(CommandLine.Command.class).name(), name, type.getName()));
    }

    @Test
    void theHelpTextListsAllCommands() {
        assertEquals(0, gearshift("--help"));
        for (String name : Gearshift.COMMANDS.keySet()) {
            assertTrue(out.toString().lines().anyMatch(l -> l.startsWith("  " + name + " ")), name + " is not in\n" + out);
        }
    }

    @Test
    void aCommandsHelpTextNamesTheWholeCommand() {
        assertEquals(0, gearshift("run", "--help"));
        assertTrue(out.toString().startsWith("Usage: gearshift run "), out.toString());
        assertEquals(0, gearshift("help", "run"));
        assertEquals(2, out.toString().split("Usage: gearshift run ", -1).length - 1, "'help run' says the same");
    }

    @Test
    void aWordThatIsNoCommandIsRefused() {
        assertEquals(2, gearshift("rnu"));
        assertTrue(err.toString().contains("rnu"), err.toString());
    }

    @Test
    void anOptionMayComeBeforeTheCommand() {
        assertEquals(2, gearshift("--verbose", "run", "--nonsense"));
        assertTrue(err.toString().contains("--nonsense"), err.toString());
    }

    /** Help texts are formats: a lone percent sign is a warning on the user's terminal. */
    @Test
    void everyDescriptionIsAFormat() {
        List<CommandLine> open = new ArrayList<>();
        Gearshift.COMMANDS.values().forEach(type -> open.add(new CommandLine(type)));
        int options = 0;
        while (!open.isEmpty()) {
            CommandLine command = open.remove(0);
            open.addAll(command.getSubcommands().values());
            for (CommandLine.Model.ArgSpec arg : command.getCommandSpec().args()) {
                for (String line : written(arg)) {
                    options++;
                    assertDoesNotThrow(() -> String.format(line), command.getCommandSpec().qualifiedName() + ": " + line);
                }
            }
        }
        assertTrue(options > 100, options + " lines");
    }

    /** A description as it is in the source. */
    private static String[] written(CommandLine.Model.ArgSpec arg) {
        AnnotatedElement field = (AnnotatedElement) arg.userObject();
        CommandLine.Option option = field == null ? null : field.getAnnotation(CommandLine.Option.class);
        CommandLine.Parameters parameters = field == null ? null : field.getAnnotation(CommandLine.Parameters.class);
        return option != null ? option.description() : parameters != null ? parameters.description() : new String[0];
    }
}
