package org.gearshift.tools;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.tools.bench.Jdk;
import org.gearshift.tools.bench.PeerBench;
import org.gearshift.tools.bench.ResultFile;
import org.gearshift.tools.bench.RunRecord;
import org.gearshift.tools.guest.GuestStore;
import org.gearshift.tools.guest.KnownGuest;
import org.gearshift.tools.guest.PackageTree;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What all measurements need to know: what is measured, on which Java, and where the results are. */
final class BenchOptions {
    private static final Path JAVA_HOMES = Path.of("/usr/lib/jvm");
    private static final Pattern QEMU_VERSION = Pattern.compile("version ([0-9.]+)");
    private static final long PATIENCE_SECONDS = 300;

    @Option(names = "--gearshift", paramLabel = "FILE", description = "Launcher to measure (default: this one).")
    private Path gearshift;

    @Option(names = "--jdk", paramLabel = "N[,N...]", split = ",", description = "Java releases to run it on, looked for below /usr/lib/jvm (default: the one that runs this).")
    private List<Integer> jdks;

    @Option(names = "--label", paramLabel = "TEXT", description = "What results call the version that is measured (default: the checkout's commit). Results of one label are one series.")
    private String label;

    @Option(names = "--results", paramLabel = "FILE", description = "Where runs are recorded; those that are there already are not run again (default target/bench.jsonl of the tools).")
    private Path results;

    @Option(names = "--kernel32", paramLabel = "FILE", description = "Linux of 32-bit guests (default: Debian's, fetched by name).")
    private Path kernel32;

    @Option(names = "--kernel64", paramLabel = "FILE", description = "Linux of 64-bit guests (default: Debian's cloud kernel, fetched by name).")
    private Path kernel64;

    @Option(names = "--no-runs", description = "Run nothing: tables of what is recorded.")
    private boolean noRuns;

    private CommandSpec spec;

    /** An installation of Java with what results of runs on it are called. */
    record Subject(Jdk jdk, String label, Map<String, String> environment) {
    }

    /** @param command whose messages they are */
    BenchOptions of(CommandSpec command) {
        spec = command;
        return this;
    }

    void tell(String what) {
        spec.commandLine().getErr().println("bench: " + what);
        spec.commandLine().getErr().flush();
    }

    Path gearshift() {
        return gearshift != null ? gearshift.toAbsolutePath() : home().resolve("gearshift");
    }

    /** The checkout that this was built in. */
    private static Path home() {
        try {
            Path built = Path.of(BenchOptions.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            return built.getParent().getParent().getParent();
        } catch (java.net.URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Files beside the launcher. */
    Path launcherFiles() {
        return gearshift().resolveSibling("tools/src/main/launcher");
    }

    ResultFile results() {
        return new ResultFile(results != null ? results.toAbsolutePath() : home().resolve("tools/target/bench.jsonl"));
    }

    /** Where consoles and messages go. */
    Path scratch() throws IOException {
        return Files.createDirectories(new GuestStore().root().resolve("bench"));
    }

    boolean runs() {
        return !noRuns;
    }

    /** Gearshift on every Java asked for. If there are to be runs, each has been started once, so that nothing is built, and no archive of classes written, within a measurement. */
    List<Subject> subjects() throws IOException, InterruptedException {
        List<Subject> out = new ArrayList<>();
        String version = label != null ? label : commit();
        List<Jdk> all = new ArrayList<>();
        if (jdks == null) {
            all.add(Jdk.current());
        } else {
            for (int n : jdks) {
                all.add(n == Jdk.current().version() ? Jdk.current() : Jdk.installed(n, JAVA_HOMES));
            }
        }
        for (Jdk j : all) {
            Map<String, String> environment = Map.of("GEARSHIFT_JAVA_HOME", j.home().toString(), "JAVA_HOME", j.home().toString(), "GEARSHIFT", gearshift().toString());
            if (runs()) {
                output(environment, gearshift().toString(), "--version");
            }
            out.add(new Subject(j, "gearshift-" + j.version() + "@" + version, environment));
        }
        return out;
    }

    private String commit() throws InterruptedException {
        try {
            String c = output(Map.of(), "git", "-C", gearshift().getParent().toString(), "describe", "--always", "--dirty", "--exclude=*").strip();
            return c.isEmpty() ? "unknown" : c;
        } catch (IOException e) {
            return "unknown";
        }
    }

    /** What results call QEMU: by its version, or as they did. */
    String qemu() throws IOException, InterruptedException {
        if (!runs()) {
            return results().records().stream().map(RunRecord::peer).filter(p -> p.startsWith("qemu")).reduce((a, b) -> b).orElse("qemu");
        }
        Matcher m = QEMU_VERSION.matcher(output(Map.of(), "qemu-system-i386", "--version"));
        return "qemu" + (m.find() ? "-" + m.group(1) : "");
    }

    private static String output(Map<String, String> environment, String... command) throws IOException, InterruptedException {
        ProcessBuilder b = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        b.environment().putAll(environment);
        Process p = b.start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!p.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || p.exitValue() != 0) {
            p.destroyForcibly();
            throw new IOException(String.join(" ", command) + " failed");
        }
        return out;
    }

    /** The kernel of a guest of so many bits. */
    Path kernel(int bits) throws IOException {
        Path given = bits == 32 ? kernel32 : kernel64;
        if (given != null) {
            return given.toAbsolutePath();
        }
        return new GuestStore().obtain(KnownGuest.named(bits == 32 ? "debian-686" : "debian-cloud-amd64"), this::tell).kernel();
    }

    /** A checkout of peerbench, with its guest programs built. */
    PeerBench peerbench(Path directory) throws IOException, InterruptedException {
        if (directory == null) {
            throw new Gearshift.UsageError("--peerbench: which checkout?");
        }
        PeerBench.check(directory);
        PackageTree packages = new PackageTree(scratch(), "amd64", this::tell);
        Map<String, String> environment = new TreeMap<>();
        environment.put("KERNEL32", kernel(32).toString());
        environment.put("KERNEL64", kernel(64).toString());
        environment.put("BUSYBOX32", packages.unpacked("busybox-static:i386").resolve("bin/busybox").toString());
        environment.put("BUSYBOX64", packages.unpacked("busybox-static:amd64").resolve("bin/busybox").toString());
        PeerBench p = new PeerBench(directory.toAbsolutePath(), scratch().resolve("peerbench"), environment);
        p.build();
        return p;
    }
}
