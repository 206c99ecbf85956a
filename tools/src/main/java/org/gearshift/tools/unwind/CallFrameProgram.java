package org.gearshift.tools.unwind;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Executes the instructions of an entry, which make the rows of its table one after the other (DWARF 5, section 6.4.2, numbers in section 7.24; those of GNU are in LSB Core 5.0, "DWARF Extensions").
 */
final class CallFrameProgram {
    private static final int DEEPEST = 1 << 8;
    /** Instructions of one entry: compilers write some thousands for their largest functions. */
    private static final int MOST = 1 << 16;
    private static final int HIGH_2_BITS = 0xc0;
    private static final int ADVANCE = 0x40;
    private static final int OFFSET = 0x80;
    private static final int RESTORE = 0xc0;

    private record Remembered(UnwindRule cfa, Map<Integer, UnwindRule> registers) {
    }

    private final CommonInformation common;
    private final PointerEncoding.Bases bases;
    private final FrameDescription description;
    private final Deque<Remembered> remembered = new ArrayDeque<>();
    /** Those of the first row, for {@code DW_CFA_restore}. */
    private Map<Integer, UnwindRule> initial = Map.of();
    private UnwindRule cfa;
    private Map<Integer, UnwindRule> registers = new TreeMap<>();
    private long location;
    private int executed;
    /** Address up to which rows are wanted, or all. */
    private final long until;
    private final boolean every;
    private final List<UnwindRow> rows = new ArrayList<>();

    private CallFrameProgram(FrameDescription d, PointerEncoding.Bases bases, long until, boolean every) {
        this.description = d;
        this.common = d.common();
        this.bases = bases;
        this.location = d.from();
        this.until = until;
        this.every = every;
    }

    /** The row for an address that the description holds. @throws CallFrameException if an instruction is unknown or impossible */
    static UnwindRow at(FrameDescription d, PointerEncoding.Bases bases, long address) throws CallFrameException {
        CallFrameProgram p = new CallFrameProgram(d, bases, address, false);
        p.run();
        return new UnwindRow(p.location, p.cfa, p.registers);
    }

    /** All rows. */
    static List<UnwindRow> rows(FrameDescription d, PointerEncoding.Bases bases) throws CallFrameException {
        CallFrameProgram p = new CallFrameProgram(d, bases, 0, true);
        p.run();
        p.rows.add(new UnwindRow(p.location, p.cfa, Map.copyOf(p.registers)));
        return p.rows;
    }

    private void run() throws CallFrameException {
        FrameBytes first = common.program().copy();
        while (first.hasMore()) {
            if (!execute(first)) {
                throw new CallFrameException("its CIE advances the location");
            }
        }
        initial = new TreeMap<>(registers);
        FrameBytes in = description.program().copy();
        boolean goesOn = true;
        while (goesOn && in.hasMore()) {
            goesOn = execute(in);
        }
    }

    /** One instruction. @return false if the next row is not wanted */
    private boolean execute(FrameBytes in) throws CallFrameException {
        if (executed++ == MOST) {
            throw new CallFrameException("more than " + MOST + " instructions");
        }
        int code = in.u8();
        int low = code & ~HIGH_2_BITS;
        switch (code & HIGH_2_BITS) {
            case ADVANCE -> {
                return advance(low);
            }
            case OFFSET -> rule(low, UnwindRule.offset(UnwindRule.Kind.OFFSET, in.uleb() * common.dataAlign()));
            case RESTORE -> restore(low);
            default -> {
                return extended(low, in);
            }
        }
        return true;
    }

    private boolean extended(int code, FrameBytes in) throws CallFrameException {
        switch (code) {
            case 0x00 -> { }
            case 0x01 -> {
                return moveTo(PointerEncoding.pointer(in, common.encoding(), bases, description.from()));
            }
            case 0x02, 0x03, 0x04 -> {
                return advance(in.unsigned(1 << code - 2));
            }
            case 0x06 -> restore(register(in));
            case 0x0a -> remember();
            case 0x0b -> recall();
            case 0x0c, 0x0d, 0x0e, 0x0f, 0x12, 0x13 -> frameAddress(code, in);
            // DW_CFA_GNU_args_size: how much a call of many arguments has pushed, which only who throws exceptions wants to know.
            case 0x2e -> in.uleb();
            default -> rule(code, in);
        }
        return true;
    }

