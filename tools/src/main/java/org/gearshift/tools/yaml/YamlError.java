package org.gearshift.tools.yaml;

/** What is wrong with a file: {@code FILE:LINE:COLUMN: what}. */
public final class YamlError extends Exception {
    private static final long serialVersionUID = 1L;

    YamlError(String message) {
        super(message);
    }
}
