package org.gearshift.tools.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Properties;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guests are found where they were stored, and only undamaged. */
class GuestStoreTest {
    @TempDir
    Path root;

    private void store(KnownGuest g, boolean initrd) throws Exception {
        Path d = Files.createDirectories(root.resolve(g.name()));
        Files.writeString(d.resolve("kernel"), "kernel of " + g.name());
        Properties p = new Properties();
        p.setProperty("package", "package.deb");
        p.setProperty("kernel.sha256", GuestStore.sha256(d.resolve("kernel")));
        if (initrd) {
            Files.writeString(d.resolve("initrd"), "disk");
            p.setProperty("initrd.sha256", GuestStore.sha256(d.resolve("initrd")));
        }
        try (OutputStream out = Files.newOutputStream(d.resolve("guest.properties"))) {
            p.store(out, null);
        }
    }

    @Test
    void storedGuestIsFound() throws Exception {
        KnownGuest g = KnownGuest.named("debian-installer");
        assertNull(new GuestStore(root).find(g));
        store(g, true);
        GuestStore.Fetched f = new GuestStore(root).find(g);
        assertEquals(root.resolve("debian-installer/kernel"), f.kernel());
        assertEquals(root.resolve("debian-installer/initrd"), f.initrd());
        assertEquals("package.deb", f.packageName());
    }

    @Test
    void damagedFilesAreNotUsed() throws Exception {
        KnownGuest g = KnownGuest.named("debian-installer");
        store(g, true);
        Files.writeString(root.resolve("debian-installer/initrd"), "disc");
        assertNull(new GuestStore(root).find(g));
        store(g, true);
        Files.delete(root.resolve("debian-installer/kernel"));
        assertNull(new GuestStore(root).find(g));
    }

    @Test
    void catalogueIsWellFormed() {
        HashSet<String> names = new HashSet<>();
        for (KnownGuest g : KnownGuest.CATALOGUE) {
            assertTrue(names.add(g.name()), g.name());
            assertEquals(g, KnownGuest.named(g.name()));
            assertNotNull(Pattern.compile(g.packagePattern()));
            assertNotNull(Pattern.compile(g.kernel()));
        }
        assertNull(KnownGuest.named("windows"));
    }
}
