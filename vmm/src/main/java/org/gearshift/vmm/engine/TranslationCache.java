package org.gearshift.vmm.engine;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.gearshift.backend.jvm.CompiledRegion;
import org.gearshift.paging.GuestRam;

/**
 * What was hot in earlier runs, in a file: regions are formed as they were in the end when their entries have run a few times, not some thousand. Entries are found by the bytes of
 * their blocks, their mode and their place in a page, so that code is known again at other addresses, where a kernel or a program puts itself by chance.
 *
 * <p>Code is not kept. Generated classes reach memory without Java's checks, and one that came from a file would be whatever somebody wrote there; the guest's code is read and translated
 * anew, and what is on file only says what to translate together. It need not be true to be safe.
 *
 * <p>Any thread, but for {@link #save}.
 */
public final class TranslationCache {
    private static final Logger LOG = System.getLogger(TranslationCache.class.getName());
    /** Name of the file in its directory. */
    static final String FILE = "regions.gz";
    private static final int MAGIC = 0x47535243;
    private static final int VERSION = 1;
    /** Most regions on file. */
    private static final int MOST_REGIONS = 1 << 15;
    /** What no run has used so many times running is forgotten. */
    private static final int MOST_UNUSED = 10;
    private static final long MIX = 0x9e37_79b9_7f4a_7c15L;

    /** What is known by one key. */
    private static final class Slot {
        KnownRegion region;
        /** How often it was compiled in the run before, and so, at most, is early in this one: code that programs come upon again and again must not be compiled for each of them. */
        int left;
        int compiled;
        int unused;

        private synchronized KnownRegion take() {
            if (left == 0) {
                return null;
            }
            left--;
            return region;
        }

        private synchronized void learn(KnownRegion newer) {
            region = newer;
            compiled++;
        }
    }

    private final Path file;
    private final Map<Long, Slot> slots = new ConcurrentHashMap<>();

    /**
     * Opens the cache in a directory, which is made if need be. What is there and cannot be read is left out, with a warning.
     *
     * @throws IOException if there can be no file in it
     */
    public static TranslationCache in(Path directory) throws IOException {
        if (Files.exists(directory) && !Files.isDirectory(directory)) {
            throw new IOException("not a directory");
        }
        Files.createDirectories(directory);
        if (!Files.isWritable(directory)) {
            throw new IOException("no files can be made there");
        }
        return new TranslationCache(directory.resolve(FILE));
    }

    private TranslationCache(Path file) {
        this.file = file;
        try {
            if (Files.exists(file)) {
                load();
            }
        } catch (IOException | RuntimeException e) {
            slots.clear();
            LOG.log(Level.WARNING, file + ": not usable (" + e.getMessage() + "): this run begins without, and replaces it");
        }
    }

    private void load() throws IOException {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(new GZIPInputStream(Files.newInputStream(file))))) {
            if (in.readInt() != MAGIC || in.readInt() != VERSION) {
                throw new IOException("of another kind or version");
            }
            int n = in.readInt();
            if (n < 0 || n > MOST_REGIONS) {
                throw new IOException(n + " regions");
            }
            for (int i = 0; i < n; i++) {
                KnownRegion r = KnownRegion.read(in);
                int times = in.readUnsignedShort();
                int unused = in.readUnsignedByte();
                for (long key : r.keys) {
                    Slot s = new Slot();
                    s.region = r;
                    s.left = times;
                    s.unused = unused;
                    slots.put(key, s);
                }
            }
            // To the end, where the checksum is.
            if (in.read() >= 0) {
                throw new IOException("something follows the last region");
            }
        }
    }

    /** What code of a block is known by: its bytes, and its mode and place in a page. */
    static long key(Translation t, GuestRam ram) {
        long h = t.mode * MIX ^ t.pc & 0xfff;
        for (byte b : RegionLibrary.codeOf(t, ram)) {
            h = (h ^ b) * MIX;
            h ^= h >>> 32;
        }
        return h;
    }

    /** Whether there is something for {@link #take}. */
    boolean knows(long key) {
        Slot s = slots.get(key);
        return s != null && s.left > 0;
    }

    /** The region with an entry of this key, to be compiled now; null if there is none, or it has been as often as it is to be. */
    KnownRegion take(long key) {
        Slot s = slots.get(key);
        return s == null ? null : s.take();
    }

    /** A region has been compiled. @param members its blocks, whose bytes are still those it was made of @return null if that cannot be kept */
    KnownRegion learn(List<Translation> members, CompiledRegion code, boolean calling, int generation, GuestRam ram) {
        int blocks = members.size();
        List<Long> at = code.entries();
        if (blocks > KnownRegion.MOST_BLOCKS) {
            return null;
        }
        long first = at.get(0);
        long[] offsets = new long[blocks];
        int[] bytes = new int[blocks];
        int[] entries = new int[at.size()];
        long[] keys = new long[entries.length];
        for (int i = 0; i < blocks; i++) {
            Translation t = members.get(i);
            offsets[i] = t.pc - first;
            bytes[i] = t.guestBytes;
            int entry = at.indexOf(t.pc);
            if (entry >= 0) {
                entries[entry] = i;
                keys[entry] = key(t, ram);
            }
        }
        KnownRegion r = new KnownRegion(keys, entries, offsets, bytes, calling, generation);
        for (long key : keys) {
            slots.computeIfAbsent(key, k -> new Slot()).learn(r);
        }
        return r;
    }

    /** Writes all that is known to the file, in place of what was there. */
    public void save() throws IOException {
        Map<KnownRegion, Slot> regions = new IdentityHashMap<>();
        slots.values().stream().filter(s -> s.compiled > 0).limit(MOST_REGIONS).forEach(s -> regions.putIfAbsent(s.region, s));
        Set<KnownRegion> older = Collections.newSetFromMap(new IdentityHashMap<>());
        slots.values().stream().filter(s -> s.compiled == 0 && s.unused < MOST_UNUSED && older.add(s.region)).limit(MOST_REGIONS - regions.size()).forEach(s -> regions.putIfAbsent(s.region, s));
        Path written = Files.createTempFile(file.getParent(), FILE, ".new");
        try {
            try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(new GZIPOutputStream(Files.newOutputStream(written))))) {
                out.writeInt(MAGIC);
                out.writeInt(VERSION);
                out.writeInt(regions.size());
                for (Map.Entry<KnownRegion, Slot> e : regions.entrySet()) {
                    Slot s = e.getValue();
                    e.getKey().write(out);
                    out.writeShort(Math.min(s.compiled > 0 ? s.compiled : s.left, 0xffff));
                    out.writeByte(s.compiled > 0 ? 0 : s.unused + 1);
                }
            }
            Files.move(written, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(written);
        }
    }
}
