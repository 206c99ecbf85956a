package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.gearshift.vmm.disk.BackingFiles;
import org.gearshift.vmm.disk.DiskFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Disks as users name them. */
class DiskOptionTest {
    @TempDir
    Path dir;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int gearshift(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Gearshift.execute(new PrintWriter(out), new PrintWriter(err), args);
    }

    private void refused(String expected, String... args) {
        assertEquals(2, gearshift(args), err::toString);
        String first = err.toString().lines().findFirst().orElse("");
        assertTrue(first.startsWith("gearshift: ") && first.contains(expected), () -> "said: " + err);
        assertFalse(err.toString().contains("\tat "), () -> "a stack trace: " + err);
    }

    private void refusedDisk(String expected, String disk) {
        refused(expected, "run", "--serial", "none", "--max-instructions", "1000", "--disk", disk);
    }

    private Path file(String name, byte[] contents) throws Exception {
        return Files.write(dir.resolve(name), contents);
    }

    @Test
    void optionsFollowTheFile() {
        assertEquals(new DiskOption(Path.of("a"), null, false, false, null, 512, BackingFiles.IN_THE_SAME_FOLDER), DiskOption.parse("a"));
        assertEquals(new DiskOption(Path.of("b,c"), DiskFormat.QCOW2, true, true, "x1", 4096, BackingFiles.ANYWHERE),
                DiskOption.parse("b,,c,format=qcow2,ro,snapshot,serial=x1,block-size=4096,backing=anywhere"));
    }

    @Test
    void badDisksAreRefusedInOneLine() throws Exception {
        String good = file("good", new byte[4096]).toString();
        refusedDisk("no such file", dir.resolve("missing").toString());
        refusedDisk("is a directory", dir.toString());
        refusedDisk("is empty", file("empty", new byte[0]).toString());
        refusedDisk("not a qcow2 image", good + ",format=qcow2");
        refusedDisk("not a qcow2 image", file("named.qcow2", new byte[4096]).toString());
        refusedDisk("looks like qcow2", file("disguised", new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3}).toString());
        refusedDisk("'vmdk' is not known", good + ",format=vmdk");
        refusedDisk("'rw' means nothing", good + ",rw");
        refusedDisk("block size", good + ",block-size=1000");
        refusedDisk("serial", good + ",serial=more-than-twenty-characters");
        refusedDisk("needs a file", "");
        refused("in use", "run", "--serial", "none", "--max-instructions", "1000", "--disk", good, "--disk", good);
    }

    @Test
    void aFileThatMayNotBeWrittenSaysSo() throws Exception {
        Path f = file("locked", new byte[4096]);
        if (f.toFile().setReadOnly() && !Files.isWritable(f)) {
            refusedDisk("may not be written; add ,ro or ,snapshot", f.toString());
        }
        assertEquals(5, gearshift("run", "--serial", "none", "--max-instructions", "1000", "--disk", f + ",ro"), err::toString);
        assertEquals(5, gearshift("run", "--serial", "none", "--max-instructions", "1000", "--disk", f + ",snapshot"), err::toString);
    }

    @Test
    void oneTerminalHasOneUser() {
        refused("only one of them can have the terminal", "run", "--serial", "stdio", "--console", "stdio");
        refused("--console pigeon: write stdio", "run", "--serial", "none", "--console", "pigeon");
        refused("cannot share --console", "run", "--serial", "none", "--lockstep", "--console", "none");
    }

    @Test
    void imagesAreMadeDescribedAndConverted() throws Exception {
        Path a = dir.resolve("a.qcow2");
        assertEquals(0, gearshift("disk", "create", a.toString(), "1M"), err::toString);
        refused("exists already", "disk", "create", a.toString(), "1M");
        Path b = dir.resolve("b.qcow2");
        assertEquals(0, gearshift("disk", "create", b.toString(), "--backing", "a.qcow2"), err::toString);
        assertEquals(0, gearshift("disk", "info", b.toString()), err::toString);
        assertTrue(out.toString().contains("backing file    a.qcow2") && out.toString().contains("1,048,576 bytes"), out::toString);
        refused("no such file", "disk", "create", dir.resolve("c.qcow2").toString(), "--backing", "nothing");
        byte[] contents = new byte[300_000 / 512 * 512];
        new Random(1).nextBytes(contents);
        Path raw = file("source", contents);
        Path q = dir.resolve("q.qcow2");
        Path back = dir.resolve("back");
        assertEquals(0, gearshift("disk", "convert", raw.toString(), q.toString()), err::toString);
        assertEquals(0, gearshift("disk", "convert", q.toString(), back.toString()), err::toString);
        assertArrayEquals(contents, Files.readAllBytes(back));
        refused("no such file", "disk", "info", dir.resolve("nothing").toString());
        refused("is not a disk size", "disk", "create", dir.resolve("d").toString(), "lots");
        refused("which size", "disk", "create", dir.resolve("d").toString());
    }
}
