package org.gearshift.translator.x86.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.gearshift.translator.x86.X86State;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where an attempt gives a result, the helper of the same name gives it too, raises nothing and leaves MXCSR as it is. */
class SseAttemptsTest {
    private static final int TRIALS = 20_000;
    private static final Class<?>[] HELPERS = {SseFloat.class, SseCompare.class, SseConvert.class};

    static Stream<Method> attempts() {
        return Arrays.stream(SseAttempts.class.getDeclaredMethods())
                .filter(m -> Modifier.isPublic(m.getModifiers()) && m.getReturnType() == long.class && !m.isSynthetic());
    }

    private static Method helper(Method attempt) {
        List<Method> found = Arrays.stream(HELPERS).flatMap(c -> Arrays.stream(c.getDeclaredMethods())).filter(m -> m.getName().equals(attempt.getName())).toList();
        assertEquals(1, found.size(), attempt.getName());
        return found.get(0);
    }

    private static long none(String name) {
        return name.startsWith("cmp") ? SseAttempts.NO_MASK : name.endsWith("ToLong") ? SseAttempts.NO_INTEGER : SseAttempts.NONE;
    }

    @ParameterizedTest
    @MethodSource("attempts")
    void resultsAreThoseOfTheHelper(Method attempt) throws Exception {
        Method helper = helper(attempt);
        Operands operands = new Operands(attempt.getName().hashCode());
        Emulated context = new Emulated();
        int given = 0;
        for (int n = 0; n < TRIALS; n++) {
            long mxcsr = operands.mxcsr();
            List<Object> arguments = arguments(attempt, operands);
            List<Object> asked = new ArrayList<>(List.of(mxcsr));
            asked.addAll(arguments);
            long result = (long) attempt.invoke(null, asked.toArray());
            if (result == none(attempt.getName())) {
                continue;
            }
            given++;
            context.s[X86State.MXCSR] = mxcsr;
            arguments.add(0, context);
            String what = attempt.getName() + " " + asked;
            try {
                long expected = ((Number) helper.invoke(null, arguments.toArray())).longValue();
                assertEquals(helper.getReturnType() == int.class ? expected & 0xffff_ffffL : expected, result, what);
            } catch (InvocationTargetException e) {
                throw new AssertionError(what, e.getCause());
            }
            assertEquals(mxcsr, context.s[X86State.MXCSR], what);
        }
        assertTrue(given > TRIALS / 100, attempt.getName() + " gave a result " + given + " times only");
    }

    static Stream<Method> usualCases() {
        return Arrays.stream(SseUsual.class.getDeclaredMethods()).filter(m -> m.getName().contains("Fits"));
    }

    @ParameterizedTest
    @MethodSource("usualCases")
    void usualResultsAreThoseOfTheHelper(Method fits) throws Exception {
        String name = fits.getName().replaceFirst("Fits.*", "");
        Method attempt = attempts().filter(m -> m.getName().equals(name)).findFirst().orElseThrow();
        Method value = Arrays.stream(SseUsual.class.getDeclaredMethods()).filter(m -> m.getName().equals(name)).findFirst().orElseThrow();
        Method helper = helper(attempt);
        Operands operands = new Operands(name.hashCode());
        Emulated context = new Emulated();
        int given = 0;
        for (int n = 0; n < 4 * TRIALS; n++) {
            long mxcsr = n % 4 == 0 ? operands.mxcsr() : 0x1fa0;
            List<Object> arguments = arguments(attempt, operands);
            List<Object> asked = new ArrayList<>(List.of(mxcsr));
            asked.addAll(arguments);
            asked.add(0);
            if (!(boolean) fits.invoke(null, asked.toArray())) {
                continue;
            }
            given++;
            long result = (long) value.invoke(null, arguments.toArray());
            context.s[X86State.MXCSR] = mxcsr;
            arguments.add(0, context);
            assertEquals(((Number) helper.invoke(null, arguments.toArray())).longValue(), result, () -> name + " " + asked);
            assertEquals(mxcsr, context.s[X86State.MXCSR], () -> name + " " + asked);
        }
        assertTrue(given > TRIALS / 50, name + " fits " + given + " times only");
    }

    @ParameterizedTest
    @MethodSource("usualCases")
    void whatIsKnownOfOperandsNeedNotBeTested(Method fits) throws Exception {
        String name = fits.getName().replaceFirst("Fits.*", "");
        Method attempt = attempts().filter(m -> m.getName().equals(name)).findFirst().orElseThrow();
        Method value = Arrays.stream(SseUsual.class.getDeclaredMethods()).filter(m -> m.getName().equals(name)).findFirst().orElseThrow();
        Operands operands = new Operands(name.hashCode());
        List<Long> results = new ArrayList<>();
        int fitted = 0;
        for (int n = 0; n < 4 * TRIALS; n++) {
            List<Object> arguments = arguments(attempt, operands);
            if (results.size() > 1) {
                long a = results.get(operands.random.nextInt(results.size()));
                long b = results.get(operands.random.nextInt(results.size()));
                boolean both = fits(fits, a, b, arguments, 0);
                fitted += both ? 1 : 0;
                for (int known = 1; known < 4; known++) {
                    assertEquals(both, fits(fits, a, b, arguments, known), name + " " + Long.toHexString(a) + " " + Long.toHexString(b) + " " + known);
                }
            }
            List<Object> asked = new ArrayList<>(List.of(0x1fa0L));
            asked.addAll(arguments);
            asked.add(0);
            if ((boolean) fits.invoke(null, asked.toArray())) {
                results.add((long) value.invoke(null, arguments.toArray()));
            }
        }
        assertTrue(fitted > TRIALS / 50, name + " fits results " + fitted + " times only");
    }

    private static boolean fits(Method fits, long a, long b, List<Object> like, int known) throws Exception {
        List<Object> asked = new ArrayList<>(List.of(0x1fa0L, a));
        asked.add(like.get(1) instanceof Integer ? (Object) (int) b : b);
        if (like.size() == 4) {
            asked.addAll(List.of(a, b));
        }
        asked.add(known);
        return (boolean) fits.invoke(null, asked.toArray());
    }

    /** Packed helpers look at the other half, too, which here is the same. */
    private static List<Object> arguments(Method attempt, Operands operands) {
        String name = attempt.getName();
        Class<?>[] types = attempt.getParameterTypes();
        List<Object> list = new ArrayList<>();
        for (int i = 1; i < types.length; i++) {
            if (i > 2 && types[i] == long.class) {
                list.add(list.get(i - 3));
            } else if (i == 2 && (name.startsWith("sqrtp") || name.equals("intsToPs") || name.equals("ssToSd"))) {
                list.add(list.get(0));
            } else if (i == types.length - 1 && name.startsWith("cmp")) {
                list.add(operands.random.nextInt(32));
            } else if (i == types.length - 1 && name.startsWith("comi")) {
                list.add(operands.random.nextInt(2));
            } else if (i == types.length - 1 && (name.endsWith("ToInt") || name.endsWith("ToLong"))) {
                list.add(operands.random.nextBoolean() ? 3 : -1);
            } else if (types[i] == int.class) {
                list.add(operands.special32());
            } else if (name.startsWith("longTo") || name.startsWith("intsTo")) {
                list.add(operands.random.nextLong() >> operands.random.nextInt(64));
            } else {
                boolean singles = name.endsWith("ps") || name.endsWith("ss");
                list.add(singles ? (long) operands.special32() << 32 | operands.special32() & 0xffff_ffffL : operands.special64());
            }
        }
        return list;
    }
}
