package org.gearshift.tools.profile;

import java.util.List;
import java.util.Locale;

/**
 * A call tree as a picture by itself: width is the number of samples, what is called lies above its caller. A click makes a function as wide as the picture, the text field
 * marks names that contain a word. The script in it uses nothing from elsewhere.
 */
public final class FlameGraph {
    private static final int WIDTH = 1200;
    private static final int ROW = 17;
    private static final int TOP = 60;
    private static final double LEAST = 0.2;
    private static final int CHARACTER = 7;

    private static final String SCRIPT = """
            var W=1200,all=[].slice.call(document.querySelectorAll('g.f'));
            function num(g,k){return parseFloat(g.getAttribute(k));}
            function fit(g,x,w){var r=g.querySelector('rect'),t=g.querySelector('text');r.setAttribute('x',x);r.setAttribute('width',w);t.setAttribute('x',x+3);
             var n=g.getAttribute('data-n'),c=Math.floor((w-6)/7);t.textContent=c<3?'':n.length<=c?n:n.substring(0,c-2)+'..';}
            function zoom(z){var x0=num(z,'data-x'),w0=num(z,'data-w'),d0=num(z,'data-d');all.forEach(function(g){var x=num(g,'data-x'),w=num(g,'data-w'),d=num(g,'data-d');
             var inside=x>=x0-1e-6&&x+w<=x0+w0+1e-6,above=x<=x0+1e-6&&x+w>=x0+w0-1e-6&&d<d0;
             g.style.display=inside||above?'':'none';if(above)fit(g,0,W);else if(inside)fit(g,(x-x0)*W/w0,w*W/w0);});}
            function find(s){var sum=0;all.forEach(function(g){var hit=s&&g.getAttribute('data-n').indexOf(s)>=0;g.querySelector('rect').style.fill=hit?'#c0f':'';
             if(hit)sum+=num(g,'data-s');});document.getElementById('found').textContent=s?(100*sum/TOTAL).toFixed(1)+'% of samples run in names with "'+s+'"':'';}
            all.forEach(function(g){g.addEventListener('click',function(){zoom(g);});});
            document.getElementById('reset').addEventListener('click',function(){zoom(all[0]);});
            document.getElementById('search').addEventListener('click',function(){var s=prompt('Name contains');find(s);});
            """;

    private final CallTree tree;
    private final String title;
    private final StringBuilder out = new StringBuilder();
    private final int height;

    private FlameGraph(CallTree tree, String title) {
        this.tree = tree;
        this.title = title;
        this.height = TOP + ROW * (depth(tree.root()) + 1);
    }

    /** The picture as SVG. @param title for its head */
    public static String svg(CallTree tree, String title) {
        return new FlameGraph(tree, title).draw();
    }

    /** The picture and tables below it, as an HTML page. @param notes lines of text */
    public static String html(CallTree tree, String title, List<String> notes) {
        StringBuilder page = new StringBuilder("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>").append(escaped(title)).append("</title></head><body>\n");
        page.append(svg(tree, title)).append("<pre>\n");
        notes.forEach(n -> page.append(escaped(n)).append('\n'));
        return page.append("</pre></body></html>\n").toString();
    }

    private static int depth(CallTree.Node n) {
        return 1 + n.children.values().stream().mapToInt(FlameGraph::depth).max().orElse(0);
    }

    private String draw() {
        out.append(String.format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"monospace\" font-size=\"11\">%n", WIDTH, height));
        out.append("<style>g.f{cursor:pointer} g.f rect{stroke:#fff;stroke-width:.5} .k{fill:#f4a259} .u{fill:#8cb369} .x{fill:#bbb}</style>\n");
        out.append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"10\" y=\"20\" font-size=\"14\">").append(escaped(title)).append("</text>\n");
        out.append("<text id=\"reset\" x=\"10\" y=\"40\" style=\"cursor:pointer\">[whole]</text><text id=\"search\" x=\"80\" y=\"40\" style=\"cursor:pointer\">[search]</text>"
                + "<text id=\"found\" x=\"160\" y=\"40\"></text>\n");
        node(tree.root(), 0, WIDTH, 0);
        return out.append("<script><![CDATA[var TOTAL=").append(Math.max(1, tree.samples())).append(";\n").append(SCRIPT).append("]]></script>\n</svg>\n").toString();
    }

    private void node(CallTree.Node n, double x, double width, int depth) {
        if (width < LEAST) {
            return;
        }
        String shown = n.name.length() * CHARACTER <= width - 6 ? n.name : width < 4 * CHARACTER ? "" : n.name.substring(0, Math.max(0,
                (int) (width - 6) / CHARACTER - 2)) + "..";
        int y = height - ROW * (depth + 1);
        String kind = n.name.equals("[user]") ? "u" : n.name.startsWith("[") || depth == 0 ? "x" : "k";
        out.append(String.format(Locale.ROOT, "<g class=\"f\" data-n=\"%s\" data-x=\"%.4f\" data-w=\"%.4f\" data-d=\"%d\" data-s=\"%d\"><title>%s: %d samples, %.2f%%</title>"
                + "<rect class=\"%s\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\"/><text x=\"%.2f\" y=\"%d\">%s</text></g>%n", escaped(n.name), x, width, depth, n.self,
                escaped(n.name), n.total, 100.0 * n.total / Math.max(1, tree.samples()), kind, x, y, width, ROW - 1, x + 3, y + ROW - 5, escaped(shown)));
        double at = x;
        for (CallTree.Node c : n.children.values()) {
            double w = width * c.total / n.total;
            node(c, at, w, depth + 1);
            at += w;
        }
    }

    private static String escaped(String s) {
        return s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
