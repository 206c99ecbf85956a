package org.gearshift.tools.guest;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Guests on this machine: one directory each below the cache, with the kernel, the RAM disk, and a record of package and checksums. */
public final class GuestStore {
    private static final String RECORD = "guest.properties";

    private final Path root;

    /** A fetched guest. @param initrd null if it has none */
    public record Fetched(Path kernel, Path initrd, String packageName) {
    }

    /** The user's store: {@code $GEARSHIFT_CACHE}, else {@code $XDG_CACHE_HOME/gearshift}, else {@code ~/.cache/gearshift}. */
    public GuestStore() {
        this(defaultRoot());
    }

    public GuestStore(Path root) {
        this.root = root;
    }

    /** The directory that holds the store. */
    public Path root() {
        return root;
    }

    private static Path defaultRoot() {
        String own = System.getenv("GEARSHIFT_CACHE");
        if (own != null && !own.isEmpty()) {
            return Path.of(own);
        }
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path cache = xdg != null && !xdg.isEmpty() ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache");
        return cache.resolve("gearshift");
    }

    /** The guest as fetched earlier, its files' checksums verified; null if it is not here or has been damaged. */
    public Fetched find(KnownGuest g) throws IOException {
        Path dir = root.resolve(g.name());
        Path record = dir.resolve(RECORD);
        if (!Files.exists(record)) {
            return null;
        }
        Properties p = new Properties();
        try (InputStream in = Files.newInputStream(record)) {
            p.load(in);
        }
        Path kernel = dir.resolve("kernel");
        Path initrd = p.containsKey("initrd.sha256") ? dir.resolve("initrd") : null;
        if (!matches(kernel, p.getProperty("kernel.sha256")) || initrd != null && !matches(initrd, p.getProperty("initrd.sha256"))) {
            return null;
        }
        return new Fetched(kernel, initrd, p.getProperty("package"));
    }

    /** The guest from here, or else through the package manager; a damaged copy is replaced only once the new one is complete. @param progress gets lines on what is fetched */
    public Fetched obtain(KnownGuest g, Consumer<String> progress) throws IOException {
        Fetched here = find(g);
        if (here != null) {
            return here;
        }
        try (StoreLock held = StoreLock.take(root)) {
            // Whoever had the store meanwhile may have fetched it.
            if (find(g) == null) {
                fetch(g, progress);
            }
        }
        return find(g);
    }

    private void fetch(KnownGuest g, Consumer<String> progress) throws IOException {
        Path work = root.resolve("." + g.name() + ".new");
        delete(work);
        Files.createDirectories(work);
        try {
            DebianPackages debian = new DebianPackages(progress);
            String name = debian.newest(g.packagePattern(), g.architecture());
            Path deb = debian.download(name, work.resolve("deb"));
            debian.unpack(deb, work.resolve("files"));
            Properties p = new Properties();
            p.setProperty("package", deb.getFileName().toString());
            p.setProperty("kernel.sha256", take(work, g.kernel(), "kernel"));
            if (g.initrd() != null) {
                p.setProperty("initrd.sha256", take(work, g.initrd(), "initrd"));
            }
            try (OutputStream out = Files.newOutputStream(work.resolve(RECORD))) {
                p.store(out, null);
            }
            delete(work.resolve("deb"));
            delete(work.resolve("files"));
            Path dir = root.resolve(g.name());
            delete(dir);
            Files.move(work, dir);
        } finally {
            delete(work);
        }
    }

    private static String take(Path work, String pattern, String as) throws IOException {
        Path files = work.resolve("files");
        Pattern p = Pattern.compile(pattern);
        Path found;
        try (Stream<Path> s = Files.walk(files)) {
            found = s.filter(f -> Files.isRegularFile(f) && p.matcher(files.relativize(f).toString()).matches()).findFirst()
                    .orElseThrow(() -> new IOException("the package has no file " + pattern));
        }
        Path to = work.resolve(as);
        Files.copy(found, to);
        return sha256(to);
    }

    private static boolean matches(Path file, String sha256) throws IOException {
        return Files.exists(file) && sha256(file).equals(sha256);
    }

    static String sha256(Path file) throws IOException {
        try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void delete(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        try (Stream<Path> s = Files.walk(tree)) {
            for (Path f : s.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(f);
            }
        }
    }
}
