package org.gearshift.tools;

import java.io.IOException;
import java.util.List;
import org.gearshift.tools.stage.CodeInput;
import org.gearshift.tools.stage.Setting;
import org.gearshift.vmm.boot.BootException;
import picocli.CommandLine.Option;

/** Stages that run a region. */
abstract class RunningStage extends StageCommand {
    @Option(names = "--set", paramLabel = "NAME=VALUE", description = "A register, flag or state slot to begin with: eax=5, zf=1, xmm0_lo=0x1. The stack pointer has a "
            + "default, all else is 0.")
    private List<String> set = List.of();

    @Option(names = "--memory", paramLabel = "ADDR=HEX|ADDR+SIZE", description = "Memory to begin with, by its bytes or as zeros; addresses and sizes in hexadecimal. "
            + "The file's own is there.")
    private List<String> memory = List.of();

    @Option(names = "--limit", paramLabel = "N", defaultValue = "1000000", description = "Most guest instructions (default ${DEFAULT-VALUE}).")
    private long limit;

    final Setting setting() throws IOException, BootException {
        CodeInput input = input();
        return new Setting(input.ir(false), input.file() != null && input.symbol() != null ? input.code().image() : null, set, memory, limit);
    }
}
