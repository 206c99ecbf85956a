package org.gearshift.translator.x86.runtime;

import java.util.BitSet;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Helper;
import org.gearshift.ir.Ram;
import org.gearshift.ir.Type;
import org.gearshift.translator.x86.X86State;

/**
 * Repeated string instructions, a piece at a time: at most up to the end of the page each operand is in (the start, with DF set), so at most
 * 4096 bytes; a first element across that end makes a piece of its own. Registers are those after the last finished element whenever a
 * fault propagates, but the flags of comparisons are those before the instruction then (SDM vol. 2 under REP): they are set when it ends, and
 * where a debug trap may show them. Each helper takes the form of the instruction and gives 1 if it has to go on at the same pc, else 0.
 */
public final class StringOperations {
    public static final Helper MOVS = helper("rep_movs", "movs", false);
    public static final Helper STOS = helper("rep_stos", "stos", false);
    public static final Helper LODS = helper("rep_lods", "lods", false);
    public static final Helper SCAS = helper("rep_scas", "scas", true);
    public static final Helper CMPS = helper("rep_cmps", "cmps", true);

    /** Form bits 0..1: log2 of the element's bytes; 2..3: address size 16, 32 or 64; 4..6: source segment. */
    public static final int ADDRESS_SHIFT = 2;
    public static final int SEGMENT_SHIFT = 4;
    /** Stop at equality, instead of at difference. */
    public static final int REPNE = 1 << 7;
    /** The segment needs neither base nor check. */
    public static final int FLAT_SOURCE = 1 << 8;
    public static final int FLAT_ES = 1 << 9;
    public static final int CODE64 = 1 << 10;
    /** Elements must be aligned. */
    public static final int ALIGN_CHECK = 1 << 11;

    private static final int PAGE = 0x1000;
    private static final int DR7 = X86State.DR + 7;
    private static final int BREAKPOINTS_ENABLED = 0xff;
    private static final int TF = 1 << 8;
    private static final int RF = 1 << 16;

    private StringOperations() {
    }

    private static Helper helper(String name, String method, boolean compares) {
        BitSet reads = new BitSet();
        BitSet writes = new BitSet();
        for (int slot : new int[] {X86State.RCX, X86State.RSI, X86State.RDI, X86State.RAX}) {
            reads.set(slot);
            writes.set(slot);
        }
        reads.set(X86State.DF);
        reads.set(X86State.EFLAGS_SYS);
        writes.set(X86State.EFLAGS_SYS);
        reads.set(DR7);
        for (int first : new int[] {X86State.SEG_BASE, X86State.SEG_READ_LIMIT, X86State.SEG_WRITE_LIMIT}) {
            reads.set(first, first + 6);
        }
        if (compares) {
            writes.set(X86State.FLAG_RES);
            writes.set(X86State.FLAG_AUX);
        }
        return Helper.stateful(name, StringOperations.class, method, true, reads, writes, Type.I32, Type.I32);
    }

    public static int movs(GuestContext ctx, int form) {
        if (isPlain(ctx, form, FLAT_SOURCE | FLAT_ES, form >> SEGMENT_SHIFT & 7)) {
            long[] s = ctx.s;
            long mask = addressMask(form);
            long from = s[X86State.RSI] & mask;
            long to = s[X86State.RDI] & mask;
            long n = Math.min(Math.min(elements(from, form), elements(to, form)), s[X86State.RCX] & mask & Long.MAX_VALUE);
            int bytes = (int) n << (form & 3);
            long source = bytes == 0 ? -1 : ctx.ramIndex(from, bytes, false);
            long target = source < 0 ? -1 : ctx.ramIndex(to, bytes, true);
            if (target >= 0 && (target <= source || target >= source + bytes)) {
                ctx.hostRam.copy(source, target, bytes);
                advance(ctx, form, n, true, true);
                return more(ctx, form);
            }
        }
        return movsByPieces(ctx, form);
    }

    private static int movsByPieces(GuestContext ctx, int form) {
        long n = piece(ctx, form, true, true, true);
        int size = 1 << (form & 3);
        while (n > 0) {
            long from = source(ctx, form);
            long to = destination(ctx, form);
            int bytes = (int) n * size;
            long s = ctx.s[X86State.DF] > 0 ? ctx.ramIndex(from, bytes, false) : -1;
            long d = s >= 0 ? ctx.ramIndex(to, bytes, true) : -1;
            if (d >= 0 && (d <= s || d >= s + bytes)) {
                ctx.hostRam.copy(s, d, bytes);
                advance(ctx, form, n, true, true);
                break;
            }
            store(ctx, to, size, load(ctx, from, size));
            advance(ctx, form, 1, true, true);
            n--;
        }
        return more(ctx, form);
    }

