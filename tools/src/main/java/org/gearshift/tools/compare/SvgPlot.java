package org.gearshift.tools.compare;

import java.util.List;
import java.util.Locale;

/** The comparison as a picture: one bar an operation, its length the ratio of full to paravirtual on a scale of powers of two. */
final class SvgPlot {
    private static final int LABEL = 190;
    private static final int WIDTH = 420;
    private static final int LINE = 24;
    private static final int TOP = 46;
    private static final int SCALE_MARKS = 4;

    private SvgPlot() {
    }

    static String of(String title, List<Row> rows) {
        double most = 2;
        for (Row r : rows) {
            most = Math.max(most, Math.max(r.ratio(), 1 / Math.max(r.ratio(), 1e-6)));
        }
        double octaves = Math.ceil(Math.log(most) / Math.log(2));
        double middle = LABEL + WIDTH / 2.0;
        double unit = WIDTH / 2.0 / octaves;
        int height = TOP + LINE * rows.size() + 30;
        StringBuilder b = new StringBuilder();
        b.append(String.format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">%n", LABEL + WIDTH + 80, height));
        b.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        b.append(String.format("<text x=\"8\" y=\"18\" font-size=\"14\">%s</text>%n", escape(title)));
        b.append(String.format(Locale.ROOT, "<text x=\"%.0f\" y=\"36\" text-anchor=\"end\">&#8592; full ahead</text><text x=\"%.0f\" y=\"36\">pv ahead &#8594;</text>%n", middle - 8, middle + 8));
        grid(b, middle, unit, octaves, height);
        int y = TOP;
        for (Row r : rows) {
            bar(b, r, y, middle, unit);
            y += LINE;
        }
        return b.append("</svg>\n").toString();
    }

    private static void grid(StringBuilder b, double middle, double unit, double octaves, int height) {
        double step = Math.max(1, Math.ceil(octaves / SCALE_MARKS));
        for (double o = -octaves; o <= octaves; o += 1) {
            if (o % step != 0) {
                continue;
            }
            double x = middle + o * unit;
            b.append(String.format(Locale.ROOT, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"%s\"/>%n", x, TOP - 4, x, height - 24, o == 0 ? "#444" : "#ddd"));
            String mark = o >= 0 ? String.format(Locale.ROOT, "%.0fx", Math.pow(2, o)) : String.format(Locale.ROOT, "1/%.0f", Math.pow(2, -o));
            b.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#666\">%s</text>%n", x, height - 8, mark));
        }
    }

    private static void bar(StringBuilder b, Row r, int y, double middle, double unit) {
        double length = Math.log(r.ratio()) / Math.log(2) * unit;
        double from = Math.min(middle, middle + length);
        b.append(String.format(Locale.ROOT, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", LABEL - 8, y + 15, escape(r.name())));
        b.append(String.format(Locale.ROOT, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>", from, y + 3, Math.abs(length), LINE - 8,
                length >= 0 ? "#2a7f62" : "#b4553a"));
        boolean right = length >= 0;
        b.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" fill=\"#222\">%.2f</text>%n", right ? middle + length + 5 : middle + length - 5, y + 15,
                right ? "start" : "end", r.ratio()));
    }

    static String escape(String s) {
        return s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
