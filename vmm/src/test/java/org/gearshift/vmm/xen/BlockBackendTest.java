package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.XenVm;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.disk.RawImage;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A paravirtual disk, driven as a front end drives it: through store, grants and ring. */
class BlockBackendTest {
    private static final String FRONT = "/local/domain/1/device/vbd/51712/";
    private static final String BACK = "/local/domain/0/backend/vbd/1/51712/";
    private static final int SECTORS = 64;
    private static final int RING_GRANT = 8;
    private static final int DATA_GRANT = 9;
    private static final long RING = MiniKernel.DATA + 0x1000;
    private static final long DATA = MiniKernel.DATA + 0x2000;
    private static final int READ = 0;
    private static final int WRITE = 1;

    @TempDir
    Path dir;

    private Path file;
    private RawImage image;
    private Domain domain;
    private int port;
    private int requests;

    @BeforeEach
    void connect() throws Exception {
        file = dir.resolve("disk");
        byte[] contents = new byte[SECTORS * 512];
        for (int i = 0; i < contents.length; i++) {
            contents[i] = (byte) (i >>> 9);
        }
        Files.write(file, contents);
        image = RawImage.open(file, false);
        XenVm vm = new XenVm(new VmConfig(16 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.INTERPRETER)), NamedCpu.X86_64.model(), b -> { });
        vm.attach(image);
        vm.load(new KernelImage("mini", MiniKernel.elf(new byte[] {(byte) 0xf4})), new byte[0], "");
        domain = vm.domain();
        setUpGrants();
        assertEquals(0, domain.events.operation(unbound()));
        port = (int) domain.guest.read32(MiniKernel.DATA + 4);
        write("ring-ref", RING_GRANT);
        write("event-channel", port);
        write("state", 3);
        domain.poll();
    }

    @AfterEach
    void close() throws Exception {
        image.close();
    }

    private long[] unbound() {
        domain.guest.write16(MiniKernel.DATA, 0x7ff0);
        domain.guest.write16(MiniKernel.DATA + 2, 0);
        return new long[] {6, MiniKernel.DATA, 0, 0, 0, 0};
    }

    private void write(String name, int value) throws Exception {
        domain.storeTree.live().write(1, FRONT + name, Integer.toString(value).getBytes());
    }

    private int frameOf(long va) {
        return (int) domain.tables.mappedFrame(domain.tables.leafEntry(domain.vcpu.kernelBase(), va));
    }

    private void setUpGrants() {
        domain.guest.write16(MiniKernel.DATA, 0x7ff0);
        domain.guest.write32(MiniKernel.DATA + 4, 1);
        domain.guest.write64(MiniKernel.DATA + 16, MiniKernel.DATA + 64);
        assertEquals(0, domain.grants.operation(new long[] {2, MiniKernel.DATA, 1}));
        grant(RING_GRANT, 1, frameOf(RING));
        grant(DATA_GRANT, 1, frameOf(DATA));
    }

    private void grant(int reference, int flags, int frame) {
        long at = ((long) domain.space.firstDomainFrame() << 12) + reference * 8L;
        domain.memory.write(at + 4, frame, 32);
        domain.memory.write(at, flags, 32);
    }

    /** Puts a request of one segment into the ring and sends the event; returns the answer's status. */
    private int request(int operation, long sector, int reference, int first, int last) {
        ByteBuffer b = ByteBuffer.allocate(112).order(ByteOrder.LITTLE_ENDIAN);
        b.put(0, (byte) operation).put(1, (byte) 1).putLong(8, 1000 + requests).putLong(16, sector).putInt(24, reference).put(28, (byte) first).put(29, (byte) last);
        long entry = RING + 64 + (requests & 31) * 112L;
        domain.guest.write(entry, b.array());
        domain.guest.write32(RING, ++requests);
        domain.guest.write32(MiniKernel.DATA, port);
        assertEquals(0, domain.events.operation(new long[] {4, MiniKernel.DATA, 0, 0, 0, 0}));
        assertEquals(requests, domain.guest.read32(RING + 8), "answers");
        assertEquals(999 + requests, domain.guest.read64(entry));
        return (short) domain.guest.read16(entry + 10);
    }

    @Test
    void theHalvesMeet() {
        assertEquals("4", domain.storeTree.get(BACK + "state"));
        assertEquals("64", domain.storeTree.get(BACK + "sectors"));
        assertEquals("512", domain.storeTree.get(BACK + "sector-size"));
    }

    @Test
    void sectorsAreReadIntoGrantedPages() {
        assertEquals(0, request(READ, 5, DATA_GRANT, 1, 3));
        byte[] page = new byte[0x1000];
        domain.guest.read(DATA, page);
        byte[] expected = new byte[0x1000];
        Arrays.fill(expected, 512, 1024, (byte) 5);
        Arrays.fill(expected, 1024, 1536, (byte) 6);
        Arrays.fill(expected, 1536, 2048, (byte) 7);
        assertArrayEquals(expected, page);
    }

    @Test
    void sectorsAreWritten() throws Exception {
        byte[] page = new byte[0x1000];
        Arrays.fill(page, (byte) 0x55);
        domain.guest.write(DATA, page);
        assertEquals(0, request(WRITE, 60, DATA_GRANT, 0, 0));
        assertEquals(0, request(3, 0, 0, 0, 0));
        byte[] all = Files.readAllBytes(file);
        assertEquals(0x55, all[60 * 512]);
        assertEquals(0x55, all[61 * 512 - 1]);
        assertEquals(61, all[61 * 512]);
    }

    @Test
    void whatIsNotGrantedOrNotThereIsRefused() {
        assertEquals(-1, request(READ, SECTORS, DATA_GRANT, 0, 0));
        assertEquals(-1, request(READ, -1, DATA_GRANT, 0, 0));
        assertEquals(-1, request(READ, 0, DATA_GRANT, 0, 8));
        assertEquals(-1, request(READ, 0, DATA_GRANT, 3, 2));
        assertEquals(-1, request(READ, 0, 100, 0, 0), "an empty grant");
        assertEquals(-1, request(READ, 0, 1 << 20, 0, 0), "none of the table");
        grant(DATA_GRANT, 1 | 4, frameOf(DATA));
        assertEquals(-1, request(READ, 0, DATA_GRANT, 0, 0), "a grant to read is not one to write");
        assertEquals(0, request(WRITE, 0, DATA_GRANT, 0, 0));
        grant(DATA_GRANT, 1, domain.vcpu.kernelBase());
        assertEquals(-1, request(READ, 0, DATA_GRANT, 0, 0), "a page table");
        grant(DATA_GRANT, 1, HypervisorSpace.GDT_FRAME);
        assertEquals(-1, request(WRITE, 0, DATA_GRANT, 0, 0), "somebody else's frame");
        assertEquals(-2, request(5, 0, DATA_GRANT, 0, 0), "an operation that was not offered");
    }

    @Test
    void aRingThatCannotBeEndsTheConnection() {
        domain.guest.write32(RING, 1000);
        domain.guest.write32(MiniKernel.DATA, port);
        assertEquals(0, domain.events.operation(new long[] {4, MiniKernel.DATA, 0, 0, 0, 0}));
        assertEquals("5", domain.storeTree.get(BACK + "state"));
        assertEquals(0, domain.guest.read32(RING + 8));
    }

    @Test
    void closingEndsTheGrantsUse() throws Exception {
        assertEquals(8 | 16, grantFlags() & (8 | 16), "in use");
        write("state", 5);
        domain.poll();
        assertEquals("5", domain.storeTree.get(BACK + "state"));
        write("state", 6);
        domain.poll();
        assertEquals("6", domain.storeTree.get(BACK + "state"));
        assertEquals(0, grantFlags() & (8 | 16));
    }

    private long grantFlags() {
        return domain.memory.read(((long) domain.space.firstDomainFrame() << 12) + RING_GRANT * 8L, 16);
    }
}
