package org.gearshift.tools.profile;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Sampled stacks, summed up by their common beginnings. */
public final class CallTree {
    /** A function called from a certain stack. */
    static final class Node {
        final String name;
        final Map<String, Node> children = new TreeMap<>();
        long total;
        long self;

        Node(String name) {
            this.name = name;
        }
    }

    /**
     * A function wherever it was called.
     *
     * @param self samples in which it ran
     * @param total samples in which it was on the stack
     */
    public record Function(String name, long self, long total) {
    }

    private final Node root = new Node("all");

    /** Counts a sample. @param stack from the outermost function to the innermost */
    public void add(List<String> stack) {
        Node n = root;
        n.total++;
        for (String f : stack) {
            n = n.children.computeIfAbsent(f, Node::new);
            n.total++;
        }
        n.self++;
    }

    public long samples() {
        return root.total;
    }

    Node root() {
        return root;
    }

    /** All functions, those that ran most first. */
    public List<Function> functions() {
        Map<String, long[]> sums = new HashMap<>();
        sum(root, new HashSet<>(), sums);
        List<Function> out = new ArrayList<>();
        sums.forEach((name, v) -> out.add(new Function(name, v[0], v[1])));
        out.sort(Comparator.comparingLong((Function f) -> -f.self).thenComparingLong(f -> -f.total).thenComparing(Function::name));
        return out;
    }

    private static void sum(Node n, Set<String> above, Map<String, long[]> sums) {
        for (Node c : n.children.values()) {
            long[] v = sums.computeIfAbsent(c.name, k -> new long[2]);
            v[0] += c.self;
            boolean first = above.add(c.name);
            v[1] += first ? c.total : 0;
            sum(c, above, sums);
            if (first) {
                above.remove(c.name);
            }
        }
    }

    /** Stacks with their counts, a line each, functions joined by semicolons: what other flame graph programs read. */
    public String folded() {
        StringBuilder out = new StringBuilder();
        folded(root, "", out);
        return out.toString();
    }

    private static void folded(Node n, String prefix, StringBuilder out) {
        for (Node c : n.children.values()) {
            String path = prefix.isEmpty() ? c.name : prefix + ";" + c.name;
            if (c.self > 0) {
                out.append(path).append(' ').append(c.self).append('\n');
            }
            folded(c, path, out);
        }
    }
}
