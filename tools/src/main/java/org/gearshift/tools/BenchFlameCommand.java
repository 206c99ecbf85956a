package org.gearshift.tools;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.gearshift.tools.bench.Child;
import org.gearshift.tools.bench.HostProfile;
import org.gearshift.tools.bench.PeerBench;
import org.gearshift.tools.profile.CallTree;
import org.gearshift.tools.profile.FlameGraph;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gearshift bench flame}: where the host's time goes. */
@Command(name = "flame", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = "Runs a Linux guest with peerbench's program under perf, and draws where the host's processor was: compiled guest code, interpreter, engine, compilers. "
                + "(Where the guest was is what 'gearshift profile' draws.)")
final class BenchFlameCommand implements Callable<Integer> {
    private static final int LINES = 30;

    @Spec
    private CommandSpec spec;

    @Option(names = "--peerbench", paramLabel = "DIR", required = true, description = "A checkout of peerbench.")
    private Path directory;

    @Option(names = "--kind", paramLabel = "KIND", defaultValue = "linux32", description = "linux32 or linux64 (default ${DEFAULT-VALUE}).")
    private String kind;

    @Option(names = "--args", paramLabel = "TEXT", defaultValue = "pct=100", description = "Choices for the guest (default ${DEFAULT-VALUE}); only=none for a boot alone.")
    private String args;

    @Option(names = "--frequency", paramLabel = "HZ", defaultValue = "199", description = "Samples a second of each thread's CPU time (default ${DEFAULT-VALUE}).")
    private int frequency;

    @Option(names = {"-o", "--output"}, paramLabel = "FILE", description = "FILE.svg, FILE.html, or FILE.txt for stacks with counts.")
    private Path output;

    @Mixin
    private BenchOptions options;

    @Override
    public Integer call() throws Exception {
        options.of(spec);
        if (output != null && !output.toString().matches(".*\\.(html|svg|txt)")) {
            throw new Gearshift.UsageError("--output " + output + ": a name that ends in .html, .svg or .txt");
        }
        PeerBench peerbench = options.peerbench(directory);
        BenchOptions.Subject s = options.subjects().get(0);
        int bits = kind.equals("linux64") ? 64 : 32;
        Path data = Files.createTempFile("gearshift-bench", ".perf");
        try {
            List<String> command = new ArrayList<>(List.of("perf", "record", "-q", "-e", "cpu-clock", "-F", Integer.toString(frequency), "-o", data.toString(), "--",
                    options.gearshift().toString(), "run", "-m", "256M", "--kernel", options.kernel(bits).toString(), "--initrd",
                    peerbench.out().resolve("initramfs" + bits + ".gz").toString(), "--append", "console=ttyS0 quiet nokaslr mitigations=off " + args, "--serial", "stdout"));
            ProcessBuilder b = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(options.scratch().resolve("last-console").toFile());
            b.environment().putAll(s.environment());
            b.environment().put("GEARSHIFT_JAVA_OPTS", "-XX:+DumpPerfMapAtExit");
            options.tell("running " + kind + " " + args + " under perf");
            try (Child c = new Child(b)) {
                if (c.process().waitFor() != 0) {
                    throw new IOException("perf or the guest failed; see " + options.scratch().resolve("last-console"));
                }
            }
            CallTree tree = tree(data);
            report(tree, s);
        } finally {
            Files.deleteIfExists(data);
        }
        return 0;
    }

    private static CallTree tree(Path data) throws IOException, InterruptedException {
        Process p = new ProcessBuilder("perf", "script", "-i", data.toString(), "-F", "comm,ip,sym,dso").redirectError(ProcessBuilder.Redirect.DISCARD).start();
        CallTree tree;
        try (BufferedReader r = new BufferedReader(new InputStreamReader(p.getInputStream(), StandardCharsets.UTF_8))) {
            tree = HostProfile.of(r.lines());
        }
        p.waitFor();
        return tree;
    }

    private void report(CallTree tree, BenchOptions.Subject s) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        String title = String.format("host CPU time, %s %s, %s: %,d samples, %d a second", kind, args, s.label(), tree.samples(), frequency);
        out.println(title);
        out.println("   self   total");
        double n = Math.max(1, tree.samples());
        List<String> notes = new ArrayList<>();
        tree.functions().stream().sorted((a, b) -> Long.compare(b.total(), a.total())).limit(LINES)
                .forEach(f -> notes.add(String.format("%6.2f%% %6.2f%%  %s", 100 * f.self() / n, 100 * f.total() / n, f.name())));
        notes.forEach(out::println);
        out.flush();
        if (output != null) {
            String name = output.toString();
            Files.writeString(output, name.endsWith(".txt") ? tree.folded() : name.endsWith(".svg") ? FlameGraph.svg(tree, title) : FlameGraph.html(tree, title, notes));
        }
    }
}
