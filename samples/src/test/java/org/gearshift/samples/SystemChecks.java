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
 * The bare-metal programs of {@code samples/src/main/system-checks}: built, run on a machine of ours or on QEMU, and their verdicts. The processor is the
 * default one with SMEP, SMAP and UMIP besides.
 */
final class SystemChecks {
    /** Groups of checks that QEMU runs too; it does not survive {@code unshared}. */
    static final String SHARED = "segments,limits,transfers,interrupts,paging,translations,restarts,faults,v86,tasks,debug,events,privilege,alignment,rules,modified";

    private static final String SOURCES = "src/main/system-checks";
    private static final long RAM = 32L << 20;
    /** About six times what all checks take. */
    private static final long INSTRUCTIONS = 2_000_000_000L;
    private static final int SECONDS = 180;
    /** Nearest to the default processor. */
    private static final String QEMU_PROCESSOR = "pentium3,+apic,+clflush,+sse2,+nx,+smep,+smap,+umip";
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

    private SystemChecks() {
    }

    /** Builds with a script of the sources, into a directory. */
    static Path build(String script, Path directory, String name) throws IOException, InterruptedException {
        Prerequisite.program("gcc");
        Prerequisite.program("ld");
        Path built = directory.resolve(name);
        Process p = new ProcessBuilder("sh", SOURCES + "/" + script, built.toString()).redirectErrorStream(true).start();
        String output = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, p.waitFor(), () -> script + " failed (gcc with -m32 and binutils are needed):\n" + output);
        return built;
    }

    /** Runs the image on a machine of ours. */
    static Run onGearshift(Path image, EngineOptions engine, String commandLine) throws Exception {
        Set<CpuFeature> features = EnumSet.copyOf(CpuFeature.BASELINE);
        features.addAll(EnumSet.of(CpuFeature.SMEP, CpuFeature.SMAP, CpuFeature.UMIP));
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        Vm vm = new Vm(new VmConfig(RAM, VmConfig.Clock.VIRTUAL, engine), CpuModel.inOrder(features), console::write);
        vm.load(new KernelImage("system checks", Files.readAllBytes(image)), new byte[0], "", commandLine);
        VmOutcome outcome = vm.run(INSTRUCTIONS);
        return new Run(lines(console.toByteArray()), outcome.exitCode());
    }

    /** Runs it on QEMU's translator, with which a triple fault ends the run with exit code 0. */
    static Run onQemu(Path image, String commandLine) throws IOException, InterruptedException {
        Prerequisite.program("qemu-system-i386");
        Path console = image.resolveSibling("qemu-" + commandLine.replaceAll("\\W.*", "") + ".txt");
        Process p = new ProcessBuilder("qemu-system-i386", "-accel", "tcg", "-cpu", QEMU_PROCESSOR, "-m", "32", "-display", "none", "-monitor", "none",
                "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-serial", "file:" + console, "-kernel", image.toString(), "-append", commandLine)
                .redirectErrorStream(true).redirectOutput(image.resolveSibling("qemu.log").toFile()).start();
        p.getOutputStream().close();
        if (!p.waitFor(SECONDS, TimeUnit.SECONDS)) {
            p.destroyForcibly().waitFor();
            fail("QEMU did not end; the last it said: " + last(Files.readAllBytes(console)));
        }
        return new Run(lines(Files.readAllBytes(console)), p.exitValue());
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
