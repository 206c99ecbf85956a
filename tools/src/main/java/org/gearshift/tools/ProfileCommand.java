package org.gearshift.tools;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import jdk.jfr.Recording;
import org.gearshift.tools.profile.CallTree;
import org.gearshift.tools.profile.ExitTimeline;
import org.gearshift.tools.profile.FlameGraph;
import org.gearshift.tools.profile.StackWalk;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.engine.EngineOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code gearshift profile}: where a guest spends its instructions. */
@Command(name = "profile", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Runs a guest and looks at its stack every so many instructions; prints the functions that ran most, and draws a flame graph.",
            "Example: gearshift profile --kernel vmlinuz --append console=ttyS0 --max-instructions 500000000 -o boot.html"})
final class ProfileCommand implements Callable<Integer> {
    private static final int FUNCTIONS = 20;
    private static final int REGIONS = 10;
    private static final int NOTES = 5;

    @ParentCommand
    private Gearshift root;

    @Spec
    private CommandSpec spec;

    @Mixin
    private GuestOptions guest;

    @Option(names = "--clock", paramLabel = "host|virtual", defaultValue = "VIRTUAL", description = "Time of the host, or derived from retired instructions: then "
            + "profiles repeat (default virtual).")
    private VmConfig.Clock clock;

    @Option(names = "--every", paramLabel = "N", defaultValue = "100000", description = "Guest instructions from one look to the next (default ${DEFAULT-VALUE}).")
    private long every;

    @Option(names = {"-o", "--output"}, paramLabel = "FILE", description = "Flame graph: FILE.html (with regions and exits), FILE.svg, or FILE.txt for stacks with "
            + "counts, as other programs read them.")
    private Path output;

    @Option(names = "--serial", paramLabel = "WHERE", defaultValue = "none", description = "First serial port, as for 'run' (default none).")
    private String serial;

    @Option(names = "--jfr", paramLabel = "FILE", description = "Record the translations as JFR events, for JDK Mission Control: a time line of regions, their sizes, "
            + "and what they took.")
    private Path jfr;

    @Override
    public Integer call() throws Exception {
        if (every < 1) {
            throw new Gearshift.UsageError("--every must be positive");
        }
        if (output != null && !output.toString().matches(".*\\.(html|svg|txt)")) {
            throw new Gearshift.UsageError("--output " + output + ": a name that ends in .html, .svg or .txt");
        }
        try (SerialEndpoint endpoint = SerialEndpoint.open("--serial", serial, spec.commandLine().getErr()); Recording recording = recording()) {
            Machine vm = guest.machine(clock, EngineOptions.of(EngineOptions.Backend.JVM), endpoint::transmit);
            endpoint.attach(vm, vm::serialInput);
            CallTree tree = new CallTree();
            ExitTimeline exits = new ExitTimeline(vm.counters());
            VmOutcome outcome = sample(vm, tree, exits);
            endpoint.flush();
            if (recording != null) {
                recording.stop();
                recording.dump(jfr);
            }
            report(vm, tree, exits, outcome);
        }
        return 0;
    }

    private Recording recording() {
        if (jfr == null) {
            return null;
        }
        Recording r = new Recording();
        r.enable("org.gearshift.TranslateRegion").withoutThreshold();
        r.start();
        return r;
    }

    private VmOutcome sample(Machine vm, CallTree tree, ExitTimeline exits) throws IOException, org.gearshift.vmm.boot.BootException {
        StackWalk stack = new StackWalk(vm, guest.names(), guest.types(), guest.frames(), guest.programs());
        long limit = guest.limit();
        while (true) {
            long now = vm.engine().retired();
            VmOutcome o = vm.run(Math.min(limit, now + every));
            exits.look(vm.counters());
            if (o.exitCode() != VmOutcome.LIMIT || vm.engine().retired() >= limit) {
                warn(spec.commandLine().getErr(), stack);
                return o;
            }
            tree.add(stack.functions());
        }
    }

    private static void warn(PrintWriter err, StackWalk stack) {
        stack.notes().stream().limit(NOTES).forEach(n -> err.println("gearshift: " + n));
        err.flush();
    }

    private void report(Machine vm, CallTree tree, ExitTimeline exits, VmOutcome outcome) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        List<String> lines = new ArrayList<>();
        long n = Math.max(1, tree.samples());
        lines.add(String.format("%,d samples, one every %,d guest instructions%s", tree.samples(), every, outcome.message() == null ? "" : "; " + outcome.message()));
        lines.add("   self   total  function");
        tree.functions().stream().limit(FUNCTIONS).forEach(f -> lines.add(String.format("%6.2f%% %6.2f%%  %s", 100.0 * f.self() / n, 100.0 * f.total() / n, f.name())));
        List<String> notes = new ArrayList<>(lines);
        notes.add("");
        notes.add("exits by reason:");
        vm.counters().forEach((reason, times) -> notes.add(String.format("  %-24s %,15d", reason, times)));
        notes.add("");
        notes.add(String.format("exits over time, a column for each %,d instructions:", exits.length() * every));
        notes.addAll(exits.lines());
        notes.add("");
        notes.add("hottest regions:");
        vm.engine().hottestRegions(REGIONS).forEach(r -> notes.add("  " + r));
        notes.forEach(out::println);
        out.flush();
        if (output != null) {
            String title = String.format("guest profile: %,d samples, one every %,d instructions", tree.samples(), every);
            String name = output.toString();
            Files.writeString(output, name.endsWith(".txt") ? tree.folded() : name.endsWith(".svg") ? FlameGraph.svg(tree, title) : FlameGraph.html(tree, title, notes));
        }
    }
}
