package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.DS;
import static org.gearshift.translator.x86.X86State.ES;
import static org.gearshift.translator.x86.X86State.SEG_ATTR;
import static org.gearshift.translator.x86.X86State.SEG_BASE;
import static org.gearshift.translator.x86.X86State.SEG_LIMIT;
import static org.gearshift.translator.x86.X86State.SEG_READ_LIMIT;
import static org.gearshift.translator.x86.X86State.SEG_SELECTOR;
import static org.gearshift.translator.x86.X86State.SEG_WRITE_LIMIT;
import static org.gearshift.translator.x86.X86State.SS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.gearshift.ir.GuestFault;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SegmentLoadsTest {
    private static final int S = ProtectedMachine.FREE;

    /** Attribute byte of a descriptor, CPL, RPL, and the expected vector (0: loads) for DS; 11 is #NP, 13 is #GP. */
    @ParameterizedTest
    @CsvSource({
        "92, 0, 0, 0", "f2, 3, 3, 0", "f2, 0, 3, 0", "92, 3, 3, 13", "92, 0, 3, 13", "92, 3, 0, 13", "b2, 3, 3, 13",
        "90, 0, 0, 0", "96, 0, 0, 0",
        "9a, 0, 0, 0", "98, 0, 0, 13", "9a, 3, 3, 13", "9e, 3, 3, 0", "9c, 0, 0, 13",
        "12, 0, 0, 11", "72, 3, 3, 11", "82, 0, 0, 13", "89, 0, 0, 13", "8c, 0, 0, 13", "00, 0, 0, 13"})
    void dataSegmentLoadsFollowTypeAndPrivilege(String attr, int cpl, int rpl, int vector) {
        ProtectedMachine m = cpl == 0 ? new ProtectedMachine().ring0() : new ProtectedMachine().ring3();
        m.descriptor(S, 0x12345678, 0xfff, Integer.parseInt(attr, 16));
        if (vector != 0) {
            m.faults(vector, S, X86Service.LOAD_SEGMENT, DS, S | rpl);
        } else {
            m.call(X86Service.LOAD_SEGMENT, DS, S | rpl);
            assertEquals(S | rpl, m.s[SEG_SELECTOR + DS]);
            assertEquals(0x12345678, m.s[SEG_BASE + DS]);
            assertEquals(Integer.parseInt(attr, 16) | 1, m.s[SEG_ATTR + DS]);
            assertEquals(1, m.memory.ram().get8(ProtectedMachine.GDT + S + 5) & 1, "accessed bit in memory");
        }
    }

    /** The same for SS: only writable data of exactly this level; not present is #SS (12). */
    @ParameterizedTest
    @CsvSource({
        "92, 0, 0, 0", "f2, 3, 3, 0", "f2, 0, 0, 13", "f2, 0, 3, 13", "92, 3, 3, 13", "90, 0, 0, 13", "9a, 0, 0, 13",
        "96, 0, 0, 0", "12, 0, 0, 12", "82, 0, 0, 13"})
    void stackSegmentLoadsWantWritableDataOfThisLevel(String attr, int cpl, int rpl, int vector) {
        ProtectedMachine m = cpl == 0 ? new ProtectedMachine().ring0() : new ProtectedMachine().ring3();
        m.descriptor(S, 0, 0xfff, Integer.parseInt(attr, 16));
        if (vector != 0) {
            m.faults(vector, S, X86Service.LOAD_SEGMENT, SS, S | rpl);
        } else {
            m.call(X86Service.LOAD_SEGMENT, SS, S | rpl);
            assertEquals(S | rpl, m.s[SEG_SELECTOR + SS]);
        }
    }

    @Test
    void nullSelectorLoadsIntoDataSegmentsButNotIntoSs() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.call(X86Service.LOAD_SEGMENT, ES, 3);
        assertEquals(3, m.s[SEG_SELECTOR + ES]);
        assertEquals(-1, m.s[SEG_READ_LIMIT + ES]);
        assertThrows(GuestFault.class, () -> m.cpu.segmentCheckSlow(ES, 0, 1, false));
        m.faults(Vector.GP, 0, X86Service.LOAD_SEGMENT, SS, 0);
    }

    @Test
    void selectorBeyondItsTableFaults() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.faults(Vector.GP, 0x1000, X86Service.LOAD_SEGMENT, DS, 0x1000);
        m.faults(Vector.GP, 0x0c, X86Service.LOAD_SEGMENT, DS, 0x0c);
    }

    @Test
    void selectorsWithTableBitNameTheLdt() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.descriptor(S, 0x8000, 0x0f, 0x82);
        m.call(X86Service.LLDT, S);
        m.memory.ram().put64(0x8008, m.memory.ram().get64(ProtectedMachine.GDT + ProtectedMachine.DATA0));
        m.call(X86Service.LOAD_SEGMENT, DS, 0x0c);
        assertEquals(0xffffffffL, m.s[SEG_LIMIT + DS]);
        m.faults(Vector.GP, 0x14, X86Service.LOAD_SEGMENT, DS, 0x14);
        assertEquals(S, m.call(X86Service.SLDT));
    }

    @Test
    void limitSlotsLetPassOnlyWhatIsAllowed() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.descriptor(S, 0, 0x1, 0x8090);
        m.call(X86Service.LOAD_SEGMENT, DS, S);
        assertEquals(0x1fff, m.s[SEG_READ_LIMIT + DS]);
        assertEquals(-1, m.s[SEG_WRITE_LIMIT + DS]);
        m.cpu.segmentCheckSlow(DS, 0x1ffc, 4, false);
        assertThrows(GuestFault.class, () -> m.cpu.segmentCheckSlow(DS, 0x1ffd, 4, false));
        assertThrows(GuestFault.class, () -> m.cpu.segmentCheckSlow(DS, 0, 4, true));
    }

    @Test
    void expandDownSegmentsAreValidAboveTheirLimit() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.descriptor(S, 0, 0xfff, 0x96);
        m.call(X86Service.LOAD_SEGMENT, SS, S);
        assertEquals(-1, m.s[SEG_WRITE_LIMIT + SS]);
        m.cpu.segmentCheckSlow(SS, 0x1000, 2, true);
        m.cpu.segmentCheckSlow(SS, 0xfffe, 2, true);
        GuestFault f = assertThrows(GuestFault.class, () -> m.cpu.segmentCheckSlow(SS, 0xfff, 2, true));
        assertEquals(Vector.SS, f.vector);
        assertThrows(GuestFault.class, () -> m.cpu.segmentCheckSlow(SS, 0xffff, 2, true));
    }

    @Test
    void realModeLoadsKeepAnEnlargedLimit() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        m.call(X86Service.WRITE_CR, 0, 0x10);
        m.call(X86Service.LOAD_SEGMENT, DS, 0x1234);
        assertEquals(0x12340, m.s[SEG_BASE + DS]);
        assertEquals(0xffffffffL, m.s[SEG_WRITE_LIMIT + DS]);
    }

    @Test
    void taskRegisterLoadMarksTheTaskBusy() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        assertEquals(0x8b, m.memory.ram().get8(ProtectedMachine.GDT + ProtectedMachine.TSS_SELECTOR + 5));
        m.faults(Vector.GP, ProtectedMachine.TSS_SELECTOR, X86Service.LTR, ProtectedMachine.TSS_SELECTOR);
        m.faults(Vector.GP, 0, X86Service.LTR, 0);
        m.faults(Vector.GP, ProtectedMachine.DATA0, X86Service.LTR, ProtectedMachine.DATA0);
        assertEquals(ProtectedMachine.TSS_SELECTOR, m.call(X86Service.STR));
    }

    @Test
    void systemSegmentInstructionsDoNotExistInRealMode() {
        ProtectedMachine m = new ProtectedMachine();
        m.faults(Vector.UD, -1, X86Service.LLDT, 0);
        m.faults(Vector.UD, -1, X86Service.STR);
        m.faults(Vector.UD, -1, X86Service.LAR_LSL, 0, 8);
    }

    @Test
    void larLslVerrVerwReportWithoutFaulting() {
        ProtectedMachine m = new ProtectedMachine().ring3();
        assertEquals(1L << 32 | 0xc0f300, m.call(X86Service.LAR_LSL, 0, ProtectedMachine.DATA3));
        assertEquals(1L << 32 | 0xffffffffL, m.call(X86Service.LAR_LSL, 1, ProtectedMachine.DATA3));
        assertEquals(0, m.call(X86Service.LAR_LSL, 0, ProtectedMachine.DATA0));
        assertEquals(0, m.call(X86Service.LAR_LSL, 0, 0));
        assertEquals(0, m.call(X86Service.LAR_LSL, 0, 0x1000));
        assertEquals(1, m.call(X86Service.VERR_VERW, 0, ProtectedMachine.CODE3));
        assertEquals(0, m.call(X86Service.VERR_VERW, 1, ProtectedMachine.CODE3));
        assertEquals(1, m.call(X86Service.VERR_VERW, 1, ProtectedMachine.DATA3));
        assertEquals(1, m.call(X86Service.VERR_VERW, 0, ProtectedMachine.CONFORMING | 3));
    }

    @Test
    void flatnessOfTheModeFollowsTheLoads() {
        ProtectedMachine m = new ProtectedMachine().ring0();
        long flat = m.cpu.mode();
        m.descriptor(S, 0x10, 0xfffff, 0xc092);
        m.call(X86Service.LOAD_SEGMENT, DS, S);
        assertEquals(flat & ~org.gearshift.translator.x86.X86Mode.FLAT_DS, m.cpu.mode());
        m.call(X86Service.LOAD_SEGMENT, DS, ProtectedMachine.DATA0);
        assertEquals(flat, m.cpu.mode());
        assertEquals(org.gearshift.translator.x86.X86Mode.of(m.s), m.cpu.mode());
        assertEquals(0, m.s[X86State.CPL]);
    }
}
