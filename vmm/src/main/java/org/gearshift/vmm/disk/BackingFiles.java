package org.gearshift.vmm.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Which files an image may name as what it is based on. An image from elsewhere, or one that a guest could write to, must not reach all of the host's files. */
public enum BackingFiles {
    /** Files in the image's folder and below, symbolic links resolved. */
    IN_THE_SAME_FOLDER,
    /** Any file. */
    ANYWHERE;

    /** Images on top of one another at most. */
    static final int MAX_DEPTH = 32;

    /**
     * The file that {@code image} means by {@code name}; relative names start from its folder.
     *
     * @throws DiskFormatException if it may not be used
     */
    Path resolve(Path image, String name) throws IOException {
        Path folder = image.toRealPath().getParent();
        Path file;
        try {
            file = folder.resolve(name);
        } catch (InvalidPathException e) {
            throw new DiskFormatException(image + ": its backing file '" + name + "' is not a file name");
        }
        if (!Files.exists(file)) {
            throw new DiskFormatException(image + ": its backing file '" + name + "' does not exist");
        }
        if (this == IN_THE_SAME_FOLDER && !file.toRealPath().startsWith(folder)) {
            throw new DiskFormatException(image + ": its backing file '" + name + "' is outside the image's folder; to allow that, add ,backing=anywhere");
        }
        return file;
    }
}
