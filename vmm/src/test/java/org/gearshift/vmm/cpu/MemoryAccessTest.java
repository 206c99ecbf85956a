package org.gearshift.vmm.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.ir.GuestFault;
import org.gearshift.paging.MmioHandler;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

class MemoryAccessTest {
    private static final long DEVICE = 0xfee00000L;

    private final List<String> device = new ArrayList<>();

    private ProtectedMachine machine() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.memory.mapMmio(DEVICE, 0x1000, new MmioHandler() {
            @Override
            public long read(long physical, int bits) {
                device.add("r" + bits);
                return 0x89abcdefL;
            }

            @Override
            public void write(long physical, long value, int bits) {
                device.add("w" + bits + "=" + Long.toHexString(value));
            }
        });
        return m;
    }

    private static void restarts(Runnable access) {
        GuestFault f = assertThrows(GuestFault.class, access::run);
        assertEquals(GuestFault.Kind.RESTART_EXACT, f.kind);
    }

    @Test
    void loadsExtendAsTheContractSays() {
        ProtectedMachine m = machine();
        m.memory.ram().put64(0x40000, 0x8877665584838281L);
        assertEquals(0x81, m.cpu.loadSlow(0x40000, 8, false));
        assertEquals(0x8281, m.cpu.loadSlow(0x40000, 16, false));
        assertEquals((int) 0x84838281L, m.cpu.loadSlow(0x40000, 32, false));
        assertEquals(0x8877665584838281L, m.cpu.loadSlow(0x40000, 64, false));
    }

    @Test
    void deviceAccessHappensOnlyInExactMode() {
        ProtectedMachine m = machine();
        restarts(() -> m.cpu.loadSlow(DEVICE, 32, false));
        restarts(() -> m.cpu.storeSlow((int) DEVICE, 1, 32));
        assertEquals(List.of(), device);
        m.cpu.exact = true;
        assertEquals((int) 0x89abcdefL, m.cpu.loadSlow((int) DEVICE, 32, false));
        m.cpu.storeSlow(DEVICE, 0x1ff, 8);
        assertEquals(List.of("r32", "w8=ff"), device);
    }

    @Test
    void codeChangingStoreWaitsForExactModeAndIsReported() {
        ProtectedMachine m = machine();
        List<String> changes = new ArrayList<>();
        m.code.setListener((physical, bytes) -> changes.add(Long.toHexString(physical) + "+" + bytes));
        m.code.addCode(0x40000, 16);
        m.cpu.storeSlow(0x40100, 1, 32);
        restarts(() -> m.cpu.storeSlow(0x40004, 0x55, 32));
        restarts(() -> m.cpu.storeSlow(0x3fffe, 0x55, 32));
        assertEquals(0, m.get32(0x40004));
        m.cpu.exact = true;
        m.cpu.storeSlow(0x40004, 0x55, 32);
        assertEquals(0x55, m.get32(0x40004));
        assertEquals(List.of("40004+4"), changes);
    }

    @Test
    void splitAccessTranslatesBothPagesFirst() {
        ProtectedMachine m = machine();
        m.pageIdentity();
        m.pageAttributes(0x41000, 5);
        m.put32(0x40ffc, 0x11111111);
        GuestFault f = assertThrows(GuestFault.class, () -> m.cpu.storeSlow(0x40ffe, -1, 32));
        assertEquals(Vector.PF, f.vector);
        assertEquals(0x41000, m.s[X86State.CR2]);
        assertEquals(0x11111111, m.get32(0x40ffc));
        m.put32(ProtectedMachine.TABLES + 0x1000 + 4 * 0x41, 0x60000 | 7);
        m.call(X86Service.INVLPG, 0x41000);
        m.cpu.storeSlow(0x40ffe, 0xaabbccdd, 32);
        assertEquals(0xccdd, m.memory.ram().get16(0x40ffe));
        assertEquals(0xaabb, m.memory.ram().get16(0x60000));
        assertEquals(0xaabbccdd, m.cpu.loadSlow(0x40ffe, 32, false));
    }

    @Test
    void modifyingLoadFaultsAsAWrite() {
        ProtectedMachine m = machine();
        m.pageIdentity();
        m.pageAttributes(0x40000, 5);
        m.cpu.exact = true;
        m.cpu.loadSlow(0x40000, 32, false);
        GuestFault f = assertThrows(GuestFault.class, () -> m.cpu.loadSlow(0x40000, 32, true));
        assertEquals(3, f.errorCode);
    }

    @Test
    void accessThatFindsAPageTableRestartsSinceWritableLocationsMayBeHeld() {
        ProtectedMachine m = machine();
        m.pageIdentity();
        restarts(() -> m.cpu.loadSlow(0x40000, 32, false));
        m.memory.ram().put64(0x40000, 0x1234);
        assertEquals(0x1234, m.cpu.loadSlow(0x40000, 32, false));
    }

    @Test
    void savedStateRestoresIntoAnotherProcessor() throws IOException {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.s[X86State.RAX] = 0x1234;
        m.cpu.halted = true;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        m.cpu.save(new DataOutputStream(bytes));
        ProtectedMachine other = new ProtectedMachine();
        other.cpu.restore(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
        assertArrayEquals(m.s, other.s);
        assertEquals(m.cpu.mode(), other.cpu.mode());
        assertEquals(true, other.cpu.halted);
    }
}
