package org.gearshift.tools.debug;

import java.util.List;
import java.util.function.IntFunction;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.vmm.debug.Breakpoint;
import org.gearshift.vmm.debug.DebuggedCpu;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.debug.Stop;
import org.gearshift.vmm.debug.Watchpoint;

/** Commands that let the guest run, and those that change it. */
final class RunCommands {
    private static final long LOOK_MILLIS = 100;
    private static final int MAX_STEPS = 1_000_000;
    private static final int MAX_VALUE_BYTES = 8;

    private final TrapList list;

    private RunCommands(TrapList list) {
        this.list = list;
    }

    static void addTo(CommandSet set, TrapList list) {
        RunCommands r = new RunCommands(list);
        set.add(new Command(List.of("continue", "c"), "[N]", "let the guest run until something stops it, or, of N such stops, the last",
                (c, a) -> r.proceed(c, count(c, a))));
        set.add(new Command(List.of("step", "s", "stepi", "si"), "[N]", "execute N instructions of this processor; handlers of interrupts that come in between don't count",
                (c, a) -> r.step(c, count(c, a), false)));
        set.add(new Command(List.of("next", "n", "nexti", "ni"), "[N]", "the same, but a call and what it does count as one", (c, a) -> r.step(c, count(c, a), true)));
        set.add(new Command(List.of("finish", "fin"), "", "run until the function returns", (c, a) -> {
            a.end();
            r.finish(c);
        }));
        set.add(new Command(List.of("until"), "ADDRESS", "run until this processor is there", (c, a) -> {
            if (a.isEmpty()) {
                a.next("ADDRESS");
            }
            int cpu = c.cpu().number();
            r.runTo(c, Expression.value(a.rest(), c), x -> x.number() == cpu);
        }));
        set.add(new Command(List.of("cpu"), "N", "look at another processor", (c, a) -> {
            long n = Expression.value(a.next("N"), c);
            if (n < 0 || n >= c.debugger().cpus().size()) {
                throw new CommandException("cpu " + n + ": there are 0 to " + (c.debugger().cpus().size() - 1));
            }
            c.select((int) n);
            RegisterCommands.cpus(c);
        }));
        set.add(new Command(List.of("set"), "$REGISTER = VALUE | b|w|d|q ADDRESS = VALUE", "change a register, or 1, 2, 4 or 8 bytes of memory", (c, a) -> set(c, a.rest())));
        set.add(new Command(List.of("send"), "TEXT", "type a line on the guest's console", (c, a) -> (a.rest() + "\n").chars().forEach(c.machine()::serialInput)));
    }

    private static int count(DebugContext c, Arguments a) {
        long n = a.isEmpty() ? 1 : Expression.value(a.rest(), c);
        if (n < 1 || n > MAX_STEPS) {
            throw new CommandException("how often? 1 to " + MAX_STEPS);
        }
        return (int) n;
    }

    private void proceed(DebugContext c, int times) throws InterruptedException {
        Stop s = null;
        for (int i = 0; i < times && (s == null || s.reason() != Stop.Reason.ENDED && s.reason() != Stop.Reason.PAUSE); i++) {
            s = go(c, cpu -> Debugger.Action.CONTINUE);
        }
        report(c, s);
    }

    /** Lets the guest run until it stops. */
    private static Stop go(DebugContext c, IntFunction<Debugger.Action> plan) throws InterruptedException {
        c.requireStanding();
        c.flush();
        c.debugger().resume(plan);
        return await(c);
    }

    /** Waits until the guest stands again. */
    static Stop await(DebugContext c) throws InterruptedException {
        Stop s = null;
        while (s == null) {
            s = c.debugger().awaitStop(LOOK_MILLIS);
        }
        if (s.reason() != Stop.Reason.ENDED) {
            c.select(s.cpu());
        }
        return s;
    }

    private void step(DebugContext c, int times, boolean overCalls) throws InterruptedException {
        Stop s = null;
        for (int i = 0; i < times; i++) {
            DebuggedCpu cpu = c.cpu();
            Instruction insn = overCalls ? MemoryCommands.decode(cpu, cpu.pc()) : null;
            if (insn != null && insn.mnemonic() == Mnemonic.CALL) {
                long stack = cpu.cpu().stackPointer();
                s = runToQuietly(c, cpu.pc() + insn.length(), x -> x.number() == cpu.number() && Long.compareUnsigned(x.cpu().stackPointer(), stack) >= 0);
            } else {
                s = go(c, n -> n == cpu.number() ? Debugger.Action.STEP : Debugger.Action.CONTINUE);
            }
            if (s.reason() != Stop.Reason.STEP && !(s.cause() instanceof Breakpoint b && b.isTemporary() && list.numberOf(b) == 0)) {
                break;
            }
        }
        report(c, s);
    }

