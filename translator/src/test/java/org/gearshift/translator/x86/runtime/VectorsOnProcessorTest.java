package org.gearshift.translator.x86.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.gearshift.translator.x86.IsaExtension;
import org.gearshift.translator.x86.decode.TableForm;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every MMX, SSE and AVX form of the opcode tables, in 32- and 64-bit code, does what the host's processor does: results, flags, MXCSR, exceptions with their error codes,
 * and everything else unchanged. Forms that this processor does not know are counted.
 */
class VectorsOnProcessorTest {
    private static final int ENCODINGS = Integer.getInteger("gearshift.test.encodings", 4);
    private static final int STATES = Integer.getInteger("gearshift.test.states", 24);
    private static final String ONLY = System.getProperty("gearshift.test.only", "");
    private static final int SHOWN = 3;
    /** Results that differ between processors, within an architectural bound: see SseOnProcessorTest. */
    private static final Set<String> ESTIMATES = Set.of("RCPPS", "RCPSS", "RSQRTPS", "RSQRTSS", "VRCPPS", "VRCPSS", "VRSQRTPS", "VRSQRTSS");
    /** Bit 17 of MXCSR exists on AMD processors only; compared in {@link SseOnProcessorTest}. */
    private static final Set<String> MXCSR = Set.of("VLDMXCSR", "VSTMXCSR");
    /** With VEX.W and in 64-bit code they are others. */
    private static final Set<String> SIZED = Set.of("VMOVD", "VPEXTRD", "VPINSRD", "VPCMPESTRI", "VPCMPESTRM");
    private static final Map<IsaExtension, String> HOST_FLAGS = new EnumMap<>(Map.of(IsaExtension.SSE3, "pni", IsaExtension.SHA, "sha_ni", IsaExtension.LZCNT, "abm"));

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(ints = {32, 64})
    void everyFormDoesWhatTheProcessorDoes(int bits) throws Exception {
        Map<IsaExtension, Integer> compared = new EnumMap<>(IsaExtension.class);
        Map<IsaExtension, Integer> unknown = new EnumMap<>(IsaExtension.class);
        Map<String, String> failures = new LinkedHashMap<>();
        long states = 0;
        try (VectorProcessor processor = new VectorProcessor(directory, bits)) {
            VectorEmulated emulated = new VectorEmulated(bits);
            for (TableForm form : TableForm.vectors()) {
                if (!isCompared(form, bits)) {
                    continue;
                }
                if (!hostKnows(form)) {
                    unknown.merge(form.extension(), 1, Integer::sum);
                    continue;
                }
                compared.merge(form.extension(), 1, Integer::sum);
                states += compare(form, bits == 64, processor, emulated, failures);
            }
        }
        System.out.println(bits + "-bit: " + states + " states, forms " + compared + ", not known to this processor " + unknown);
        assertEquals("", String.join("\n", failures.values()));
        assertTrue(!ONLY.isEmpty() || compared.size() > 5, "this processor knows next to nothing");
    }

    private static boolean isCompared(TableForm form, int bits) {
        boolean excluded = form.attributes().contains(bits == 64 ? "i64" : "o64") || bits == 32 && form.attributes().contains("W1") && !form.vex();
        return !excluded && !ESTIMATES.contains(form.mnemonic()) && !MXCSR.contains(form.mnemonic()) && form.mnemonic().matches(ONLY.isEmpty() ? ".*" : ONLY);
    }

    private static boolean hostKnows(TableForm form) throws IOException {
        String flags = " " + Files.readString(Path.of("/proc/cpuinfo")).lines().filter(l -> l.startsWith("flags")).findFirst().orElse("") + " ";
        for (IsaExtension e : List.of(form.extension(), form.extension256(), form.vex() ? IsaExtension.AVX : IsaExtension.SSE2)) {
            if (!flags.contains(" " + HOST_FLAGS.getOrDefault(e, e.name().toLowerCase(java.util.Locale.ROOT)) + " ")) {
                return false;
            }
        }
        return true;
    }

    /**
     * AMD processors let SHA instructions have misaligned operands; SDM vol. 2, table 2-21, does not. VEX.W is ignored outside 64-bit mode according to SDM
     * vol. 2 under PEXTRD and PINSRD; AMD's do not have the instruction then. VCVTPH2PS and VCVTPS2PH never report #AC (SDM vol. 2: exceptions of type 11), but AMD's do.
     */
    private static boolean isVendorSpecific(TableForm form, VectorState expected, VectorState actual) {
        return form.extension() == IsaExtension.SHA && actual.vector == 13 && expected.vector != 13
                || form.mnemonic().matches("VPEXTRD|VPINSRD") && expected.vector == 6
                || form.mnemonic().matches("VCVTPH2PS|VCVTPS2PH") && expected.vector == 17;
    }