    public static int stos(GuestContext ctx, int form) {
        if (isPlain(ctx, form, FLAT_ES, X86State.ES)) {
            long[] s = ctx.s;
            long mask = addressMask(form);
            long to = s[X86State.RDI] & mask;
            long n = Math.min(elements(to, form), s[X86State.RCX] & mask & Long.MAX_VALUE);
            int bytes = (int) n << (form & 3);
            long target = bytes == 0 ? -1 : ctx.ramIndex(to, bytes, true);
            if (target >= 0) {
                fill(ctx.hostRam, target, bytes, 1 << (form & 3), s[X86State.RAX]);
                advance(ctx, form, n, false, true);
                return more(ctx, form);
            }
        }
        return stosByPieces(ctx, form);
    }

    /**
     * Whether an instruction goes upwards in one flat address space, with no trap and no alignment check between its elements: most do, and then little has to be looked at.
     *
     * @param flat which segments must be flat, outside 64-bit code
     */
    private static boolean isPlain(GuestContext ctx, int form, int flat, int source) {
        boolean segments = (form & CODE64) != 0 ? source < X86State.FS : (form & flat) == flat;
        return segments && (form & ALIGN_CHECK) == 0 && (form >> ADDRESS_SHIFT & 3) != 0 && ctx.s[X86State.DF] > 0 && !mayTrap(ctx);
    }

    /** Whole elements from an address to the end of its page. */
    private static long elements(long address, int form) {
        return PAGE - (address & PAGE - 1) >> (form & 3);
    }

    private static int stosByPieces(GuestContext ctx, int form) {
        long n = piece(ctx, form, false, true, true);
        int size = 1 << (form & 3);
        long value = ctx.s[X86State.RAX];
        while (n > 0) {
            long to = destination(ctx, form);
            int bytes = (int) n * size;
            long d = ctx.s[X86State.DF] > 0 ? ctx.ramIndex(to, bytes, true) : -1;
            if (d >= 0) {
                fill(ctx.hostRam, d, bytes, size, value);
                advance(ctx, form, n, false, true);
                break;
            }
            store(ctx, to, size, value);
            advance(ctx, form, 1, false, true);
            n--;
        }
        return more(ctx, form);
    }

    private static void fill(Ram ram, long at, int bytes, int size, long value) {
        if (size == 1 || uniform(value, size)) {
            ram.fill(at, bytes, (byte) value);
            return;
        }
        ram.put(at, value, size * 8);
        for (int done = size; done < bytes; ) {
            int more = Math.min(done, bytes - done);
            ram.copy(at, at + done, more);
            done += more;
        }
    }

    private static boolean uniform(long value, int size) {
        long mask = size == 8 ? -1 : (1L << 8 * size) - 1;
        return (value & mask) == ((value & 0xff) * 0x0101_0101_0101_0101L & mask);
    }

    public static int lods(GuestContext ctx, int form) {
        int size = 1 << (form & 3);
        for (long n = piece(ctx, form, true, false, false); n > 0; n--) {
            long v = load(ctx, source(ctx, form), size);
            long[] s = ctx.s;
            s[X86State.RAX] = switch (size) {
                case 1 -> s[X86State.RAX] & ~0xffL | v & 0xff;
                case 2 -> s[X86State.RAX] & ~0xffffL | v & 0xffff;
                case 4 -> narrow(form, v);
                default -> v;
            };
            advance(ctx, form, 1, true, false);
        }
        return more(ctx, form);
    }

    public static int scas(GuestContext ctx, int form) {
        int size = 1 << (form & 3);
        long a = extend(ctx.s[X86State.RAX], size);
        boolean untilEqual = (form & REPNE) != 0;
        for (long n = piece(ctx, form, false, true, false); n > 0; n--) {
            long b = extend(load(ctx, destination(ctx, form), size), size);
            advance(ctx, form, 1, false, true);
            if (a == b == untilEqual) {
                setFlags(ctx, a, b, size);
                return done(ctx);
            }
            if (n == 1) {
                setFlagsAtEnd(ctx, form, a, b, size);
            }
        }
        return more(ctx, form);
    }

