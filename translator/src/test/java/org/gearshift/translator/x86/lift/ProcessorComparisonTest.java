package org.gearshift.translator.x86.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every form of {@code forms.txt}, with random operands, does what the host's processor does. */
class ProcessorComparisonTest {
    private static final int TIMES = Integer.getInteger("comparison.times", 150);
    /** Flags to compare beyond the defined ones, to see what this host does with undefined ones. */
    private static final int ALSO = Integer.getInteger("comparison.flags", 0);
    /** Exception vectors that the host's kernel reports as a signal: FPE, SEGV, BUS, ILL. */
    private static final Map<Integer, Set<Integer>> VECTORS_OF_SIGNAL = Map.of(8, Set.of(0), 11, Set.of(5, 13, 14), 7, Set.of(12, 14), 4, Set.of(6));
    private static final int SEQUENCES = Integer.getInteger("comparison.sequences", 4000);
    private static final long ALL_FLAGS = 0x8d5;
    private static final int[] POINTERS = {4, 5, 6, 7};

    @TempDir
    Path directory;

    @Test
    void protectedModeInstructionsMatch() throws Exception {
        compare(32, new LiftedProcessor(LiftedProcessor.MODE32));
    }

    @Test
    void longModeInstructionsMatch() throws Exception {
        compare(64, new LiftedProcessor(LiftedProcessor.MODE64));
    }

    private void compare(int bits, LiftedProcessor lifted) throws IOException, InterruptedException {
        NativeProcessor host = NativeProcessor.start(directory, bits);
        if (host == null) {
            Prerequisite.missing("no gcc -m" + bits + " here");
        }
        String features = Files.readString(Path.of("/proc/cpuinfo"));
        Map<String, String> failures = new LinkedHashMap<>();
        try (host) {
            for (InstructionForm form : InstructionForm.all()) {
                boolean excluded = form.options().contains(bits == 64 ? "i64" : "only64");
                String needs = form.hostFeature();
                if (excluded || needs != null && !features.contains(" " + needs + " ")) {
                    continue;
                }
                String failure = compare(form, host, lifted, bits == 64);
                if (failure != null) {
                    failures.put(form.text(), failure);
                }
            }
        }
        report(failures);
    }

    @Test
    void interpretedInstructionsMatch() throws Exception {
        compare(32, new InterpretedProcessor(LiftedProcessor.MODE32));
    }

    @Test
    void protectedModeSequencesMatch() throws Exception {
        sequences(32, new InterpretedProcessor(LiftedProcessor.MODE32));
    }

    @Test
    void longModeSequencesMatch() throws Exception {
        sequences(64, new LiftedProcessor(LiftedProcessor.MODE64));
    }

    private void sequences(int bits, LiftedProcessor lifted) throws IOException, InterruptedException {
        NativeProcessor host = NativeProcessor.start(directory, bits);
        if (host == null) {
            Prerequisite.missing("no gcc -m" + bits + " here");
        }
        try (host) {
            report(compareSequences(host, lifted, bits == 64));
        }
    }

    private static void report(Map<String, String> failures) {
        StringBuilder b = new StringBuilder();
        failures.forEach((f, d) -> b.append(f).append("\n    ").append(d).append('\n'));
        assertEquals("", b.toString());
    }

    private static String compare(InstructionForm form, NativeProcessor host, LiftedProcessor lifted, boolean code64) {
        Random r = new Random(form.text().hashCode());
        int failed = 0;
        String first = null;
        for (int n = 0; n < TIMES; n++) {
            byte[] code = form.encode(r, code64);
            if (form.options().contains("cc") && r.nextBoolean()) {
                code = withCondition(code, r);
            }
            MachineState start = randomState(form, r, code64);
            String difference = once(form, host, lifted, code, start);
            if (difference != null) {
                failed++;
                first = first == null ? HexFormat.of().formatHex(code) + " from " + start + ":" + difference : first;
            }
        }
        return failed == 0 ? null : failed + " of " + TIMES + ", first " + first;
    }

    private static Map<String, String> compareSequences(NativeProcessor host, LiftedProcessor lifted, boolean code64) {
        List<InstructionForm> forms = InstructionForm.all().stream()
                .filter(f -> f.flags() == ALL_FLAGS && f.options().stream().allMatch(Set.of("cc", "small")::contains)).toList();
        Map<String, String> failures = new LinkedHashMap<>();
        Random r = new Random(7);
        InstructionForm last = null;
        for (int n = 0; n < SEQUENCES; n++) {
            ByteArrayOutputStream code = new ByteArrayOutputStream();
            for (int k = 2 + r.nextInt(4); k > 0; k--) {
                last = forms.get(r.nextInt(forms.size()));
                code.writeBytes(last.encode(r, code64));
            }
            byte[] bytes = r.nextBoolean() ? withCondition(code.toByteArray(), r) : code.toByteArray();
            MachineState start = randomState(last, r, code64);
            String difference = once(last, host, lifted, bytes, start);
            if (difference != null) {
                failures.put(HexFormat.of().formatHex(bytes), "from " + start + ":" + difference);
            }
        }
        return failures;
    }

    private static String once(InstructionForm form, NativeProcessor host, LiftedProcessor lifted, byte[] code, MachineState start) {
        MachineState expected = start.copy();
        MachineState actual = start.copy();
        int signal = host.execute(code, expected);
        int vector = lifted.execute(code, actual);
        if (signal != 0 || vector >= 0) {
            return VECTORS_OF_SIGNAL.getOrDefault(signal, Set.of()).contains(vector) ? null : " vector " + vector + ", signal " + signal;
        }
        String d = actual.difference(expected, form.flags() | 0x400 | ALSO);
        return d.isEmpty() ? null : d;
    }

    /** The code and a SETcc of CL behind it. */
    private static byte[] withCondition(byte[] code, Random r) {
        byte[] more = Arrays.copyOf(code, code.length + 3);
        more[code.length] = 0x0f;
        more[code.length + 1] = (byte) (0x90 | r.nextInt(16));
        more[code.length + 2] = (byte) 0xc1;
        return more;
    }

    private static MachineState randomState(InstructionForm form, Random r, boolean code64) {
        MachineState m = new MachineState();
        boolean small = form.options().contains("small");
        for (int i = 0; i < (code64 ? 16 : 8); i++) {
            long v = small && r.nextInt(8) != 0 ? r.nextInt(400) - 100 : InstructionForm.Values.interesting(r);
            m.registers[i] = code64 ? v : v & 0xffff_ffffL;
        }
        if (small && r.nextBoolean()) {
            m.registers[2] = r.nextInt(4) == 0 ? 0 : m.registers[2];
        }
        for (int p : POINTERS) {
            m.registers[p] = MachineState.WINDOW + 96 + r.nextInt(64);
        }
        if (form.options().contains("count15")) {
            m.registers[1] &= ~0x10L;
        }
        if (form.options().contains("rep")) {
            m.registers[1] = r.nextInt(20);
        }
        r.nextBytes(m.memory);
        if (form.options().contains("rep") && r.nextBoolean()) {
            Arrays.fill(m.memory, (byte) m.registers[0]);
            m.memory[100 + r.nextInt(50)]++;
        }
        m.flags = 0x202 | r.nextInt(0x1000) & 0x8d5 | (r.nextInt(4) == 0 ? 0x400 : 0);
        return m;
    }
}
