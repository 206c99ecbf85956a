package org.gearshift.vmm.host;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.policy.ReferenceMonitor;
import org.gearshift.vmm.sched.CreditScheduler;
import org.gearshift.vmm.xen.DomainGroup;

/** The machines of a process. All methods are for any thread. */
public final class VmHost implements AutoCloseable {
    private static final long END_MILLIS = 10_000;

    private final CreditScheduler scheduler;
    private final ReferenceMonitor policy;
    private final DomainGroup domains;
    private final Map<String, HostedVm> machines = new LinkedHashMap<>();

    /** A host without a policy: machines share nothing. @param slots how many of the host's processors run guest code at a time, at least 1 */
    public VmHost(int slots) {
        this(slots, new ReferenceMonitor(null));
    }

    /** @param policy is asked before machines start; whoever makes machines asks it before they get disks and networks */
    public VmHost(int slots, ReferenceMonitor policy) {
        scheduler = new CreditScheduler(slots);
        this.policy = policy;
        domains = new DomainGroup(policy);
    }

    /** The paravirtual domains among the machines, which may share event channels and grants as the policy says: to be given to those that are made. */
    public DomainGroup domains() {
        return domains;
    }

    /** Who may share what, and run beside whom. */
    public ReferenceMonitor policy() {
        return policy;
    }

    /** How many of the host's processors run guest code at a time. */
    public int slots() {
        return scheduler.slots();
    }

    /**
     * Takes a machine in, loaded and not run yet.
     *
     * @param console what the machine was made with as its console
     * @param devices closed when the machine has ended
     * @throws IllegalArgumentException if there is one of that name, or weight or cap is out of range
     */
    public synchronized HostedVm add(VmProfile profile, Machine machine, VmConsole console, AutoCloseable devices) {
        if (machines.containsKey(profile.name())) {
            throw new IllegalArgumentException("there are two machines '" + profile.name() + "'");
        }
        HostedVm vm = new HostedVm(profile, machine, console, devices, scheduler.join(profile.weight(), profile.cap()), policy);
        machines.put(profile.name(), vm);
        return vm;
    }

    /** Starts a machine that has been added, unless the policy refuses that: its state then says so. */
    public void start(HostedVm vm) {
        vm.start();
    }

    /** All machines, in the order in which they were added, ended ones too. */
    public synchronized List<HostedVm> machines() {
        return new ArrayList<>(machines.values());
    }

    /** A machine, or null. */
    public synchronized HostedVm machine(String name) {
        return machines.get(name);
    }

    /** Waits until all machines have ended. */
    public void awaitAll() throws InterruptedException {
        for (HostedVm vm : machines()) {
            vm.await(Long.MAX_VALUE);
        }
    }

    /** Cuts the power of all machines, and waits until their disks are closed. */
    @Override
    public void close() {
        List<HostedVm> all = machines();
        all.forEach(HostedVm::destroy);
        long until = System.nanoTime() + END_MILLIS * 1_000_000;
        try {
            for (HostedVm vm : all) {
                vm.await(Math.max(1, (until - System.nanoTime()) / 1_000_000));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
