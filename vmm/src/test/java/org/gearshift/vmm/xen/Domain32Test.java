package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.Test;

/** 32-bit domains: their interface where it differs from the 64-bit one, and what keeps their kernels in ring 1. */
class Domain32Test {
    private static final int CONSOLE_IO = 18;
    private static final int SCHED_OP = 29;
    private static final int LIMIT = 100_000;
    private static final int BASE = (int) MiniKernel.BASE_32;
    private static final int CODE = BASE + 0x100000;
    private static final int HYPERCALL_PAGE = BASE + 0x101000;
    private static final int DATA = BASE + 0x102000;
    private static final long PRESENT = 1;
    private static final long RW = 2;
    private static final long SELF = 0x7ff0;

    private final ByteArrayOutputStream console = new ByteArrayOutputStream();
    private final ByteBuffer code = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);

    private Domain32Test bytes(int... all) {
        for (int b : all) {
            code.put((byte) b);
        }
        return this;
    }

    /** mov register, value. */
    private Domain32Test load(int register, long value) {
        bytes(0xb8 | register);
        code.putInt((int) value);
        return this;
    }

    private Domain32Test bareCall(int number, long a, long b, long c) {
        return load(3, a).load(1, b).load(2, c).load(0, number).bytes(0xcd, 0x82);
    }

    private Domain32Test pageCall(int number, long a, long b, long c) {
        load(3, a).load(1, b).load(2, c).bytes(0xe8);
        code.putInt(HYPERCALL_PAGE + 32 * number - (CODE + code.position() + 4));
        return this;
    }

    private Domain32Test store(int at, int value) {
        bytes(0xc7, 0x05);
        code.putInt(at).putInt(value);
        return this;
    }

    /** Unless the last comparison found both the same, crashes by an undefined instruction. */
    private Domain32Test orElseCrash() {
        return bytes(0x74, 0x02, 0x0f, 0x0b);
    }

    private Domain32Test powerOff() {
        return store(DATA + 0x800, 0).bareCall(SCHED_OP, 2, DATA + 0x800, 0);
    }

    private VmOutcome run() throws Exception {
        return MiniKernel.machine32(java.util.Arrays.copyOf(code.array(), code.position()), console).run(LIMIT);
    }

    private void runsToItsEnd() throws Exception {
        powerOff();
        VmOutcome outcome = run();
        assertEquals(VmOutcome.POWER_OFF, outcome.exitCode(), outcome.toString());
    }

    @Test
    void bothStylesOfHypercallsArrive() throws Exception {
        store(DATA, 'a' | 'b' << 8).bareCall(CONSOLE_IO, 0, 1, DATA).pageCall(CONSOLE_IO, 0, 2, DATA);
        runsToItsEnd();
        assertEquals("aab", console.toString(StandardCharsets.US_ASCII));
    }

    @Test
    void itBeginsInRingOneWithFlatSegments() throws Exception {
        // mov eax, cs; cmp eax, 0xe019. mov eax, ss; cmp eax, 0xe021. The same for ds and gs.
        bytes(0x8c, 0xc8, 0x3d, 0x19, 0xe0, 0, 0).orElseCrash();
        for (int segment : new int[] {0xd0, 0xd8, 0xe8}) {
            bytes(0x8c, segment, 0x3d, 0x21, 0xe0, 0, 0).orElseCrash();
        }
        runsToItsEnd();
    }

    @Test
    void startInfoHasWordsOfFourBytes() throws Exception {
        // cmp dword [esi + 16], "32p": "xen-3.0-x86_32p"; cmp dword [esi + 32], 4096: pages
        bytes(0x81, 0x7e, 12, '3', '2', 'p', 0).orElseCrash();
        bytes(0x81, 0x7e, 32, 0, 0x10, 0, 0).orElseCrash();
        // lea edx, [esi + 80]: the command line; push esi is not needed, as hypercalls keep registers
        bytes(0x8d, 0x56, 80).load(3, 0).load(1, 7).load(0, CONSOLE_IO).bytes(0xcd, 0x82);
        runsToItsEnd();
        assertEquals("command", console.toString(StandardCharsets.US_ASCII));
    }

    @Test
    void theMachineToPhysicalTableIsRead() throws Exception {
        // mov eax, [esi + 68]: the list of frames; mov eax, [eax + 4 * 256]: the frame of page 256; cmp dword [eax * 4 + 0xf5800000], 256
        bytes(0x8b, 0x46, 68, 0x8b, 0x80, 0, 4, 0, 0, 0x81, 0x3c, 0x85, 0, 0, 0x80, 0xf5, 0, 1, 0, 0).orElseCrash();
        runsToItsEnd();
    }

    @Test
    void butNotWritten() throws Exception {
        store(0xf5800000, 1);
        assertTrue(run().message().contains("exception 14"));
    }

    @Test
    void aTrapArrivesOnTheSameStackAndIsLeftByIret() throws Exception {
        int handler = CODE + 0x200;
        // {vector 6, flags 0, cs, address}, then the end of the list
        store(DATA, 6 | 0xe019 << 16).store(DATA + 4, handler).store(DATA + 8, 0).store(DATA + 12, 0).bareCall(0, DATA, 0, 0);
        // ud2; the handler has it skipped
        bytes(0x0f, 0x0b).store(DATA, 'x').bareCall(CONSOLE_IO, 0, 1, DATA);
        powerOff();
        code.position(0x200);
        // add dword [esp], 2; cmp word [esp + 4], 0xe019; cmp byte [esp + 6], 1: events were held back; push eax; mov eax, 23; int 0x82
        bytes(0x83, 0x04, 0x24, 2, 0x66, 0x81, 0x7c, 0x24, 4, 0x19, 0xe0, 0x74, 0x02, 0xeb, 0xfe);
        bytes(0x80, 0x7c, 0x24, 6, 1, 0x74, 0x02, 0xeb, 0xfe, 0x50, 0xb8, 23, 0, 0, 0, 0xcd, 0x82);
        VmOutcome outcome = run();
        assertEquals(VmOutcome.POWER_OFF, outcome.exitCode(), outcome.toString());
        assertEquals("x", console.toString(StandardCharsets.US_ASCII));
    }

    @Test
    void haltIsRefusedInRingOne() throws Exception {
        bytes(0xf4);
        assertTrue(run().message().contains("exception 13"));
    }

    @Test
    void aKernelWithoutThreeLevelTablesIsRefused() throws Exception {
        byte[] elf = MiniKernel.elf32(new byte[] {(byte) 0xf4});
        String text = new String(elf, StandardCharsets.ISO_8859_1);
        int yes = text.indexOf("yes\0");
        elf[yes] = 'n';
        XenVm vm = new XenVm(new VmConfig(16 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.INTERPRETER)), NamedCpu.X86_64.model(), b -> { });
        BootException e = assertThrows(BootException.class, () -> vm.load(new KernelImage("mini", elf), new byte[0], ""));
        assertTrue(e.getMessage().contains("PAE"), e.getMessage());
    }

    @Test
    void aDomainNeedsA64BitProcessor() throws Exception {
        XenVm vm = new XenVm(new VmConfig(16 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.INTERPRETER)), NamedCpu.P686.model(), b -> { });
        KernelImage kernel = new KernelImage("mini", MiniKernel.elf32(new byte[] {(byte) 0xf4}));
        assertTrue(assertThrows(BootException.class, () -> vm.load(kernel, new byte[0], "")).getMessage().contains("64-bit processor"));
    }

    // What may become part of its tables.

    private final Domain domain = MiniKernel.domain32(1, VmConfig.Clock.VIRTUAL);

    private long address(int offset) {
        return DATA + offset & 0xffffffffL;
    }

    private int call(int number, long... arguments) {
        long[] s = domain.vcpu.s;
        int[] registers = {X86State.RBX, X86State.RCX, X86State.RDX, X86State.RSI, X86State.RDI};
        for (int i = 0; i < arguments.length; i++) {
            s[registers[i]] = (int) arguments[i];
        }
        s[X86State.RAX] = number;
        domain.hypercalls.enter(domain.vcpu);
        return (int) s[X86State.RAX];
    }

    private int mmuext(int command, long frame) {
        domain.guest.write32(address(0), command);
        domain.guest.write32(address(4), frame);
        return call(26, address(0), 1, 0, SELF);
    }

    private int mmuUpdate(long pointer, long value) {
        domain.guest.write64(address(0), pointer);
        domain.guest.write64(address(8), value);
        return call(1, address(0), 1, 0, SELF);
    }

    private long frameOf(long va) {
        return domain.tables.mappedFrame(domain.tables.leafEntry(domain.vcpu.kernelBase(), va));
    }

    private int map(long va, long entry) {
        return call(14, va, entry, entry >>> 32, 0);
    }

    /** Makes a page of the data read-only, and fills it with zeros. */
    private long emptyTable(int offset) {
        domain.guest.write(address(offset), new byte[0x1000]);
        assertEquals(0, map(address(offset), frameOf(address(offset)) << 12 | PRESENT));
        return frameOf(address(offset));
    }

    private void writeTable(int offset, int index, long entry) {
        assertEquals(0, map(address(offset), frameOf(address(offset)) << 12 | PRESENT | RW));
        domain.guest.write64(address(offset) + 8L * index, entry);
        assertEquals(0, map(address(offset), frameOf(address(offset)) << 12 | PRESENT));
    }

    @Test
    void aRootNeedsATableOfItsOwnForTheLastGigabyte() {
        long root = emptyTable(0x1000);
        assertEquals(Errno.EINVAL, mmuext(2, root), "the last entry is empty");
        long last = emptyTable(0x2000);
        writeTable(0x1000, 3, last << 12 | PRESENT);
        assertEquals(0, mmuext(2, root));
        assertEquals(FrameTable.L2_LAST, domain.frames.use((int) last));
        long another = emptyTable(0x3000);
        writeTable(0x3000, 3, last << 12 | PRESENT);
        assertEquals(Errno.EINVAL, mmuext(2, another), "it belongs to another root");
        writeTable(0x3000, 3, emptyTable(0x4000) << 12 | PRESENT);
        writeTable(0x3000, 0, last << 12 | PRESENT);
        assertEquals(Errno.EINVAL, mmuext(2, another), "it is for the last gigabyte alone");
    }

    @Test
    void theLastGigabytesTableStaysWhereItIs() {
        long root = (long) domain.vcpu.kernelBase() << 12;
        long entry = domain.memory.ram().get64(root + 24);
        assertEquals(Errno.EINVAL, mmuUpdate(root + 24, entry));
        assertEquals(Errno.EINVAL, mmuUpdate(root + 24, 0));
        assertEquals(Errno.EINVAL, mmuUpdate(root + 32, 0), "behind the last");
        assertEquals(0, mmuUpdate(root, 0));
    }

    @Test
    void theHypervisorsEntriesAreNotTheGuests() {
        long last = PageTables.frameOf(domain.memory.ram().get64(((long) domain.vcpu.kernelBase() << 12) + 24)) << 12;
        assertEquals(Errno.EINVAL, mmuUpdate(last + 8 * HypervisorSpace.FIRST_SLOT_32, 0));
        assertEquals(Errno.EINVAL, mmuUpdate(last + 8 * 511, 0));
        assertEquals(0, mmuUpdate(last + 8 * (HypervisorSpace.FIRST_SLOT_32 - 1), 0));
        assertEquals(Errno.EINVAL, map(Abi.HOLE_32, 0));
        assertTrue(domain.vcpu.mmu.translate(Abi.HOLE_32, ShadowMmu.READ, false) >= 0);
        assertEquals(-1, domain.vcpu.mmu.translate(Abi.HOLE_32, ShadowMmu.READ, true), "programs do without");
        assertEquals(-1, domain.vcpu.mmu.translate(Abi.HOLE_32, ShadowMmu.WRITE, false));
    }

    @Test
    void aRootsEntriesHaveNoRightsOfTheirOwn() {
        long root = emptyTable(0x1000);
        writeTable(0x1000, 3, emptyTable(0x2000) << 12 | PRESENT);
        writeTable(0x1000, 0, emptyTable(0x3000) << 12 | PRESENT | 1L << 63);
        assertEquals(Errno.EINVAL, mmuext(2, root), "no-execute is not for roots");
        writeTable(0x1000, 0, frameOf(address(0x3000)) << 12 | PRESENT);
        assertEquals(0, mmuext(2, root));
        assertEquals(7, domain.memory.ram().get64(root << 12) & 7, "the processor sees a table of level 3 of four");
    }

    @Test
    void noDescriptorLeadsOutOfRingOneOrInto64BitCode() {
        Descriptors d = domain.descriptors;
        assertEquals(0x00cfbb000000ffffL, d.checked(0x00cf9b000000ffffL), "level 0 becomes 1");
        assertEquals(0x00cffb000000ffffL, d.checked(0x00cffb000000ffffL));
        assertEquals(0, d.checked(0x00affb000000ffffL), "64-bit code");
        assertEquals(0x00008c00e0190000L, d.checked(0x0000ec00e0190000L), "a call gate becomes one for level 0, which nobody can use");
        assertEquals(0, d.checked(0x0000ec00e0080000L), "nor does it lead to the hypervisor");
        assertEquals(0, d.checked(0x0000890000000067L), "a task state");
    }

    @Test
    void userModeHasNoTablesOfItsOwnAndNoLevelFour() {
        assertEquals(Errno.EINVAL, mmuext(15, domain.vcpu.kernelBase()));
        assertEquals(0, mmuext(3, domain.vcpu.kernelBase()), "Xen does nothing, and says nothing");
        assertEquals(Errno.ENOSYS, call(25, 0, 0), "set_segment_base");
    }

    @Test
    void thereAreAThousandPorts() {
        domain.guest.write32(address(0), 1024);
        assertEquals(Errno.EINVAL, call(32, 9, address(0)));
        domain.guest.write32(address(0), 1023);
        assertEquals(0, call(32, 9, address(0)));
    }

    @Test
    void pendingAndMaskBitsAreInWordsOf32() {
        long shared = domain.shared.address();
        domain.memory.write(shared + 0x880 + 4, 1 << 1, 32);
        domain.shared.raise(33, domain.vcpu.info);
        assertEquals(1 << 1, domain.memory.read(shared + 0x804, 32));
        assertEquals(0, domain.memory.read(shared + 4, 32), "masked");
        assertTrue(domain.shared.unmask(33, domain.vcpu.info));
        assertEquals(1 << 1, domain.memory.read(shared + 4, 32), "the second word of ports");
    }
}
