package org.gearshift.tools.stage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Printer;
import org.gearshift.ir.Region;
import org.gearshift.ir.Terminator;
import org.gearshift.translator.x86.X86State;

/**
 * A region's control-flow graph as Graphviz DOT, or drawn as SVG. The drawing is ours, in layers from the entry downwards: what a layout library would add for graphs of
 * this size is not worth one more dependency.
 */
final class ControlFlow {
    private static final int LINE = 14;
    private static final int CHARACTER = 7;
    private static final int MARGIN = 10;
    private static final int GAP_X = 40;
    private static final int GAP_Y = 46;

    private final Region region;
    private final Map<Long, List<String>> text = new LinkedHashMap<>();
    private final List<Edge> edges = new ArrayList<>();
    private final Set<Long> outside = new LinkedHashSet<>();

    /** @param kind taken, else, goto, exit */
    private record Edge(long from, long to, String kind) {
    }

    /** A box of the drawing. */
    private record Box(int x, int y, int width, int height) {
    }

    /** @param guest show guest instructions, where they are known, rather than IR */
    ControlFlow(IrText ir, boolean guest) {
        this.region = ir.region();
        for (Block b : region.blocks()) {
            text.put(b.pc(), lines(ir, b, guest));
            Terminator t = b.terminator();
            switch (t.kind()) {
                case GOTO -> edge(b, t.target(), "goto");
                case BRANCH -> {
                    edge(b, t.target(), "taken");
                    edge(b, t.otherwise(), "else");
                }
                case EXIT -> edge(b, t.target(), "exit");
                default -> { }
            }
        }
        for (long pc : outside) {
            text.put(pc, List.of("0x" + Long.toHexString(pc) + " (outside)"));
        }
    }

    private void edge(Block from, long to, String kind) {
        edges.add(new Edge(from.pc(), to, kind));
        if (region.blockAt(to) == null) {
            outside.add(to);
        }
    }

    private static List<String> lines(IrText ir, Block b, boolean guest) {
        List<String> out = new ArrayList<>();
        String entry = ir.region().entries().contains(b.pc()) ? " (entry)" : "";
        out.add("0x" + Long.toHexString(b.pc()) + entry);
        if (guest && ir.comments().containsKey(b.pc())) {
            for (Insn v : b.insns()) {
                if (v.op() == Op.MARK) {
                    out.add(ir.comments().getOrDefault(v.imm(), "?"));
                }
            }
        } else {
            String[] printed = Printer.print(b, X86State.LAYOUT).split("\n");
            for (int i = 1; i < printed.length - 1; i++) {
                out.add(printed[i].strip());
            }
        }
        return out;
    }

    String dot() {
        StringBuilder s = new StringBuilder("digraph region {\n  node [shape=box fontname=monospace fontsize=10];\n");
        text.forEach((pc, lines) -> {
            StringBuilder label = new StringBuilder();
            lines.forEach(l -> label.append(l.replace("\\", "\\\\").replace("\"", "\\\"")).append("\\l"));
            s.append("  \"").append(Long.toHexString(pc)).append("\" [label=\"").append(label).append("\"").append(outside.contains(pc) ? " style=dashed" : "").append("];\n");
        });
        for (Edge e : edges) {
            s.append("  \"").append(Long.toHexString(e.from)).append("\" -> \"").append(Long.toHexString(e.to)).append("\" [label=\"").append(e.kind).append("\"];\n");
        }
        return s.append("}\n").toString();
    }

    /** Layers: the longest way from an entry without going back. */
    private Map<Long, Integer> layers() {
        Map<Long, Integer> layer = new HashMap<>();
        Set<Edge> back = new HashSet<>();
        Set<Long> open = new HashSet<>();
        Set<Long> done = new HashSet<>();
        List<Long> order = new ArrayList<>();
        for (long e : region.entries()) {
            visit(e, open, done, back, order);
        }
        region.blocks().forEach(b -> visit(b.pc(), open, done, back, order));
        for (int i = order.size() - 1; i >= 0; i--) {
            long pc = order.get(i);
            layer.putIfAbsent(pc, 0);
            for (Edge e : edges) {
                if (e.from == pc && !back.contains(e)) {
                    layer.merge(e.to, layer.get(pc) + 1, Math::max);
                }
            }
        }
        return layer;
    }

