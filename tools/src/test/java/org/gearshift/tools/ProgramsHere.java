package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gearshift.testing.Prerequisite;
import org.gearshift.tools.guest.PackageTree;

/**
 * Runs the programs of a tree on this machine: on its processor, or, i386 programs where the kernel runs no 32-bit programs, on QEMU's emulation of one ({@code qemu-i386}). The scripts
 * have its name in {@code EMULATOR} then, and their shell is busybox of amd64.
 */
final class ProgramsHere {
    private static final String EMULATOR = "qemu-i386";

    private final Path root;
    private final boolean emulated;
    private final Path shell;

    private ProgramsHere(Path root, boolean emulated, Path shell) {
        this.root = root;
        this.emulated = emulated;
        this.shell = shell;
    }

    /** In the tree of an architecture, which has a busybox. */
    static ProgramsHere in(Path root, GuestArchitecture machine) throws IOException {
        if (machine != GuestArchitecture.I386 || Prerequisite.host32BitPrograms()) {
            return new ProgramsHere(root, false, root.resolve("bin/busybox"));
        }
        Prerequisite.program(EMULATOR);
        Path shells = root.resolveSibling("shell");
        if (!Files.exists(shells)) {
            new PackageTree(shells, GuestArchitecture.AMD64.label, System.out::println).add(List.of("busybox-static"));
        }
        return new ProgramsHere(root, true, shells.resolve("bin/busybox"));
    }

    /** What executes the programs, for reports. */
    String name() {
        return emulated ? EMULATOR + " (the kernel runs no 32-bit programs)" : "this processor";
    }

    /** What scripts begin with, in the guest too: {@code BESIDE_QEMU} says that what QEMU is known to do otherwise is to be left out. */
    String prelude() {
        return emulated ? "BESIDE_QEMU=yes\n" : "";
    }

    /** Runs a program of the tree that prints nothing of interest. */
    void prepare(List<String> command) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(command);
        if (emulated) {
            all.add(0, EMULATOR);
        }
        Process p = new ProcessBuilder(all).directory(root.toFile()).inheritIO().start();
        assertEquals(0, p.waitFor(), () -> String.join(" ", all));
    }

    /**
     * What a program's script prints, and its exit code, which must be 0.
     *
     * @param more whether it does more than in the short form
     */
    byte[] run(GuestProgram p, boolean more) throws IOException, InterruptedException {
        ProcessBuilder b = new ProcessBuilder(shell.toString(), "sh", "programs/" + p.name() + ".sh");
        b.directory(root.toFile()).redirectError(ProcessBuilder.Redirect.DISCARD).redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        b.environment().clear();
        b.environment().putAll(Map.of("LC_ALL", "C", "HOME", "tmp", "TMPDIR", "tmp", "LONG", more ? "yes" : ""));
        if (emulated) {
            b.environment().putAll(Map.of("EMULATOR", EMULATOR, "PATH", System.getenv("PATH")));
        }
        Process process = b.start();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        process.getInputStream().transferTo(out);
        int code = process.waitFor();
        assertEquals(0, code, () -> p.name() + " fails on this machine:\n" + out);
        assertFalse(out.toString(StandardCharsets.ISO_8859_1).contains("error while loading"), () -> p.name() + " lacks a library:\n" + out);
        out.writeBytes(("exit " + code + "\n").getBytes(StandardCharsets.US_ASCII));
        return out.toByteArray();
    }
}
