package org.gearshift.tools.compare;

import java.util.List;
import java.util.Locale;

/** The comparison as one HTML file that needs no other. */
final class HtmlReport {
    private static final int REASONS = 6;

    private HtmlReport() {
    }

    static String of(String workload, String date, String host, String command, List<Row> rows) {
        StringBuilder b = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Gearshift: full and paravirtual</title>\n<style>");
        b.append("body{font:14px sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse}th,td{border-bottom:1px solid #ddd;padding:3px 10px;text-align:right}"
                + "td:first-child,th:first-child,td.l{text-align:left}td.l{font-size:12px;color:#444}</style></head><body>\n");
        b.append("<h1>Full virtualization and the paravirtual gear</h1>\n<p>").append(SvgPlot.escape(workload)).append("; ").append(SvgPlot.escape(date)).append("; ")
                .append(SvgPlot.escape(host)).append("<br><code>").append(SvgPlot.escape(command)).append("</code></p>\n");
        b.append(SvgPlot.of("Time in full virtualization, as a multiple of the paravirtual gear's", rows));
        b.append("<table><tr><th>nanoseconds each<th>full<th>&plusmn;<th>pv<th>&plusmn;<th>full/pv<th>why the guest left translated code, for each</tr>\n");
        for (Row r : rows) {
            b.append(String.format(Locale.ROOT, "<tr><td>%s<td>%,.0f<td>%.0f %%<td>%,.0f<td>%.0f %%<td>%.2f<td class=\"l\">full: %s<br>pv: %s</tr>%n", SvgPlot.escape(r.name()),
                    r.full().median(), 100 * r.full().spread(), r.pv().median(), 100 * r.pv().spread(), r.ratio(), SvgPlot.escape(r.fullReasons(REASONS)),
                    SvgPlot.escape(r.pvReasons(REASONS))));
        }
        return b.append("</table>\n</body></html>\n").toString();
    }
}
