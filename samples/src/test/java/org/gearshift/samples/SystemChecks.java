package org.gearshift.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.gearshift.testing.Prerequisite;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.cpu.CpuFeature;
import org.gearshift.vmm.cpu.CpuModel;
import org.gearshift.vmm.engine.EngineOptions;

/**
 * The bare-metal programs that check what the processor does: built, run on a machine of ours or on QEMU, and their verdicts. The processor is the
 * default one with SMEP, SMAP and UMIP besides.
 */
enum SystemChecks {
    /** Protected mode and virtual-8086 mode. */
    PROTECTED_MODE("src/main/system-checks", CpuFeature.BASELINE, "qemu-system-i386", "pentium3,+apic,+clflush,+sse2,+nx,+smep,+smap,+umip", "qemu-departures.txt",
            "segments,limits,transfers,interrupts,paging,entries,translations,restarts,faults,v86,tasks,debug,events,privilege,alignment,rules,modified"),
    /** 64-bit and compatibility mode. */
    LONG_MODE("src/main/system-checks-64", CpuFeature.BASELINE64, "qemu-system-x86_64", "qemu64,+smep,+smap,+umip,vendor=GenuineIntel", "qemu-departures-64.txt",
            "interrupts64,returns64,transfers64,segments64,canonical64,calls64,paging64,compatible64,registers64,debug64,events64,modified64");

    private static final long RAM = 32L << 20;
    /** About six times what all checks take. */
    private static final long INSTRUCTIONS = 2_000_000_000L;
    private static final int SECONDS = 180;
    /** The last line of a run that got to its end. */
    private static final String END = "total ";

    /** How a run went: what the guest printed, and how it ended. */
    record Run(List<String> lines, int exitCode) {
        /** Verdicts by the check's name; null for a good one, else what differed. */
        TreeMap<String, String> verdicts() {
            TreeMap<String, String> verdicts = new TreeMap<>();
            for (String line : lines) {
                String[] words = line.split(" ", 3);
                boolean good = words[0].equals("ok");
                if (good || words[0].equals("FAIL")) {
                    if (verdicts.containsKey(words[1])) {
                        fail("two checks are called " + words[1]);
                    }
                    verdicts.put(words[1], good ? null : words[2]);
                }
            }
            return verdicts;
        }

        boolean complete() {
            return !lines.isEmpty() && lines.get(lines.size() - 1).startsWith(END);
        }
    }

    private final String sources;
    private final Set<CpuFeature> features;
    private final String qemu;
    /** Nearest to the processor. */
    private final String qemuProcessor;
    /** Resource with what QEMU is known to do otherwise. */
    final String departures;
    /** Groups of checks that QEMU runs too; it does not survive the others. */
    final String shared;

    SystemChecks(String sources, Set<CpuFeature> features, String qemu, String qemuProcessor, String departures, String shared) {
        this.sources = sources;
        this.features = features;
        this.qemu = qemu;
        this.qemuProcessor = qemuProcessor;
        this.departures = departures;
        this.shared = shared;
    }

    /** Builds with a script of the sources, into a directory. */
    Path build(String script, Path directory, String name) throws IOException, InterruptedException {
        Prerequisite.program("gcc");
        Prerequisite.program("ld");
        Path built = directory.resolve(name);
        Process p = new ProcessBuilder("sh", sources + "/" + script, built.toString()).redirectErrorStream(true).start();
        String output = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, p.waitFor(), () -> script + " failed (gcc, with -m32, and binutils are needed):\n" + output);
        return built;
    }

    /** Runs the image on a machine of ours. */
    Run onGearshift(Path image, EngineOptions engine, String commandLine) throws Exception {
        Set<CpuFeature> all = EnumSet.copyOf(features);
        all.addAll(EnumSet.of(CpuFeature.SMEP, CpuFeature.SMAP, CpuFeature.UMIP));
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        Vm vm = new Vm(new VmConfig(RAM, VmConfig.Clock.VIRTUAL, engine), CpuModel.inOrder(all), console::write);
        vm.load(new KernelImage("system checks", Files.readAllBytes(image)), new byte[0], "", commandLine);
        VmOutcome outcome = vm.run(INSTRUCTIONS);
        return new Run(lines(console.toByteArray()), outcome.exitCode());
    }

    /** Runs it on QEMU's translator, with which a triple fault ends the run with exit code 0. */
    Run onQemu(Path image, String commandLine) throws IOException, InterruptedException {
        Prerequisite.program(qemu);
        Path console = image.resolveSibling("qemu-" + commandLine.replaceAll("\\W.*", "") + ".txt");
        Process p = new ProcessBuilder(qemu, "-accel", "tcg", "-cpu", qemuProcessor, "-m", "32", "-display", "none", "-monitor", "none",
                "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-serial", "file:" + console, "-kernel", image.toString(), "-append", commandLine)
                .redirectErrorStream(true).redirectOutput(image.resolveSibling("qemu.log").toFile()).start();
        p.getOutputStream().close();
        if (!p.waitFor(SECONDS, TimeUnit.SECONDS)) {
            p.destroyForcibly().waitFor();
            fail("QEMU did not end; the last it said: " + last(Files.readAllBytes(console)));
        }
        return new Run(lines(Files.readAllBytes(console)), p.exitValue());
    }

    /** What QEMU says of its version. */
    String qemuVersion() throws IOException {
        Process p = new ProcessBuilder(qemu, "--version").redirectErrorStream(true).start();
        return new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Runs a program that prints verdicts. */
    static Run onHost(Path program) throws IOException, InterruptedException {
        Process p = new ProcessBuilder(program.toString()).redirectErrorStream(true).start();
        byte[] output = p.getInputStream().readAllBytes();
        return new Run(lines(output), p.waitFor());
    }

    private static List<String> lines(byte[] output) {
        return new ArrayList<>(List.of(new String(output, StandardCharsets.US_ASCII).split("\n")));
    }

    private static String last(byte[] output) {
        List<String> lines = lines(output);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
    }
}
