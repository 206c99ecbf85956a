package org.gearshift.vmm.cpu;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * What the processor says it is: vendor, signature, brand, features, and the CPUID leaves that follow from them. Only features in
 * {@link #features} are claimed, and control-register bits and MSRs that belong to others do not exist.
 */
public final class CpuModel {
    private static final int EXTENDED = 0x80000000;
    /** Structured extended features; only subleaf 0 has any. */
    private static final int STRUCTURED = 7;
    private static final int CACHE_LINE = 64;
    /** Bits of leaf 1 EDX that AMD processors repeat in leaf 8000_0001h. */
    private static final int AMD_MIRROR = 0x0183f3ff;
    /*
     * Caches, from which C libraries choose their copying methods: 64 KiB of first-level data and instruction cache, 512 KiB of second
     * level, in the encodings of AMD APM vol. 3 appendix E.4, and the like in Intel's descriptor bytes (SDM vol. 2, table 3-12).
     */
    private static final int[] AMD_L1 = {0x0408ff08, 0xff20ff10, 0x40020140, 0x40020140};
    private static final int[] AMD_L2 = {0, 0x41004100, 0x02008140, 0};
    private static final int[] INTEL_CACHES = {0x4fba5901, 0x0e3080c0, 0, 0};
    private static final int[] INTEL_L2 = {0, 0, 0x02006040, 0};
    private static final int[] NOTHING = new int[4];

    private final String vendor;
    private final int signature;
    private final Set<CpuFeature> features;
    private final Map<Integer, int[]> leaves = new HashMap<>();

    /**
     * @param vendor twelve ASCII characters
     * @param family 0..15
     * @param model 0..255
     * @param stepping 0..15
     * @param brand at most 47 ASCII characters
     */
    public CpuModel(String vendor, int family, int model, int stepping, String brand, Set<CpuFeature> features) {
        if (vendor.length() != 12 || brand.length() > 47 || family < 0 || family > 15 || model < 0 || model > 255 || stepping < 0 || stepping > 15) {
            throw new IllegalArgumentException("bad processor model " + vendor + " " + family + "/" + model + "/" + stepping + " \"" + brand + "\"");
        }
        this.vendor = vendor;
        this.signature = model >>> 4 << 16 | family << 8 | (model & 15) << 4 | stepping;
        EnumSet<CpuFeature> own = EnumSet.noneOf(CpuFeature.class);
        own.addAll(features);
        this.features = Collections.unmodifiableSet(own);
        fill(brand);
    }

    /** The default: a 686-class AMD processor, which operating systems know to be free of Meltdown. */
    public static CpuModel athlon(Set<CpuFeature> features) {
        return new CpuModel("AuthenticAMD", 6, 10, 0, "Gearshift Virtual CPU 686", features);
    }

    /** An in-order 686-class Intel processor, which operating systems know not to speculate: no mitigations are applied for it. */
    public static CpuModel inOrder(Set<CpuFeature> features) {
        return new CpuModel("GenuineIntel", 6, 28, 10, "Gearshift Virtual CPU 686", features);
    }

    /** The same with IA-32e mode. */
    public static CpuModel inOrder64(Set<CpuFeature> features) {
        return new CpuModel("GenuineIntel", 6, 28, 10, "Gearshift Virtual CPU x86-64", features);
    }

    /** Width of physical addresses. */
    int physicalBits() {
        return has(CpuFeature.PAE) ? 36 : 32;
    }

    /** Features claimed; unmodifiable. */
    public Set<CpuFeature> features() {
        return features;
    }

    public boolean has(CpuFeature feature) {
        return features.contains(feature);
    }

    /** Family, model and stepping: leaf 1 EAX, and EDX after reset. */
    public int signature() {
        return signature;
    }

    boolean isAmd() {
        return vendor.equals("AuthenticAMD");
    }

    /** EAX, EBX, ECX, EDX of a leaf; zeros for one that does not exist. Do not modify. */
    int[] leaf(int number, int subleaf) {
        return number == STRUCTURED && subleaf != 0 ? NOTHING : leaves.getOrDefault(number, NOTHING);
    }

    private void fill(String brand) {
        byte[] name = vendor.getBytes(StandardCharsets.US_ASCII);
        boolean structured = features.stream().anyMatch(f -> f.leaf == STRUCTURED);
        leaves.put(0, new int[] {structured ? STRUCTURED : isAmd() ? 1 : 2, word(name, 0), word(name, 8), word(name, 4)});
        if (structured) {
            leaves.put(STRUCTURED, new int[4]);
        }
        // One logical processor with APIC ID 0; CLFLUSH size in units of 8 bytes.
        leaves.put(1, new int[] {signature, 1 << 16 | CACHE_LINE / 8 << 8, 0, 0});
        if (!isAmd()) {
            leaves.put(2, INTEL_CACHES);
        }
        leaves.put(EXTENDED, isAmd()
                ? new int[] {EXTENDED + 8, word(name, 0), word(name, 8), word(name, 4)}
                : new int[] {EXTENDED + 8, 0, 0, 0});
        leaves.put(EXTENDED + 1, new int[] {isAmd() ? signature + 0x100 : 0, 0, 0, 0});
        byte[] text = new byte[48];
        byte[] b = brand.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(b, 0, text, 0, b.length);
        for (int i = 0; i < 3; i++) {
            leaves.put(EXTENDED + 2 + i, new int[] {word(text, 16 * i), word(text, 16 * i + 4), word(text, 16 * i + 8), word(text, 16 * i + 12)});
        }
        leaves.put(EXTENDED + 5, isAmd() ? AMD_L1 : NOTHING);
        leaves.put(EXTENDED + 6, isAmd() ? AMD_L2 : INTEL_L2);
        leaves.put(EXTENDED + 7, new int[4]);
        leaves.put(EXTENDED + 8, new int[] {(has(CpuFeature.LM) ? 48 : 32) << 8 | physicalBits(), 0, 0, 0});
        for (CpuFeature f : features) {
            leaves.get(f.leaf)[f.register.ordinal()] |= 1 << f.bit;
        }
        if (isAmd()) {
            leaves.get(EXTENDED + 1)[3] |= leaves.get(1)[3] & AMD_MIRROR;
        }
    }

    private static int word(byte[] b, int at) {
        return b[at] & 0xff | (b[at + 1] & 0xff) << 8 | (b[at + 2] & 0xff) << 16 | b[at + 3] << 24;
    }
}
