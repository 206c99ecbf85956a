package org.gearshift.tools;

import java.io.IOException;
import org.gearshift.tools.stage.Setting;
import org.gearshift.vmm.boot.BootException;
import picocli.CommandLine.Command;

/** {@code gearshift run-ir}: runs IR as JVM bytecode and by the interpreter. */
@Command(name = "run-ir", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Runs a region as JVM bytecode and by the interpreter, from the same state, and prints the state and the memory they leave, and where they differ.",
            "Example: gearshift optimize 8b 03 | gearshift run-ir --set ebx=0x2000 --memory 2000=78563412"},
        exitCodeListHeading = "%nExit codes:%n", exitCodeList = {"0:both agree", "1:they differ", "2:bad usage or unusable input"})
final class RunIrCommand extends RunningStage {
    @Override
    int show() throws IOException, BootException {
        Setting.Comparison c = setting().compare(json);
        out().print(c.text());
        return c.differences().isEmpty() ? 0 : 1;
    }
}
