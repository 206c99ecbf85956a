package org.gearshift.tools.guest;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The files of packages of one architecture in one tree, as they would be installed, without documentation. Packages are fetched by name once, and kept unpacked in the user's store of
 * guests.
 */
public final class PackageTree {
    private static final List<String> DOCUMENTATION = List.of("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian");
    private static final String HEADERS = "usr/include";

    private final Path root;
    private final String architecture;
    private final Path store;
    private final Consumer<String> progress;
    private final Set<String> leftOut = new HashSet<>(DOCUMENTATION);

    /**
     * @param root where the tree is built; must not exist or be empty
     * @param architecture Debian's name of it
     */
    public PackageTree(Path root, String architecture, Consumer<String> progress) {
        this.root = root;
        this.architecture = architecture;
        this.store = new GuestStore().root().resolve("programs");
        this.progress = progress;
        leftOut.add(HEADERS);
    }

    /** Takes C headers too, which are left out otherwise, and leaves out the files and directories named: paths below the tree's root. */
    public PackageTree forCompiling(Collection<String> without) {
        leftOut.remove(HEADERS);
        leftOut.addAll(without);
        return this;
    }

    public Path root() {
        return root;
    }

    /** Adds packages by name; those without an architecture are of the tree's. */
    public void add(Collection<String> packages) throws IOException {
        for (String p : packages) {
            copy(unpacked(p.contains(":") ? p : p + ":" + architecture), root);
        }
    }

    /** One package's files, in a directory of their own. */
    public Path unpacked(String name) throws IOException {
        Path files = store.resolve(name.replace(':', '_'));
        if (!Files.exists(files)) {
            try (StoreLock held = StoreLock.take(store)) {
                if (!Files.exists(files)) {
                    fetch(name, files);
                }
            }
        }
        return files;
    }

    private void fetch(String name, Path files) throws IOException {
        progress.accept("fetching " + name);
        DebianPackages debian = new DebianPackages(line -> { });
        Path work = store.resolve("." + name.replace(':', '_') + "." + ProcessHandle.current().pid());
        Path deb = debian.download(name, work);
        debian.unpack(deb, work.resolve("files"));
        Files.move(work.resolve("files"), files);
        try (Stream<Path> s = Files.list(work)) {
            for (Path f : s.toList()) {
                Files.delete(f);
            }
        }
        Files.delete(work);
    }

    private void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
                String name = from.relativize(directory).toString();
                if (leftOut.contains(name)) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Files.createDirectories(to.resolve(name));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String name = from.relativize(file).toString();
                if (leftOut.contains(name)) {
                    return FileVisitResult.CONTINUE;
                }
                Path copy = to.resolve(name);
                if (Files.isSymbolicLink(file)) {
                    Files.deleteIfExists(copy);
                    Files.createSymbolicLink(copy, Files.readSymbolicLink(file));
                } else if (!Files.exists(copy)) {
                    Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
