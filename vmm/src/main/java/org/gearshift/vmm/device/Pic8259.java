package org.gearshift.vmm.device;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.gearshift.vmm.bus.InterruptLine;

/**
 * One 8259A programmable interrupt controller (Intel 231468, "8259A/8259A-2/8259A-8") in 8086 mode, with the edge/level control register the
 * PIIX adds (Intel 290550, ELCR).
 *
 * <p>An edge stays latched in IRR until acknowledged, even if the line falls before: the chip would answer with a spurious IR7 there, which
 * only loses the interrupt. Two chips form the PC's pair, see {@link PicPair}.
 */
final class Pic8259 {
    static final int ICW1 = 0x10;
    static final int ICW1_NEEDS_ICW4 = 0x01;
    static final int ICW1_SINGLE = 0x02;
    static final int ICW1_LEVEL = 0x08;
    static final int ICW4_AUTO_EOI = 0x02;
    static final int ICW4_SPECIAL_FULLY_NESTED = 0x10;
    static final int OCW3 = 0x08;
    static final int OCW3_READ_ISR = 0x01;
    static final int OCW3_READ_REGISTER = 0x02;
    static final int OCW3_POLL = 0x04;
    static final int OCW3_SPECIAL_MASK = 0x20;
    static final int OCW3_SET_SPECIAL_MASK = 0x40;
    private static final int NONE = -1;

    private final boolean master;
    private final int levelCapable;
    private final InterruptLine output;

    private int lines;
    private int irr;
    private int isr;
    private int imr;
    private int vectorBase;
    private int lowestPriority;
    private int initStep;
    private int elcr;
    private boolean singleChip;
    private boolean needsIcw4;
    private boolean allLevel;
    private boolean autoEoi;
    private boolean rotateOnAutoEoi;
    private boolean specialMask;
    private boolean fullyNestedSpecial;
    private boolean readIsr;
    private boolean pollNext;

    long acknowledged;
    long spurious;

    /**
     * @param levelCapable inputs that ELCR may make level-triggered
     * @param output the INT pin
     */
    Pic8259(boolean master, int levelCapable, InterruptLine output) {
        this.master = master;
        this.levelCapable = levelCapable;
        this.output = output;
        reset();
    }

    void reset() {
        elcr = 0;
        initialize(0);
        initStep = 0;
        vectorBase = 0;
        imr = 0xff;
        update();
    }

    /** Drives input {@code ir} (0..7). */
    void setLine(int ir, boolean asserted) {
        int bit = 1 << ir;
        if (asserted) {
            if ((lines & bit) == 0) {
                irr |= bit;
            }
            lines |= bit;
        } else {
            lines &= ~bit;
            if (isLevel(ir)) {
                irr &= ~bit;
            }
        }
        update();
    }

    /** True if the INT pin is high. */
    boolean requesting() {
        return candidate() != NONE;
    }

    /** The IR input that {@link #acknowledge} would answer with, or -1 (a spurious interrupt, IR7). */
    int highestRequest() {
        return candidate();
    }

    /** The INTA cycles: moves the request into service. @return the vector */
    int acknowledge() {
        int ir = candidate();
        if (ir == NONE) {
            spurious++;
            return vectorBase | 7;
        }
        acknowledged++;
        intoService(ir);
        update();
        return vectorBase | ir;
    }

    int readCommand() {
        if (pollNext) {
            pollNext = false;
            int ir = candidate();
            if (ir == NONE) {
                return 0;
            }
            intoService(ir);
            update();
            return 0x80 | ir;
        }
        return readIsr ? isr : irr;
    }

    int readData() {
        return pollNext ? readCommand() : imr;
    }

    void writeCommand(int value) {
        if ((value & ICW1) != 0) {
            initialize(value);
        } else if ((value & OCW3) != 0) {
            writeOcw3(value);
        } else {
            writeOcw2(value);
        }
        update();
    }

    void writeData(int value) {
        switch (initStep) {
            case 2 -> {
                vectorBase = value & 0xf8;
                initStep = singleChip ? (needsIcw4 ? 4 : 0) : 3;
            }
            case 3 -> initStep = needsIcw4 ? 4 : 0;
            case 4 -> {
                autoEoi = (value & ICW4_AUTO_EOI) != 0;
                fullyNestedSpecial = (value & ICW4_SPECIAL_FULLY_NESTED) != 0;
                initStep = 0;
            }
            default -> imr = value;
        }
        update();
    }

    int elcr() {
        return elcr;
    }

    void setElcr(int value) {
        elcr = value & levelCapable;
        update();
    }

    int irr() {
        return irr;
    }

    int isr() {
        return isr;
    }

    int imr() {
        return imr;
    }

