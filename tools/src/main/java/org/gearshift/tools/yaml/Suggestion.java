package org.gearshift.tools.yaml;

import java.util.List;

/** What somebody may have meant by a word that is not known. */
public final class Suggestion {
    private static final int FAR = 3;

    private Suggestion() {
    }

    /** The words that are known, or the one that is nearly the one that was written. */
    public static String among(String word, List<String> known) {
        String nearest = null;
        int least = FAR;
        for (String k : known) {
            int d = distance(word, k);
            if (d < least) {
                least = d;
                nearest = k;
            }
        }
        return (nearest == null ? "" : "did you mean " + nearest + "? ") + "allowed are " + String.join(", ", known);
    }

    /** Letters to insert, remove or replace (Levenshtein). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
