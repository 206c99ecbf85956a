package org.gearshift.tools;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.disk.BackingFiles;
import org.gearshift.vmm.disk.DiskFormat;
import org.gearshift.vmm.disk.DiskImage;
import org.gearshift.vmm.disk.Qcow2Image;
import org.gearshift.vmm.disk.SnapshotOverlay;
import org.gearshift.vmm.disk.VersionedOverlay;
import org.gearshift.vmm.virtio.VirtioBlk;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A disk as users write it: {@code FILE[,format=raw|qcow2][,ro][,snapshot][,serial=TEXT][,block-size=512|4096][,backing=anywhere]}; a comma in the file's name is written twice.
 *
 * @param format null: by the file's name
 */
record DiskOption(Path file, DiskFormat format, boolean readOnly, boolean snapshot, String serial, int blockSize, BackingFiles backing) {
    private static final int[] QCOW2_MAGIC = {'Q', 'F', 'I', 0xfb};

    /** For picocli. */
    static final class Converter implements ITypeConverter<DiskOption> {
        @Override
        public DiskOption convert(String text) {
            return parse(text);
        }
    }

    static DiskOption parse(String text) {
        List<String> parts = MachineOption.split(text);
        String file = parts.get(0);
        DiskFormat format = null;
        boolean readOnly = false;
        boolean snapshot = false;
        String serial = null;
        int blockSize = DiskImage.SECTOR;
        BackingFiles backing = BackingFiles.IN_THE_SAME_FOLDER;
        for (String part : parts.subList(1, parts.size())) {
            int equals = part.indexOf('=');
            String key = equals < 0 ? part : part.substring(0, equals);
            String value = equals < 0 ? null : part.substring(equals + 1);
            switch (key + (value == null ? "" : "=")) {
                case "format=" -> format = format(value);
                case "ro" -> readOnly = true;
                case "snapshot" -> snapshot = true;
                case "serial=" -> serial = serial(value);
                case "block-size=" -> blockSize = blockSize(value);
                case "backing=" -> backing = backing(value);
                default -> throw new TypeConversionException("'" + part + "' means nothing for a disk; known are format=raw|qcow2, ro, snapshot, serial=TEXT, "
                        + "block-size=512|4096, backing=anywhere");
            }
        }
        if (file.isEmpty()) {
            throw new TypeConversionException("a disk needs a file");
        }
        return new DiskOption(Path.of(file), format, readOnly, snapshot, serial, blockSize, backing);
    }

    private static DiskFormat format(String value) {
        DiskFormat format = DiskFormat.named(value);
        if (format == null) {
            throw new TypeConversionException("format '" + value + "' is not known; write raw or qcow2");
        }
        return format;
    }

    private static String serial(String value) {
        if (value.length() > VirtioBlk.ID_BYTES || !value.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new TypeConversionException("serial '" + value + "': at most " + VirtioBlk.ID_BYTES + " printable ASCII characters");
        }
        return value;
    }

    private static int blockSize(String value) {
        return switch (value) {
            case "512" -> 512;
            case "4096" -> 4096;
            default -> throw new TypeConversionException("block size '" + value + "': 512 or 4096");
        };
    }

    private static BackingFiles backing(String value) {
        if (!value.equals("anywhere")) {
            throw new TypeConversionException("backing '" + value + "': write anywhere, or leave it out to allow files in the image's folder only");
        }
        return BackingFiles.ANYWHERE;
    }

    /** The same image to be read only. */
    DiskOption readOnlyNow() {
        return new DiskOption(file, format, true, false, serial, blockSize, backing);
    }

    /** The same with a relative file name starting from {@code folder}. */
    DiskOption in(Path folder) {
        return new DiskOption(folder.resolve(file), format, readOnly, snapshot, serial, blockSize, backing);
    }

    /** The files of the images that this one starts from, and so shows: none if it is raw. */
    List<Path> filesBelow() throws IOException {
        if (!Files.exists(file) || actualFormat() != DiskFormat.QCOW2) {
            return List.of();
        }
        try (Qcow2Image image = Qcow2Image.open(file, true, backing)) {
            return image.filesBelow(backing);
        }
    }

    /** Opens the image, with changes to be forgotten if so asked. */
    DiskImage open() throws IOException {
        return snapshot ? new SnapshotOverlay(openBelow()) : openBelow();
    }

    private DiskImage openBelow() throws IOException {
        return actualFormat().open(file, readOnly || snapshot, backing);
    }

    /** The same for a machine that may go back in time, if changes of the disk can. */
    DiskImage open(Vm vm) throws IOException {
        if (!vm.canGoBack()) {
            return open();
        }
        if (!snapshot) {
            if (!readOnly) {
                vm.keepNoPast();
            }
            return open();
        }
        VersionedOverlay image = new VersionedOverlay(openBelow());
        vm.rewindsWith(image);
        return image;
    }

    /**
     * The format that was named, or that the file's name names. Contents never decide: a guest that owns a raw disk could make it look like another format, one that
     * names further files of the host.
     */
    DiskFormat actualFormat() throws IOException {
        if (format != null) {
            return format;
        }
        if (file.toString().endsWith(".qcow2")) {
            return DiskFormat.QCOW2;
        }
        if (Files.isRegularFile(file) && Files.isReadable(file) && looksLikeQcow2()) {
            throw new Gearshift.UsageError(file + ": looks like qcow2; add ,format=qcow2, or ,format=raw if that is what the guest wrote");
        }
        return DiskFormat.RAW;
    }

    private boolean looksLikeQcow2() throws IOException {
        byte[] head;
        try (java.io.InputStream in = Files.newInputStream(file)) {
            head = in.readNBytes(QCOW2_MAGIC.length);
        }
        for (int i = 0; i < QCOW2_MAGIC.length; i++) {
            if (head.length <= i || (head[i] & 0xff) != QCOW2_MAGIC[i]) {
                return false;
            }
        }
        return true;
    }
}
