package org.gearshift.tools.debug;

import java.util.List;
import java.util.function.Function;
import org.gearshift.vmm.debug.DebuggedCpu;
import org.gearshift.vmm.debug.History;
import org.gearshift.vmm.debug.Stop;
import org.gearshift.vmm.debug.Watchpoint;

/** Commands that go back in time: of a recorded run, or of one with the virtual clock. */
final class ReverseCommands {
    private static final int MAX_STEPS = 10_000;
    private static final int MAX_BYTES = 8;

    private final RunCommands run;

    private ReverseCommands(RunCommands run) {
        this.run = run;
    }

    static void addTo(CommandSet set, TrapList list) {
        ReverseCommands r = new ReverseCommands(RunCommands.reporting(list));
        set.add(new Command(List.of("reverse-step", "rs", "reverse-stepi", "rsi"), "[N]", "go back by N instructions of the processor, those of interrupt handlers included", (c, a) -> {
            long n = a.isEmpty() ? 1 : Expression.value(a.rest(), c);
            if (n < 1 || n > MAX_STEPS) {
                throw new CommandException("how often? 1 to " + MAX_STEPS);
            }
            int cpu = c.cpu().number();
            r.go(c, h -> h.step(cpu, (int) n));
        }));
        set.add(new Command(List.of("reverse-continue", "rc"), "", "go back to the last time something happened that the guest is to stop at", (c, a) -> {
            a.end();
            r.go(c, History::toLastStop);
        }));
        set.add(new Command(List.of("reverse-finish"), "", "go back to where the function was called", (c, a) -> {
            a.end();
            r.finish(c);
        }));
        set.add(new Command(List.of("last-write"), "ADDRESS[, BYTES]", "go back to the instruction that was the last to write there",
                (c, a) -> {
            String[] part = a.rest().split(",", 2);
            if (part[0].isBlank()) {
                throw new CommandException("last-write: an ADDRESS is missing");
            }
            long bytes = part.length > 1 ? Expression.value(part[1].strip(), c) : 4;
            if (bytes < 1 || bytes > Watchpoint.MAX_BYTES) {
                throw new CommandException("last-write: 1 to " + Watchpoint.MAX_BYTES + " bytes");
            }
            r.lastWrite(c, Expression.value(part[0].strip(), c), (int) bytes);
        }));
    }

    private static void requirePast(DebugContext c) {
        c.requireStanding();
        if (!c.debugger().canGoBack()) {
            throw new CommandException("there is no way back: only a run with --replay, or with --clock virtual, of a PC with "
                    + "at most 2040M of memory and no disk that is written to for good, is remembered");
        }
    }

    private void go(DebugContext c, Function<History, Stop> how) throws InterruptedException {
        run.report(c, goQuietly(c, how));
    }

    private static Stop goQuietly(DebugContext c, Function<History, Stop> how) throws InterruptedException {
        requirePast(c);
        c.flush();
        c.debugger().goBack(how);
        return RunCommands.await(c);
    }

    /** The call wrote the return address. */
    private void finish(DebugContext c) throws InterruptedException {
        requirePast(c);
        StackCommands.ReturnAddress at = StackCommands.returnAddress(c);
        if (at == null) {
            throw new CommandException("reverse-finish: no return address was found on the stack");
        }
        Watchpoint slot = new Watchpoint(at.slot(), at.bytes(), Watchpoint.Kind.WRITE, false);
        reportPlace(c, goQuietly(c, h -> h.toLast(slot)));
    }

    private void lastWrite(DebugContext c, long address, int bytes) throws InterruptedException {
        requirePast(c);
        Watchpoint there = new Watchpoint(address, bytes, Watchpoint.Kind.WRITE, false);
        String now = contents(c.cpu(), address, bytes);
        long from = retired(c);
        Stop s = goQuietly(c, h -> h.toLast(there));
        if (s.reason() == Stop.Reason.HISTORY_BEGIN) {
            c.print("nothing has written to %s since the beginning", c.place(address));
            return;
        }
        if (s.reason() == Stop.Reason.WATCH) {
            String who = s.text().endsWith(Stop.BY_PROCESSOR) ? Stop.BY_PROCESSOR.strip() + " at" : "by";
            c.print("%s was last written %,d instructions before, %s instruction %,d%s: %s, then %s", c.place(address),
                    from - retired(c), who, retired(c) + 1, processor(c), contents(c.cpu(), address, bytes), now);
        }
        reportPlace(c, s);
    }

    /** Instructions of all processors. */
    private static long retired(DebugContext c) {
        return c.debugger().cpus().stream().mapToLong(cpu -> cpu.engine().retired()).sum();
    }

    private static String processor(DebugContext c) {
        return c.debugger().cpus().size() == 1 ? "" : ", of CPU " + c.cpu().number();
    }

    /** The watchpoint is not the user's. */
    private void reportPlace(DebugContext c, Stop s) {
        if (s.reason() == Stop.Reason.WATCH) {
            MemoryCommands.instructions(c, c.cpu().pc(), 1);
        } else {
            run.report(c, s);
        }
    }

    private static String contents(DebuggedCpu cpu, long address, int bytes) {
        byte[] b = new byte[Math.min(MAX_BYTES, bytes)];
        int got = cpu.read(address, b, 0, b.length);
        StringBuilder v = new StringBuilder();
        for (int i = got - 1; i >= 0; i--) {
            v.append(String.format("%02x", b[i]));
        }
        return got == 0 ? "not mapped" : v.toString();
    }
}
