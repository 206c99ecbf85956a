package org.gearshift.tools;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.gearshift.tools.debug.KernelSymbols;
import org.gearshift.tools.terminal.ConsoleTerminal;
import org.gearshift.tools.up.ConsoleSwitch;
import org.gearshift.tools.up.ControlServer;
import org.gearshift.tools.up.HostConsoles;
import org.gearshift.tools.up.LinePrinter;
import org.gearshift.tools.yaml.YamlError;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.host.HostedVm;
import org.gearshift.vmm.host.VmHost;
import org.gearshift.vmm.host.VmState;
import org.gearshift.vmm.policy.IsolationPolicy;
import org.gearshift.vmm.policy.ReferenceMonitor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gearshift up}: several machines, in either gear, in one process. */
@Command(name = "up", mixinStandardHelpOptions = true, sortOptions = false, versionProvider = Gearshift.Version.class,
        description = {"Runs several machines in one process, PCs and paravirtual domains beside each other, until all have ended. They are described in a file",
            "(docs/machines.md) or by --vm. On a terminal, one machine's console is shown: Ctrl-] lists the machines and switches to another, Ctrl-] x ends all.",
            "Elsewhere all consoles are printed line by line. 'gearshift ps', 'pause', 'resume', 'stop', 'destroy' and 'console' work from another terminal."},
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all machines powered off, or were ended by the user",
            "1:at least one machine crashed, failed, was refused by the policy, or asked for a reset",
            "2:bad usage or unusable input"})
final class UpCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "The machines, in YAML.")
    private Path file;

    @Option(names = "--vm", paramLabel = "name=NAME[,KEY=VALUE...]", converter = MachineOption.class,
            description = {"A machine (repeatable), with the keys of the file: kernel, initrd, append, mode=full|pv, memory, cpus, weight, cap, disk, net and so on.",
                "A comma in a value is written twice. Without a kernel, the sample kernel."})
    private List<MachineSpec> machines = new ArrayList<>();

    @Option(names = "--slots", paramLabel = "N", description = "How many of the host's processors run guest code at a time (default: all).")
    private Integer slots;

    @Option(names = "--memory-limit", paramLabel = "SIZE", converter = MemorySize.Total.class, description = "Most guest memory the machines have together.")
    private Long memory;

    @Option(names = "--policy", paramLabel = "FILE", description = "Isolation policy, in YAML: who may share what, and run beside whom (docs/machines.md).")
    private Path policy;

    @Option(names = "--log-dir", paramLabel = "DIR", description = "Write each machine's console to DIR/NAME.log.")
    private Path logs;

    @Option(names = "--show", paramLabel = "NAME|none", description = "The machine whose console the terminal shows at first (default: the first one).")
    private String show;

    @Mixin
    private RuntimeOption runtime;

    @Override
    public Integer call() throws Exception {
        MachinesFile description = description();
        MachineFactory.checkMemory(description.machines(), memory != null ? memory : description.memory());
        int count = slots != null ? slots : description.slots() > 0 ? description.slots() : Runtime.getRuntime().availableProcessors();
        if (count < 1) {
            throw new Gearshift.UsageError("--slots " + count + ": at least 1");
        }
        try (VmHost host = new VmHost(count, new ReferenceMonitor(policy(policy != null ? policy : description.policy())))) {
            return run(description.machines(), host);
        }
    }

    private static IsolationPolicy policy(Path from) throws IOException {
        try {
            return from == null ? null : PolicyFile.read(from);
        } catch (YamlError e) {
            throw new Gearshift.UsageError(e.getMessage());
        }
    }

    private MachinesFile description() throws IOException {
        MachinesFile read = new MachinesFile(List.of(), 0, 0, null);
        if (file != null) {
            try {
                read = MachinesFile.read(file);
            } catch (YamlError e) {
                throw new Gearshift.UsageError(e.getMessage());
            }
        }
        List<MachineSpec> all = new ArrayList<>(read.machines());
        all.addAll(machines);
        if (all.isEmpty()) {
            throw new Gearshift.UsageError("no machines: name a file, or describe them with --vm");
        }
        Set<String> names = new HashSet<>();
        for (MachineSpec m : all) {
            if (!names.add(m.name)) {
                throw new Gearshift.UsageError("two machines are called '" + m.name + "'");
            }
        }
        return new MachinesFile(all, read.slots(), read.memory(), read.policy());
    }

    private int run(List<MachineSpec> specs, VmHost host) throws IOException, BootException, InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        MachineFactory factory = new MachineFactory(host, logs, err);
        for (MachineSpec m : specs) {
            factory.make(m);
        }
        Function<HostedVm, KernelSymbols> names = vm -> specs.stream().filter(m -> m.name.equals(vm.name())).findFirst().map(m -> KernelSymbols.of(m.kernel))
                .orElse(KernelSymbols.none());
        try (ControlServer control = new ControlServer(host, runtime.directory(), names); ConsoleTerminal terminal = terminal()) {
            for (MachineSpec m : specs) {
                if (m.console != null) {
                    err.println("gearshift: the console of " + m.name + " is at " + control.listen(host.machine(m.name), m.console.address()));
                }
            }
            err.flush();
            watch(host, terminal, err);
            // What a signal ends gets its disks closed, and leaves no socket behind.
            Thread hook = new Thread(() -> closeAll(host, control), "shutdown");
            Runtime.getRuntime().addShutdownHook(hook);
            host.machines().forEach(host::start);
            host.awaitAll();
            removeHook(hook);
        }
        return host.machines().stream().allMatch(m -> m.state() == VmState.OFF) ? 0 : 1;
    }

    private static void closeAll(VmHost host, ControlServer control) {
        host.close();
        try {
            control.close();
        } catch (IOException e) {
            System.getLogger(UpCommand.class.getName()).log(System.Logger.Level.WARNING, "a control socket is left behind: {0}", e.getMessage());
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            System.getLogger(UpCommand.class.getName()).log(System.Logger.Level.DEBUG, "shutting down already");
        }
    }

    private ConsoleTerminal terminal() {
        return System.console() == null ? null : ConsoleTerminal.open();
    }

    /** Shows consoles and news of the machines. */
    private void watch(VmHost host, ConsoleTerminal terminal, PrintWriter err) throws IOException {
        String first = show == null ? host.machines().get(0).name() : show;
        boolean none = first.equals("none");
        if (!none && host.machine(first) == null) {
            throw new Gearshift.UsageError("--show " + first + ": there is no such machine");
        }
        if (terminal == null || !terminal.isRaw()) {
            PrintWriter out = spec.commandLine().getOut();
            int width = host.machines().stream().mapToInt(m -> m.name().length()).max().orElse(1);
            for (HostedVm vm : host.machines()) {
                if (!none) {
                    vm.console().attach(new LinePrinter(vm.name(), width, out));
                }
                vm.watch(m -> tell(m, err));
            }
            return;
        }
        ConsoleSwitch keys = new ConsoleSwitch(new HostConsoles(host), terminal::write, () -> host.machines().forEach(HostedVm::destroy), "end all machines");
        host.machines().forEach(vm -> vm.watch(m -> keys.say(news(m))));
        if (!none) {
            keys.show(first);
        }
        terminal.startRaw(keys::key, () -> { });
    }

    private static void tell(HostedVm vm, PrintWriter err) {
        synchronized (err) {
            err.println("gearshift: " + news(vm));
            err.flush();
        }
    }

    private static String news(HostedVm vm) {
        return vm.name() + ": " + vm.state().label() + (vm.message() == null ? "" : ", " + vm.message());
    }
}