    private void frameAddress(int code, FrameBytes in) throws CallFrameException {
        switch (code) {
            case 0x0c -> cfa = UnwindRule.sum(register(in), in.uleb());
            case 0x12 -> cfa = UnwindRule.sum(register(in), in.sleb() * common.dataAlign());
            case 0x0f -> cfa = UnwindRule.expression(UnwindRule.Kind.VAL_EXPRESSION, block(in));
            default -> {
                if (cfa == null || cfa.kind() != UnwindRule.Kind.SUM) {
                    throw new CallFrameException(String.format("before 0x%x half of a frame address is changed which is not a register and an offset", in.position()));
                }
                cfa = switch (code) {
                    case 0x0d -> UnwindRule.sum(register(in), cfa.offset());
                    case 0x0e -> UnwindRule.sum(cfa.register(), in.uleb());
                    default -> UnwindRule.sum(cfa.register(), in.sleb() * common.dataAlign());
                };
            }
        }
    }

    /** Instructions that say where a register is. */
    private void rule(int code, FrameBytes in) throws CallFrameException {
        if (code != 0x05 && (code < 0x07 || code > 0x09) && code != 0x10 && code != 0x11 && (code < 0x14 || code > 0x16) && code != 0x2f) {
            throw new CallFrameException(String.format("at 0x%x the unknown instruction 0x%02x", in.position() - 1, code));
        }
        int register = register(in);
        rule(register, switch (code) {
            case 0x05 -> UnwindRule.offset(UnwindRule.Kind.OFFSET, in.uleb() * common.dataAlign());
            case 0x07 -> UnwindRule.UNDEFINED;
            case 0x08 -> UnwindRule.SAME;
            case 0x09 -> UnwindRule.register(register(in));
            case 0x10 -> UnwindRule.expression(UnwindRule.Kind.EXPRESSION, block(in));
            case 0x11 -> UnwindRule.offset(UnwindRule.Kind.OFFSET, in.sleb() * common.dataAlign());
            case 0x14 -> UnwindRule.offset(UnwindRule.Kind.VAL_OFFSET, in.uleb() * common.dataAlign());
            case 0x15 -> UnwindRule.offset(UnwindRule.Kind.VAL_OFFSET, in.sleb() * common.dataAlign());
            case 0x16 -> UnwindRule.expression(UnwindRule.Kind.VAL_EXPRESSION, block(in));
            // DW_CFA_GNU_negative_offset_extended
            default -> UnwindRule.offset(UnwindRule.Kind.OFFSET, -in.uleb() * common.dataAlign());
        });
    }

    private void rule(int register, UnwindRule rule) {
        registers.put(register, rule);
    }

    private void restore(int register) {
        UnwindRule first = initial.get(register);
        if (first == null) {
            registers.remove(register);
        } else {
            registers.put(register, first);
        }
    }

    private void remember() throws CallFrameException {
        if (remembered.size() == DEEPEST) {
            throw new CallFrameException("more than " + DEEPEST + " states are to be remembered");
        }
        remembered.push(new Remembered(cfa, new TreeMap<>(registers)));
    }

    private void recall() throws CallFrameException {
        if (remembered.isEmpty()) {
            throw new CallFrameException("a state is to be restored that was not remembered");
        }
        Remembered r = remembered.pop();
        cfa = r.cfa;
        registers = r.registers;
    }

    private boolean advance(long by) throws CallFrameException {
        return moveTo(bases.address(location + by * common.codeAlign()));
    }

    private boolean moveTo(long to) throws CallFrameException {
        if (Long.compareUnsigned(to, location) < 0) {
            throw new CallFrameException("the location goes back");
        }
        if (every) {
            rows.add(new UnwindRow(location, cfa, Map.copyOf(registers)));
        } else if (Long.compareUnsigned(to, until) > 0) {
            return false;
        }
        location = to;
        return true;
    }

    private static int register(FrameBytes in) throws CallFrameException {
        long number = in.uleb();
        if (number < 0 || number >= UnwindRow.REGISTERS) {
            throw new CallFrameException("register " + Long.toUnsignedString(number) + ", which no processor has");
        }
        return (int) number;
    }

    private static FrameBytes block(FrameBytes in) throws CallFrameException {
        return in.part(in.uleb());
    }
}
