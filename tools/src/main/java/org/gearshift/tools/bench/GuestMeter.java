package org.gearshift.tools.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gearshift.tools.bench.RunRecord.Section;

/**
 * Runs an emulator whose guest tells on its console when a section begins and ends, and counts the host's CPU time in between: user and system, all threads of the process, compilers among them. The guest's clocks
 * are not asked. Marks are peerbench's: {@code @INIT}, {@code @B NAME}, {@code @E NAME CHECKSUM [work=N]}, {@code @BAD WHAT}, {@code @END}.
 */
public final class GuestMeter {
    /** Linux counts in hundredths of a second, whatever its own clock. */
    private static final double TICKS = 100;
    private static final int USER_TIME = 11;
    private static final int SYSTEM_TIME = 12;
    private static final Pattern MARK = Pattern.compile("@(INIT|B|E|BAD|END)\\b ?(.*)");
    private static final Pattern WORK = Pattern.compile("work=([0-9.]+)");

    private final List<String> command;
    private final Map<String, String> environment;
    private final Path console;
    private final Map<String, Section> sections = new LinkedHashMap<>();
    private Process process;
    private double boot;
    private int resident;
    private String open;
    private double openedAt;
    private boolean ended;
    private String bad;
    private volatile boolean timedOut;

    /** @param console gets what the guest prints, and the emulator's messages */
    public GuestMeter(List<String> command, Map<String, String> environment, Path console) {
        this.command = command;
        this.environment = environment;
        this.console = console;
    }

    /** Runs it to its last mark, or until so many seconds have gone by. */
    public RunRecord run(String peer, String kind, String args, long seconds) throws IOException, InterruptedException {
        if (console.getParent() != null) {
            Files.createDirectories(console.getParent());
        }
        ProcessBuilder b = new ProcessBuilder(command).redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
        b.redirectErrorStream(true);
        b.environment().putAll(environment);
        Child child = new Child(b);
        process = child.process();
        Thread watch = new Thread(() -> endAfter(seconds), "time limit");
        watch.setDaemon(true);
        watch.start();
        try (child; InputStream in = process.getInputStream(); OutputStream log = Files.newOutputStream(console)) {
            read(in, log);
        } finally {
            process.waitFor();
            watch.interrupt();
        }
        String why = bad != null ? "failed: " + bad : ended ? "ok" : timedOut ? "time limit" + where() : "ended" + where();
        return new RunRecord(peer, kind, args, why, boot, resident, sections);
    }

    private String where() {
        return open == null ? "" : " in " + open;
    }

    private void endAfter(long seconds) {
        try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                timedOut = true;
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void read(InputStream in, OutputStream log) throws IOException {
        StringBuilder line = new StringBuilder();
        byte[] bytes = new byte[1 << 16];
        // Nothing is read after the last mark: an emulator that stays is ended then.
        for (int n; !ended && (n = in.read(bytes)) >= 0;) {
            log.write(bytes, 0, n);
            line.append(new String(bytes, 0, n, StandardCharsets.ISO_8859_1));
            for (int end = line.indexOf("\n"); end >= 0; end = line.indexOf("\n")) {
                take(line.substring(0, end));
                line.delete(0, end + 1);
            }
        }
    }

    private void take(String line) {
        Matcher m = MARK.matcher(line);
        if (!m.find()) {
            return;
        }
        double now = cpu();
        String[] words = m.group(2).strip().split(" +");
        switch (m.group(1)) {
            case "INIT" -> boot = now;
            case "B" -> {
                open = words[0];
                openedAt = now;
            }
            case "E" -> {
                Matcher work = WORK.matcher(m.group(2));
                sections.put(words[0], new Section(now - openedAt, words.length > 1 ? words[1] : "", work.find() ? Double.parseDouble(work.group(1)) : 1));
                open = null;
            }
            case "BAD" -> bad = m.group(2).strip();
            default -> ended = true;
        }
        resident = Math.max(resident, peak());
    }

    /** So far, of all its threads, also those that have ended. */
    private double cpu() {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
            String[] f = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return (Long.parseLong(f[USER_TIME]) + Long.parseLong(f[SYSTEM_TIME])) / TICKS;
        } catch (IOException e) {
            return process.info().totalCpuDuration().map(d -> d.toMillis() / 1e3).orElse(0.0);
        }
    }

    /** In MiB. */
    private int peak() {
        try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return lines.filter(l -> l.startsWith("VmHWM:")).map(l -> Integer.parseInt(l.replaceAll("[^0-9]", "")) >> 10).findFirst().orElse(0);
        } catch (IOException | java.io.UncheckedIOException e) {
            return 0;
        }
    }
}
