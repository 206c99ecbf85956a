package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDI;
import static org.gearshift.translator.x86.X86State.RDX;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSI;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;

class PortIoTest {
    private static final int REP = 1 << 16;

    @Test
    void inAndOutReachThePortsWithTheirWidth() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        assertEquals(0xd4, m.call(X86Service.IN, 0x60, 8));
        assertEquals(0xa1b2c3d4L, m.call(X86Service.IN, -8 & 0xfffffff8, 32));
        m.call(X86Service.OUT, 0x80, 0x12345678, 16);
        assertEquals(List.of("in 60/8", "in fff8/32", "out 80/16=5678"), m.ports);
    }

    @Test
    void userLevelNeedsTheBitmap() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        m.memory.ram().put16(ProtectedMachine.TSS + 102, 0x68);
        m.memory.ram().put8(ProtectedMachine.TSS + 0x68 + 0x3f8 / 8, 0x01);
        m.faults(Vector.GP, 0, X86Service.IN, 0x3f8, 8);
        m.faults(Vector.GP, 0, X86Service.IN, 0x3f7, 16);
        m.call(X86Service.IN, 0x3f9, 8);
        m.faults(Vector.GP, 0, X86Service.IN, 0xff0, 8);
        assertEquals(List.of("in 3f9/8"), m.ports);
        m.memory.ram().put16(ProtectedMachine.TSS + 102, 0x200);
        m.faults(Vector.GP, 0, X86Service.OUT, 0x3f9, 0, 8);
    }

    @Test
    void insStoresOneElementAndRepStaysUntilTheCountIsZero() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.s[RDX] = 0x1f0;
        m.s[RDI] = 0x40000;
        m.s[RCX] = 2;
        m.call(X86Service.INS, 16, 32 | REP, 0x5003);
        assertEquals(0x5000, m.s[RIP]);
        assertEquals(0x40002, m.s[RDI]);
        m.call(X86Service.INS, 16, 32 | REP, 0x5003);
        assertEquals(0x5003, m.s[RIP]);
        assertEquals(0, m.s[RCX]);
        assertEquals(0xc3d4c3d4, m.get32(0x40000));
        m.s[RIP] = 0x5000;
        m.call(X86Service.INS, 16, 32 | REP, 0x5003);
        assertEquals(0x5003, m.s[RIP]);
        assertEquals(2, m.ports.size(), "a count of 0 reads no port");
    }

    @Test
    void insDoesNotReadThePortIfTheStoreWouldFault() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.pageIdentity();
        m.pageAttributes(0x40000, 0);
        m.s[RDI] = 0x40000;
        m.faults(Vector.PF, 2, X86Service.INS, 8, 32, 0x5001);
        assertTrue(m.ports.isEmpty());
    }

    @Test
    void outsReadsThroughItsSegmentDownwards() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.put32(0x40000, 0x11223344);
        m.s[RDX] = 0x3f8;
        m.s[RSI] = (int) 0xabcd0000L;
        m.s[X86State.DF] = -1;
        m.descriptor(ProtectedMachine.FREE, 0x40000, 0xffff, 0x92);
        m.call(X86Service.LOAD_SEGMENT, X86State.FS, ProtectedMachine.FREE);
        m.call(X86Service.OUTS, 32 | X86State.FS << 8, 16, 0x5002);
        assertEquals(List.of("out 3f8/32=11223344"), m.ports);
        assertEquals((int) 0xabcdfffcL, m.s[RSI]);
        assertEquals(0x5002, m.s[RIP]);
    }
}