    private void visit(long pc, Set<Long> open, Set<Long> done, Set<Edge> back, List<Long> order) {
        if (!done.add(pc)) {
            return;
        }
        open.add(pc);
        for (Edge e : edges) {
            if (e.from == pc) {
                if (open.contains(e.to)) {
                    back.add(e);
                } else {
                    visit(e.to, open, done, back, order);
                }
            }
        }
        open.remove(pc);
        order.add(pc);
    }

    String svg() {
        Map<Long, Integer> layer = layers();
        Map<Integer, List<Long>> rows = new java.util.TreeMap<>();
        text.keySet().forEach(pc -> rows.computeIfAbsent(layer.get(pc), k -> new ArrayList<>()).add(pc));
        Map<Long, Box> boxes = new LinkedHashMap<>();
        int y = MARGIN;
        int width = 0;
        for (List<Long> row : rows.values()) {
            int x = MARGIN;
            int height = 0;
            for (long pc : row) {
                List<String> lines = text.get(pc);
                int w = lines.stream().mapToInt(String::length).max().orElse(1) * CHARACTER + 2 * MARGIN;
                int h = lines.size() * LINE + MARGIN;
                boxes.put(pc, new Box(x, y, w, h));
                x += w + GAP_X;
                height = Math.max(height, h);
            }
            width = Math.max(width, x);
            y += height + GAP_Y;
        }
        int lanes = (int) edges.stream().filter(e -> boxes.get(e.to).y <= boxes.get(e.from).y).count();
        StringBuilder s = new StringBuilder(String.format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"monospace\" font-size=\"11\">%n",
                width + lanes * MARGIN + MARGIN, y));
        s.append("<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 "
                + "8z\"/></marker></defs>\n");
        s.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        boxes.forEach((pc, b) -> box(s, pc, b));
        int lane = 0;
        for (Edge e : edges) {
            Box to = boxes.get(e.to);
            boolean upwards = to.y <= boxes.get(e.from).y;
            line(s, e, boxes.get(e.from), to, upwards ? width + MARGIN * lane++ : -1);
        }
        return s.append("</svg>\n").toString();
    }

    private void box(StringBuilder s, long pc, Box b) {
        String dash = outside.contains(pc) ? " stroke-dasharray=\"4\"" : "";
        String fill = region.entries().contains(pc) ? "#e8f4e8" : "#f6f6f6";
        s.append(String.format("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" stroke=\"black\"%s/>%n", b.x, b.y, b.width, b.height, fill, dash));
        int y = b.y + LINE;
        for (String l : text.get(pc)) {
            s.append(String.format("<text x=\"%d\" y=\"%d\">%s</text>%n", b.x + MARGIN, y, l.replace("&", "&amp;").replace("<", "&lt;")));
            y += LINE;
        }
    }

    private static void line(StringBuilder s, Edge e, Box from, Box to, int lane) {
        int third = from.width / 3;
        int x = from.x + (e.kind.equals("taken") ? third : e.kind.equals("else") ? 2 * third : from.width / 2);
        int bottom = from.y + from.height;
        int top = to.x + to.width / 2;
        String color = e.kind.equals("taken") ? "#2a7" : e.kind.equals("else") ? "#c33" : "#333";
        String path = lane < 0 ? String.format("M%d %dC%d %d %d %d %d %d", x, bottom, x, bottom + GAP_Y / 2, top, to.y - GAP_Y / 2, top, to.y)
                : String.format("M%d %dV%dH%dV%dH%dV%d", x, bottom, bottom + MARGIN, lane, to.y - MARGIN, top, to.y);
        s.append(String.format("<path d=\"%s\" fill=\"none\" stroke=\"%s\" marker-end=\"url(#a)\"><title>%s</title></path>%n", path, color, e.kind));
    }
}
