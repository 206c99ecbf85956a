package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.disk.BackingFiles;
import org.gearshift.vmm.disk.DiskFormat;
import org.gearshift.vmm.disk.Qcow2Creator;
import org.gearshift.vmm.disk.RawImage;
import org.gearshift.vmm.disk.SnapshotOverlay;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.virtio.EntropySource;
import org.gearshift.vmm.virtio.IoExecutor;
import org.gearshift.vmm.virtio.VirtioBlk;
import org.gearshift.vmm.virtio.VirtioRng;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the virtual clock a guest that uses its disk does the same in every run, whatever the image is stored as, and in both engines. */
class RepeatableDiskTest {
    private static final long INSTRUCTIONS = 8_000_000;
    private static final int SIZE = 4 << 20;

    @TempDir
    Path dir;

    private record Run(String serial, long retired, byte[] ram) {
    }

    private Run run(Path kernel, DiskFormat format, Path image) throws Exception {
        ByteArrayOutputStream serial = new ByteArrayOutputStream();
        Vm vm = new Vm(new VmConfig(16L << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.JVM)), serial::write);
        try (VirtioBlk disk = new VirtioBlk(0, new SnapshotOverlay(format.open(image, true, BackingFiles.IN_THE_SAME_FOLDER)), IoExecutor.inline(), "X", 512)) {
            vm.attach(disk);
            vm.attach(new VirtioRng(EntropySource.seeded(1)));
            vm.load(new KernelImage("writer", Files.readAllBytes(kernel)), new byte[0], "", "");
            vm.run(INSTRUCTIONS);
        }
        return new Run(serial.toString(), vm.engine().retired(), vm.ram().copy());
    }

    @Test
    void runsAreTheSame() throws Exception {
        Path kernel = WriterGuest.build(dir);
        Path raw = dir.resolve("disk.raw");
        RawImage.create(raw, SIZE);
        Path qcow2 = dir.resolve("disk.qcow2");
        Qcow2Creator.create(qcow2, SIZE, 16, null, null);
        Run first = run(kernel, DiskFormat.RAW, raw);
        assertTrue(first.serial.contains("S 100\n"), first.serial);
        for (Run other : new Run[] {run(kernel, DiskFormat.RAW, raw), run(kernel, DiskFormat.QCOW2, qcow2)}) {
            assertEquals(first.serial, other.serial);
            assertEquals(first.retired, other.retired);
            assertEquals(-1, Arrays.mismatch(first.ram, other.ram));
        }
    }

    @Test
    void theEnginesAgree() throws Exception {
        Path kernel = WriterGuest.build(dir);
        Path raw = dir.resolve("disk.raw");
        RawImage.create(raw, SIZE);
        StringWriter err = new StringWriter();
        String[] args = {"run", "--lockstep", "--kernel", kernel.toString(), "-m", "16M", "--serial", "none", "--rng", "--disk", raw + ",snapshot",
            "--max-instructions", "1000000"};
        assertEquals(5, Gearshift.execute(new PrintWriter(new StringWriter()), new PrintWriter(err), args), err::toString);
        assertTrue(err.toString().contains("0 differences"), err::toString);
    }
}
