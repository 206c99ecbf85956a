package org.gearshift.tools.up;

import java.util.Locale;
import org.gearshift.vmm.host.HostedVm;
import org.gearshift.vmm.host.VmProfile;

/**
 * What {@code gearshift ps} says of a machine, and how it comes over the control socket: one line, fields separated by tabs.
 *
 * @param share percent of all weights
 * @param cap percent of a host processor, 0 for none
 * @param cpuNanos processor time used
 * @param process id of the process that runs it
 */
public record MachineLine(String name, String mode, String state, int cpus, long memoryBytes, long cpuNanos, int weight, int cap, double share, long uptimeNanos,
        long process) {
    private static final int FIELDS = 11;
    private static final double NANOS = 1e9;
    private static final int MINUTE = 60;
    private static final int HOUR = 3600;
    private static final int PERCENT = 100;

    static MachineLine of(HostedVm vm, int allWeights) {
        VmProfile p = vm.profile();
        int weight = vm.share().weight();
        double share = vm.state().isEnd() || allWeights == 0 ? 0 : (double) PERCENT * weight / allWeights;
        return new MachineLine(p.name(), p.mode(), vm.state().label(), p.cpus(), p.memoryBytes(), vm.share().usedNanos(), weight, vm.share().cap(), share,
                vm.uptimeNanos(), ProcessHandle.current().pid());
    }

    String encode() {
        return String.join("\t", name, mode, state, Integer.toString(cpus), Long.toString(memoryBytes), Long.toString(cpuNanos), Integer.toString(weight),
                Integer.toString(cap), Double.toString(share), Long.toString(uptimeNanos), Long.toString(process));
    }

    /** @throws IllegalArgumentException if it is no such line */
    static MachineLine decode(String line) {
        String[] f = line.split("\t", -1);
        if (f.length != FIELDS) {
            throw new IllegalArgumentException("not a line of a machine: " + line);
        }
        return new MachineLine(f[0], f[1], f[2], Integer.parseInt(f[3]), Long.parseLong(f[4]), Long.parseLong(f[5]), Integer.parseInt(f[6]), Integer.parseInt(f[7]),
                Double.parseDouble(f[8]), Long.parseLong(f[9]), Long.parseLong(f[10]));
    }

    /** The head of the table. */
    public static String head() {
        return String.format("%-16s %-5s %-8s %5s %8s %10s %7s %5s %6s %9s", "NAME", "MODE", "STATE", "VCPUS", "MEMORY", "CPU(S)", "WEIGHT", "CAP", "SHARE", "UPTIME");
    }

    /** A line of the table. */
    public String row() {
        return String.format(Locale.ROOT, "%-16s %-5s %-8s %5d %7dM %10.1f %7d %5s %5.1f%% %9s", name, mode, state, cpus, memoryBytes >>> 20, cpuNanos / NANOS, weight,
                cap == 0 ? "-" : cap + "%", share, duration((long) (uptimeNanos / NANOS)));
    }

    private static String duration(long seconds) {
        return String.format(Locale.ROOT, "%d:%02d:%02d", seconds / HOUR, seconds / MINUTE % MINUTE, seconds % MINUTE);
    }

    /** As an object of JSON. Names and states need no escapes. */
    public String json() {
        return String.format(Locale.ROOT, "{\"name\": \"%s\", \"mode\": \"%s\", \"state\": \"%s\", \"vcpus\": %d, \"memory_bytes\": %d, "
                + "\"cpu_seconds\": %.3f, \"weight\": %d, "
                + "\"cap_percent\": %s, \"share_percent\": %.1f, \"uptime_seconds\": %.3f, \"pid\": %d}", name, mode, state, cpus, memoryBytes, cpuNanos / NANOS, weight,
                cap == 0 ? "null" : Integer.toString(cap), share, uptimeNanos / NANOS, process);
    }
}
