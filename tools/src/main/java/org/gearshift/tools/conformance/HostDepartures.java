package org.gearshift.tools.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;

/**
 * The host's processor: what it has, and where processors of its maker depart from the manual the guest's processor follows, so that comparing
 * proves nothing.
 */
final class HostDepartures {
    /**
     * A difference between AMD's processors and the SDM.
     *
     * @param what the instruction, and how the two differ
     * @param reference where that is written
     */
    record Departure(String what, String reference) {
    }

    private static final Departure NEAR_BRANCH = new Departure(
            "near branches with a 66 prefix in 64-bit mode: Intel ignores the prefix, AMD takes 16-bit operands",
            "SDM vol. 2 under Jcc, CALL, RET; APM vol. 3 section 1.2.2");
    private static final Departure POINTERS = new Departure(
            "FOP, FIP, FDP in images: AMD keeps them only while an exception is pending; Intel's newer processors do not keep FCS and FDS",
            "APM vol. 2 section 11.4.4; SDM vol. 1 section 8.1.8");

    private final boolean amd;
    private final Set<String> features;

    HostDepartures(String cpuinfo) {
        amd = cpuinfo.contains("AuthenticAMD");
        features = new HashSet<>();
        cpuinfo.lines().filter(l -> l.startsWith("flags")).findFirst()
                .ifPresent(l -> features.addAll(List.of(l.substring(l.indexOf(':') + 1).strip().split(" +"))));
    }

    static HostDepartures ofThisHost() throws IOException {
        return new HostDepartures(Files.readString(Path.of("/proc/cpuinfo")));
    }

    static List<Departure> table() {
        return List.of(NEAR_BRANCH, POINTERS);
    }

    /** Whether the host has a feature, by its name in {@code /proc/cpuinfo}; null is had by all. */
    boolean has(String feature) {
        return feature == null || features.contains(feature);
    }

    /** Why a form is not compared on this host, or null. */
    String skips(Form f) {
        if (!has(f.set.hostFlag())) {
            return "the host has no " + f.set.hostFlag();
        }
        if (f.vex >= 0 && !has("avx") && !f.set.name().startsWith("bmi")) {
            return "the host has no avx";
        }
        if (amd && f.bits == 64 && isNearBranch(f.sample) && has66(f)) {
            return NEAR_BRANCH.what;
        }
        return null;
    }

    private static boolean has66(Form f) {
        for (byte p : f.prefixes) {
            if (p == 0x66) {
                return true;
            }
        }
        return false;
    }

    private static boolean isNearBranch(Instruction i) {
        return switch (i.mnemonic()) {
            case JCC, JMP, CALL, RET, LOOP, LOOPE, LOOPNE, JCXZ -> true;
            default -> i.mnemonic() == Mnemonic.XBEGIN;
        };
    }
}
