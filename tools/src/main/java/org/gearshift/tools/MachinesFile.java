package org.gearshift.tools;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gearshift.tools.yaml.YamlError;
import org.gearshift.tools.yaml.YamlValue;
import picocli.CommandLine.TypeConversionException;

/**
 * A file that describes machines.
 *
 * @param slots how many of the host's processors they share; 0: all
 * @param memory most guest memory all of them have together, in bytes; 0: what there is
 * @param policy the file of the isolation policy; null for none
 */
record MachinesFile(List<MachineSpec> machines, int slots, long memory, Path policy) {
    private static final int MAX_SLOTS = 1024;
    private static final List<String> KEYS = List.of("machines", "defaults", "slots", "memory", "policy");

    static MachinesFile read(Path file) throws IOException, YamlError {
        YamlValue root = YamlValue.read(file);
        Path folder = file.toAbsolutePath().getParent();
        Map<String, YamlValue> top = root.map(KEYS);
        YamlValue all = top.get("machines");
        if (all == null) {
            throw root.error("the file has no 'machines'; write machines: and below it, indented, a line NAME: for each");
        }
        Map<String, YamlValue> defaults = top.containsKey("defaults") ? top.get("defaults").map(MachineSpec.keys()) : Map.of();
        List<MachineSpec> machines = new ArrayList<>();
        for (Map.Entry<String, YamlValue> e : all.map().entrySet()) {
            machines.add(machine(e.getKey(), e.getValue(), defaults, folder));
        }
        if (machines.isEmpty()) {
            throw all.error("'machines' has none");
        }
        int slots = top.containsKey("slots") ? top.get("slots").integer(1, MAX_SLOTS) : 0;
        long memory = top.containsKey("memory") ? size(top.get("memory")) : 0;
        Path policy = top.containsKey("policy") ? folder.resolve(top.get("policy").text()) : null;
        return new MachinesFile(machines, slots, memory, policy);
    }

    private static long size(YamlValue value) throws YamlError {
        try {
            return MemorySize.total(value.text());
        } catch (TypeConversionException e) {
            throw value.error("'memory': " + e.getMessage());
        }
    }

    private static MachineSpec machine(String name, YamlValue value, Map<String, YamlValue> defaults, Path folder) throws YamlError {
        YamlValue called = value.named("machine '" + name + "'");
        Map<String, YamlValue> own = called.map(MachineSpec.keys());
        try {
            MachineSpec machine = new MachineSpec(name, folder);
            for (Map.Entry<String, YamlValue> e : defaults.entrySet()) {
                if (!own.containsKey(e.getKey())) {
                    set(machine, e.getKey(), e.getValue());
                }
            }
            for (Map.Entry<String, YamlValue> e : own.entrySet()) {
                set(machine, e.getKey(), e.getValue());
            }
            machine.check();
            return machine;
        } catch (IllegalArgumentException e) {
            throw called.error(called.name() + ": " + e.getMessage());
        }
    }

    private static void set(MachineSpec machine, String key, YamlValue value) throws YamlError {
        YamlValue called = value.named("'" + key + "' of machine '" + machine.name + "'");
        for (YamlValue item : MachineSpec.isRepeated(key) ? called.items() : List.of(called)) {
            String text = item.text();
            try {
                machine.set(key, text);
            } catch (IllegalArgumentException e) {
                throw item.error(item.name() + ": " + e.getMessage());
            }
        }
    }
}
