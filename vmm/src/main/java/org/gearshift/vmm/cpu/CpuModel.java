package org.gearshift.vmm.cpu;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.gearshift.translator.x86.IsaExtension;
import org.gearshift.translator.x86.runtime.ExtendedState;

/**
 * What the processor says it is: vendor, signature, brand, features, and the CPUID leaves that follow from them. Only features in
 * {@link #features} are claimed, and control-register bits and MSRs that belong to others do not exist.
 */
public final class CpuModel {
    /** Linux, Documentation/virt/kvm/x86/cpuid.rst: the signature, then features, of which there are none. */
    private static final int HYPERVISOR = 0x40000000;
    private static final int EXTENDED = 0x80000000;
    private static final int CACHES = 4;
    /** Structured extended features. */
    private static final int STRUCTURED = 7;
    private static final int EXTENDED_STATE = 0xd;
    /** Time-stamp counter and core crystal clock; frequencies in MHz. */
    private static final int CRYSTAL = 0x15;
    private static final int FREQUENCIES = 0x16;
    private static final int HZ_OF_MHZ = 1_000_000;
    private static final int BUS_MHZ = 100;
    /** Number of the component that holds the upper halves of YMM registers. */
    private static final int AVX_COMPONENT = 2;
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
    /** The same caches in the form of leaf 4: type and level; ways and line size; sets. */
    private static final int[][] INTEL_CACHE_PARAMETERS = {{0x121, 5 << 22 | 63, 63, 0}, {0x122, 7 << 22 | 63, 63, 0}, {0x143, 7 << 22 | 63, 1023, 0}};
    private static final int[] NOTHING = new int[4];

    private final String vendor;
    private final int signature;
    private final Set<CpuFeature> features;
    private final Map<Leaf, int[]> leaves = new HashMap<>();

    /** Arguments of CPUID; subleaf 0 for leaves that have one only. */
    private record Leaf(int number, int subleaf) {
    }

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

