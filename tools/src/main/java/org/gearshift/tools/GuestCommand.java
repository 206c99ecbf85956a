package org.gearshift.tools;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.gearshift.tools.guest.GuestStore;
import org.gearshift.tools.guest.KnownGuest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code gearshift guest}: known guest systems. */
@Command(name = "guest", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class,
        description = "Lists and fetches guest systems that are known to boot.",
        subcommands = {GuestCommand.List.class, GuestCommand.Fetch.class})
final class GuestCommand implements Callable<Integer> {
    @ParentCommand
    private Gearshift root;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new Gearshift.UsageError("which one? guest list, or guest fetch NAME");
    }

    /** {@code guest list}. */
    @Command(name = "list", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class,
            description = "Lists the catalogue.")
    static final class List implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Override
        public Integer call() throws Exception {
            PrintWriter out = spec.commandLine().getOut();
            GuestStore store = new GuestStore();
            for (KnownGuest g : KnownGuest.CATALOGUE) {
                GuestStore.Fetched f = store.find(g);
                out.printf("%-22s %s%n%-22s %s%n", g.name(), g.description(), "", f == null ? "(not fetched)" : f.kernel());
            }
            return 0;
        }
    }

    /** {@code guest fetch}. */
    @Command(name = "fetch", mixinStandardHelpOptions = true, versionProvider = Gearshift.Version.class,
            description = "Fetches a guest's newest package through the host's package manager.")
    static final class Fetch implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "NAME", description = "A name from 'guest list'.")
        private String name;

        @Override
        public Integer call() throws Exception {
            KnownGuest g = KnownGuest.named(name);
            if (g == null) {
                throw new Gearshift.UsageError("no guest named " + name + "; 'gearshift guest list' shows them");
            }
            PrintWriter out = spec.commandLine().getOut();
            PrintWriter err = spec.commandLine().getErr();
            GuestStore.Fetched f = new GuestStore().obtain(g, line -> err.println("gearshift: " + line));
            out.println("# " + f.packageName());
            out.println("./gearshift run --kernel " + f.kernel() + (f.initrd() == null ? "" : " --initrd " + f.initrd())
                    + " -m " + g.memory() + (g.append().isEmpty() ? "" : " --append \"" + g.append() + "\""));
            return 0;
        }
    }
}
