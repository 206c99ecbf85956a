package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** What an image file may be. */
public enum DiskFormat {
    /** The file is the disk, byte for byte. */
    RAW {
        @Override
        public DiskImage open(Path path, boolean readOnly, BackingFiles backing) throws IOException {
            return RawImage.open(path, readOnly);
        }
    },
    /** QEMU's copy-on-write format, versions 2 and 3. */
    QCOW2 {
        @Override
        public DiskImage open(Path path, boolean readOnly, BackingFiles backing) throws IOException {
            return Qcow2Image.open(path, readOnly, backing);
        }
    };

    /** Name of the format as users and image files write it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The format of that name, or null. */
    public static DiskFormat named(String label) {
        for (DiskFormat f : values()) {
            if (f.label().equals(label)) {
                return f;
            }
        }
        return null;
    }

    /**
     * Opens an image of this format.
     *
     * @param backing which further files the image may name
     * @throws DiskFormatException if it cannot be opened or is of another format, or damaged
     */
    public abstract DiskImage open(Path path, boolean readOnly, BackingFiles backing) throws IOException;
}
