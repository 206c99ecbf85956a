package org.gearshift.tools.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.stage.InputException;

/**
 * A program of the distribution with work for it: a script, whose head says what it does and which packages it needs.
 *
 * @param name of the script
 * @param what it does, in a line
 * @param packages Debian's names; {@code TOOLS} stands for what names of compilers' packages say of the architecture
 * @param script what the guest's shell runs
 */
public record Program(String name, String what, List<String> packages, String script) {
    private static final String DIRECTORY = "programs/";
    private static final List<String> NAMES = List.of("gzip", "xz", "openssl", "python", "json", "perl", "gcc", "sqlite");

    /** All of them, in the order in which they run. */
    public static List<Program> all() {
        return NAMES.stream().map(Program::read).toList();
    }

    /** Those named, separated by commas; all without a name. */
    public static List<Program> named(String names) {
        if (names == null) {
            return all();
        }
        List<Program> out = new ArrayList<>();
        for (String n : names.split(",")) {
            if (!NAMES.contains(n)) {
                throw new InputException("no program '" + n + "'; there are " + String.join(", ", NAMES));
            }
            out.add(read(n));
        }
        return out;
    }

    private static Program read(String name) {
        String script = resource(name + ".sh");
        return new Program(name, head(script, "what"), List.of(head(script, "packages").split(" ")), script);
    }

    private static String head(String script, String key) {
        String start = "# " + key + ": ";
        return script.lines().filter(l -> l.startsWith(start)).map(l -> l.substring(start.length())).findFirst().orElseThrow(() -> new IllegalStateException("a script without " + start));
    }

    /** What all scripts begin with. */
    public static String prelude() {
        return resource("prelude");
    }

    private static String resource(String name) {
        try (InputStream in = Program.class.getResourceAsStream(DIRECTORY + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
