package org.gearshift.tools;

import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.tools.stage.InputException;
import org.gearshift.tools.symbols.SymbolFormatException;
import org.gearshift.vmm.HostMemoryException;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.disk.DiskFormatException;
import org.gearshift.vmm.replay.LogFormatException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/** Entry point of the command line. */
@Command(name = "gearshift", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class,
        description = "Runs unmodified x86 operating systems by binary translation on the JVM.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:success",
            "1:failure while running",
            "2:bad usage or unusable input",
            "3 and up:run: how the guest ended; see 'gearshift run --help'"})
public final class Gearshift implements Runnable {
    /** The commands by their names, in the order of the help text. */
    static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("run", RunCommand.class);
        COMMANDS.put("debug", DebugCommand.class);
        COMMANDS.put("up", UpCommand.class);
        COMMANDS.put("ps", PsCommand.class);
        COMMANDS.put("console", ConsoleCommand.class);
        COMMANDS.put("pause", ControlCommand.Pause.class);
        COMMANDS.put("resume", ControlCommand.Resume.class);
        COMMANDS.put("stop", ControlCommand.Stop.class);
        COMMANDS.put("destroy", ControlCommand.Destroy.class);
        COMMANDS.put("compare", CompareCommand.class);
        COMMANDS.put("guest", GuestCommand.class);
        COMMANDS.put("inspect", InspectCommand.class);
        COMMANDS.put("conformance", ConformanceCommand.class);
        COMMANDS.put("disk", DiskCommand.class);
        COMMANDS.put("decode", DecodeCommand.class);
        COMMANDS.put("lift", LiftCommand.class);
        COMMANDS.put("optimize", OptimizeCommand.class);
        COMMANDS.put("emit", EmitCommand.class);
        COMMANDS.put("interpret", InterpretCommand.class);
        COMMANDS.put("run-ir", RunIrCommand.class);
        COMMANDS.put("diverge", DivergeCommand.class);
        COMMANDS.put("profile", ProfileCommand.class);
        COMMANDS.put("trace", TraceCommand.class);
        COMMANDS.put("bench", BenchCommand.class);
        COMMANDS.put("help", CommandLine.HelpCommand.class);
    }

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Show stack traces of failures.")
    boolean verbose;

    /** What commands read that take their input there. */
    InputStream in = System.in;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** Version from the build. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String v = Gearshift.class.getPackage().getImplementationVersion();
            return new String[] {"gearshift " + (v == null ? "(development build)" : v) + ", Java " + Runtime.version()};
        }
    }

    /** Thrown by subcommands for input the user must change; exit code 2. */
    static final class UsageError extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UsageError(String message) {
            super(message);
        }
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? (" + String.join(", ", spec.subcommands().keySet()) + ")");
    }

    /** Runs the command line and returns its exit code; used by {@link #main} and by tests. */
    public static int execute(PrintWriter out, PrintWriter err, String... args) {
        return execute(System.in, out, err, args);
    }

    /** The same with a standard input of one's own. */
    public static int execute(InputStream in, PrintWriter out, PrintWriter err, String... args) {
        Gearshift root = new Gearshift();
        root.in = in;
        CommandLine cl = new CommandLine(root);
        commands(args).forEach(cl::addSubcommand);
        cl.setOut(out).setErr(err).setCaseInsensitiveEnumValuesAllowed(true);
        cl.setParameterExceptionHandler((e, a) -> {
            err.println("gearshift: " + firstLine(e.getMessage()));
            err.println("Try '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
            return 2;
        });
        cl.setExecutionExceptionHandler((e, c, r) -> {
            err.println("gearshift: " + explain(e));
            if (root.verbose) {
                e.printStackTrace(err);
            }
            return isInput(e) || e instanceof NoSuchFileException ? 2 : 1;
        });
        int code = cl.execute(args);
        out.flush();
        err.flush();
        return code;
    }

    /** The command that is to run, where the first argument says which; else all. A short run would spend most of its time on the options of those that do not run. */
    private static Collection<Class<?>> commands(String... args) {
        Class<?> first = args.length == 0 || args[0].equals("help") ? null : COMMANDS.get(args[0]);
        return first == null ? COMMANDS.values() : List.of(first);
    }

    private static String explain(Exception e) {
        if (e instanceof NoSuchFileException) {
            return e.getMessage() + ": no such file";
        }
        if (isInput(e) || e instanceof HostMemoryException) {
            return e.getMessage();
        }
        return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + firstLine(e.getMessage())) + " (--verbose shows where)";
    }

    /** Whether the user can do something about it, and the message says what. */
    private static boolean isInput(Exception e) {
        return e instanceof BootException || e instanceof DiskFormatException || e instanceof UsageError || e instanceof InputException || e instanceof SymbolFormatException
                || e instanceof LogFormatException;
    }

    private static String firstLine(String s) {
        return s == null ? "" : s.lines().findFirst().orElse("");
    }

    public static void main(String[] args) {
        int code = execute(new PrintWriter(System.out, true), new PrintWriter(System.err, true), args);
        // Translated code may leave non-daemon helpers of the JVM behind; the exit code is what scripts read.
        System.exit(code);
    }
}
