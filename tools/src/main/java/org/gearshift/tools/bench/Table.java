package org.gearshift.tools.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.tools.bench.RunRecord.Section;

/**
 * One peer's runs beside another's. A section's ratio is that of the medians over all runs of each; a row's that of its sections' geometric mean. Spread is of the rows of single
 * rounds, the first run of one beside the first of the other and so on, which saw the machine in the same mood.
 */
public final class Table {
    private static final Pattern PERCENT = Pattern.compile("(?:^| )(?:pct|scale)=(\\d+)");
    private static final int USUAL = 100;
    /** Of the bare-metal images whose names end in a q. */
    private static final int BRIEF = 5;

    /**
     * A section of both.
     *
     * @param seconds what it takes the peer, of the host's CPU
     * @param peer host CPU seconds for each unit of work, in the order of the runs
     * @param base the same of the other
     */
    public record Pair(String name, double seconds, List<Double> peer, List<Double> base) {
        /** Of the medians. */
        public double ratio() {
            return Figures.median(peer) / Figures.median(base);
        }

        double ratio(int round) {
            return peer.get(round) / base.get(round);
        }

        int rounds() {
            return Math.min(peer.size(), base.size());
        }
    }

    /**
     * A row.
     *
     * @param ratio or the value itself where there is none to compare it with
     * @param low of the rounds
     * @param high of the rounds
     * @param pairs what it was made of
     */
    public record Row(Goal goal, double needed, double aim, double ratio, double low, double high, List<Pair> pairs, boolean passed) {
        /** The section with the largest ratio, null if there is none. */
        public Pair worst() {
            return pairs.stream().max((a, b) -> Double.compare(a.ratio(), b.ratio())).orElse(null);
        }
    }

    private final String peer;
    private final String base;
    private final String kind;
    private final int percent;
    private final boolean judged;
    private final List<RunRecord> ours;
    private final List<RunRecord> theirs;

    /** @param percent of the usual work; -1 for any */
    public Table(Collection<RunRecord> all, String kind, int percent, String peer, String base) {
        this(all, kind, percent, peer, base, kind);
    }

    /** @param baseKind what the other has run: the same guest program as a process of the host, say */
    public Table(Collection<RunRecord> all, String kind, int percent, String peer, String base, String baseKind) {
        this.peer = peer;
        this.base = base;
        this.kind = kind;
        this.percent = percent;
        this.judged = baseKind.equals(kind);
        this.ours = all.stream().filter(r -> r.peer().equals(peer) && r.kind().equals(kind)).toList();
        this.theirs = all.stream().filter(r -> r.peer().equals(base) && r.kind().equals(baseKind)).toList();
    }

    public String kind() {
        return kind;
    }

    public String peer() {
        return peer;
    }

    public String base() {
        return base;
    }

    public int percent() {
        return percent;
    }

    /** Whether goals apply: they are about the same guest in two emulators. */
    public boolean judged() {
        return judged;
    }

    static int percent(RunRecord r) {
        Matcher m = PERCENT.matcher(r.args());
        return m.find() ? Integer.parseInt(m.group(1)) : r.kind().startsWith("bare") && r.kind().endsWith("q") ? BRIEF : USUAL;
    }

    /** All percentages that a kind was run with. */
    public static Set<Integer> percentages(Collection<RunRecord> all, String kind) {
        Set<Integer> out = new TreeSet<>();
        all.stream().filter(r -> r.kind().equals(kind)).forEach(r -> out.add(percent(r)));
        return out;
    }

    private List<RunRecord> chosen(List<RunRecord> runs) {
        return runs.stream().filter(r -> percent < 0 || percent(r) == percent).toList();
    }

    private static List<Double> costs(List<RunRecord> runs, String section) {
        return runs.stream().map(r -> r.sections().get(section)).filter(s -> s != null).map(Section::cost).toList();
    }

    /** All sections that both have run. */
    public List<Pair> pairs() {
        Set<String> names = new LinkedHashSet<>();
        chosen(ours).forEach(r -> names.addAll(r.sections().keySet()));
        return pairs(names);
    }

