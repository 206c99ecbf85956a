package org.gearshift.tools;

import java.io.IOException;
import org.gearshift.tools.stage.Code;
import org.gearshift.tools.stage.Listing;
import org.gearshift.vmm.boot.BootException;
import picocli.CommandLine.Command;

/** {@code gearshift decode}: bytes to assembly. */
@Command(name = "decode", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Disassembles guest code: the first stage of translation. 'lift' reads its output.",
            "Example: gearshift decode --file vmlinuz --symbol memcpy | gearshift lift"})
final class DecodeCommand extends StageCommand {
    @Override
    int show() throws IOException, BootException {
        Code c = input().code();
        out().print(json ? Listing.json(c) : Listing.print(c));
        return 0;
    }
}