    /** An in-order Intel processor, which operating systems know not to speculate: no mitigations are applied for it. */
    public static CpuModel inOrder(Set<CpuFeature> features) {
        return new CpuModel("GenuineIntel", 6, 28, 10, "Gearshift Virtual CPU " + (features.contains(CpuFeature.LM) ? "x86-64" : "686"), features);
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

    /** Parts of the instruction set that come with the features. */
    public Set<IsaExtension> extensions() {
        EnumSet<IsaExtension> all = EnumSet.of(IsaExtension.BASE);
        for (CpuFeature f : features) {
            all.add(f.extension);
        }
        return all;
    }

    /** Components of the extended state that XCR0 can enable: SDM vol. 1, 13.3. */
    long stateComponents() {
        return !has(CpuFeature.XSAVE) ? 0 : ExtendedState.X87 | ExtendedState.SSE | (has(CpuFeature.AVX) ? ExtendedState.AVX : 0);
    }

    /** EAX, EBX, ECX, EDX of a leaf; zeros for one that does not exist. Do not modify. */
    int[] leaf(int number, int subleaf) {
        boolean indexed = number == CACHES || number == STRUCTURED || number == EXTENDED_STATE;
        return leaves.getOrDefault(new Leaf(number, indexed ? subleaf : 0), NOTHING);
    }

    /** A subleaf of the leaf that describes caches, for processors of a package, which have it whatever the highest leaf of a lone one is. */
    int[] cacheLeaf(int subleaf) {
        return isAmd() || subleaf < 0 || subleaf >= INTEL_CACHE_PARAMETERS.length ? NOTHING : INTEL_CACHE_PARAMETERS[subleaf];
    }

    private int highestLeaf() {
        return tellsFrequencies() ? FREQUENCIES : has(CpuFeature.XSAVE) ? EXTENDED_STATE : features.stream().anyMatch(f -> f.leaf == STRUCTURED) ? STRUCTURED : isAmd() ? 1 : 2;
    }

    /** Whether software need not measure the counter, which takes it a tenth of a second of waiting: SDM vol. 2 under CPUID, leaves 15H and 16H. */
    private boolean tellsFrequencies() {
        return !isAmd() && has(CpuFeature.INVARIANT_TSC);
    }

    private void put(int number, int... registers) {
        leaves.put(new Leaf(number, 0), registers);
    }

    private void fill(String brand) {
        byte[] name = vendor.getBytes(StandardCharsets.US_ASCII);
        put(0, highestLeaf(), word(name, 0), word(name, 8), word(name, 4));
        // One logical processor with APIC ID 0; CLFLUSH size in units of 8 bytes.
        put(1, signature, 1 << 16 | CACHE_LINE / 8 << 8, 0, 0);
        put(EXTENDED, EXTENDED + 8, isAmd() ? word(name, 0) : 0, isAmd() ? word(name, 8) : 0, isAmd() ? word(name, 4) : 0);
        put(EXTENDED + 1, isAmd() ? signature + 0x100 : 0, 0, 0, 0);
        byte[] text = new byte[48];
        byte[] b = brand.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(b, 0, text, 0, b.length);
        for (int i = 0; i < 3; i++) {
            put(EXTENDED + 2 + i, word(text, 16 * i), word(text, 16 * i + 4), word(text, 16 * i + 8), word(text, 16 * i + 12));
        }
        put(EXTENDED + 8, (has(CpuFeature.LM) ? 48 : 32) << 8 | physicalBits(), 0, 0, 0);
        if (has(CpuFeature.HYPERVISOR) && has(CpuFeature.APIC)) {
            byte[] kvm = "KVMKVMKVM\0\0\0".getBytes(StandardCharsets.US_ASCII);
            put(HYPERVISOR, HYPERVISOR + 1, word(kvm, 0), word(kvm, 4), word(kvm, 8));
        }
        if (tellsFrequencies()) {
            put(CRYSTAL, 1, 1, (int) TimeSource.TSC_HZ, 0);
            int mhz = (int) (TimeSource.TSC_HZ / HZ_OF_MHZ);
            put(FREQUENCIES, mhz, mhz, BUS_MHZ, 0);
        }
        fillCaches();
        fillExtendedState();
        for (CpuFeature f : features) {
            leaves.computeIfAbsent(new Leaf(f.leaf, f.subleaf), l -> new int[4])[f.register.ordinal()] |= 1 << f.bit;
        }
        if (isAmd()) {
            leaf(EXTENDED + 1, 0)[3] |= leaf(1, 0)[3] & AMD_MIRROR;
        }
    }

    private void fillCaches() {
        if (isAmd()) {
            put(EXTENDED + 5, AMD_L1);
            put(EXTENDED + 6, AMD_L2);
            return;
        }
        put(2, INTEL_CACHES);
        put(EXTENDED + 6, INTEL_L2);
        for (int i = 0; i < INTEL_CACHE_PARAMETERS.length && highestLeaf() >= CACHES; i++) {
            leaves.put(new Leaf(CACHES, i), INTEL_CACHE_PARAMETERS[i]);
        }
    }

    /** What can be enabled and where it is saved. What is enabled, {@link Cpuid} adds. */
    private void fillExtendedState() {
        long components = stateComponents();
        if (components != 0) {
            put(EXTENDED_STATE, (int) components, 0, ExtendedState.imageBytes(components), 0);
        }
        if ((components & ExtendedState.AVX) != 0) {
            leaves.put(new Leaf(EXTENDED_STATE, AVX_COMPONENT), new int[] {ExtendedState.AVX_BYTES, ExtendedState.AVX_OFFSET, 0, 0});
        }
    }

    private static int word(byte[] b, int at) {
        return b[at] & 0xff | (b[at + 1] & 0xff) << 8 | (b[at + 2] & 0xff) << 16 | b[at + 3] << 24;
    }
}
