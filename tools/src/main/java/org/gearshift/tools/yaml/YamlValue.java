package org.gearshift.tools.yaml;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** A value somewhere in a YAML file, with its place there and the name it has for users. */
public final class YamlValue {
    private static final long LARGEST_FILE = 1 << 20;

    private final String file;
    private final Node node;
    private final String name;

    private YamlValue(String file, Node node, String name) {
        this.file = file;
        this.node = node;
        this.name = name;
    }

    /**
     * Reads a file of one document.
     *
     * @throws IOException if it cannot be read
     * @throws YamlError if it is not YAML
     */
    public static YamlValue read(Path file) throws IOException, YamlError {
        if (Files.size(file) > LARGEST_FILE) {
            throw new YamlError(file + ": larger than a megabyte: not a file of this kind");
        }
        try {
            return of(file.toString(), Files.readString(file));
        } catch (CharacterCodingException e) {
            throw new YamlError(file + ": not text in UTF-8");
        }
    }

    /** The same with the text given. @param file its name in messages */
    public static YamlValue of(String file, String text) throws YamlError {
        try {
            Optional<Node> root = new Compose(LoadSettings.builder().setLabel(file).build()).composeString(text);
            if (root.isEmpty()) {
                throw new YamlError(file + ": empty");
            }
            return new YamlValue(file, root.get(), "the file");
        } catch (MarkedYamlEngineException e) {
            throw new YamlError(place(file, e.getProblemMark()) + ": " + e.getProblem());
        } catch (YamlEngineException e) {
            throw new YamlError(file + ": " + e.getMessage().lines().findFirst().orElse("not YAML"));
        }
    }

    private static String place(String file, Optional<Mark> mark) {
        return file + mark.map(m -> ":" + (m.getLine() + 1) + ":" + (m.getColumn() + 1)).orElse("");
    }

    /** An error at this place. */
    public YamlError error(String what) {
        return new YamlError(place(file, node.getStartMark()) + ": " + what);
    }

    /** The same value, called otherwise in messages. */
    public YamlValue named(String other) {
        return new YamlValue(file, node, other);
    }

    /** What messages call it. */
    public String name() {
        return name;
    }

    /** A scalar as it is written. */
    public String text() throws YamlError {
        if (!(node instanceof ScalarNode s)) {
            throw error(name + " is " + kind() + ", where a single value belongs");
        }
        if (s.getTag().equals(Tag.NULL)) {
            throw error(name + " has no value");
        }
        return s.getValue();
    }

    /** A whole number of a range. */
    public int integer(int least, int greatest) throws YamlError {
        String t = text();
        long n = t.matches("-?\\d{1,10}") ? Long.parseLong(t) : Long.MIN_VALUE;
        if (n < least || n > greatest) {
            throw error(name + ": '" + t + "' is not a whole number from " + least + " to " + greatest);
        }
        return (int) n;
    }

    /** The items of a list; a single value is a list of itself. */
    public List<YamlValue> items() throws YamlError {
        if (node instanceof SequenceNode s) {
            List<YamlValue> all = new ArrayList<>();
            for (Node n : s.getValue()) {
                all.add(new YamlValue(file, n, name));
            }
            return all;
        }
        text();
        return List.of(this);
    }

    /** The items of what must be a list. */
    public List<YamlValue> list() throws YamlError {
        if (!(node instanceof SequenceNode)) {
            throw error(name + " is " + kind() + ", where a list belongs: [a, b], or lines that begin with a dash");
        }
        return items();
    }

    /** Keys and values, in their order. */
    public Map<String, YamlValue> map() throws YamlError {
        if (!(node instanceof MappingNode m)) {
            throw error(name + " is " + kind() + ", where lines of the form 'key: value' belong");
        }
        Map<String, YamlValue> all = new LinkedHashMap<>();
        for (NodeTuple t : m.getValue()) {
            YamlValue key = new YamlValue(file, t.getKeyNode(), "a key of " + name);
            String k = key.text();
            if (all.put(k, new YamlValue(file, t.getValueNode(), "'" + k + "'")) != null) {
                throw key.error("'" + k + "' is there twice");
            }
        }
        return all;
    }

    /** The same where only some keys may be. */
    public Map<String, YamlValue> map(List<String> allowed) throws YamlError {
        Map<String, YamlValue> all = map();
        for (NodeTuple t : ((MappingNode) node).getValue()) {
            YamlValue key = new YamlValue(file, t.getKeyNode(), "a key of " + name);
            if (!allowed.contains(key.text())) {
                throw key.error("'" + key.text() + "' is no key of " + name + "; " + Suggestion.among(key.text(), allowed));
            }
        }
        return all;
    }

    private String kind() {
        return node instanceof MappingNode ? "a mapping" : node instanceof SequenceNode ? "a list" : "a single value";
    }
}
