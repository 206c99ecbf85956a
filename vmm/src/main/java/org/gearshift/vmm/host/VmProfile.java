package org.gearshift.vmm.host;

import java.util.regex.Pattern;

/**
 * What a machine is, for those who list machines.
 *
 * @param name up to 32 letters, digits, dots, dashes and underscores, the first a letter or digit
 * @param mode the gear: {@code full} or {@code pv}
 * @param cpus processors
 * @param memoryBytes guest memory
 * @param weight part of the host's processors in relation to others'
 * @param cap most of them, in percent of one; 0 for no limit
 */
public record VmProfile(String name, String mode, int cpus, long memoryBytes, int weight, int cap) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,31}");

    /** Checks the name. */
    public VmProfile {
        if (!isName(name)) {
            throw new IllegalArgumentException("'" + name + "' is not a machine's name: up to 32 letters, digits, dots, dashes and underscores, the first a letter or digit");
        }
    }

    /** Whether a machine may be called so. */
    public static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }
}
