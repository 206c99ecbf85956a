package org.gearshift.tools;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.gearshift.vmm.disk.BackingFiles;
import org.gearshift.vmm.disk.DiskFormat;
import org.gearshift.vmm.disk.DiskImage;
import org.gearshift.vmm.disk.Qcow2Creator;
import org.gearshift.vmm.disk.Qcow2Image;
import org.gearshift.vmm.disk.RawImage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code gearshift disk}: disk images without a machine. */
@Command(name = "disk", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class,
        description = "Makes, describes and converts disk images: raw, and qcow2 where the file's name ends so or --format says so.")
final class DiskCommand implements Runnable {
    private static final int PIECE = 1 << 20;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "what about disks? (create, info, convert)");
    }

    private static DiskFormat format(String label, Path file) {
        if (label == null) {
            return file.toString().endsWith(".qcow2") ? DiskFormat.QCOW2 : DiskFormat.RAW;
        }
        DiskFormat format = DiskFormat.named(label);
        if (format == null) {
            throw new Gearshift.UsageError("format '" + label + "' is not known; write raw or qcow2");
        }
        return format;
    }

    private static void make(Path file, DiskFormat format, long size) throws IOException {
        if (format == DiskFormat.RAW) {
            RawImage.create(file, size);
        } else {
            Qcow2Creator.create(file, size, Qcow2Creator.DEFAULT_CLUSTER_BITS, null, null);
        }
    }

    @Command(name = "create", mixinStandardHelpOptions = true, description = "Makes an empty image, or one on top of another that keeps the changes.")
    int create(
            @Parameters(paramLabel = "FILE", description = "The new image.") Path file,
            @Parameters(paramLabel = "SIZE", arity = "0..1", converter = DiskSize.class,
                    description = "Size of the disk: 20G, 512M, 100K, or plain bytes; with --backing, that one's if absent.") Long size,
            @Option(names = "--format", paramLabel = "raw|qcow2", description = "Format, whatever the name.") String format,
            @Option(names = "--backing", paramLabel = "FILE[,OPTION...]", converter = DiskOption.Converter.class,
                    description = "What the new image, then qcow2, starts from; it must not change any more. A path relative to the new image's folder.") DiskOption backing)
            throws IOException {
        if (backing == null) {
            if (size == null) {
                throw new Gearshift.UsageError("which size has " + file + " to be? For example 20G");
            }
            make(file, format(format, file), size);
            return 0;
        }
        if (format != null && format(format, file) != DiskFormat.QCOW2) {
            throw new Gearshift.UsageError("only qcow2 images can have a backing file");
        }
        Path folder = file.toAbsolutePath().getParent();
        DiskOption below = backing.in(folder).readOnlyNow();
        try (DiskImage image = below.open()) {
            Qcow2Creator.create(file, size == null ? image.size() : size, Qcow2Creator.DEFAULT_CLUSTER_BITS, backing.file().toString(), below.actualFormat());
        }
        return 0;
    }

    @Command(name = "info", mixinStandardHelpOptions = true, description = "Describes an image.")
    int info(@Parameters(paramLabel = "FILE[,OPTION...]", converter = DiskOption.Converter.class, description = "The image, as for run --disk.") DiskOption disk)
            throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        try (DiskImage image = disk.readOnlyNow().open()) {
            out.printf("format          %s%n", disk.actualFormat().label());
            out.printf("disk size       %,d bytes%n", image.size());
            out.printf("file length     %,d bytes%n", Files.size(disk.file()));
            if (image instanceof Qcow2Image q) {
                out.printf("version         %d%n", q.version());
                out.printf("cluster size    %,d bytes%n", q.clusterSize());
                out.printf("snapshots       %d%n", q.snapshots());
                out.printf("backing file    %s%n", q.backingFile() == null ? "none" : q.backingFile());
            }
        }
        out.flush();
        return 0;
    }

    @Command(name = "convert", mixinStandardHelpOptions = true, description = "Copies an image's contents to a new image; what is zero takes no space.")
    int convert(
            @Parameters(paramLabel = "FILE[,OPTION...]", converter = DiskOption.Converter.class, description = "The image, as for run --disk.") DiskOption from,
            @Parameters(paramLabel = "NEW", description = "The new image.") Path to,
            @Option(names = "--format", paramLabel = "raw|qcow2", description = "Format of the new image, whatever its name.") String format) throws IOException {
        DiskFormat target = format(format, to);
        try (DiskImage source = from.readOnlyNow().open()) {
            make(to, target, source.size());
            try (DiskImage copy = target.open(to, false, BackingFiles.IN_THE_SAME_FOLDER)) {
                copy(source, copy);
                copy.flush();
            }
        }
        return 0;
    }

    private static void copy(DiskImage from, DiskImage to) throws IOException {
        byte[] piece = new byte[PIECE];
        for (long at = 0; at < from.size(); at += PIECE) {
            int n = (int) Math.min(PIECE, from.size() - at);
            from.read(at, piece, 0, n);
            for (int i = 0; i < n; i += 4096) {
                int block = Math.min(4096, n - i);
                if (!isZero(piece, i, block)) {
                    to.write(at + i, piece, i, block);
                }
            }
        }
    }

    private static boolean isZero(byte[] b, int at, int length) {
        for (int i = at; i < at + length; i++) {
            if (b[i] != 0) {
                return false;
            }
        }
        return true;
    }
}