    private void finish(DebugContext c) throws InterruptedException {
        List<StackCommands.Frame> frames = StackCommands.frames(c, 2);
        if (frames.size() < 2) {
            throw new CommandException("finish: no return address was found on the stack");
        }
        DebuggedCpu cpu = c.cpu();
        long stack = cpu.cpu().stackPointer();
        runTo(c, frames.get(1).pc(), x -> x.number() == cpu.number() && Long.compareUnsigned(x.cpu().stackPointer(), stack) > 0);
    }

    private void runTo(DebugContext c, long address, java.util.function.Predicate<DebuggedCpu> condition) throws InterruptedException {
        report(c, runToQuietly(c, address, condition));
    }

    private static Stop runToQuietly(DebugContext c, long address, java.util.function.Predicate<DebuggedCpu> condition) throws InterruptedException {
        Breakpoint there = new Breakpoint(address, false, condition, true);
        c.debugger().traps().add(there);
        try {
            return go(c, cpu -> Debugger.Action.CONTINUE);
        } finally {
            c.debugger().traps().remove(there);
        }
    }

    /** Says why the guest stands, and where. */
    void report(DebugContext c, Stop s) {
        if (s.reason() == Stop.Reason.ENDED) {
            c.print("the run is over%s", s.text().isEmpty() ? "" : ": " + s.text());
            return;
        }
        int n = s.cause() == null ? 0 : list.numberOf(s.cause());
        String number = n == 0 ? "" : " " + n;
        switch (s.reason()) {
            case BREAKPOINT -> c.print("%s", n == 0 ? "reached" : "breakpoint" + number);
            case WATCH -> c.print("watchpoint%s: %s%s", n == 0 ? "" : number, s.text(), value(c, (Watchpoint) s.cause()));
            case EVENT -> c.print("catch%s: %s", number, s.text());
            case TRIPLE_FAULT -> c.print("triple fault: the machine ends when it goes on");
            case PAUSE -> c.print("stopped");
            case HISTORY_BEGIN -> c.print("this is the first moment that is remembered");
            case HISTORY_END -> c.print("the recording ends here: the machine ends when it goes on");
            default -> {
                if (!s.text().isEmpty()) {
                    c.print("the step has led to %s", s.text());
                }
            }
        }
        if (c.debugger().cpus().size() > 1) {
            c.print("CPU %d, %,d instructions", s.cpu(), c.cpu().engine().retired());
        }
        MemoryCommands.instructions(c, c.cpu().pc(), 1);
    }

    private static String value(DebugContext c, Watchpoint w) {
        byte[] b = new byte[Math.min(MAX_VALUE_BYTES, w.bytes())];
        int got = w.isPhysical() ? c.cpu().readPhysical(w.address(), b, 0, b.length) : c.cpu().read(w.address(), b, 0, b.length);
        StringBuilder v = new StringBuilder();
        for (int i = got - 1; i >= 0; i--) {
            v.append(String.format("%02x", b[i]));
        }
        return got == 0 ? "" : ", now " + v;
    }

    private static void set(DebugContext c, String text) {
        String[] part = text.split("=", 2);
        if (part.length != 2 || part[0].isBlank() || part[1].isBlank()) {
            throw new CommandException("set: as in 'set $rax = 1' or 'set d 0x1000 = 1'");
        }
        c.requireStanding();
        String left = part[0].strip();
        long value = Expression.value(part[1].strip(), c);
        if (left.startsWith("$")) {
            String name = left.substring(1);
            name = name.equals("pc") ? "rip" : name;
            if (!c.cpu().registers().has(name)) {
                throw new CommandException("set: no register $" + name);
            }
            if (!c.cpu().registers().set(name, value)) {
                throw new CommandException("set: $" + name + " cannot be changed from outside");
            }
            return;
        }
        String[] words = left.split("\\s+", 2);
        int unit = words[0].length() == 1 && words.length == 2 ? "bwdq".indexOf(words[0]) : -1;
        if (unit < 0) {
            throw new CommandException("set: as in 'set $rax = 1' or 'set d 0x1000 = 1'");
        }
        byte[] b = new byte[1 << unit];
        for (int i = 0; i < b.length; i++) {
            b[i] = (byte) (value >>> 8 * i);
        }
        long address = Expression.value(words[1], c);
        if (c.cpu().write(address, b, 0, b.length) < b.length) {
            throw new CommandException("set: no writable memory at " + c.hex(address));
        }
    }

    /** The commands' reports, for who stops the guest by other means. */
    static RunCommands reporting(TrapList list) {
        return new RunCommands(list);
    }
}
