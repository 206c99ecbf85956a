package org.gearshift.vmm.host;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.gearshift.vmm.Machine;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.policy.Denied;
import org.gearshift.vmm.policy.ReferenceMonitor;
import org.gearshift.vmm.sched.Share;

/** One machine on a {@link VmHost}. All methods are for any thread. */
public final class HostedVm {
    private static final Logger LOG = System.getLogger(HostedVm.class.getName());

    private final VmProfile profile;
    private final Machine machine;
    private final VmConsole console;
    private final Share share;
    private final AutoCloseable devices;
    private final ReferenceMonitor policy;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final List<Consumer<HostedVm>> watchers = new ArrayList<>();
    private VmState state = VmState.CREATED;
    private VmOutcome outcome;
    private String message;
    private long startedAt;
    private long endedAt;
    private boolean destroyed;

    /** @param machine not run yet; it can be debugged from now on */
    HostedVm(VmProfile profile, Machine machine, VmConsole console, AutoCloseable devices, Share share, ReferenceMonitor policy) {
        this.profile = profile;
        this.machine = machine;
        this.console = console;
        this.devices = devices;
        this.share = share;
        this.policy = policy;
        machine.scheduleOn(share);
        machine.expectInput(true);
        console.connect(machine);
        // Whoever wants to look into it later finds that it can be stopped.
        machine.debugger();
    }

    /** What it is. */
    public VmProfile profile() {
        return profile;
    }

    /** What runs, for who looks into it. */
    public Machine machine() {
        return machine;
    }

    /** Its name on the host. */
    public String name() {
        return profile.name();
    }

    /** Its first serial port, or its domain's console. */
    public VmConsole console() {
        return console;
    }

    /** Its part of the host's processors. */
    public Share share() {
        return share;
    }

    /** What it is doing. */
    public synchronized VmState state() {
        return state;
    }

    /** Why it ended, in a line, or null: it has not ended, or simply powered off. */
    public synchronized String message() {
        return message;
    }

    /** How the guest ended, or null: it has not, or the monitor failed. */
    public synchronized VmOutcome outcome() {
        return outcome;
    }

    /** Since it was started, until it ended, in nanoseconds; 0 before. */
    public synchronized long uptimeNanos() {
        return state == VmState.CREATED ? 0 : (state.isEnd() ? endedAt : System.nanoTime()) - startedAt;
    }

    /** Calls somebody at every change of its state, on whatever thread changes it. */
    public synchronized void watch(Consumer<HostedVm> watcher) {
        watchers.add(watcher);
    }

    /** Starts it. */
    void start() {
        synchronized (this) {
            if (state != VmState.CREATED) {
                return;
            }
            startedAt = System.nanoTime();
        }
        try {
            policy.admit(name());
        } catch (Denied e) {
            end(VmState.REFUSED, e.getMessage(), null);
            return;
        }
        become(VmState.RUNNING, null, null);
        Thread t = new Thread(null, this::run, "vm-" + name());
        // The process ends when whoever started the machines says so.
        t.setDaemon(true);
        t.start();
    }

    private void run() {
        VmState end = VmState.FAILED;
        String why = null;
        VmOutcome result = null;
        try {
            result = machine.run(Long.MAX_VALUE);
            end = stateAfter(result);
            why = result.message();
        } catch (RuntimeException | Error e) {
            // An error of the monitor's is the end of this machine, and of no other.
            LOG.log(Level.ERROR, () -> "machine " + name() + " failed", e);
            why = "the monitor failed: " + e;
        }
        end(end, why, result);
    }

    private void end(VmState how, String why, VmOutcome result) {
        share.close();
        console.flush();
        VmState end = how;
        String message = why;
        try {
            devices.close();
        } catch (Exception e) {
            end = VmState.FAILED;
            message = "its devices could not be closed: " + e.getMessage();
        }
        policy.left(name());
        become(end, message, result);
        console.end();
        ended.countDown();
    }

    private static VmState stateAfter(VmOutcome outcome) {
        return switch (outcome.exitCode()) {
            case VmOutcome.TRIPLE_FAULT, VmOutcome.DEAD -> VmState.CRASHED;
            case VmOutcome.RESET -> VmState.RESET;
            default -> VmState.OFF;
        };
    }

    private void become(VmState next, String why, VmOutcome result) {
        List<Consumer<HostedVm>> told;
        synchronized (this) {
            if (next.isEnd()) {
                endedAt = System.nanoTime();
            }
            state = next;
            message = why;
            outcome = result;
            told = List.copyOf(watchers);
        }
        told.forEach(w -> w.accept(this));
    }

    /** Keeps its processors from running. @throws IllegalStateException if it is not running */
    public void pause() {
        change(VmState.RUNNING, VmState.PAUSED, "paused");
        share.pause();
    }

    /** Undoes {@link #pause}. @throws IllegalStateException if it is not paused */
    public void resume() {
        change(VmState.PAUSED, VmState.RUNNING, "resumed");
        share.resume();
    }

    private void change(VmState from, VmState to, String what) {
        List<Consumer<HostedVm>> told;
        synchronized (this) {
            if (state != from) {
                throw new IllegalStateException("machine " + name() + " is " + state.label() + ": it cannot be " + what);
            }
            state = to;
            told = List.copyOf(watchers);
        }
        told.forEach(w -> w.accept(this));
    }

    /** Asks the guest to shut down. @throws IllegalStateException if it is not running */
    public void requestShutdown() {
        synchronized (this) {
            if (state != VmState.RUNNING) {
                throw new IllegalStateException("machine " + name() + " is " + state.label() + ": it cannot be asked to shut down");
            }
        }
        machine.requestShutdown();
    }

    /** Ends it as if its power were cut; nothing if it has ended. */
    public void destroy() {
        boolean never;
        synchronized (this) {
            if (destroyed || state.isEnd()) {
                return;
            }
            destroyed = true;
            never = state == VmState.CREATED;
        }
        if (never) {
            end(VmState.OFF, null, null);
            return;
        }
        machine.quit();
        // It may be paused, or wait for its turn: now it looks whether it is to end, and for that it must not have gone to sleep in between.
        share.close();
        machine.quit();
    }

    /** Waits until it has ended. @return false if it has not within so long */
    public boolean await(long millis) throws InterruptedException {
        return ended.await(millis, TimeUnit.MILLISECONDS);
    }

    /** A summary of what it has done so far, in lines. */
    public String statistics() {
        return machine.statistics(uptimeNanos());
    }
}
