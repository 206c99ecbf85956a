package org.gearshift.vmm.xen;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.engine.EngineOptions;

/** A kernel of a few instructions with the notes of a paravirtual one, and a domain that runs it. */
final class MiniKernel {
    static final long BASE = 0xffffffff80000000L;
    /** Where the code is: the entry. Behind it there is a page for hypercalls, then some to use. */
    static final long CODE = BASE + 0x100000;
    static final long HYPERCALL_PAGE = CODE + 0x1000;
    static final long DATA = CODE + 0x2000;
    /** Where all that is in a 32-bit one: in the last gigabyte. */
    static final long BASE_32 = 0xc0000000L;
    private static final int MEMORY = 0x10000;
    private static final int HEADER = 64 + 2 * 56;
    private static final int HEADER_32 = 52 + 2 * 32;

    private MiniKernel() {
    }

    /** A machine of 16 MiB, loaded. */
    static XenVm machine(byte[] code, ByteArrayOutputStream console) throws BootException {
        return machine(code, console, DomainGroup.alone(), "mini");
    }

    /** A machine with one vCPU beside others, on the virtual clock. */
    static XenVm machine(byte[] code, ByteArrayOutputStream console, DomainGroup group, String name) throws BootException {
        return machine(elf(code), console, new VmConfig(16 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.INTERPRETER)), group, name);
    }

    private static XenVm machine(byte[] elf, ByteArrayOutputStream console, VmConfig config, DomainGroup group, String name) throws BootException {
        XenVm vm = new XenVm(config, NamedCpu.X86_64.model(), console::write, group, name);
        vm.load(new KernelImage("mini", elf), new byte[] {1, 2, 3}, "command line");
        return vm;
    }

    /** A domain whose vCPU is at its entry and runs nothing by itself. */
    static Domain domain() {
        return domain(1);
    }

    /** The same with several, of which one is up. */
    static Domain domain(int cpus) {
        return domain(cpus, VmConfig.Clock.VIRTUAL);
    }

    /** The same; with the host's clock each vCPU is for a thread of its own. */
    static Domain domain(int cpus, VmConfig.Clock clock) {
        return domain(elf(new byte[] {(byte) 0xf4}), cpus, clock);
    }

    /** The same with a 32-bit kernel. */
    static Domain domain32(int cpus, VmConfig.Clock clock) {
        return domain(elf32(new byte[] {(byte) 0xf4}), cpus, clock);
    }

    private static Domain domain(byte[] elf, int cpus, VmConfig.Clock clock) {
        try {
            VmConfig config = new VmConfig(16 << 20, clock, EngineOptions.of(EngineOptions.Backend.INTERPRETER), cpus);
            return machine(elf, new ByteArrayOutputStream(), config, DomainGroup.alone(), "mini").domain();
        } catch (BootException e) {
            throw new AssertionError(e);
        }
    }

    /** A machine of 16 MiB, with a 32-bit kernel. */
    static XenVm machine32(byte[] code, ByteArrayOutputStream console) throws BootException {
        VmConfig config = new VmConfig(16 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.INTERPRETER));
        return machine(elf32(code), console, config, DomainGroup.alone(), "mini");
    }

    /** What an address of a 64-bit one is in a domain of either kind. */
    static long in(Domain domain, long address) {
        return domain.abi.is32() ? address - BASE + BASE_32 : address;
    }

    /** A domain of a group, which others find, and that no thread runs. */
    static Domain domain(DomainGroup group, String name) {
        try {
            Domain d = machine(new byte[] {(byte) 0xf4}, new ByteArrayOutputStream(), group, name).domain();
            d.runBegins();
            d.runEnded(false);
            return d;
        } catch (BootException e) {
            throw new AssertionError(e);
        }
    }

    static byte[] elf(byte[] code) {
        byte[] notes = notes();
        ByteBuffer b = ByteBuffer.allocate(HEADER + notes.length + code.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0x464c457f).put((byte) 2).put((byte) 1).put((byte) 1);
        b.position(16);
        b.putShort((short) 2).putShort((short) 62).putInt(1).putLong(CODE).putLong(64).putLong(0).putInt(0);
        b.putShort((short) 64).putShort((short) 56).putShort((short) 2);
        b.position(64);
        int codeAt = HEADER + notes.length;
        b.putInt(1).putInt(7).putLong(codeAt).putLong(CODE).putLong(CODE - BASE).putLong(code.length).putLong(MEMORY).putLong(0x1000);
        b.putInt(4).putInt(4).putLong(HEADER).putLong(0).putLong(0).putLong(notes.length).putLong(notes.length).putLong(4);
        b.put(notes).put(code);
        return b.array();
    }

    static byte[] elf32(byte[] code) {
        byte[] notes = notes32();
        ByteBuffer b = ByteBuffer.allocate(HEADER_32 + notes.length + code.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0x464c457f).put((byte) 1).put((byte) 1).put((byte) 1);
        b.position(16);
        int entry = (int) (CODE - BASE + BASE_32);
        b.putShort((short) 2).putShort((short) 3).putInt(1).putInt(entry).putInt(52).putInt(0).putInt(0);
        b.putShort((short) 52).putShort((short) 32).putShort((short) 2);
        b.position(52);
        int codeAt = HEADER_32 + notes.length;
        b.putInt(1).putInt(codeAt).putInt(entry).putInt((int) (CODE - BASE)).putInt(code.length).putInt(MEMORY).putInt(7).putInt(0x1000);
        b.putInt(4).putInt(HEADER_32).putInt(0).putInt(0).putInt(notes.length).putInt(notes.length).putInt(4).putInt(4);
        b.put(notes).put(code);
        return b.array();
    }

    private static byte[] notes32() {
        ByteBuffer b = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
        note(b, 1, CODE - BASE + BASE_32);
        note(b, 2, HYPERCALL_PAGE - BASE + BASE_32);
        note(b, 3, BASE_32);
        b.putInt(4).putInt(4).putInt(9).put("Xen\0yes\0".getBytes(StandardCharsets.US_ASCII));
        return Arrays.copyOf(b.array(), b.position());
    }

    private static byte[] notes() {
        ByteBuffer b = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
        note(b, 1, CODE);
        note(b, 2, HYPERCALL_PAGE);
        note(b, 3, BASE);
        byte[] all = new byte[b.position()];
        b.flip();
        b.get(all);
        return all;
    }

    private static void note(ByteBuffer b, int type, long value) {
        b.putInt(4).putInt(8).putInt(type).put("Xen\0".getBytes(StandardCharsets.US_ASCII)).putLong(value);
    }
}
