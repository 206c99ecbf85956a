package org.gearshift.tools;

import java.io.IOException;
import java.nio.file.Path;
import org.gearshift.tools.stage.IrText;
import org.gearshift.vmm.boot.BootException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code gearshift lift}: code to IR. */
@Command(name = "lift", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Lifts guest code to IR, all blocks that are reached inside it. Reads code or what 'decode' wrote; 'optimize', 'emit', 'interpret' and 'run-ir' "
                + "read its output.",
            "Example: gearshift lift 8b 03 83 c3 04 01 c2 49 75 f6 c3 | gearshift optimize --diff"})
final class LiftCommand extends StageCommand {
    @Option(names = "--block", description = "The first block alone.")
    private boolean block;

    @Option(names = "--cfg", paramLabel = "FILE", description = "Write the control-flow graph there: FILE.dot or FILE.svg.")
    private Path cfg;

    @Override
    int show() throws IOException, BootException {
        IrText ir = input().ir(block);
        writeGraph(cfg, ir);
        out().print(json ? ir.json() : ir.print());
        return 0;
    }
}
