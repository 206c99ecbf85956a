package org.gearshift.tools.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.stream.Stream;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;

/** A comparison from its inputs to its reports. */
public final class Compare {
    /** Where reports go; null: not wanted. */
    public record Files(Path json, Path plot, Path html, Path markdown) {
    }

    /**
     * How to go about it.
     *
     * @param wide whether the sample kernel is the 64-bit one
     * @param memory of the guests
     * @param repetitions runs in each gear that count
     * @param rounds how often the guest goes through each row in a run
     * @param only names of the rows that are wanted, with commas between them; null: all
     * @param programs whether the RAM disk has been asked to hold larger programs
     */
    public record Options(boolean wide, long memory, int repetitions, int rounds, String only, boolean programs) {
        private String words() {
            return (wide ? "" : " --bits 32") + (programs ? " --programs" : "") + " --repetitions " + repetitions + (rounds == ROUNDS ? "" : " --rounds " + rounds) + (only == null ? "" : " --only " + only);
        }
    }

    /** How often a guest goes through each row, if nothing else is said: the first runs are interpreted, and what follows from them settles within some ten. */
    public static final int ROUNDS = 40;

    private final Workload workload;
    private final int repetitions;
    private final String command;

    /**
     * @param kernelName name of the kernel's file, or null for the samples
     * @param kernel its contents
     * @param initrd its RAM disk
     * @throws BootException if the kernel is none
     */
    public Compare(String kernelName, byte[] kernel, byte[] initrd, Options options) throws BootException {
        repetitions = options.repetitions();
        workload = kernelName == null ? Workload.samples(options.wide(), options.memory(), options.rounds())
                : Workload.linux(new KernelImage(kernelName, kernel), initrd, options.memory(), options.rounds(), options.only());
        command = "gearshift compare" + (kernelName == null ? "" : " --kernel " + kernelName) + options.words();
    }

    /** Runs, prints the table, writes the reports. @return an exit code */
    public int run(PrintWriter out, PrintWriter err, Files files) throws BootException, IOException {
        List<Row> rows;
        try {
            rows = Comparison.run(workload, repetitions, which -> {
                err.println("gearshift: " + which);
                err.flush();
            });
        } catch (Comparison.FailedRunException e) {
            err.println("gearshift: " + e.getMessage());
            return 1;
        }
        TextReport.write(out, rows);
        String date = LocalDate.now().toString();
        String host = processor() + ", " + Runtime.getRuntime().availableProcessors() + " processors, Java " + Runtime.version();
        write(files.json(), JsonReport.of(workload.description(), date, host, rows));
        write(files.plot(), SvgPlot.of("full / pv: " + workload.description(), rows));
        write(files.html(), HtmlReport.of(workload.description(), date, host, command, rows));
        write(files.markdown(), MarkdownReport.of(workload.description(), date, host, command, rows));
        return 0;
    }

    /** The host's processor as Linux names it, or else its architecture. */
    private static String processor() {
        try (Stream<String> lines = java.nio.file.Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(l -> l.startsWith("model name")).map(l -> l.substring(l.indexOf(':') + 1).strip()).findFirst().orElse(System.getProperty("os.arch"));
        } catch (IOException | java.io.UncheckedIOException e) {
            return System.getProperty("os.arch");
        }
    }

    private static void write(Path file, String contents) throws IOException {
        if (file != null) {
            java.nio.file.Files.writeString(file, contents, StandardCharsets.UTF_8);
        }
    }
}
