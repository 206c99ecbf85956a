package org.gearshift.tools;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.gearshift.tools.yaml.Suggestion;
import org.gearshift.tools.yaml.YamlError;
import org.gearshift.tools.yaml.YamlValue;
import org.gearshift.vmm.policy.IsolationPolicy;
import org.gearshift.vmm.policy.Label;
import org.gearshift.vmm.policy.Sharing;

/** An isolation policy in a file: {@code types}, {@code conflicts}, and labels of {@code machines}, {@code disks} and {@code networks}. */
final class PolicyFile {
    private static final List<String> KEYS = List.of("types", "conflicts", "machines", "disks", "networks");
    private static final List<String> LABEL = List.of("types", "wall");
    private static final String ALL = "all";

    private final IsolationPolicy.Builder policy = new IsolationPolicy.Builder();
    private final Path folder;

    private PolicyFile(Path folder) {
        this.folder = folder;
    }

    /** Reads a policy. Names of disks start from its folder. */
    static IsolationPolicy read(Path file) throws IOException, YamlError {
        return new PolicyFile(file.toAbsolutePath().getParent()).read(YamlValue.read(file));
    }

    /** What a policy calls a disk: where it really is, as links and other spellings of a name lead to the same one. */
    static String diskName(Path file) throws IOException {
        return (Files.exists(file) ? file.toRealPath() : file.toAbsolutePath().normalize()).toString();
    }

    private IsolationPolicy read(YamlValue root) throws IOException, YamlError {
        Map<String, YamlValue> top = root.map(KEYS);
        for (Map.Entry<String, YamlValue> e : section(top, "types")) {
            Set<Sharing> what = sharings(e.getValue().named("type '" + e.getKey() + "'"));
            rule(e.getValue(), () -> policy.type(e.getKey(), what));
        }
        for (Map.Entry<String, YamlValue> e : section(top, "conflicts")) {
            Set<String> members = names(e.getValue());
            rule(e.getValue(), () -> policy.conflict(e.getKey(), members));
        }
        for (Map.Entry<String, YamlValue> e : section(top, "machines")) {
            Map<String, YamlValue> label = e.getValue().named("machine '" + e.getKey() + "'").map(LABEL);
            Label l = new Label(label.containsKey("types") ? names(label.get("types")) : Set.of(), label.containsKey("wall") ? names(label.get("wall")) : Set.of());
            rule(e.getValue(), () -> policy.machine(e.getKey(), l));
        }
        for (Map.Entry<String, YamlValue> e : section(top, "disks")) {
            Set<String> of = names(e.getValue());
            String disk = diskName(folder.resolve(e.getKey()));
            rule(e.getValue(), () -> policy.disk(disk, of));
        }
        for (Map.Entry<String, YamlValue> e : section(top, "networks")) {
            Set<String> of = names(e.getValue());
            rule(e.getValue(), () -> policy.network(e.getKey(), of));
        }
        return policy.build();
    }

    private static Set<Map.Entry<String, YamlValue>> section(Map<String, YamlValue> top, String key) throws YamlError {
        return top.containsKey(key) ? top.get(key).map().entrySet() : Set.of();
    }

    private static void rule(YamlValue place, Runnable rule) throws YamlError {
        try {
            rule.run();
        } catch (IllegalArgumentException e) {
            throw place.error(e.getMessage());
        }
    }

    private static Set<String> names(YamlValue list) throws YamlError {
        Set<String> names = new LinkedHashSet<>();
        for (YamlValue v : list.list()) {
            names.add(v.text());
        }
        return names;
    }

    private static Set<Sharing> sharings(YamlValue value) throws YamlError {
        Set<Sharing> what = EnumSet.noneOf(Sharing.class);
        for (YamlValue item : value.items()) {
            what.addAll(sharing(item));
        }
        return what;
    }

    private static Set<Sharing> sharing(YamlValue item) throws YamlError {
        String text = item.text();
        if (text.equals(ALL)) {
            return EnumSet.allOf(Sharing.class);
        }
        for (Sharing s : Sharing.values()) {
            if (s.label().equals(text)) {
                return EnumSet.of(s);
            }
        }
        throw item.error(item.name() + ": nothing of the name '" + text + "' is shared; "
                + Suggestion.among(text, List.of("event-channel", "grant", "store", "disk", "network", ALL)));
    }
}
