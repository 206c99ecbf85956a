package org.gearshift.tools.conformance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Planted errors that are none, for reasons that no program here finds: {@code equivalent-mutations.txt}, regular expression and reason. */
final class EquivalentMutations {
    private static final Map<Pattern, String> REASONS = new LinkedHashMap<>();

    static {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                EquivalentMutations.class.getResourceAsStream("equivalent-mutations.txt"), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    String[] f = line.split(" => ", 2);
                    REASONS.put(Pattern.compile(f[0].trim()), f[1].trim());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private EquivalentMutations() {
    }

    /** Why a mutation, as text, is no error; null if nothing is known of it. */
    static String reason(String mutation) {
        return REASONS.entrySet().stream().filter(e -> e.getKey().matcher(mutation).matches()).map(Map.Entry::getValue).findFirst().orElse(null);
    }
}
