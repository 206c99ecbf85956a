package org.gearshift.vmm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Supplier;
import org.gearshift.vmm.clock.EventQueue;
import org.gearshift.vmm.clock.GuestClock;
import org.gearshift.vmm.clock.HostClock;
import org.gearshift.vmm.clock.HostWork;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.net.Timers;
import org.gearshift.vmm.net.UserNetwork;
import org.gearshift.vmm.net.UserNetworkOptions;
import org.gearshift.vmm.replay.Channel;
import org.gearshift.vmm.replay.Ending;
import org.gearshift.vmm.replay.GatedNetwork;
import org.gearshift.vmm.replay.Subject;
import org.gearshift.vmm.replay.Timeline;

/** What surrounds a machine, of either gear, that is reached by a {@link Timeline} alone: the world outside lives in the host's time, the machine in its own. */
final class TimelineGate implements Subject {
    /** A machine as its gate knows it. */
    record Inside(Outcomes outcomes, List<? extends Processor> processors, GuestClock clock, EventQueue events, ProcessorRun run, HostWork work) {
    }

    private final Timeline timeline;
    private final Inside inside;
    /** Time of those outside: the host's, while the machine runs. */
    private final HostClock pace = new HostClock();
    /** What they have to do. */
    private final EventQueue outsideEvents = new EventQueue();
    private int devices;

    TimelineGate(Timeline timeline, Inside inside) {
        this.timeline = timeline;
        this.inside = inside;
        pace.pause();
        timeline.attach(this, inside.clock, inside.events, inside.run::wake);
        inside.run.expect(() -> inside.work.isExpected() || timeline.isExpected());
        if (timeline.isRecorded()) {
            inside.run.keepTo(pace, outsideEvents);
        }
    }

    /** Lets something in that a channel brings. */
    void connect(int channel, Timeline.Sink sink) {
        timeline.connect(channel, sink);
    }

    /** The number of the next device that things come to, in the order in which devices are plugged in. */
    int nextChannel() {
        return Channel.DEVICE + devices++;
    }

    /** Gives the machine something; any thread. */
    void offer(int channel, byte... data) {
        timeline.offer(channel, data);
    }

    /** Where the machine's output goes: it is not shown a second time. */
    SerialBackend shown(SerialBackend console) {
        return b -> {
            if (!timeline.inPast()) {
                console.transmit(b);
            }
        };
    }

    /** A cable to a network; in a replay nothing is at its other end. */
    GatedNetwork network(UserNetworkOptions options) throws IOException {
        UserNetwork outside = timeline.isReplay() ? null : new UserNetwork(options, Timers.of(pace, outsideEvents), inside.work::post);
        GatedNetwork network = new GatedNetwork(timeline, nextChannel(), outside);
        if (!timeline.isRecorded()) {
            inside.run.pace(network::waitsForOutside);
        }
        return network;
    }

    /** Takes in what has come; on the thread that runs the machine. */
    void poll() {
        inside.work.run();
        outsideEvents.runDue(pace.nanos());
        timeline.poll();
    }

    /** The machine stands: the host's time does not pass for those outside. */
    void stopTime() {
        pace.pause();
    }

    void resumeTime() {
        pace.resume();
    }

    /**
     * The run has ended: a recorded run notes how, a replayed one must end so.
     *
     * @param state a hash of memory and processors
     * @param stopped whether the user has ended it, which a replay need not bear
     */
    VmOutcome ended(VmOutcome outcome, Supplier<String> state, boolean stopped) {
        if (!timeline.isRecorded() && !timeline.isReplay()) {
            return outcome;
        }
        try {
            String difference = timeline.ended(new Ending(inside.clock.nanos(), retired(), outcome.exitCode(), state.get()));
            return difference == null || stopped && timeline.isReplay() ? outcome : new VmOutcome(VmOutcome.DIVERGED, difference);
        } catch (IOException e) {
            throw new UncheckedIOException("the recording cannot be written: " + e.getMessage(), e);
        }
    }

    @Override
    public long retired() {
        return inside.outcomes.retired();
    }

    @Override
    public int processorState() {
        return MachineState.checksum(inside.processors);
    }

    private void end(int exitCode, String message) {
        inside.outcomes.request(new VmOutcome(exitCode, message));
        inside.run.wake();
    }

    @Override
    public void quit() {
        end(VmOutcome.POWER_OFF, "stopped by the user");
    }

    @Override
    public void breakOff(String message) {
        end(VmOutcome.POWER_OFF, message);
    }

    @Override
    public void diverged(String message) {
        end(VmOutcome.DIVERGED, message);
    }
}
