package org.gearshift.tools;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.gearshift.tools.compare.Compare;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gearshift compare}: both gears of one workload side by side. */
@Command(name = "compare", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Runs the same workload in full virtualization and as a paravirtual domain, alternating, and prints a table of both.",
            "Without --kernel: the embedded sample kernel and its paravirtual twin."},
        versionProvider = Gearshift.Version.class)
final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--kernel", paramLabel = "FILE", description = "A Linux kernel that starts both ways, as Debian's amd64 kernels do.")
    private Path kernel;

    @Option(names = "--initrd", paramLabel = "FILE",
            description = "With --kernel: a RAM disk whose /init prints lines of \"b NAME NANOSECONDS OPERATIONS\" and powers off; one is built in.")
    private Path initrd;

    @Option(names = "--programs", description = "With --kernel: also a compiler and a database, Debian packages that are fetched by name (amd64; needs apt-get and dpkg-deb).")
    private boolean programs;

    @Option(names = "--bits", paramLabel = "32|64", defaultValue = "64", description = "Without --kernel: which sample kernel and twin (default ${DEFAULT-VALUE}).")
    private int bits;

    @Option(names = {"-m", "--memory"}, paramLabel = "SIZE", defaultValue = "256M", converter = MemorySize.class,
            description = "Guest memory, 96M to 2040M (default ${DEFAULT-VALUE}).")
    private long memory;

    @Option(names = "--repetitions", paramLabel = "N", defaultValue = "3", description = "Runs in each gear that count (default ${DEFAULT-VALUE}); one before them does not.")
    private int repetitions;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "" + Compare.ROUNDS,
            description = "How often each row is gone through in a run, 1 to 100 (default ${DEFAULT-VALUE}); of the later half the shortest counts.")
    private int rounds;

    @Option(names = "--only", paramLabel = "ROW[,ROW...]", description = "With --kernel: these rows alone.")
    private String only;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results as JSON.")
    private Path json;

    @Option(names = "--plot", paramLabel = "FILE.svg", description = "Draw the ratios.")
    private Path plot;

    @Option(names = "--html", paramLabel = "FILE", description = "Write a report that needs no other file.")
    private Path html;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Write a table for a document, with the figures of the Xen paper of 2003 where there are any.")
    private Path markdown;

    @Override
    public Integer call() throws Exception {
        if (repetitions < 1 || repetitions > 1000) {
            throw new Gearshift.UsageError("--repetitions: 1 to 1000");
        }
        if (rounds < 1 || rounds > 100) {
            throw new Gearshift.UsageError("--rounds: 1 to 100");
        }
        if (memory < 96 << 20 || memory > 2040L << 20) {
            throw new Gearshift.UsageError("-m: 96M to 2040M");
        }
        if (kernel == null && initrd != null) {
            throw new Gearshift.UsageError("--initrd without --kernel: the sample kernel takes none");
        }
        if (bits != 32 && bits != 64 || bits == 32 && kernel != null) {
            throw new Gearshift.UsageError("--bits: 32 or 64, and without --kernel");
        }
        if (only != null && (kernel == null || !only.matches("[a-z0-9,-]+"))) {
            throw new Gearshift.UsageError("--only goes with --kernel, and has names of rows with commas between them");
        }
        if (programs && (kernel == null || initrd != null)) {
            throw new Gearshift.UsageError("--programs goes with --kernel, and without --initrd");
        }
        if (plot != null && !plot.toString().endsWith(".svg")) {
            throw new Gearshift.UsageError("--plot " + plot + ": plots are SVG, name the file so");
        }
        byte[] kernelBytes = kernel == null ? null : RunCommand.read(kernel, "kernel");
        byte[] initrdBytes = initrd != null ? RunCommand.read(initrd, "RAM disk") : programs ? BenchmarkDisk.withPrograms(this::tell) : BenchmarkDisk.measured();
        Compare compare = new Compare(kernel == null ? null : kernel.toString(), kernelBytes, initrdBytes, new Compare.Options(bits == 64, memory, repetitions, rounds, only, programs));
        return compare.run(spec.commandLine().getOut(), spec.commandLine().getErr(), new Compare.Files(json, plot, html, markdown));
    }

    private void tell(String what) {
        spec.commandLine().getErr().println("gearshift: " + what);
        spec.commandLine().getErr().flush();
    }
}
