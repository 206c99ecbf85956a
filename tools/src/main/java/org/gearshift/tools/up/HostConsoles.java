package org.gearshift.tools.up;

import java.io.IOException;
import java.util.List;
import org.gearshift.vmm.host.HostedVm;
import org.gearshift.vmm.host.VmConsole;
import org.gearshift.vmm.host.VmHost;

/** The consoles of this process's machines. */
public final class HostConsoles implements Consoles {
    private final VmHost host;

    public HostConsoles(VmHost host) {
        this.host = host;
    }

    @Override
    public List<Entry> list() {
        return host.machines().stream().map(m -> new Entry(m.name(), m.state().label())).toList();
    }

    @Override
    public Connection open(String name, VmConsole.Viewer viewer) throws IOException {
        HostedVm vm = host.machine(name);
        if (vm == null) {
            throw new IOException("no machine '" + name + "'");
        }
        vm.console().attach(viewer);
        return new Connection() {
            @Override
            public void type(int b) {
                vm.console().type(b);
            }

            @Override
            public void close() {
                vm.console().detach(viewer);
            }
        };
    }
}