    public static int cmps(GuestContext ctx, int form) {
        int size = 1 << (form & 3);
        boolean untilEqual = (form & REPNE) != 0;
        long n = piece(ctx, form, true, true, false);
        if (!untilEqual && ctx.s[X86State.DF] > 0 && n > 1) {
            n -= skipEqual(ctx, form, (int) n - 1, size);
        }
        for (; n > 0; n--) {
            long a = extend(load(ctx, source(ctx, form), size), size);
            long b = extend(load(ctx, destination(ctx, form), size), size);
            advance(ctx, form, 1, true, true);
            if (a == b == untilEqual) {
                setFlags(ctx, a, b, size);
                return done(ctx);
            }
            if (n == 1) {
                setFlagsAtEnd(ctx, form, a, b, size);
            }
        }
        return more(ctx, form);
    }

    /** Moves over the equal elements at the start of {@code n} elements in RAM; the caller then compares at least one more. */
    private static long skipEqual(GuestContext ctx, int form, int n, int size) {
        int bytes = n * size;
        long s = ctx.ramIndex(source(ctx, form), bytes, false);
        long d = ctx.ramIndex(destination(ctx, form), bytes, false);
        if (s < 0 || d < 0) {
            return 0;
        }
        int differs = ctx.hostRam.mismatch(s, d, bytes);
        int equal = differs < 0 ? n : differs / size;
        advance(ctx, form, equal, true, true);
        return equal;
    }

    // ---- pieces ----

    /** Number of elements this call may process, 0 if (E)CX is 0. Checks segments and alignment of the first. */
    private static long piece(GuestContext ctx, int form, boolean usesSource, boolean usesDestination, boolean writes) {
        long n = count(ctx, form);
        if (n == 0) {
            return 0;
        }
        if (mayTrap(ctx)) {
            n = 1;
        }
        if (usesSource) {
            int segment = form >> SEGMENT_SHIFT & 7;
            n = bound(ctx, form, n, offset(ctx, form, X86State.RSI), source(ctx, form));
            n = checked(ctx, form, n, segment, X86State.RSI, false, (form & FLAT_SOURCE) != 0);
            requireAligned(ctx, form, source(ctx, form));
        }
        if (usesDestination) {
            n = bound(ctx, form, n, offset(ctx, form, X86State.RDI), destination(ctx, form));
            n = checked(ctx, form, n, X86State.ES, X86State.RDI, writes, (form & FLAT_ES) != 0);
            requireAligned(ctx, form, destination(ctx, form));
        }
        return n;
    }

    /** Whether debug traps may come after each element. */
    private static boolean mayTrap(GuestContext ctx) {
        return (ctx.s[X86State.EFLAGS_SYS] & TF) != 0 || (ctx.s[DR7] & BREAKPOINTS_ENABLED) != 0;
    }

    /** At most up to the end of the page, and of the offset's range. */
    private static long bound(GuestContext ctx, int form, long n, long offset, long linear) {
        int log = form & 3;
        long inPage = linear & PAGE - 1;
        long mask = addressMask(form);
        if (ctx.s[X86State.DF] < 0) {
            // A 64-bit offset may have its top bit set.
            long below = mask == -1 ? inPage >> log : Math.min(inPage >> log, offset >>> log);
            return Math.min(n, below + 1);
        }
        long room = PAGE - inPage;
        if (mask != -1) {
            room = Math.min(room, mask + 1 - offset);
        }
        return Math.min(n, Math.max(1, room >> log));
    }

    /** The elements that pass the segment's limit at once; if not even these, the first one if it is allowed at all. */
    private static long checked(GuestContext ctx, int form, long n, int segment, int register, boolean write, boolean flat) {
        if (flat || (form & CODE64) != 0) {
            return n;
        }
        int size = 1 << (form & 3);
        long limit = ctx.s[(write ? X86State.SEG_WRITE_LIMIT : X86State.SEG_READ_LIMIT) + segment];
        long first = offset(ctx, form, register);
        long highest = ctx.s[X86State.DF] > 0 ? first + n * size - 1 : first + size - 1;
        if (highest <= limit) {
            return n;
        }
        if (first + size - 1 > limit) {
            ctx.segmentCheckSlow(segment, first, size, write);
        }
        return 1;
    }

    /** #AC: what the segment refuses, or is not canonical, is refused for that. */
    private static void requireAligned(GuestContext ctx, int form, long linear) {
        if ((form & ALIGN_CHECK) != 0) {
            AlignmentCheck.check(ctx, linear, 1 << (form & 3));
        }
    }

