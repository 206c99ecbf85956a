package org.gearshift.tools.gdb;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.gearshift.vmm.debug.DebuggedCpu;
import org.gearshift.vmm.debug.Debugger;
import org.gearshift.vmm.debug.History;
import org.gearshift.vmm.debug.Stop;
import org.gearshift.vmm.debug.Watchpoint;

/**
 * One gdb that is connected: answers its packets while the machine stands, lets it run, and tells why it stopped (GDB manual, appendix E). Threads are processors, from 1.
 * Whatever comes that is
 * no packet, or one that is not known, is answered as the protocol says, with an error or with nothing.
 */
final class GdbSession {
    /** Bytes of memory in one packet. */
    private static final int MAX_MEMORY = PacketChannel.MAX_PACKET / 2 - 16;
    private static final String OK = "OK";
    private static final String UNKNOWN = "";
    private static final String BAD_PACKET = "E16";
    private static final String BAD_ADDRESS = "E0e";
    private static final long LOOK_MILLIS = 100;
    private static final int SIGINT = 2;
    private static final int SIGTRAP = 5;
    private static final int SIGABRT = 6;
    private static final String END = "";
    private static final int MAX_QUEUED = 256;
    private static final int SHOWN = 40;
    private static final System.Logger LOG = System.getLogger(GdbSession.class.getName());

    private final PacketChannel channel;
    private final Debugger debugger;
    private final GdbTarget target;
    private final TargetDescription description;
    private final RemoteBreakpoints breakpoints;
    private final BlockingQueue<String> packets = new LinkedBlockingQueue<>(MAX_QUEUED);
    private final Map<String, UnaryOperator<String>> queries = new LinkedHashMap<>();
    private volatile boolean hungUp;
    private volatile boolean interrupted;
    private boolean ended;
    /** Processor that registers and memory are of. */
    private int current;
    /** Processor that stopped last. */
    private int stopped;

    GdbSession(PacketChannel channel, GdbTarget target) {
        this.channel = channel;
        this.target = target;
        this.debugger = target.debugger();
        this.description = new TargetDescription(target.wide(), target.avx());
        this.breakpoints = new RemoteBreakpoints(debugger.traps());
        declareQueries();
    }

    private void declareQueries() {
        queries.put("qSupported", a -> "PacketSize=" + Integer.toHexString(PacketChannel.MAX_PACKET)
                + ";qXfer:features:read+;vContSupported+;QStartNoAckMode+;swbreak+;hwbreak+" + (debugger.canGoBack() ? ";ReverseStep+;ReverseContinue+" : ""));
        queries.put("qXfer:features:read:", this::transferFeatures);
        queries.put("qAttached", a -> "1");
        queries.put("qC", a -> "QC" + thread(current));
        queries.put("qfThreadInfo", a -> threads());
        queries.put("qsThreadInfo", a -> "l");
        queries.put("qThreadExtraInfo,", this::threadInfo);
        queries.put("qSymbol:", a -> OK);
        queries.put("qRcmd,", this::command);
        queries.put("vCont?", a -> "vCont;c;C;s;S;t");
        queries.put("vKill", a -> kill());
        queries.put("QStartNoAckMode", a -> OK);
    }

    /** Serves until gdb leaves, or the run is over and has been told of. The machine goes on after that, unless gdb has ended it. */
    void serve() throws IOException, InterruptedException {
        Thread reader = new Thread(this::readPackets, "gdb-reader");
        reader.setDaemon(true);
        debugger.attach(true);
        debugger.pause();
        while (debugger.awaitStop(LOOK_MILLIS) == null) {
            // Processors come to stand within milliseconds.
            continue;
        }
        debugger.keepHistory();
        reader.start();
        try {
            while (!ended) {
                String packet = packets.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                if (packet == null ? hungUp : packet.equals(END) && hungUp) {
                    break;
                }
                if (packet != null) {
                    answer(packet);
                }
            }
        } finally {
            breakpoints.clear();
            debugger.detach();
        }
    }

