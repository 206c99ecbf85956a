package org.gearshift.tools;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import org.gearshift.tools.yaml.Suggestion;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.host.VmProfile;
import org.gearshift.vmm.net.Forward;
import org.gearshift.vmm.sched.Share;
import picocli.CommandLine.TypeConversionException;

/** A machine for {@code gearshift up} as users describe it, key by key: in a file, or in an option {@code --vm}. Keys are called as the options of {@code run} are. */
final class MachineSpec {
    /** Keys that may be there several times. */
    private static final List<String> REPEATED = List.of("disk", "forward");

    /** What can be said of a machine, and how each is taken. */
    private static final Map<String, BiConsumer<MachineSpec, String>> KEYS = new LinkedHashMap<>();

    static {
        KEYS.put("kernel", (m, v) -> m.kernel = m.path(v));
        KEYS.put("initrd", (m, v) -> m.initrd = m.path(v));
        KEYS.put("append", (m, v) -> m.append = v);
        KEYS.put("mode", (m, v) -> m.mode = choice(RunCommand.Mode.class, v));
        KEYS.put("memory", (m, v) -> m.memory = new MemorySize().convert(v));
        KEYS.put("cpus", (m, v) -> m.cpus = number(v, 1, VmConfig.MAX_CPUS));
        KEYS.put("cpu", (m, v) -> m.cpu = v);
        KEYS.put("clock", (m, v) -> m.clock = choice(VmConfig.Clock.class, v));
        KEYS.put("backend", (m, v) -> m.backend = choice(RunCommand.Backend.class, v));
        KEYS.put("disk", (m, v) -> m.disks.add(DiskOption.parse(v).in(m.folder)));
        KEYS.put("net", (m, v) -> m.net = NetOption.parse(v));
        KEYS.put("forward", (m, v) -> m.forwards.add(new NetOption.ForwardConverter().convert(v)));
        KEYS.put("rng", (m, v) -> m.rng = choice(Switch.class, v) == Switch.TRUE);
        KEYS.put("weight", (m, v) -> m.weight = number(v, Share.MIN_WEIGHT, Share.MAX_WEIGHT));
        KEYS.put("cap", (m, v) -> m.cap = number(v, 0, Share.MAX_CAP));
        KEYS.put("console", (m, v) -> m.console = ConsoleAddress.parse(v, m.folder));
        KEYS.put("log", (m, v) -> m.log = m.path(v));
    }

    private enum Switch { TRUE, FALSE }

    final String name;
    private final Path folder;
    Path kernel;
    Path initrd;
    String append = "";
    RunCommand.Mode mode = RunCommand.Mode.FULL;
    long memory = 256L << 20;
    int cpus = 1;
    String cpu;
    VmConfig.Clock clock = VmConfig.Clock.HOST;
    RunCommand.Backend backend = RunCommand.Backend.JVM;
    final List<DiskOption> disks = new ArrayList<>();
    NetOption net = NetOption.NONE;
    final List<Forward> forwards = new ArrayList<>();
    boolean rng;
    int weight = Share.DEFAULT_WEIGHT;
    int cap;
    ConsoleAddress console;
    Path log;

    /**
     * A machine of which nothing has been said but its name.
     *
     * @param folder what relative file names start from
     * @throws IllegalArgumentException if it cannot be called so
     */
    MachineSpec(String name, Path folder) {
        if (!VmProfile.isName(name)) {
            throw new IllegalArgumentException("'" + name + "' is not a machine's name: up to 32 letters, digits, dots, dashes and underscores, the first a letter or digit");
        }
        this.name = name;
        this.folder = folder;
    }

    /** The keys there are. */
    static List<String> keys() {
        return List.copyOf(KEYS.keySet());
    }

    /** Whether a key may be there several times. */
    static boolean isRepeated(String key) {
        return REPEATED.contains(key);
    }

    /** Takes a key. @throws IllegalArgumentException if there is no such key, or the value is none for it */
    void set(String key, String value) {
        BiConsumer<MachineSpec, String> setter = KEYS.get(key);
        if (setter == null) {
            throw new IllegalArgumentException("'" + key + "' is no key of a machine; " + Suggestion.among(key, keys()));
        }
        try {
            setter.accept(this, value);
        } catch (TypeConversionException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** Looks whether what was said goes together. @throws IllegalArgumentException if not */
    void check() {
        if (mode == RunCommand.Mode.PV && memory > MemorySize.MAX_COMPACT) {
            throw new IllegalArgumentException("memory: a paravirtual domain has at most " + (MemorySize.MAX_COMPACT >>> 20) + "M");
        }
        if (kernel == null && initrd != null) {
            throw new IllegalArgumentException("an initrd without a kernel: the sample kernel takes none");
        }
        if (net == NetOption.NONE && !forwards.isEmpty()) {
            throw new IllegalArgumentException("forward needs net: user");
        }
    }

    /** What lists of machines show of it. */
    VmProfile profile() {
        return new VmProfile(name, mode.name().toLowerCase(Locale.ROOT), cpus, memory, weight, cap);
    }

    private Path path(String value) {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a file's name is empty");
        }
        return folder.resolve(value);
    }

    private static int number(String value, int least, int greatest) {
        int n = value.matches("\\d{1,9}") ? Integer.parseInt(value) : -1;
        if (n < least || n > greatest) {
            throw new IllegalArgumentException("'" + value + "' is not a whole number from " + least + " to " + greatest);
        }
        return n;
    }

    private static <E extends Enum<E>> E choice(Class<E> all, String value) {
        List<String> allowed = new ArrayList<>();
        for (E e : all.getEnumConstants()) {
            allowed.add(e.name().toLowerCase(Locale.ROOT));
            if (e.name().equalsIgnoreCase(value)) {
                return e;
            }
        }
        throw new IllegalArgumentException("'" + value + "' is not one of " + String.join(", ", allowed));
    }
}
