package org.gearshift.tools;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.gearshift.backend.jvm.CompilationTier;
import org.gearshift.tools.stage.Emission;
import org.gearshift.tools.stage.IrText;
import org.gearshift.vmm.boot.BootException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code gearshift emit}: IR to JVM bytecode. */
@Command(name = "emit", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Compiles IR to a JVM class and shows it as ASM's text. Reads IR, which it takes as it is; or code, which is lifted (see 'optimize' for more).",
            "Example: gearshift optimize 8b 03 | gearshift emit"})
final class EmitCommand extends StageCommand {
    /** HotSpot's compilers. */
    enum Compiler { C1, C2 }

    @Option(names = "--class", paramLabel = "FILE", description = "Write the class file there, for javap and the like.")
    private Path classFile;

    @Option(names = "--machine-code", description = "Show what HotSpot's compiler makes of it, and how much, in place of the bytecode. Needs no disassembler plug-in, "
            + "but the launcher.")
    private boolean machineCode;

    @Option(names = "--compiler", paramLabel = "C1|C2", defaultValue = "C2", description = "Whose machine code (default ${DEFAULT-VALUE}).")
    private Compiler compiler;

    @Override
    int show() throws IOException, BootException, InterruptedException {
        IrText ir = input().ir(false);
        Emission e = new Emission(ir);
        byte[] bytes = e.classFile();
        if (classFile != null) {
            Files.write(classFile, bytes);
        }
        if (machineCode) {
            out().print(e.machineCode(compiler == Compiler.C1 ? CompilationTier.QUICK : CompilationTier.OPTIMIZED));
        } else {
            out().print(json ? e.json(bytes) : Emission.text(bytes));
        }
        return 0;
    }
}
