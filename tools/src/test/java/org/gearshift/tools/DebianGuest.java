package org.gearshift.tools;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.gearshift.testing.Prerequisite;
import org.gearshift.tools.guest.GuestStore;
import org.gearshift.tools.guest.KnownGuest;
import org.gearshift.tools.guest.PackageTree;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelCode;
import org.gearshift.vmm.boot.KernelImage;

/** Debian's kernels as distributed, with a RAM disk made here around the distribution's static busybox. */
final class DebianGuest {
    /** The shell and its tools: the same store and the same way to fetch as for kernels, though nobody boots it. */
    private static final KnownGuest BUSYBOX =
            new KnownGuest("busybox", "static busybox", "busybox-static", "i386", "bin/busybox", null, "", "");
    private static final KnownGuest BUSYBOX64 =
            new KnownGuest("busybox-amd64", "static busybox", "busybox-static", "amd64", "bin/busybox", null, "", "");

    private static final KnownGuest XEN_GRUB =
            new KnownGuest("grub-x86_64-xen", "GRUB for 64-bit Xen domains", "grub-xen-host", "amd64", "usr/lib/grub-xen/grub-x86_64-xen\\.bin", null, "", "");

    private static final KnownGuest XEN_GRUB32 =
            new KnownGuest("grub-i386-xen", "GRUB for 32-bit Xen domains", "grub-xen-host", "amd64", "usr/lib/grub-xen/grub-i386-xen\\.bin", null, "", "");

    private static final String INIT = """
            #!/bin/sh
            mount -t proc proc /proc
            echo GEARSHIFT-MARKER-BEGIN
            cat /proc/interrupts
            read name size unit < /proc/meminfo; echo $name $size
            i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done; echo loop $i
            cat /bin/busybox | sha256sum
            echo GEARSHIFT-MARKER-END
            case "$(cat /proc/cmdline)" in *interactive*) exec sh;; esac
            poweroff -f
            """;

    private DebianGuest() {
    }

    /** The kernel of a guest in the catalogue. */
    static KernelImage kernel(String name) throws IOException, BootException {
        return new KernelImage(name, Files.readAllBytes(fetched(KnownGuest.named(name)).kernel()));
    }

    /** The same as it is after it has unpacked itself, which takes it billions of instructions. */
    static KernelImage unpackedKernel(String name) throws IOException, BootException {
        return KernelCode.of(kernel(name)).segments().get(0).file();
    }

    /** The packed one as a file. */
    static Path kernelFile(String name) throws IOException {
        return fetched(KnownGuest.named(name)).kernel();
    }

    /** The RAM disk that a guest of the catalogue comes with. */
    static Path initrdFile(String name) throws IOException {
        return fetched(KnownGuest.named(name)).initrd();
    }

    /** The busybox that goes with a guest: its shell is a 64-bit program where its kernel runs such. */
    static byte[] busybox(String guest) throws IOException {
        return Files.readAllBytes(fetched(KnownGuest.named(guest).architecture().equals("amd64") ? BUSYBOX64 : BUSYBOX).kernel());
    }

    /** GRUB as a kernel for a Xen domain, with its modules inside. */
    static byte[] xenGrub() throws IOException {
        return Files.readAllBytes(fetched(XEN_GRUB).kernel());
    }

    /** The same for a 32-bit domain. */
    static byte[] xenGrub32() throws IOException {
        return Files.readAllBytes(fetched(XEN_GRUB32).kernel());
    }

    /** The RAM disk for a guest: {@code /init} prints its markers and powers off, or starts a shell if the kernel's command line says "interactive". */
    static byte[] initrd(String guest) throws IOException {
        return initrd(busybox(guest));
    }

    /** The same for an amd64 kernel, with 32-bit programs. */
    static byte[] initrd32() throws IOException {
        return initrd(Files.readAllBytes(fetched(BUSYBOX).kernel()));
    }

    private static byte[] initrd(byte[] busybox) throws IOException {
        Initramfs disk = new Initramfs();
        for (String d : new String[] {"bin", "dev", "proc"}) {
            disk.directory(d);
        }
        disk.characterDevice("dev/console", 5, 1).characterDevice("dev/null", 1, 3).characterDevice("dev/ttyS0", 4, 64);
        disk.program("bin/busybox", busybox);
        for (String applet : new String[] {"cat", "echo", "mount", "poweroff", "sh", "sha256sum"}) {
            disk.link("bin/" + applet, "busybox");
        }
        return disk.program("init", INIT.getBytes(StandardCharsets.US_ASCII)).gzip();
    }

    /** Modules of a guest's kernel by name, without {@code .ko}, from the same package. */
    static Map<String, byte[]> modules(String guest, List<String> names) throws IOException {
        KnownGuest g = KnownGuest.named(guest);
        String file = fetched(g).packageName();
        PackageTree tree = new PackageTree(new GuestStore().root(), g.architecture(), line -> System.out.println("  " + line));
        Map<String, byte[]> modules = new LinkedHashMap<>();
        try (Stream<Path> s = Files.walk(tree.unpacked(file.substring(0, file.indexOf('_')) + ":" + g.architecture()).resolve("lib/modules"))) {
            List<Path> files = s.filter(f -> f.toString().endsWith(".ko")).toList();
            for (String name : names) {
                Path module = files.stream().filter(f -> f.endsWith(name + ".ko")).findFirst()
                        .orElseThrow(() -> new IOException(file + " has no module " + name));
                modules.put(name, Files.readAllBytes(module));
            }
        }
        return modules;
    }

    private static GuestStore.Fetched fetched(KnownGuest g) throws IOException {
        GuestStore store = new GuestStore();
        GuestStore.Fetched f = store.find(g);
        if (f == null) {
            Prerequisite.program("apt-get");
            Prerequisite.program("dpkg-deb");
            try {
                f = store.obtain(g, line -> System.out.println("  " + line));
            } catch (IOException e) {
                return Prerequisite.missing(g.name() + " cannot be fetched: " + e.getMessage());
            }
        }
        return f;
    }
}
