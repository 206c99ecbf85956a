package org.gearshift.tools.guest;

import java.util.List;

/**
 * A guest system that is known to boot.
 *
 * @param name what the user calls it
 * @param description one line
 * @param packagePattern anchored regular expression of the Debian package's name; the newest version that matches is taken
 * @param architecture Debian architecture of the package
 * @param kernel regular expression of the kernel's path in the package
 * @param initrd regular expression of the RAM disk's path in the package, or null
 * @param append kernel command line that suits it
 * @param memory what to give to {@code -m}
 */
public record KnownGuest(String name, String description, String packagePattern, String architecture, String kernel, String initrd,
        String append, String memory) {
    /** All of them. */
    public static final List<KnownGuest> CATALOGUE = List.of(
            new KnownGuest("debian-686", "Linux 6.1 of Debian 12 for any 32-bit PC", "linux-image-6\\.1\\.0-[0-9]+-686", "i386",
                    "boot/vmlinuz-.*", null, "console=ttyS0", "512M"),
            new KnownGuest("debian-686-pae", "Linux 6.1 of Debian 12, PAE", "linux-image-6\\.1\\.0-[0-9]+-686-pae", "i386",
                    "boot/vmlinuz-.*", null, "console=ttyS0", "512M"),
            new KnownGuest("debian-amd64", "Linux 6.1 of Debian 12 for 64-bit PCs", "linux-image-6\\.1\\.0-[0-9]+-amd64", "amd64",
                    "boot/vmlinuz-.*", null, "console=ttyS0", "512M"),
            new KnownGuest("debian-cloud-amd64", "Linux 6.1 of Debian 12 for 64-bit virtual machines", "linux-image-6\\.1\\.0-[0-9]+-cloud-amd64", "amd64",
                    "boot/vmlinuz-.*", null, "console=ttyS0", "512M"),
            new KnownGuest("debian-installer-amd64", "Debian 12 network installer, amd64, text", "debian-installer-12-netboot-amd64", "all",
                    ".*/text/debian-installer/amd64/linux", ".*/text/debian-installer/amd64/initrd.gz", "console=ttyS0", "512M"),
            new KnownGuest("debian-installer", "Debian 12 network installer, i386, text", "debian-installer-12-netboot-i386", "all",
                    ".*/text/debian-installer/i386/linux", ".*/text/debian-installer/i386/initrd.gz", "console=ttyS0", "512M"),
            new KnownGuest("gnumach", "GNU Mach 1.8 (no servers: panics after its own start)", "gnumach-image-1\\.8-486", "i386",
                    "boot/gnumach-.*\\.gz", null, "console=com0", "256M"),
            new KnownGuest("memtest86+", "Memtest86+ 6.10, 32-bit", "memtest86\\+", "amd64",
                    "boot/memtest86\\+ia32\\.bin", null, "console=ttyS0", "32M"));

    /** The guest of a name, or null. */
    public static KnownGuest named(String name) {
        return CATALOGUE.stream().filter(g -> g.name.equals(name)).findFirst().orElse(null);
    }
}
