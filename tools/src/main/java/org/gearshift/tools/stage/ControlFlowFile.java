package org.gearshift.tools.stage;

import java.nio.file.Path;

/** A control-flow graph in the format that a file's name asks for. */
public final class ControlFlowFile {
    private ControlFlowFile() {
    }

    /** The graph as DOT or SVG: by {@code .dot} or {@code .svg} at the end of the name. Blocks show guest instructions where they are known. */
    public static String contents(Path file, IrText ir) {
        String name = file.toString();
        if (!name.endsWith(".dot") && !name.endsWith(".svg")) {
            throw new InputException("--cfg " + name + ": a name that ends in .dot or .svg");
        }
        ControlFlow graph = new ControlFlow(ir, true);
        return name.endsWith(".dot") ? graph.dot() : graph.svg();
    }
}
