package org.gearshift.tools.stage;

import java.util.ArrayList;
import java.util.List;

/** Differences of two texts by their longest common subsequence of lines. */
final class LineDiff {
    private LineDiff() {
    }

    /** The lines with {@code -}, {@code +} or a blank before them; nothing at all if the texts are equal. @param context unchanged lines to keep around changes */
    static String of(List<String> a, List<String> b, int context) {
        if (a.equals(b)) {
            return "";
        }
        int[][] common = new int[a.size() + 1][b.size() + 1];
        for (int i = a.size() - 1; i >= 0; i--) {
            for (int j = b.size() - 1; j >= 0; j--) {
                common[i][j] = a.get(i).equals(b.get(j)) ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        List<String> marked = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < a.size() || j < b.size()) {
            if (i < a.size() && j < b.size() && a.get(i).equals(b.get(j))) {
                marked.add("  " + a.get(i++));
                j++;
            } else if (j == b.size() || i < a.size() && common[i + 1][j] >= common[i][j + 1]) {
                marked.add("- " + a.get(i++));
            } else {
                marked.add("+ " + b.get(j++));
            }
        }
        return shorten(marked, context);
    }

    private static String shorten(List<String> marked, int context) {
        StringBuilder out = new StringBuilder();
        boolean gap = false;
        for (int k = 0; k < marked.size(); k++) {
            boolean shown = k == 0;
            for (int n = Math.max(0, k - context); n <= Math.min(marked.size() - 1, k + context) && !shown; n++) {
                shown = marked.get(n).charAt(0) != ' ';
            }
            if (shown) {
                out.append(gap ? "  ...\n" : "").append(marked.get(k)).append('\n');
            }
            gap = !shown;
        }
        return out.toString();
    }
}