    private static long addressMask(int form) {
        return switch (form >> ADDRESS_SHIFT & 3) {
            case 0 -> 0xffffL;
            case 1 -> 0xffff_ffffL;
            default -> -1L;
        };
    }

    private static long count(GuestContext ctx, int form) {
        return offset(ctx, form, X86State.RCX) & Long.MAX_VALUE;
    }

    /**
     * Whether the instruction goes on. RF is set while it is under way, so that it is in the image of an interrupt that comes in between: SDM vol.
     * 3B section 17.3.1.1.
     */
    private static int more(GuestContext ctx, int form) {
        if (offset(ctx, form, X86State.RCX) == 0) {
            return done(ctx);
        }
        ctx.s[X86State.EFLAGS_SYS] |= RF;
        return 1;
    }

    private static int done(GuestContext ctx) {
        ctx.s[X86State.EFLAGS_SYS] &= ~RF;
        return 0;
    }

    private static long offset(GuestContext ctx, int form, int register) {
        return ctx.s[register] & addressMask(form);
    }

    private static long source(GuestContext ctx, int form) {
        return linear(ctx, form, form >> SEGMENT_SHIFT & 7, offset(ctx, form, X86State.RSI), (form & FLAT_SOURCE) != 0);
    }

    private static long destination(GuestContext ctx, int form) {
        return linear(ctx, form, X86State.ES, offset(ctx, form, X86State.RDI), (form & FLAT_ES) != 0);
    }

    private static long linear(GuestContext ctx, int form, int segment, long offset, boolean flat) {
        if ((form & CODE64) != 0) {
            return segment >= X86State.FS ? offset + ctx.s[X86State.SEG_BASE + segment] : offset;
        }
        return flat ? offset : offset + ctx.s[X86State.SEG_BASE + segment] & 0xffff_ffffL;
    }

    private static void advance(GuestContext ctx, int form, long elements, boolean si, boolean di) {
        long step = (elements << (form & 3)) * ctx.s[X86State.DF];
        move(ctx, form, X86State.RCX, -elements);
        if (si) {
            move(ctx, form, X86State.RSI, step);
        }
        if (di) {
            move(ctx, form, X86State.RDI, step);
        }
    }

    private static void move(GuestContext ctx, int form, int register, long by) {
        long old = ctx.s[register];
        ctx.s[register] = switch (form >> ADDRESS_SHIFT & 3) {
            case 0 -> old & ~0xffffL | old + by & 0xffff;
            case 1 -> narrow(form, old + by);
            default -> old + by;
        };
    }

    /** A 32-bit register value as its slot holds it. */
    private static long narrow(int form, long v) {
        return (form & CODE64) != 0 ? v & 0xffff_ffffL : (int) v;
    }

    // ---- memory ----

    private static long load(GuestContext ctx, long va, int size) {
        long at = ctx.ramIndex(va, size, false);
        if (at < 0) {
            return ctx.loadSlow(va, size * 8, false);
        }
        return switch (size) {
            case 1 -> (byte) ctx.hostRam.get8(at);
            case 2 -> (short) ctx.hostRam.get16(at);
            case 4 -> ctx.hostRam.get32(at);
            default -> ctx.hostRam.get64(at);
        };
    }

    private static void store(GuestContext ctx, long va, int size, long value) {
        long at = ctx.ramIndex(va, size, true);
        if (at < 0) {
            ctx.storeSlow(va, value, size * 8);
        } else {
            ctx.hostRam.put(at, value, size * 8);
        }
    }

    private static long extend(long v, int size) {
        return switch (size) {
            case 1 -> (byte) v;
            case 2 -> (short) v;
            case 4 -> (int) v;
            default -> v;
        };
    }

    /** The flags of a piece's last comparison, if no other piece follows that may fault. */
    private static void setFlagsAtEnd(GuestContext ctx, int form, long a, long b, int size) {
        if (offset(ctx, form, X86State.RCX) == 0 || mayTrap(ctx)) {
            setFlags(ctx, a, b, size);
        }
    }

    /** FLAG_RES and FLAG_AUX of {@code a - b}, both sign-extended. */
    private static void setFlags(GuestContext ctx, long a, long b, int size) {
        long res = extend(a - b, size);
        long c = ~a & b | (~a | b) & res;
        int top = size * 8 - 1;
        ctx.s[X86State.FLAG_RES] = res;
        ctx.s[X86State.FLAG_AUX] = (int) (c >>> top & 1) << 31 | (int) (c >>> top - 1 & 1) << 30 | (int) c & 8;
    }
}