    private void readPackets() {
        try {
            for (String p = channel.read(); p != null; p = channel.read()) {
                if (p.equals(PacketChannel.INTERRUPT)) {
                    interrupted = true;
                    debugger.pause();
                } else {
                    packets.put(p);
                }
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "gdb connection: {0}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        hungUp = true;
        packets.offer(END);
    }

    private void answer(String packet) throws IOException, InterruptedException {
        String reply;
        try {
            reply = packet.isEmpty() ? UNKNOWN : reply(packet);
        } catch (MalformedPacketException e) {
            reply = BAD_PACKET;
        } catch (RuntimeException e) {
            // A gdb, or what takes its place, must not end the machine.
            LOG.log(System.Logger.Level.WARNING, "gdb: packet " + packet.substring(0, Math.min(packet.length(), SHOWN)), e);
            reply = BAD_PACKET;
        }
        if (reply != null) {
            channel.send(reply);
        }
        if (packet.equals("QStartNoAckMode")) {
            channel.stopAcknowledging();
        }
    }

    /** @return what to send; null: nothing */
    private String reply(String packet) throws IOException, InterruptedException {
        String rest = packet.substring(1);
        return switch (packet.charAt(0)) {
            case '?' -> describe(debugger.awaitStop(0));
            case 'g' -> description.readAll(cpu().registers());
            case 'G' -> description.writeAll(cpu().registers(), Hex.bytes(rest)) ? OK : BAD_PACKET;
            case 'p' -> readRegister(rest);
            case 'P' -> writeRegister(rest);
            case 'm' -> readMemory(rest);
            case 'M' -> writeMemory(rest, false);
            case 'X' -> writeMemory(rest, true);
            case 'Z' -> breakpoint(rest, true);
            case 'z' -> breakpoint(rest, false);
            case 'c', 's', 'C', 'S' -> resumeOne(packet);
            case 'b' -> back(rest);
            case 'H' -> selectThread(rest);
            case 'T' -> threadNumber(rest) < debugger.cpus().size() ? OK : BAD_PACKET;
            case 'D' -> detach();
            case 'k' -> kill();
            case 'q', 'Q', 'v' -> query(packet);
            default -> UNKNOWN;
        };
    }

    private String query(String packet) throws IOException, InterruptedException {
        if (packet.startsWith("vCont;")) {
            return resume(packet.substring("vCont;".length()));
        }
        for (Map.Entry<String, UnaryOperator<String>> e : queries.entrySet()) {
            boolean takesArguments = !Character.isLetter(e.getKey().charAt(e.getKey().length() - 1)) || e.getKey().equals("qSupported") || e.getKey().equals("vKill");
            if (packet.equals(e.getKey()) || takesArguments && packet.startsWith(e.getKey())) {
                return e.getValue().apply(packet.substring(e.getKey().length()));
            }
        }
        return UNKNOWN;
    }

    private DebuggedCpu cpu() {
        return debugger.cpus().get(current);
    }

    private static String thread(int cpu) {
        return Integer.toHexString(cpu + 1);
    }

    /** Processor of a thread id; of 0, "any", and -1, "all", the current one. */
    private int threadNumber(String id) {
        if (id.equals("-1") || id.equals("0")) {
            return current;
        }
        int n = Hex.count(id, Integer.MAX_VALUE);
        return n - 1;
    }

    private String selectThread(String rest) {
        if (rest.isEmpty()) {
            return BAD_PACKET;
        }
        int n = threadNumber(rest.substring(1));
        if (n >= debugger.cpus().size()) {
            return BAD_PACKET;
        }
        if (rest.charAt(0) == 'g') {
            current = n;
        }
        return OK;
    }

    private String threads() {
        List<String> ids = new ArrayList<>();
        debugger.cpus().forEach(c -> ids.add(thread(c.number())));
        return "m" + String.join(",", ids);
    }

    private String threadInfo(String id) {
        int n = threadNumber(id);
        if (n >= debugger.cpus().size()) {
            return BAD_PACKET;
        }
        byte[] text = ("CPU#" + n + (debugger.cpus().get(n).cpu().halted ? " [halted]" : " [running]")).getBytes(StandardCharsets.US_ASCII);
        return Hex.of(text, text.length);
    }

    private String transferFeatures(String rest) {
        String[] part = rest.split("[:,]");
        if (part.length != 3 || !part[0].equals("target.xml")) {
            return "E00";
        }
        String xml = description.xml();
        int from = Math.min(Hex.count(part[1], Integer.MAX_VALUE), xml.length());
        int length = Math.min(Hex.count(part[2], Integer.MAX_VALUE), PacketChannel.MAX_PACKET / 2);
        int to = Math.min(xml.length(), from + length);
        return (to == xml.length() ? "l" : "m") + xml.substring(from, to);
    }

    private String readRegister(String rest) {
        String value = description.read(cpu().registers(), Hex.count(rest, Integer.MAX_VALUE));
        return value == null ? BAD_PACKET : value;
    }

    private String writeRegister(String rest) {
        String[] part = rest.split("=", 2);
        if (part.length != 2) {
            return BAD_PACKET;
        }
        return description.write(cpu().registers(), Hex.count(part[0], Integer.MAX_VALUE), Hex.bytes(part[1])) ? OK : BAD_PACKET;
    }

    private String readMemory(String rest) {
        String[] part = rest.split(",", 2);
        if (part.length != 2) {
            return BAD_PACKET;
        }
        byte[] bytes = new byte[Math.min(Hex.count(part[1], Integer.MAX_VALUE), MAX_MEMORY)];
        int got = cpu().read(Hex.number(part[0]), bytes, 0, bytes.length);
        return got == 0 && bytes.length > 0 ? BAD_ADDRESS : Hex.of(bytes, got);
    }

    private String writeMemory(String rest, boolean binary) {
        String[] part = rest.split(":", 2);
        String[] where = part[0].split(",", 2);
        if (part.length != 2 || where.length != 2) {
            return BAD_PACKET;
        }
        byte[] bytes = binary ? part[1].getBytes(StandardCharsets.ISO_8859_1) : Hex.bytes(part[1]);
        if (bytes.length != Hex.count(where[1], Integer.MAX_VALUE)) {
            return BAD_PACKET;
        }
        return cpu().write(Hex.number(where[0]), bytes, 0, bytes.length) == bytes.length ? OK : BAD_ADDRESS;
    }

    private String breakpoint(String rest, boolean insert) {
        String[] part = rest.split("[,;]");
        if (part.length < 3) {
            return BAD_PACKET;
        }
        if (!RemoteBreakpoints.knows(part[0])) {
            return UNKNOWN;
        }
        return breakpoints.change(part[0], Hex.number(part[1]), Hex.count(part[2], Watchpoint.MAX_BYTES), insert) ? OK : BAD_PACKET;
    }

    /** The older packets: c [address], s [address], C signal [;address], S signal [;address]. */
    private String resumeOne(String packet) throws IOException, InterruptedException {
        char what = packet.charAt(0);
        String address = packet.substring(1);
        if (what == 'C' || what == 'S') {
            address = address.contains(";") ? address.substring(address.indexOf(';') + 1) : "";
        }
        if (!address.isEmpty()) {
            cpu().registers().set("rip", Hex.number(address));
        }
        boolean step = what == 's' || what == 'S';
        return run(step ? "s:" + thread(current) + ";c" : "c");
    }

    private String resume(String actions) throws IOException, InterruptedException {
        return run(actions);
    }

    /** Lets the machine run as vCont's actions say, until it stops. */
    private String run(String actions) throws IOException, InterruptedException {
        Debugger.Action[] plan = new Debugger.Action[debugger.cpus().size()];
        for (String action : actions.split(";")) {
            String[] part = action.split(":", 2);
            Debugger.Action what = switch (part[0].isEmpty() ? ' ' : part[0].charAt(0)) {
                case 'c', 'C' -> Debugger.Action.CONTINUE;
                case 's', 'S' -> Debugger.Action.STEP;
                case 't' -> Debugger.Action.HOLD;
                default -> throw new MalformedPacketException("action " + part[0]);
            };
            boolean all = part.length == 1 || part[1].equals("-1");
            int only = all ? 0 : threadNumber(part[1]);
            for (int i = 0; i < plan.length; i++) {
                if (plan[i] == null && (all || i == only)) {
                    plan[i] = what;
                }
            }
        }
        if (Arrays.stream(plan).allMatch(a -> a == null || a == Debugger.Action.HOLD)) {
            throw new MalformedPacketException("no thread would run");
        }
        debugger.resume(i -> plan[i] == null ? Debugger.Action.HOLD : plan[i]);
        return awaitStop();
    }

    /** bs and bc: back by an instruction, or to what happened last. */
    private String back(String rest) throws IOException, InterruptedException {
        if (!debugger.canGoBack() || !rest.equals("s") && !rest.equals("c")) {
            return UNKNOWN;
        }
        int thread = current;
        debugger.goBack(rest.equals("s") ? h -> h.step(thread, 1) : History::toLastStop);
        return awaitStop();
    }

    private String awaitStop() throws IOException, InterruptedException {
        while (true) {
            Stop s = debugger.awaitStop(interrupted ? 0 : LOOK_MILLIS);
            if (s != null) {
                current = s.cpu();
                stopped = current;
                if (s.reason() == Stop.Reason.EVENT || s.reason() == Stop.Reason.ENDED && !s.text().isEmpty()) {
                    say("gearshift: " + s.text() + "\n");
                }
                return describe(s);
            }
            if (hungUp) {
                return null;
            }
            if (interrupted) {
                // It may have come before the machine went on.
                debugger.pause();
            }
        }
    }

    /** A stop-reply packet. */
    private String describe(Stop s) {
        if (s == null) {
            return "S05";
        }
        int signal = switch (s.reason()) {
            case PAUSE -> interrupted ? SIGINT : SIGTRAP;
            case TRIPLE_FAULT -> SIGABRT;
            default -> SIGTRAP;
        };
        interrupted = false;
        if (s.reason() == Stop.Reason.ENDED) {
            ended = true;
            return String.format("W%02x", s.address() & 0xff);
        }
        String edge = switch (s.reason()) {
            case HISTORY_BEGIN -> "replaylog:begin;";
            case HISTORY_END -> "replaylog:end;";
            default -> "";
        };
        return String.format("T%02xthread:%s;%s%s", signal, thread(s.cpu()), edge, breakpoints.reason(s));
    }

    private String detach() {
        ended = true;
        return OK;
    }

    private String kill() {
        ended = true;
        target.quit().run();
        return OK;
    }

    /** Text for the user, which may be sent while gdb waits for a stop. */
    private void say(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        channel.send("O" + Hex.of(bytes, bytes.length));
    }

    /** {@code monitor}. */
    private String command(String hex) {
        String line = new String(Hex.bytes(hex), StandardCharsets.UTF_8);
        StringWriter text = new StringWriter();
        // Not the current one: gdb looks at others when it lists threads.
        target.monitor().execute(line, debugger.cpus().get(stopped), new PrintWriter(text, true));
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        int length = Math.min(bytes.length, MAX_MEMORY);
        return length == 0 ? OK : Hex.of(bytes, length);
    }
}
