package org.gearshift.tools;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.gearshift.tools.stage.CodeInput;
import org.gearshift.tools.stage.ControlFlowFile;
import org.gearshift.tools.stage.IrText;
import org.gearshift.vmm.boot.BootException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** What the commands have in common that show one stage of translation: where their input comes from, and how it is understood. */
abstract class StageCommand implements Callable<Integer> {
    @ParentCommand
    Gearshift root;

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "HEX", arity = "0..*", description = "Machine code in hexadecimal. Without it and --file, standard input is read: hexadecimal, or what an "
            + "earlier stage wrote.")
    private List<String> hex = List.of();

    @Option(names = "--file", paramLabel = "FILE", description = "A Linux bzImage (the kernel proper inside), an ELF file, text of an earlier stage (*.ir, *.txt, "
            + "*.hex), or raw code.")
    private Path file;

    @Option(names = "--symbol", paramLabel = "NAME", description = "The function to look at. Kernels know their functions' names themselves.")
    private String symbol;

    @Option(names = "--symbols", paramLabel = "FILE", description = "Where names come from: a System.map, kallsyms, or a file that is not stripped.")
    private Path symbols;

    @Option(names = "--at", paramLabel = "ADDR", description = "Hexadecimal address: of the code in a file, or of the first byte of other code (default 1000; raw files 0).")
    private String at;

    @Option(names = "--mode", paramLabel = "16|32|64", description = "Code size (default what the file says, else 32, or 64 above 4 GiB).")
    private int mode;

    @Option(names = "--length", paramLabel = "N", description = "Only the first N bytes of the code (default: a symbol's own, all of hexadecimal and raw code, 256 at "
            + "an address).")
    private int length;

    @Option(names = "--json", description = "Write JSON; it is for other programs, not for the next stage.")
    boolean json;

    final CodeInput input() throws IOException {
        if (!hex.isEmpty() && file != null) {
            throw new Gearshift.UsageError("HEX and --file: one of them");
        }
        if (hex.isEmpty() && file == null) {
            return new CodeInput(new String(root.in.readAllBytes(), StandardCharsets.UTF_8), "standard input", null, symbols, symbol, at, mode, length);
        }
        return new CodeInput(hex.isEmpty() ? null : String.join(" ", hex), "the bytes", file, symbols, symbol, at, mode, length);
    }

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** Writes a region's control-flow graph where {@code --cfg} says. */
    final void writeGraph(Path where, IrText ir) throws IOException {
        if (where != null) {
            Files.writeString(where, ControlFlowFile.contents(where, ir));
        }
    }

    @Override
    public final Integer call() throws Exception {
        int code = show();
        out().flush();
        return code;
    }

    /** Does the work; returns the exit code. */
    abstract int show() throws IOException, BootException, InterruptedException;
}
