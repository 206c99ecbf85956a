package org.gearshift.tools;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import org.gearshift.vmm.replay.LogFormatException;
import org.gearshift.vmm.replay.Origin;
import org.gearshift.vmm.replay.Recording;
import org.gearshift.vmm.replay.Timeline;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** Options by which a run is recorded, or had again. The recording has the options that make up the machine, and checksums of the files they name. */
final class RecordOptions {
    /** Options that make up a machine; what else there is says how it is run and looked at. */
    private static final Set<String> MACHINE = Set.of("--kernel", "--initrd", "--append", "--mode", "--memory", "--cpus", "--cpu", "--disk", "--rng", "--console",
            "--net", "--max-instructions");
    /** Those of them that may be given with a replay, since files move. */
    private static final Set<String> FILES = Set.of("--kernel", "--initrd");
    private static final String ARGUMENT = "argument ";
    private static final int BUFFER = 1 << 20;

    @Option(names = "--record", paramLabel = "FILE",
            description = {"Write everything that comes to the machine from outside to FILE, so that the run can be had again. Implies --clock",
                "virtual, which then does not run ahead of the host's clock; disks need ,snapshot or ,ro."})
    private Path record;

    @Option(names = "--replay", paramLabel = "FILE",
            description = {"Run the machine that was recorded in FILE once more, to the same end: exit code 1 if it comes to another. The recording says what",
                "machine that is; only --kernel and --initrd may be given, for files that have moved. Nothing is read from the terminal, a disk's file or the network."})
    private Path replay;

    boolean isRecorded() {
        return record != null;
    }

    boolean isReplayed() {
        return replay != null;
    }

    /** Fails unless the options go together. */
    void check(CommandSpec spec) {
        if (record != null && replay != null) {
            throw new Gearshift.UsageError("--record and --replay do not go together: a replay has been recorded already");
        }
        if (replay != null) {
            for (OptionSpec o : spec.commandLine().getParseResult().matchedOptions()) {
                String name = o.longestName();
                if (MACHINE.contains(name) && !FILES.contains(name) || name.equals("--forward") || name.equals("--clock") || name.equals("--lockstep")) {
                    throw new Gearshift.UsageError("--replay: the recording says what machine it is; leave out " + name);
                }
            }
        }
    }

    /** The recording to be replayed. */
    Recording recording() throws IOException {
        return Recording.read(replay);
    }

    /** The options that make up the machine which was recorded. */
    static String[] arguments(Recording recording) {
        List<String> all = new ArrayList<>();
        for (int i = 0; recording.machine().containsKey(ARGUMENT + i); i++) {
            all.add(recording.machine().get(ARGUMENT + i));
        }
        return all.toArray(String[]::new);
    }

    /** Begins the recording. */
    Timeline begin(CommandSpec spec, byte[] kernel, byte[] initrd, List<DiskOption> disks) throws IOException {
        Map<String, String> machine = new LinkedHashMap<>();
        machine.put("gearshift", new Gearshift.Version().getVersion()[0]);
        List<String> arguments = machineArguments(spec);
        for (int i = 0; i < arguments.size(); i++) {
            machine.put(ARGUMENT + i, arguments.get(i));
        }
        machine.putAll(checksums(kernel, initrd, disks));
        return Timeline.record(record, machine, new Origin(new SecureRandom().nextLong(), Instant.now().truncatedTo(ChronoUnit.SECONDS)));
    }

    /** Fails unless the files are those that the recorded machine had. */
    static void verify(Recording recording, byte[] kernel, byte[] initrd, List<DiskOption> disks) throws IOException {
        for (Map.Entry<String, String> now : checksums(kernel, initrd, disks).entrySet()) {
            if (!recording.machine(now.getKey()).equals(now.getValue())) {
                throw new LogFormatException(recording.file() + ": recorded with another " + now.getKey());
            }
        }
    }

    private static List<String> machineArguments(CommandSpec spec) {
        List<String> all = new ArrayList<>();
        for (OptionSpec o : spec.commandLine().getParseResult().matchedOptions()) {
            String name = o.longestName();
            if (!MACHINE.contains(name)) {
                continue;
            }
            if (o.arity().max() == 0) {
                all.add(name);
                continue;
            }
            for (String value : o.originalStringValues()) {
                all.add(name);
                all.add(switch (name) {
                    case "--kernel", "--initrd" -> Path.of(value).toAbsolutePath().toString();
                    case "--disk" -> absoluteDisk(value);
                    default -> value;
                });
            }
        }
        return all;
    }

    private static String absoluteDisk(String option) {
        List<String> parts = MachineOption.split(option);
        parts = new ArrayList<>(parts);
        parts.set(0, Path.of(parts.get(0)).toAbsolutePath().toString());
        return String.join(",", parts.stream().map(p -> p.replace(",", ",,")).toList());
    }

    private static Map<String, String> checksums(byte[] kernel, byte[] initrd, List<DiskOption> disks) throws IOException {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("kernel", sha256(kernel));
        all.put("initrd", sha256(initrd));
        for (int i = 0; i < disks.size(); i++) {
            all.put("disk " + i, sum(disks.get(i).file()));
            List<Path> below = disks.get(i).filesBelow();
            for (int j = 0; j < below.size(); j++) {
                all.put("backing file " + j + " of disk " + i, sum(below.get(j)));
            }
        }
        return all;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has it", e);
        }
    }

    /** Disks are large: something fast that finds every accidental change. */
    private static String sum(Path file) throws IOException {
        CRC32C sum = new CRC32C();
        long bytes = 0;
        byte[] buffer = new byte[BUFFER];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                sum.update(buffer, 0, n);
                bytes += n;
            }
        }
        return String.format("%d bytes, crc %08x", bytes, sum.getValue());
    }

    /** Says what has been recorded, or how the replay ended. */
    void report(PrintWriter err, Timeline timeline, long retired, String state) {
        if (record != null) {
            err.printf(Locale.ROOT, "gearshift: recorded %,d instructions and %,d inputs in %,d bytes; final state %s%n", retired, timeline.inputs(),
                    timeline.logBytes(), state);
        } else {
            err.printf(Locale.ROOT, "gearshift: replayed %,d instructions and %,d inputs; final state %s%n", retired, timeline.inputs(), state);
        }
        err.flush();
    }
}
