package org.gearshift.tools;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.symbols.SymbolFormatException;
import org.gearshift.tools.unwind.UserProgram;
import org.gearshift.vmm.boot.BootException;
import picocli.CommandLine.Option;

/** The option that names programs which run in a guest. */
final class ProgramOption {
    @Option(names = "--program", paramLabel = "FILE[@ADDRESS]",
            description = {"ELF file of a program or library that runs in the guest: its functions get names beside the kernel's, and callers in it are found.",
                "ADDRESS (hexadecimal) is where it was loaded, if it can be anywhere. May be given several times."})
    private List<String> programs = List.of();

    /** Those that were given. */
    List<UserProgram> read() throws IOException, BootException {
        List<UserProgram> all = new ArrayList<>();
        for (String p : programs) {
            int at = p.lastIndexOf('@');
            long slide = 0;
            if (at >= 0) {
                try {
                    slide = Long.parseUnsignedLong(p.substring(at + 1).replaceFirst("^0[xX]", ""), 16);
                } catch (NumberFormatException e) {
                    throw new Gearshift.UsageError("--program " + p + ": behind the @ an address in hexadecimal");
                }
            }
            try {
                all.add(UserProgram.read(Path.of(at < 0 ? p : p.substring(0, at)), slide));
            } catch (BootException | SymbolFormatException e) {
                throw new Gearshift.UsageError("--program " + e.getMessage());
            }
        }
        return all;
    }
}
