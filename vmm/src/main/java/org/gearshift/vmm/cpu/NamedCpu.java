package org.gearshift.vmm.cpu;

import java.util.EnumSet;
import java.util.Set;
import java.util.StringJoiner;

/**
 * Processors to choose from by name. A choice is written {@code NAME}, or {@code NAME,+FEATURE,-FEATURE,...}, read from left to right: what is added brings what it needs
 * with it, and what is taken away takes what needs it. So no processor claims a feature without those it rests on.
 */
public enum NamedCpu {
    P686("686", CpuFeature.BASELINE, "32 bits; the default for 32-bit kernels"),
    X86_64("x86-64", CpuFeature.BASELINE64, "64 bits; the default for 64-bit kernels"),
    MAX("max", CpuFeature.MAXIMUM, "64 bits and every feature there is");

    private final String label;
    private final Set<CpuFeature> features;
    private final String description;

    NamedCpu(String label, Set<CpuFeature> features, String description) {
        this.label = label;
        this.features = features;
        this.description = description;
    }

    /** Name on the command line. */
    public String label() {
        return label;
    }

    /** One line on what it is for. */
    public String description() {
        return description;
    }

    public CpuModel model() {
        return CpuModel.inOrder(features);
    }

    /**
     * The model for one of several processors that nobody has chosen the features of: without CMPXCHG16B, which does what no operation of the host's platform does in one step, so
     * that with a LOCK prefix all others must stand still for it. Linux has it in its allocator if the processor has it, and frees memory elsewhere with it.
     */
    public CpuModel modelAmong(int processors) {
        return processors == 1 ? model() : CpuModel.inOrder(CpuFeature.without(features, CpuFeature.CX16));
    }

    /**
     * The processor a choice describes.
     *
     * @throws IllegalArgumentException with a message for whoever wrote it
     */
    public static CpuModel choose(String choice) {
        String[] parts = choice.split(",", -1);
        Set<CpuFeature> features = EnumSet.copyOf(named(parts[0]).features);
        for (int i = 1; i < parts.length; i++) {
            char sign = parts[i].isEmpty() ? 0 : parts[i].charAt(0);
            if (sign != '+' && sign != '-') {
                throw new IllegalArgumentException("\"" + parts[i] + "\": a feature is added as +NAME or taken away as -NAME");
            }
            CpuFeature f = feature(parts[i].substring(1));
            if (sign == '+') {
                features.addAll(CpuFeature.withNeeded(EnumSet.of(f)));
            } else if (f == CpuFeature.FPU) {
                throw new IllegalArgumentException("every processor here has an fpu");
            } else {
                features = CpuFeature.without(features, f);
            }
        }
        return CpuModel.inOrder(features);
    }

    private static NamedCpu named(String name) {
        StringJoiner all = new StringJoiner(", ");
        for (NamedCpu c : values()) {
            if (c.label.equalsIgnoreCase(name)) {
                return c;
            }
            all.add(c.label);
        }
        throw new IllegalArgumentException("no processor is called \"" + name + "\"; there are " + all + ", and 'help' for a list");
    }

    private static CpuFeature feature(String name) {
        for (CpuFeature f : CpuFeature.values()) {
            if (f.label().equalsIgnoreCase(name)) {
                return f;
            }
        }
        throw new IllegalArgumentException("no feature is called \"" + name + "\"; 'help' lists them");
    }
}