    private List<Pair> pairs(Collection<String> names) {
        List<Pair> out = new ArrayList<>();
        for (String n : names) {
            List<Double> mine = costs(chosen(ours), n);
            List<Double> other = costs(chosen(theirs), n);
            if (!mine.isEmpty() && !other.isEmpty()) {
                List<Double> seconds = chosen(ours).stream().filter(r -> r.sections().containsKey(n)).map(r -> r.sections().get(n).cpu()).toList();
                out.add(new Pair(n, Figures.median(seconds), mine, other));
            }
        }
        return out;
    }

    /** Rows for which there are runs. */
    public List<Row> rows() {
        List<Row> out = new ArrayList<>();
        for (Goal g : Goal.of(kind)) {
            if (!judged && g.measure() != Goal.Measure.SECTIONS) {
                continue;
            }
            Row r = switch (g.measure()) {
                case SECTIONS -> sections(g);
                case BOOT -> boot(g);
                case RESIDENT -> resident(g);
            };
            if (r != null) {
                out.add(r);
            }
        }
        return out;
    }

    private Row sections(Goal g) {
        List<Pair> pairs = pairs(g.sections());
        if (pairs.isEmpty()) {
            return null;
        }
        double ratio = Figures.geometricMean(pairs.stream().map(Pair::ratio).toList());
        List<Double> rounds = new ArrayList<>();
        int n = pairs.stream().mapToInt(Pair::rounds).min().orElse(0);
        for (int i = 0; i < n; i++) {
            int round = i;
            rounds.add(Figures.geometricMean(pairs.stream().map(p -> p.ratio(round)).toList()));
        }
        double worst = pairs.stream().mapToDouble(Pair::ratio).max().orElse(0);
        double needed = g.limit(g.needed(), percent);
        return row(g, ratio, rounds, pairs, ratio <= needed && (g.worst() == 0 || worst <= g.limit(g.worst(), percent)));
    }

    private Row row(Goal g, double ratio, List<Double> rounds, List<Pair> pairs, boolean passed) {
        double low = rounds.stream().mapToDouble(d -> d).min().orElse(ratio);
        double high = rounds.stream().mapToDouble(d -> d).max().orElse(ratio);
        return new Row(g, g.limit(g.needed(), percent), g.limit(g.aim(), percent), ratio, low, high, pairs, passed);
    }

    /** Of all runs: how much work comes afterwards does not matter to a boot. */
    private Row boot(Goal g) {
        List<Double> mine = boots(ours);
        List<Double> other = boots(theirs);
        if (mine.isEmpty() || other.isEmpty()) {
            return null;
        }
        Pair p = new Pair("boot", Figures.median(mine), mine, other);
        List<Double> rounds = new ArrayList<>();
        for (int i = 0; i < p.rounds(); i++) {
            rounds.add(p.ratio(i));
        }
        return row(g, p.ratio(), rounds, List.of(p), p.ratio() <= g.needed());
    }

    private static List<Double> boots(List<RunRecord> runs) {
        return runs.stream().map(RunRecord::boot).filter(b -> b > 0).toList();
    }

    private Row resident(Goal g) {
        List<Double> mine = chosen(ours).stream().map(r -> (double) r.resident()).filter(b -> b > 0).toList();
        if (mine.isEmpty()) {
            return null;
        }
        double peak = mine.stream().mapToDouble(d -> d).max().orElse(0);
        return row(g, peak, mine, List.of(), peak <= g.needed());
    }

    /** Sections in which runs worked out different things. */
    public Set<String> differing() {
        Map<String, Set<String>> seen = new LinkedHashMap<>();
        for (List<RunRecord> runs : List.of(chosen(ours), chosen(theirs))) {
            runs.forEach(r -> r.sections().forEach((name, s) -> seen.computeIfAbsent(name, k -> new TreeSet<>()).add(s.checksum())));
        }
        Set<String> out = new TreeSet<>();
        seen.forEach((name, sums) -> {
            if (sums.size() > 1) {
                out.add(name);
            }
        });
        return out;
    }

    /** Runs that did not end as they should, and why. */
    public List<String> failures() {
        List<String> out = new ArrayList<>();
        for (List<RunRecord> runs : List.of(chosen(ours), chosen(theirs))) {
            runs.stream().filter(r -> !r.why().equals("ok")).forEach(r -> out.add(r.peer() + " " + r.kind() + " " + r.args() + ": " + r.why()));
        }
        return out;
    }
}