    private void initialize(int icw1) {
        initStep = 2;
        singleChip = (icw1 & ICW1_SINGLE) != 0;
        needsIcw4 = (icw1 & ICW1_NEEDS_ICW4) != 0;
        allLevel = (icw1 & ICW1_LEVEL) != 0;
        // The edge sense circuit is reset: a line that is high must fall and rise again; level inputs count at once.
        irr = 0;
        for (int ir = 0; ir < 8; ir++) {
            if (isLevel(ir)) {
                irr |= lines & 1 << ir;
            }
        }
        isr = 0;
        imr = 0;
        lowestPriority = 7;
        specialMask = false;
        readIsr = false;
        pollNext = false;
        autoEoi = false;
        rotateOnAutoEoi = false;
        fullyNestedSpecial = false;
    }

    private void writeOcw3(int value) {
        if ((value & OCW3_POLL) != 0) {
            pollNext = true;
        }
        if ((value & OCW3_READ_REGISTER) != 0) {
            readIsr = (value & OCW3_READ_ISR) != 0;
        }
        if ((value & OCW3_SET_SPECIAL_MASK) != 0) {
            specialMask = (value & OCW3_SPECIAL_MASK) != 0;
        }
    }

    private void writeOcw2(int value) {
        int ir = value & 7;
        switch (value >>> 5) {
            case 0 -> rotateOnAutoEoi = false;
            case 1 -> endHighest(false);
            case 3 -> isr &= ~(1 << ir);
            case 4 -> rotateOnAutoEoi = true;
            case 5 -> endHighest(true);
            case 6 -> lowestPriority = ir;
            case 7 -> {
                isr &= ~(1 << ir);
                lowestPriority = ir;
            }
            default -> { }
        }
    }

    /** Non-specific EOI; in special mask mode bits that the mask covers are not touched (datasheet, "Special Mask Mode"). */
    private void endHighest(boolean rotate) {
        int ir = highest(specialMask ? isr & ~imr : isr);
        if (ir != NONE) {
            isr &= ~(1 << ir);
            if (rotate) {
                lowestPriority = ir;
            }
        }
    }

    private void intoService(int ir) {
        if (!isLevel(ir)) {
            irr &= ~(1 << ir);
        }
        if (autoEoi) {
            if (rotateOnAutoEoi) {
                lowestPriority = ir;
            }
        } else {
            isr |= 1 << ir;
        }
    }

    private boolean isLevel(int ir) {
        // The cascade follows the slave's INT pin: a request the slave has withdrawn must not linger as a latched edge.
        return allLevel || (elcr >>> ir & 1) != 0 || master && ir == PicPair.CASCADE_INPUT;
    }

    private int candidate() {
        if (initStep != 0) {
            return NONE;
        }
        for (int ir = 0; ir < 8; ir++) {
            if (isLevel(ir)) {
                irr = irr & ~(1 << ir) | lines & 1 << ir;
            }
        }
        int request = highest(irr & ~imr);
        if (request == NONE) {
            return NONE;
        }
        int serving = isr;
        if (specialMask) {
            serving &= ~imr;
        }
        if (fullyNestedSpecial && master) {
            // The slave's input may interrupt itself; the slave sorts out the rest.
            serving &= ~(1 << PicPair.CASCADE_INPUT);
        }
        int inService = highest(serving);
        return inService == NONE || rank(request) < rank(inService) ? request : NONE;
    }

    private int highest(int bits) {
        if (bits == 0) {
            return NONE;
        }
        for (int rank = 0; rank < 8; rank++) {
            int ir = lowestPriority + 1 + rank & 7;
            if ((bits >>> ir & 1) != 0) {
                return ir;
            }
        }
        return NONE;
    }

    private int rank(int ir) {
        return ir - lowestPriority - 1 & 7;
    }

    void update() {
        output.set(requesting());
    }

    void save(DataOutput out) throws IOException {
        int[] registers = {lines, irr, isr, imr, vectorBase, lowestPriority, initStep, elcr};
        for (int register : registers) {
            out.writeByte(register);
        }
        boolean[] modes = {singleChip, needsIcw4, allLevel, autoEoi, rotateOnAutoEoi, specialMask, fullyNestedSpecial, readIsr, pollNext};
        for (boolean mode : modes) {
            out.writeBoolean(mode);
        }
    }

    void restore(DataInput in) throws IOException {
        lines = in.readUnsignedByte();
        irr = in.readUnsignedByte();
        isr = in.readUnsignedByte();
        imr = in.readUnsignedByte();
        vectorBase = in.readUnsignedByte();
        lowestPriority = in.readUnsignedByte();
        initStep = in.readUnsignedByte();
        elcr = in.readUnsignedByte();
        singleChip = in.readBoolean();
        needsIcw4 = in.readBoolean();
        allLevel = in.readBoolean();
        autoEoi = in.readBoolean();
        rotateOnAutoEoi = in.readBoolean();
        specialMask = in.readBoolean();
        fullyNestedSpecial = in.readBoolean();
        readIsr = in.readBoolean();
        pollNext = in.readBoolean();
    }
}
