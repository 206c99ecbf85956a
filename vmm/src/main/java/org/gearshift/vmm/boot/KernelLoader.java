package org.gearshift.vmm.boot;

import org.gearshift.paging.GuestRam;

/** Recognizes a kernel image and loads it by the protocol it speaks. */
public final class KernelLoader {
    /** Behind the real-mode interrupt vectors and {@link FlatGdt}. */
    private static final int LOWEST = 0x1000;
    private static final int STACK_TOP = 0x9f000;

    private KernelLoader() {
    }

    /**
     * Loads a kernel into RAM.
     *
     * @param kernel the image
     * @param initrd RAM disk or multiboot module; empty for none
     * @param initrdName its name in messages
     * @param commandLine kernel command line
     * @param ram guest RAM; what is loaded goes below 4 GiB
     * @param rsdp physical address of the ACPI root pointer, 0 if there are no tables
     * @throws BootException if the image is damaged, unsuitable, or does not fit
     */
    public static BootState load(KernelImage kernel, byte[] initrd, String initrdName, String commandLine, GuestRam ram, long rsdp)
            throws BootException {
        switch (kernel.kind()) {
            case LINUX:
                return LinuxBzImage.load(kernel, initrd, initrdName, commandLine, ram, rsdp);
            case MULTIBOOT:
                return Multiboot.load(kernel, initrd, initrdName, commandLine, ram);
            case MULTIBOOT2:
                return Multiboot2.load(kernel, initrd, initrdName, commandLine, ram, rsdp);
            default:
                return loadElf(kernel, initrd, initrdName, commandLine, ram, rsdp);
        }
    }

    private static BootState loadElf(KernelImage kernel, byte[] initrd, String initrdName, String commandLine, GuestRam ram, long rsdp)
            throws BootException {
        ElfImage elf = new ElfImage(kernel);
        if (PvhKernel.entry(elf) >= 0) {
            return PvhKernel.load(kernel, elf, initrd, initrdName, commandLine, ram, rsdp);
        }
        if (LinuxElf.recognizes(elf)) {
            return LinuxElf.load(elf, initrd, initrdName, commandLine, ram, rsdp);
        }
        if (initrd.length > 0) {
            throw new BootException(kernel.name() + ": a plain ELF program takes no RAM disk");
        }
        if (elf.is64Bit()) {
            elf.load(ram, IdentityMap.END);
            FlatGdt.write64(ram);
            IdentityMap.write(ram);
            return BootState.flat64(elf.entry(), 0, STACK_TOP, "ELF64");
        }
        elf.load(ram, LOWEST);
        FlatGdt.write(ram);
        return BootState.flat32(elf.entry(), 0, 0, 0, STACK_TOP, "ELF");
    }
}
