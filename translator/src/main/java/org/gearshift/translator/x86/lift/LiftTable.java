package org.gearshift.translator.x86.lift;

import java.util.EnumMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import org.gearshift.translator.x86.IsaExtension;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;

/** Mnemonic to lifting method. Each mnemonic is lifted by one method; those without one raise #UD with a log line. */
public final class LiftTable {
    private final Map<Mnemonic, Lift> lifts = new EnumMap<>(Mnemonic.class);
    private final Map<Mnemonic, Lift> legacy = new EnumMap<>(Mnemonic.class);

    /** All groups: those of this package, and those found as services. */
    public static LiftTable standard() {
        LiftTable t = new LiftTable();
        LiftGroup[] groups = {
            DataTransfer::register, StackOps::register, IntegerArithmetic::register, Decimal::register, Logic::register, ShiftRotate::register,
            BitByte::register, BitManipulation::register, ControlTransfer::register, StringOps::register, FlagControl::register, SegmentOps::register,
            Miscellaneous::register, SystemOps::register, DescriptorOps::register, PortOps::register,
        };
        for (LiftGroup g : ServiceLoader.load(LiftGroup.class, LiftTable.class.getClassLoader())) {
            g.register(t);
        }
        for (LiftGroup g : groups) {
            g.register(t);
        }
        return t;
    }

    /**
     * Enters a lifting method.
     *
     * @throws IllegalStateException if the mnemonic has one already
     */
    public void add(Mnemonic m, Lift lift) {
        if (lifts.put(m, lift) != null) {
            throw new IllegalStateException("two lifters for " + m);
        }
    }

    /** Enters a lifting method unless another group, which knows the instruction better, has done so. */
    public void addIfAbsent(Mnemonic m, Lift lift) {
        lifts.putIfAbsent(m, lift);
    }

    /** The same method for several mnemonics. */
    public void add(Lift lift, Mnemonic... mnemonics) {
        for (Mnemonic m : mnemonics) {
            add(m, lift);
        }
    }

    /** Enters what the bytes of an instruction mean to a processor without the extension it belongs to, if that isn't #UD. */
    void addLegacy(Mnemonic m, Lift lift) {
        legacy.put(m, lift);
    }

    /** The lifting method of a mnemonic, or null. */
    public Lift get(Mnemonic m) {
        return lifts.get(m);
    }

    /** The lifting method of an instruction on a processor with these extensions, or null: it raises #UD. */
    Lift get(Instruction i, Set<IsaExtension> extensions) {
        return extensions.contains(i.extension()) ? lifts.get(i.mnemonic()) : legacy.get(i.mnemonic());
    }
}
