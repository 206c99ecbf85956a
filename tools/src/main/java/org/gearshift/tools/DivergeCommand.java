package org.gearshift.tools;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.gearshift.tools.diverge.Finding;
import org.gearshift.tools.diverge.Gear;
import org.gearshift.tools.diverge.Hunt;
import org.gearshift.tools.diverge.QemuHunt;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.device.SerialBackend;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code gearshift diverge}: where two engines come apart, and why. */
@Command(name = "diverge", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Runs a guest on two engines in step, on the virtual clock, until their states differ; then names the first instruction at fault, and the "
                + "lifter, pass or engine to blame.",
            "Engines: interpreter, jvm, either with passes (jvm:none, jvm:simplify,dead-puts); qemu, which steps a 32-bit kernel by way of QEMU's stub for GDB, on loopback.",
            "Example: gearshift diverge interpreter jvm --kernel vmlinuz --max-instructions 20000000"},
        exitCodeListHeading = "%nExit codes:%n", exitCodeList = {"0:they agree as far as they ran", "1:they differ", "2:bad usage or unusable input"})
final class DivergeCommand implements Callable<Integer> {
    private static final String QEMU = "qemu";

    @ParentCommand
    private Gearshift root;

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "A", description = "One engine.")
    private String first;

    @Parameters(index = "1", paramLabel = "B", description = "The other engine.")
    private String second;

    @Mixin
    private GuestOptions guest;

    @Override
    public Integer call() throws Exception {
        if (guest.memory() > MemorySize.MAX_COMPACT) {
            throw new Gearshift.UsageError("--memory: guest memory that is compared is at most " + (MemorySize.MAX_COMPACT >>> 20) + "M");
        }
        PrintWriter out = spec.commandLine().getOut();
        long limit = guest.limit();
        Hunt.Guest machines = engine -> guest.machine(VmConfig.Clock.VIRTUAL, engine, SerialBackend.NONE);
        if (first.equals(QEMU) || second.equals(QEMU)) {
            QemuHunt hunt = new QemuHunt(machines, Gear.parse(first.equals(QEMU) ? second : first));
            if (guest.isParavirtual()) {
                throw new Gearshift.UsageError("qemu runs no paravirtual domains: leave out --mode pv");
            }
            Finding f = hunt.run(limit);
            out.print(f == null ? hunt.summary() + "\n" : f.print(guest.names()));
            out.flush();
            return f == null ? 0 : 1;
        }
        Gear a = Gear.parse(first);
        Gear b = Gear.parse(second);
        Hunt hunt = new Hunt(machines, a, b);
        Finding f = hunt.run(limit);
        if (f == null) {
            out.printf("%s and %s agree: %,d instructions, state compared after every block, RAM at intervals%n", a.name(), b.name(), hunt.instructions());
            out.flush();
            return 0;
        }
        out.print(f.print(guest.names()));
        out.flush();
        return 1;
    }
}
