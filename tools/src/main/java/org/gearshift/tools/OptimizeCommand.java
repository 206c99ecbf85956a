package org.gearshift.tools;

import java.io.IOException;
import java.nio.file.Path;
import org.gearshift.ir.pass.Pass;
import org.gearshift.tools.stage.IrText;
import org.gearshift.tools.stage.Optimization;
import org.gearshift.vmm.boot.BootException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code gearshift optimize}: IR to better IR. */
@Command(name = "optimize", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Runs optimization passes over IR, as the backend has them. Reads what 'lift' or 'optimize' wrote, or code, which is lifted first.",
            "Example: gearshift lift 01 d8 01 c8 | gearshift optimize --passes dead-puts,dead-code --diff"})
final class OptimizeCommand extends StageCommand {
    @Option(names = "--passes", paramLabel = "PASS,...", description = "These passes, in this order: simplify, dead-puts, dead-code; or none (default all three).")
    private String passes;

    @Option(names = "--diff", description = "Show what each pass changes, in place of the result.")
    private boolean diff;

    @Option(names = "--context", paramLabel = "N", defaultValue = "3", description = "Unchanged lines around changes (default ${DEFAULT-VALUE}).")
    private int context;

    @Option(names = "--cfg", paramLabel = "FILE", description = "Write the control-flow graph there: FILE.dot or FILE.svg.")
    private Path cfg;

    @Override
    int show() throws IOException, BootException {
        if (diff && json) {
            throw new Gearshift.UsageError("--diff and --json: one of them");
        }
        Optimization o = new Optimization(passes == null ? Pass.COMPILED : Optimization.named(passes));
        IrText in = input().ir(false);
        IrText result = o.run(in);
        writeGraph(cfg, result);
        out().print(diff ? o.diff(in, context) : json ? result.json() : result.print());
        return 0;
    }
}
