package org.gearshift.tools.up;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The directory of control sockets, for its owner's eyes only: {@code $GEARSHIFT_RUNTIME_DIR}, else {@code gearshift} in {@code $XDG_RUNTIME_DIR}, else {@code
 * gearshift-USER} in the directory for temporary files.
 */
public final class RuntimeDirectory {
    private static final String SUFFIX = ".sock";
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private final Path path;

    private RuntimeDirectory(Path path) {
        this.path = path;
    }

    /** The user's. @param chosen instead of the usual one; null for that */
    public static RuntimeDirectory of(Path chosen) {
        if (chosen != null) {
            return new RuntimeDirectory(chosen.toAbsolutePath());
        }
        String own = System.getenv("GEARSHIFT_RUNTIME_DIR");
        if (own != null && !own.isEmpty()) {
            return new RuntimeDirectory(Path.of(own).toAbsolutePath());
        }
        String xdg = System.getenv("XDG_RUNTIME_DIR");
        if (xdg != null && !xdg.isEmpty() && Files.isDirectory(Path.of(xdg))) {
            return new RuntimeDirectory(Path.of(xdg, "gearshift"));
        }
        return new RuntimeDirectory(Path.of(System.getProperty("java.io.tmpdir"), "gearshift-" + System.getProperty("user.name")));
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /**
     * Makes it if need be, and the name of a socket in it.
     *
     * @throws IOException if it is not a directory that only the user can enter
     */
    Path socket(String name) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            boolean posix = path.getFileSystem().supportedFileAttributeViews().contains("posix");
            Files.createDirectories(path.getParent());
            if (posix) {
                Files.createDirectory(path, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            } else {
                Files.createDirectory(path);
            }
        }
        check();
        return path.resolve(name + SUFFIX);
    }

    /** In a directory that others can write to, somebody else might have made it, or a link in its place. */
    private void check() throws IOException {
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(path + " is not a directory: remove it, or choose another with --runtime-dir");
        }
        if (!path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        PosixFileAttributes a = Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!a.owner().getName().equals(System.getProperty("user.name"))) {
            throw new IOException(path + " belongs to " + a.owner().getName() + ": choose another directory with --runtime-dir");
        }
        if (!OWNER_ONLY.containsAll(a.permissions())) {
            throw new IOException(path + " can be entered by others: chmod 700 " + path + ", or choose another directory with --runtime-dir");
        }
    }

    /** The sockets there are, dead ones too; none if there is no directory. */
    List<Path> sockets() throws IOException {
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        check();
        try (Stream<Path> all = Files.list(path)) {
            return all.filter(p -> p.getFileName().toString().endsWith(SUFFIX)).sorted().toList();
        }
    }
}
