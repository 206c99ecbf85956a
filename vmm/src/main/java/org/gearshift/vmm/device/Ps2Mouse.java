package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** A three-button PS/2 mouse (IBM PS/2 Hardware Interface Technical Reference, "Auxiliary device"). */
final class Ps2Mouse extends Ps2Device {
    private static final int SCALING_1 = 0xe6;
    private static final int SCALING_2 = 0xe7;
    private static final int SET_RESOLUTION = 0xe8;
    private static final int STATUS = 0xe9;
    private static final int STREAM = 0xea;
    private static final int READ_DATA = 0xeb;
    private static final int WRAP_OFF = 0xec;
    private static final int WRAP = 0xee;
    private static final int REMOTE = 0xf0;
    private static final int READ_ID = 0xf2;
    private static final int SET_RATE = 0xf3;
    private static final int ENABLE = 0xf4;
    private static final int DISABLE = 0xf5;
    private static final int SET_DEFAULTS = 0xf6;
    private static final int RESET = 0xff;
    private static final int STANDARD_ID = 0;
    private static final int NO_MOTION = 0x08;

    private boolean enabled;
    private boolean remote;
    private boolean wrap;
    private boolean doubleScale;
    private int resolution = 2;
    private int rate = 100;

    @Override
    void command(int value) {
        if (wrap && value != RESET && value != WRAP_OFF) {
            send(value);
            return;
        }
        if (awaiting != 0) {
            if (awaiting == SET_RATE) {
                rate = value;
            } else {
                resolution = value & 3;
            }
            awaiting = 0;
            send(ACKNOWLEDGE);
            return;
        }
        if (value == RESEND) {
            resend();
            return;
        }
        send(answers(value) ? ACKNOWLEDGE : RESEND);
        switch (value) {
            case SCALING_1 -> doubleScale = false;
            case SCALING_2 -> doubleScale = true;
            case SET_RESOLUTION, SET_RATE -> awaiting = value;
            case STATUS -> {
                send((remote ? 0x40 : 0) | (enabled ? 0x20 : 0) | (doubleScale ? 0x10 : 0));
                send(resolution);
                send(rate);
            }
            case STREAM -> remote = false;
            case REMOTE -> remote = true;
            case READ_DATA -> {
                send(NO_MOTION);
                send(0);
                send(0);
            }
            case WRAP -> wrap = true;
            case WRAP_OFF -> wrap = false;
            case READ_ID -> send(STANDARD_ID);
            case ENABLE -> enabled = true;
            case DISABLE -> enabled = false;
            case SET_DEFAULTS -> defaults();
            case RESET -> {
                reset();
                send(ACKNOWLEDGE);
                send(SELF_TEST_PASSED);
                send(STANDARD_ID);
            }
            default -> { }
        }
    }

    private static boolean answers(int value) {
        return value >= SCALING_1 && value != 0xed && value != 0xef && value != 0xf1 && (value <= SET_DEFAULTS || value == RESET);
    }

    private void defaults() {
        enabled = false;
        remote = false;
        doubleScale = false;
        resolution = 2;
        rate = 100;
    }

    @Override
    boolean reporting() {
        return enabled && !remote && !wrap;
    }

    @Override
    void reset() {
        clearOutput();
        awaiting = 0;
        wrap = false;
        defaults();
    }

    @Override
    void save(DataOutput out) throws IOException {
        super.save(out);
        out.writeBoolean(enabled);
        out.writeBoolean(remote);
        out.writeBoolean(wrap);
        out.writeBoolean(doubleScale);
        out.writeByte(resolution);
        out.writeByte(rate);
    }

    @Override
    void restore(DataInput in) throws IOException {
        super.restore(in);
        enabled = in.readBoolean();
        remote = in.readBoolean();
        wrap = in.readBoolean();
        doubleScale = in.readBoolean();
        resolution = in.readUnsignedByte();
        rate = in.readUnsignedByte();
    }
}
