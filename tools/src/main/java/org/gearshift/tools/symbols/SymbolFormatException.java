package org.gearshift.tools.symbols;

import java.io.IOException;

/** A file from which no symbols can be read; the message says which, why, and what to give instead. */
public final class SymbolFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    SymbolFormatException(String message) {
        super(message);
    }
}
