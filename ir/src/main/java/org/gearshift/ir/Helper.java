package org.gearshift.ir;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A static Java method callable from IR through {@link Op#CALL}: for meanings too large to spell in operations
 * (80-bit arithmetic, string copies). The interpreter and the backend call the very same method.
 *
 * <p>The method is public and static in a public class; its parameters are an optional leading
 * {@link GuestContext} and then up to five {@code int} (I32) or {@code long} (I64); it returns {@code int}, {@code long} or
 * {@code void}. A helper that takes a context and touches state slots must name them in {@code reads} and {@code writes}: those slots are
 * in the state array while it runs and are fetched again afterwards, others may still be held elsewhere.
 */
public final class Helper {
    /**
     * A way to a helper's result that is open most of the time, and has no effect: a static method of {@code owner} with the helper's name for its method, which
     * takes the value of a state slot (long) and then the helper's parameters, and returns a long: the result, zero-extended if it is an I32, or {@code none},
     * which is no result it ever has. Code may ask it first, and the helper only if it answers {@code none}.
     *
     * @param usual null, or a class that knows the most usual case. Its method of the same name, with {@code Fits} behind it, takes what the attempt takes, and which operands are known to be
     *     results of usual cases ({@link #FIRST_KNOWN}), and returns a boolean, whether this is one; the one with {@code FitsOrZero} allows for operands and results that are zero, too. Then the
     *     method of the name itself, which takes the helper's parameters and returns a long, has the result
     */
    public record Attempt(Class<?> owner, int slot, long none, Class<?> usual) {
        /** The first operand is the result of a usual case with the same elements. */
        public static final int FIRST_KNOWN = 1;
        /** The second is. */
        public static final int SECOND_KNOWN = 2;
    }

    /** Largest number of arguments besides the context. */
    public static final int MAX_ARGS = 5;

    /** The helpers there are, by name: they are constants of the classes that use them. */
    private static final Map<String, Helper> KNOWN = new ConcurrentHashMap<>();

    private final String name;
    private final Class<?> owner;
    private final String method;
    private final Type result;
    private final List<Type> params;
    private final boolean takesContext;
    private final boolean pure;
    private final boolean faults;
    private final boolean check;
    private final int passesSignExtended;
    private final int passesAligned;
    private final boolean passesInPage;
    private final boolean expectation;
    private final Attempt attempt;
    private final BitSet reads;
    private final BitSet writes;
    private final MethodType methodType;
    private volatile MethodHandle uniform;

    private Helper(String name, Class<?> owner, String method, Type result, List<Type> params, boolean takesContext,
            boolean pure, boolean faults, boolean check, int passesSignExtended, int passesAligned, boolean passesInPage, boolean expectation, Attempt attempt, BitSet reads, BitSet writes) {
        if (params.size() > MAX_ARGS) {
            throw new IllegalArgumentException(name + ": more than " + MAX_ARGS + " arguments");
        }
        this.name = name;
        this.owner = owner;
        this.method = method;
        this.result = result;
        this.params = List.copyOf(params);
        this.takesContext = takesContext;
        this.pure = pure;
        this.faults = faults;
        this.check = check;
        this.passesSignExtended = passesSignExtended;
        this.passesAligned = passesAligned;
        this.passesInPage = passesInPage;
        this.expectation = expectation;
        this.attempt = attempt;
        this.reads = reads;
        this.writes = writes;
        List<Class<?>> p = new ArrayList<>();
        if (takesContext) {
            p.add(GuestContext.class);
        }
        for (Type t : params) {
            p.add(javaType(t));
        }
        this.methodType = MethodType.methodType(javaType(result), p);
        KNOWN.put(name, this);
    }

    /** The helper of a name among those that have been made so far, or null: for readers of IR text. */
    public static Helper named(String name) {
        return KNOWN.get(name);
    }

    /** A function of its arguments alone. */
    public static Helper pure(String name, Class<?> owner, String method, Type result, Type... params) {
        return new Helper(name, owner, method, result, List.of(params), false, true, false, false, 0, 0, false, false, null, new BitSet(), new BitSet());
    }

    /**
     * A helper that works on guest state or memory.
     *
     * @param faults true if it may raise a {@link GuestFault} or access guest memory
     * @param reads state slots it reads
     * @param writes state slots it writes
     */
    public static Helper stateful(String name, Class<?> owner, String method, boolean faults, BitSet reads, BitSet writes,
            Type result, Type... params) {
        return new Helper(name, owner, method, result, List.of(params), true, false, faults, false, 0, 0, false, false, null,
                (BitSet) reads.clone(), (BitSet) writes.clone());
    }

    /** A helper that only looks whether an access may take place: it raises a fault or does nothing, and touches memory at most as a load does. */
    public static Helper check(String name, Class<?> owner, String method, Type... params) {
        return new Helper(name, owner, method, Type.VOID, List.of(params), true, false, true, true, 0, 0, false, false, null, new BitSet(), new BitSet());
    }

    /** A {@link #check} of one I64 that returns at once if the value is the sign-extension of its low {@code bits}: callers may test that themselves. */
    public static Helper signExtensionCheck(String name, Class<?> owner, String method, int bits) {
        return new Helper(name, owner, method, Type.VOID, List.of(Type.I64), true, false, true, true, bits, 0, false, false, null, new BitSet(), new BitSet());
    }

    /** A {@link #check} of one I64 that returns at once if the value is a multiple of {@code bytes}, a power of two: callers may test that themselves. */
    public static Helper alignmentCheck(String name, Class<?> owner, String method, int bytes) {
        return new Helper(name, owner, method, Type.VOID, List.of(Type.I64), true, false, true, true, 0, bytes, false, false, null, new BitSet(), new BitSet());
    }

    /** A {@link #check} of an address (I64) and a number of bytes (I32) that returns at once if so many bytes there lie in one page: callers may test that themselves. */
    public static Helper pageCheck(String name, Class<?> owner, String method) {
        return new Helper(name, owner, method, Type.VOID, List.of(Type.I64, Type.I32), true, false, true, true, 0, 0, true, false, null, new BitSet(), new BitSet());
    }

    /** A {@link #check} of one I32 that returns at once unless the value is 0, and otherwise abandons the instruction as a miss: callers may test that themselves. */
    static Helper expectation(String name, Class<?> owner, String method) {
        return new Helper(name, owner, method, Type.VOID, List.of(Type.I32), true, false, true, true, 0, 0, false, true, null, new BitSet(), new BitSet());
    }

    /** The same helper, with an attempt that code may make before it. */
    public Helper withAttempt(Attempt a) {
        return new Helper(name, owner, method, result, params, takesContext, pure, faults, check, passesSignExtended, passesAligned, passesInPage, expectation, a, reads, writes);
    }

    private static Class<?> javaType(Type t) {
        return switch (t) {
            case VOID -> void.class;
            case I32 -> int.class;
            case I64 -> long.class;
        };
    }

    public String name() {
        return name;
    }

    public Class<?> owner() {
        return owner;
    }

    public String method() {
        return method;
    }

    public Type result() {
        return result;
    }

    public List<Type> params() {
        return params;
    }

    public boolean takesContext() {
        return takesContext;
    }

    public boolean isPure() {
        return pure;
    }

    public boolean mayFault() {
        return faults;
    }

    /** True for a helper that {@link #check} made: accesses before and after it see the same mappings, unless it faults. */
    public boolean isCheck() {
        return check;
    }

    /** Of a {@link #signExtensionCheck} the number of bits, otherwise 0. */
    public int passesSignExtended() {
        return passesSignExtended;
    }

    /** Of an {@link #alignmentCheck} the number of bytes, otherwise 0. */
    public int passesAligned() {
        return passesAligned;
    }

    /** Whether it is a {@link #pageCheck}. */
    public boolean passesInPage() {
        return passesInPage;
    }

    /** True for {@link Expectation#HELPER}: it passes if its argument is not 0. */
    public boolean isExpectation() {
        return expectation;
    }

    /** True if it takes a context for a result only, and touches neither slots nor memory, nor asks how far the budget is used. */
    public boolean isLocal() {
        return takesContext && !faults && reads.isEmpty() && writes.isEmpty();
    }

    /** What may be tried before it, or null. */
    public Attempt attempt() {
        return attempt;
    }

    /** JVM type of the {@link #attempt}'s method. */
    public MethodType attemptType() {
        MethodType t = takesContext ? methodType.dropParameterTypes(0, 1) : methodType;
        return t.insertParameterTypes(0, long.class).changeReturnType(long.class);
    }

    /** JVM type of the method that says whether the usual case is given. */
    public MethodType fitsType() {
        return attemptType().changeReturnType(boolean.class).appendParameterTypes(int.class);
    }

    /** Whether all elements that this helper of arithmetic works on are elements that another has given: what the last two letters of an SSE mnemonic say, element and number. */
    public boolean sharesElements(Helper other) {
        String mine = method.substring(method.length() - 2);
        String others = other.method.substring(other.method.length() - 2);
        return mine.charAt(1) == others.charAt(1) && (mine.charAt(0) == 's' || mine.charAt(1) == 'd' || others.charAt(0) == 'p');
    }

    /** JVM type of the method that has the usual case's result. */
    public MethodType usualType() {
        return attemptType().dropParameterTypes(0, 1);
    }

    /** State slots read; do not modify. */
    public BitSet reads() {
        return reads;
    }

    /** State slots written; do not modify. */
    public BitSet writes() {
        return writes;
    }

    /** JVM type of the method, context first where it takes one. */
    public MethodType methodType() {
        return methodType;
    }

    /**
     * The method adapted to one shape for the interpreter: {@code (GuestContext, long, long, long, long, long) -> long}. I32
     * arguments are narrowed, an I32 result widened with its sign, void gives 0.
     */
    public MethodHandle uniform() {
        MethodHandle h = uniform;
        if (h == null) {
            h = bind();
            uniform = h;
        }
        return h;
    }

    private MethodHandle bind() {
        try {
            MethodHandle h = MethodHandles.publicLookup().findStatic(owner, method, methodType);
            if (!takesContext) {
                h = MethodHandles.dropArguments(h, 0, GuestContext.class);
            }
            Class<?>[] wide = new Class<?>[params.size() + 1];
            wide[0] = GuestContext.class;
            for (int i = 0; i < params.size(); i++) {
                wide[i + 1] = long.class;
            }
            MethodHandle w = MethodHandles.explicitCastArguments(h, MethodType.methodType(long.class, wide));
            for (int i = params.size(); i < MAX_ARGS; i++) {
                w = MethodHandles.dropArguments(w, i + 1, long.class);
            }
            return w;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("helper " + name + " has no such method: " + owner.getName() + "." + method + methodType, e);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
