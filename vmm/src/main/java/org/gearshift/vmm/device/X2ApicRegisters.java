package org.gearshift.vmm.device;

import java.util.HashMap;
import java.util.Map;

/** A local APIC's registers in x2APIC mode (Intel SDM vol. 3A, 11.12.1.2 and table 11-6): which there are, and what of them may be written. */
final class X2ApicRegisters {
    static final int EOI = 0x0b;
    static final int ESR = 0x28;
    static final int ICR = 0x30;
    static final int SELF_IPI = 0x3f;

    /** What a register that there is, is good for. @param writable bits that may be 1 in a write; {@link #READ_ONLY} if none is possible */
    private record Access(boolean readable, long writable) {
    }

    private static final long READ_ONLY = -1;
    private static final Map<Integer, Access> TABLE = new HashMap<>();

    static {
        for (int readOnly : new int[] {0x02, 0x03, 0x0a, 0x0d, 0x39}) {
            TABLE.put(readOnly, new Access(true, READ_ONLY));
        }
        // In service, trigger mode, requests.
        for (int r = 0x10; r < 0x28; r++) {
            TABLE.put(r, new Access(true, READ_ONLY));
        }
        TABLE.put(0x08, new Access(true, 0xff));
        TABLE.put(EOI, new Access(false, 0));
        TABLE.put(0x0f, new Access(true, 0x3ff));
        TABLE.put(ESR, new Access(true, 0));
        TABLE.put(ICR, new Access(true, 0xffff_ffff_000c_cfffL));
        // Local vector table; delivery status and remote IRR are ignored.
        TABLE.put(0x32, new Access(true, 0x710ff));
        TABLE.put(0x33, new Access(true, 0x117ff));
        TABLE.put(0x34, new Access(true, 0x117ff));
        TABLE.put(0x35, new Access(true, 0x1f7ff));
        TABLE.put(0x36, new Access(true, 0x1f7ff));
        TABLE.put(0x37, new Access(true, 0x110ff));
        TABLE.put(0x38, new Access(true, 0xffff_ffffL));
        TABLE.put(0x3e, new Access(true, 0xb));
        TABLE.put(SELF_IPI, new Access(false, 0xff));
    }

    private X2ApicRegisters() {
    }

    static boolean isReadable(int register) {
        Access a = TABLE.get(register);
        return a != null && a.readable;
    }

    /** Whether a value may be written: the register is for writing, and no reserved bit is set. */
    static boolean accepts(int register, long value) {
        Access a = TABLE.get(register);
        return a != null && a.writable != READ_ONLY && (value & ~a.writable) == 0;
    }
}
