package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** An MF2 keyboard that speaks scan code set 2 (IBM PS/2 Hardware Interface Technical Reference, "Keyboard (101- and 102-key)"). */
final class Ps2Keyboard extends Ps2Device {
    private static final int SET_LEDS = 0xed;
    private static final int ECHO = 0xee;
    private static final int SCAN_CODE_SET = 0xf0;
    private static final int READ_ID = 0xf2;
    private static final int SET_TYPEMATIC = 0xf3;
    private static final int ENABLE = 0xf4;
    private static final int DISABLE = 0xf5;
    private static final int SET_DEFAULTS = 0xf6;
    private static final int RESET = 0xff;
    private static final int SET_2 = 2;

    private boolean scanning = true;
    private int leds;

    @Override
    void command(int value) {
        if (awaiting != 0 && value < SET_LEDS) {
            parameter(value);
            return;
        }
        awaiting = 0;
        switch (value) {
            case ECHO -> send(ECHO);
            case RESEND -> resend();
            case RESET -> {
                reset();
                send(ACKNOWLEDGE);
                send(SELF_TEST_PASSED);
            }
            case READ_ID -> {
                send(ACKNOWLEDGE);
                send(0xab);
                send(0x83);
            }
            case SET_LEDS, SCAN_CODE_SET, SET_TYPEMATIC -> {
                awaiting = value;
                send(ACKNOWLEDGE);
            }
            case ENABLE -> {
                scanning = true;
                send(ACKNOWLEDGE);
            }
            case DISABLE -> {
                scanning = false;
                send(ACKNOWLEDGE);
            }
            // F7h-FDh change single keys of set 3, which this keyboard accepts and ignores.
            case SET_DEFAULTS, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd -> send(ACKNOWLEDGE);
            default -> send(RESEND);
        }
    }

    private void parameter(int value) {
        int command = awaiting;
        awaiting = 0;
        if (command == SCAN_CODE_SET) {
            if (value == 0) {
                send(ACKNOWLEDGE);
                send(SET_2);
            } else {
                send(value == SET_2 ? ACKNOWLEDGE : RESEND);
            }
            return;
        }
        if (command == SET_LEDS) {
            leds = value & 7;
        }
        send(ACKNOWLEDGE);
    }

    /** Scroll lock bit 0, num lock bit 1, caps lock bit 2. */
    int leds() {
        return leds;
    }

    @Override
    boolean reporting() {
        return scanning;
    }

    @Override
    void reset() {
        clearOutput();
        awaiting = 0;
        scanning = true;
        leds = 0;
    }

    @Override
    void save(DataOutput out) throws IOException {
        super.save(out);
        out.writeBoolean(scanning);
        out.writeByte(leds);
    }

    @Override
    void restore(DataInput in) throws IOException {
        super.restore(in);
        scanning = in.readBoolean();
        leds = in.readUnsignedByte();
    }
}
