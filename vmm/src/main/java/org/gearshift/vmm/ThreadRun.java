package org.gearshift.vmm;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.RegionLibrary;
import org.gearshift.vmm.engine.StopReason;
import org.gearshift.vmm.sched.Share;
import org.gearshift.vmm.smp.BusLock;
import org.gearshift.vmm.smp.DeviceLock;
import org.gearshift.vmm.smp.EventThread;
import org.gearshift.vmm.smp.RestingGate;
import org.gearshift.vmm.smp.ThreadTimer;

/** Several processors, each on a thread of its own, the first on the caller's; devices' events on another. */
final class ThreadRun implements ProcessorRun {
    private final List<Processor> processors;
    private final Outcomes outcomes;
    private final EventThread events;
    private final BusLock bus = new BusLock();
    private final ThreadTimer[] timers;
    private final ThreadLocal<Processor> current = new ThreadLocal<>();
    private volatile Throwable failure;
    private volatile Runnable onIdle = () -> { };
    private long limit;
    private volatile Debugger debugger;

    /** @param poll takes in host input; called with {@code devices} held */
    ThreadRun(List<Processor> processors, Outcomes outcomes, Board board, EngineOptions options, DeviceLock devices, GuestClock clock, EventQueue queue,
            Runnable poll) {
        this.processors = processors;
        this.outcomes = outcomes;
        events = new EventThread(devices, clock, queue, () -> {
            onIdle.run();
            poll.run();
        });
        timers = new ThreadTimer[processors.size()];
        RegionLibrary library = new RegionLibrary();
        for (Processor p : processors) {
            bus.add(p.mmu);
            timers[p.number] = new ThreadTimer(p.mmu, bus, () -> lookForEnd(p), this::allHaltedForGood);
            p.attach(board.memory(), timers[p.number], options, library);
            p.cpu.onStandStill(action -> bus.run(p.mmu, action));
            board.runsApart(p.number, new RestingGate(devices, p.mmu), () -> kick(p));
        }
        devices.onEnter(() -> {
            Processor p = current.get();
            if (p != null) {
                board.select(p.number);
            }
        });
        devices.onLeave(events::eventsMayHaveMoved);
    }

    @Override
    public void scheduleOn(Share share) {
        for (ThreadTimer timer : timers) {
            timer.scheduleOn(share.vcpu());
        }
    }

    @Override
    public VmOutcome run(long instructions) {
        limit = instructions;
        List<Thread> threads = new ArrayList<>();
        threads.add(new Thread(events, "gearshift-events"));
        Thread first = Thread.currentThread();
        for (Processor p : processors) {
            Thread t = p.number == 0 ? first : new Thread(() -> process(p), "gearshift-cpu" + p.number);
            p.mmu.rest();
            p.mmu.runOn(t);
            if (t != first) {
                threads.add(t);
            }
        }
        threads.forEach(Thread::start);
        process(processors.get(0));
        events.end();
        threads.forEach(ThreadRun::join);
        for (Processor p : processors) {
            p.mmu.runOn(null);
            p.mmu.wake();
        }
        if (failure != null) {
            throw new IllegalStateException("a processor's thread failed", failure);
        }
        return outcomes.requested();
    }

    private static void join(Thread t) {
        boolean interrupted = false;
        while (t.isAlive()) {
            try {
                t.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void process(Processor p) {
        current.set(p);
        ThreadTimer timer = timers[p.number];
        timer.begin();
        try {
            bus.wake(p.mmu);
            while (outcomes.requested() == null) {
                if (debugger != null) {
                    debugger.stand(p.number, () -> outcomes.requested() != null);
                }
                if (!p.ready()) {
                    timer.sleep();
                    continue;
                }
                StopReason why = run(p);
                if (why != StopReason.REQUESTED) {
                    end(outcomes.of(why, p));
                }
            }
        } catch (RuntimeException | Error e) {
            failure = e;
            end(new VmOutcome(VmOutcome.DEAD, "internal error"));
        } finally {
            p.mmu.rest();
            timer.end();
            current.remove();
        }
    }

    private StopReason run(Processor p) {
        return debugger == null ? p.engine().run(Long.MAX_VALUE) : debugger.run(p.number, Long.MAX_VALUE, () -> outcomes.requested() != null || p.isSignalled());
    }

    private void end(VmOutcome outcome) {
        outcomes.request(outcome);
        processors.forEach(this::kick);
    }

    /** Called by a processor before each slice. */
    private void lookForEnd(Processor p) {
        if (outcomes.requested() != null || p.isSignalled() || debugger != null && debugger.wantsStop()) {
            p.engine().requestStop();
        } else if (limit != Long.MAX_VALUE && outcomes.retired() >= limit) {
            end(outcomes.of(StopReason.LIMIT, p));
        }
    }

    private boolean allHaltedForGood() {
        for (Processor p : processors) {
            if (!p.waitsForStart() && !timers[p.number].isHaltedForGood() || p.isSignalled()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void debug(Debugger by) {
        by.onThreads(cpu -> timers[cpu]::stand, cpu -> timers[cpu]::go);
        debugger = by;
    }

    @Override
    public void kick(Processor processor) {
        timers[processor.number].kick();
    }

    @Override
    public void wake() {
        events.wake();
        processors.forEach(this::kick);
    }

    @Override
    public void onIdle(Runnable action) {
        onIdle = action;
    }

    @Override
    public void expectInput(boolean possible) {
        // The event thread looks for it anyway.
    }

    @Override
    public void expect(BooleanSupplier hostWork) {
        // The event thread looks for it anyway.
    }

    @Override
    public void pace(BooleanSupplier conversation) {
        // Time is the host's: it never runs ahead.
    }
}