    /**
     * Whether the x87 unit is in MMX state afterwards depends on the processor: of conversions to or from MMX registers that raise an exception, and of CVTPI2PS from memory, which
     * both makers' leave alone (SDM vol. 2 says that it is entered); and of stores of MMX registers that fault, before which Intel's have entered it.
     */
    private static boolean mayEnterMmx(VectorSample sample, VectorState expected) {
        String m = sample.form.mnemonic();
        if (m.matches("MOVD|MOVQ|MOVNTQ") && expected.vector >= 0 && sample.hasMemoryOperand()) {
            return true;
        }
        return m.startsWith("CVT") && m.contains("PI") && (expected.vector == 19 || sample.hasMemoryOperand());
    }

    /**
     * Takes over from the processor what depends on it: which of several NaNs elements of a dot product have; which missing byte of a masked store CR2 names; whether
     * VCVTPS2PH has set MXCSR's flags before a fault of its store, or raises #XM; whether (not on AMD's) a gather that faults has spread its mask's signs and cleared what is above the vectors.
     */
    private static void adopt(TableForm form, VectorState expected, VectorState actual) throws IOException {
        String m = form.mnemonic();
        boolean bothFault = expected.vector >= 0 && actual.vector >= 0;
        boolean vectors = m.contains("GATHER") && bothFault && HostMaker.isAmd();
        for (int i = 0; i < 16 && (vectors || m.matches("V?DPP[SD]")); i++) {
            for (int n = 0; n < 4; n++) {
                long e = expected.vector(i, n);
                if (vectors || areNans(e, actual.vector(i, n), m.endsWith("D"))) {
                    actual.vector(i, n, e);
                }
            }
        }
        if (m.matches("VP?MASKMOV.*") && expected.vector == 14 && Math.abs(actual.address - expected.address) < 32) {
            actual.address = expected.address;
        }
        if (m.equals("VCVTPS2PH") && bothFault) {
            actual.mxcsr(expected.mxcsr());
            actual.vector = expected.vector == 19 ? 19 : actual.vector;
            actual.error = expected.vector == 19 ? expected.error : actual.error;
        }
    }

    /** Whether elements that differ are NaNs in both. */
    private static boolean areNans(long e, long a, boolean doubles) {
        if (doubles) {
            return e == a || Double.isNaN(Double.longBitsToDouble(e)) && Double.isNaN(Double.longBitsToDouble(a));
        }
        return areNans((int) e, (int) a) && areNans((int) (e >>> 32), (int) (a >>> 32));
    }

    private static boolean areNans(int e, int a) {
        return e == a || Float.isNaN(Float.intBitsToFloat(e)) && Float.isNaN(Float.intBitsToFloat(a));
    }

    /** The code for a processor that takes it as 64-bit code, in which VEX.W chooses the size of a general register or what may be in one. */
    private static byte[] withoutSize(VectorSample sample) {
        byte[] code = sample.code.clone();
        if (sample.form.vex() && code[0] == (byte) 0xc4 && (SIZED.contains(sample.form.mnemonic()) || sample.form.operands().stream().anyMatch(o -> o.endsWith("y")))) {
            code[2] &= 0x7f;
        }
        return code;
    }

    private static long compare(TableForm form, boolean code64, VectorProcessor processor, VectorEmulated emulated, Map<String, String> failures)
            throws IOException {
        Operands values = new Operands(form.toString().hashCode());
        List<VectorSample> samples = new ArrayList<>();
        List<byte[]> codes = new ArrayList<>();
        List<byte[]> asked = new ArrayList<>();
        List<VectorState> before = new ArrayList<>();
        List<VectorState> real = new ArrayList<>();
        for (int e = 0; e < ENCODINGS; e++) {
            VectorSample sample = new VectorSample(form, code64, values);
            byte[] host = processor.counterpart ? withoutSize(sample) : sample.code;
            for (int n = 0; n < STATES; n++) {
                samples.add(sample);
                codes.add(sample.code);
                asked.add(host);
                before.add(sample.state());
                real.add(new VectorState());
            }
        }
        processor.execute(asked, before, real);
        int wrong = 0;
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < before.size(); i++) {
            if (i == 0 || codes.get(i) != codes.get(i - 1)) {
                emulated.load(codes.get(i));
            }
            VectorState expected = real.get(i);
            VectorState actual = emulated.execute(before.get(i));
            adopt(form, expected, actual);
            String d = isVendorSpecific(form, expected, actual) ? "" : actual.difference(expected, code64, !mayEnterMmx(samples.get(i), expected));
            if (!d.isEmpty() && wrong++ < SHOWN) {
                shown.append("\n    ").append(HexFormat.of().formatHex(codes.get(i))).append(" mxcsr ").append(Integer.toHexString(before.get(i).mxcsr())).append(d);
            }
        }
        if (wrong > 0) {
            failures.put(form.toString(), form + ": " + wrong + " of " + before.size() + shown);
        }
        return before.size();
    }
}
