package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.gearshift.testing.OwnThread;
import org.gearshift.tools.up.ControlClient;
import org.gearshift.tools.up.MachineLine;
import org.gearshift.tools.up.RuntimeDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code gearshift up} and the commands that reach its machines. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class UpCommandTest {
    /** Says "hi", then echoes what comes from the serial port; 'q' ends it by the debug-exit port. */
    static final byte[] ECHO = GuestCode.elf(0x66, 0xba, 0xf8, 0x03, 0xb0, 'h', 0xee, 0xb0, 'i', 0xee, 0xb0, '\n', 0xee,
            0x66, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xfb, 0x66, 0xba, 0xf8, 0x03, 0xec, 0xee, 0x3c, 'q', 0x75, 0xed,
            0xb0, '\n', 0xee, 0x30, 0xc0, 0xe6, 0xf4, 0xeb, 0xfe);
    /** Looks at the power management's status until the power button is pressed; then it ends. */
    private static final byte[] BUTTON = GuestCode.elf(0x66, 0xba, 0x00, 0x06, 0x66, 0xed, 0xf6, 0xc4, 0x01, 0x74, 0xf9, 0x30, 0xc0, 0xe6, 0xf4, 0xeb, 0xfe);
    private static final byte[] TRIPLE_FAULT = GuestCode.elf(0x0f, 0x0b);

    @TempDir
    Path dir;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private Path runtime() {
        return dir.resolve("run");
    }

    private CompletableFuture<Integer> up(String file, int running) throws Exception {
        Files.write(dir.resolve("echo.elf"), ECHO);
        Files.write(dir.resolve("triple.elf"), TRIPLE_FAULT);
        Files.write(dir.resolve("button.elf"), BUTTON);
        Path f = Files.writeString(dir.resolve("machines.yaml"), file);
        CompletableFuture<Integer> up = OwnThread.start(() -> Gearshift.execute(new PrintWriter(out), new PrintWriter(err), "up", f.toString(),
                "--runtime-dir", runtime().toString()));
        ControlClient client = new ControlClient(RuntimeDirectory.of(runtime()));
        while (!up.isDone() && (!Files.isDirectory(runtime()) || client.machines().stream().filter(m -> m.state().equals("running")).count() < running)) {
            Thread.sleep(10);
        }
        return up;
    }

    private CommandLineRun command(String... words) {
        return CommandLineRun.of(Stream.concat(Stream.of(words), Stream.of("--runtime-dir", runtime().toString())).toArray(String[]::new));
    }

    private String state(String name) throws Exception {
        return new ControlClient(RuntimeDirectory.of(runtime())).machines().stream().filter(m -> m.name().equals(name)).map(MachineLine::state).findFirst().orElse("none");
    }

    private void awaitState(String name, String wanted) throws Exception {
        while (!state(name).equals(wanted)) {
            Thread.sleep(10);
        }
    }

    /** Reads until the text is there. */
    private static String readTo(SocketChannel c, String wanted) throws Exception {
        StringBuilder b = new StringBuilder();
        ByteBuffer bytes = ByteBuffer.allocate(100);
        while (b.indexOf(wanted) < 0 && c.read(bytes) >= 0) {
            b.append(StandardCharsets.US_ASCII.decode(bytes.flip()));
            bytes.clear();
        }
        return b.toString();
    }

    private static void type(SocketChannel c, String text) throws Exception {
        c.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void machinesAreListedPausedResumedTalkedToAndEnded() throws Exception {
        CompletableFuture<Integer> up = up("""
                slots: 2
                defaults: {kernel: echo.elf, memory: 16M}
                machines:
                  one: {weight: 100, log: one.log}
                  two: {weight: 300, cap: 50, memory: 8M}
                """, 2);
        ControlClient client = new ControlClient(RuntimeDirectory.of(runtime()));
        CommandLineRun table = command("ps");
        assertTrue(table.out().lines().anyMatch(l -> l.matches("one +full +running +1 +16M +[0-9.]+ +100 +- +25\\.0% +0:00:0\\d")), table.out());
        assertTrue(table.out().lines().anyMatch(l -> l.matches("two +full +running +1 +8M +[0-9.]+ +300 +50% +75\\.0% +0:00:0\\d")), table.out());
        String json = command("ps", "--json").out();
        assertTrue(json.contains("{\"name\": \"two\", \"mode\": \"full\", \"state\": \"running\", \"vcpus\": 1, \"memory_bytes\": 8388608, \"cpu_seconds\": "), json);

        try (SocketChannel one = client.console("one")) {
            assertEquals("hi\n", readTo(one, "\n"), "those who come late see the last output");
            type(one, "ab\n");
            assertEquals("ab\n", readTo(one, "\n"));
            assertEquals(0, command("pause", "one").code());
            assertEquals("paused", state("one"));
            type(one, "c\n");
            CommandLineRun twice = command("pause", "one");
            assertEquals(2, twice.code());
            assertTrue(twice.err().contains("machine one is paused: it cannot be paused"), twice.err());
            assertEquals(0, command("resume", "one").code());
            assertEquals("c\n", readTo(one, "\n"), "typed while it was paused");
            type(one, "q");
            readTo(one, "never");
        }
        awaitState("one", "off");
        assertEquals("hi\nab\nc\nq\n", Files.readString(dir.resolve("one.log")));
        assertEquals("running", state("two"), "the other goes on");
        assertEquals(0, command("destroy", "two").code());
        assertEquals(0, up.get(), err.toString());
        assertEquals(2, command("pause", "two").code());
        try (Stream<Path> left = Files.list(runtime())) {
            assertEquals(0, left.count(), "no socket is left");
        }
        assertTrue(out.toString().contains("one | hi"), out.toString());
    }

    @Test
    void stopPressesThePowerButton() throws Exception {
        CompletableFuture<Integer> up = up("machines: {pc: {kernel: button.elf, memory: 8M, cpus: 2}}", 1);
        assertEquals(0, command("stop", "pc").code());
        assertEquals(0, up.get(), err.toString());
    }

    @Test
    void aPausedMachineUsesNoProcessorTimeAndCanBeDestroyed() throws Exception {
        CompletableFuture<Integer> up = up("machines: {spin: {kernel: echo.elf, memory: 8M}}", 1);
        assertEquals(0, command("pause", "spin").code());
        ControlClient client = new ControlClient(RuntimeDirectory.of(runtime()));
        // What it is in the midst of, such as compiling a region, is done first.
        Thread.sleep(1000);
        long before = client.machines().get(0).cpuNanos();
        Thread.sleep(200);
        assertEquals(before, client.machines().get(0).cpuNanos());
        assertEquals(0, command("destroy", "spin").code());
        assertEquals(0, up.get());
    }

    /** A debugger, as soon as it has been noticed that the one before is gone. */
    private static SocketChannel attached(ControlClient client, String machine) throws Exception {
        while (true) {
            try {
                return client.debug(machine);
            } catch (ControlClient.Refused e) {
                assertTrue(e.getMessage().contains("being debugged already"), e.getMessage());
                Thread.sleep(5);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"cpus: 1", "cpus: 2", "'cpus: 2, clock: virtual'", "clock: virtual"})
    void aMachineThatRunsIsDebuggedAndGoesOn(String machine) throws Exception {
        String machines = "one: {kernel: echo.elf, memory: 16M, " + machine + "}, two: {kernel: echo.elf, memory: 8M}";
        CompletableFuture<Integer> up = up("{slots: 1, machines: {" + machines + "}}", 2);
        ControlClient client = new ControlClient(RuntimeDirectory.of(runtime()));
        try (SocketChannel one = client.console("one"); SocketChannel two = client.console("two")) {
            assertEquals("hi\n", readTo(one, "\n"));
            assertEquals("hi\n", readTo(two, "\n"));
            // The loop that looks for input; the breakpoint is where a character has come.
            CommandLineRun d = command("debug", "--attach", "one", "--batch", "-e", "print $edx & 0xffff", "-e", "break 0x100016", "-e", "disas 0x10000d 2",
                    "-e", "pagewalk 0x100000", "-e", "set d 0x300000 = 0x1234", "-e", "x/2b 0x300000", "-e", "send x", "-e", "continue", "-e", "breakpoints");
            assertEquals(0, d.code(), d.out() + d.err());
            assertTrue(d.out().startsWith("stopped\n"), d.out());
            assertTrue(d.out().matches("(?s).*0x3f[8d] = .*"), d.out());
            assertTrue(d.out().contains("00300000: 34 12"), d.out());
            assertTrue(d.out().contains("breakpoint 1\n"), d.out());
            assertTrue(d.out().contains("1   break   0x100016  00100016, stopped 1 times"), d.out());
            assertEquals("x\n", readTo(one, "\n"), "it goes on, and stops no more");
            type(one, "y\n");
            assertEquals("y\n", readTo(one, "\n"));

            try (SocketChannel held = attached(client, "one")) {
                readTo(held, "\4");
                type(two, "z\n");
                assertEquals("z\n", readTo(two, "\n"), "one that stands takes no processor from others");
                CommandLineRun second = command("debug", "--attach", "one", "--batch", "-e", "regs");
                assertEquals(2, second.code());
                assertTrue(second.err().contains("machine one is being debugged already"), second.err());
                type(held, "continue\n");
                type(one, "w\n");
                assertEquals("w\n", readTo(one, "\n"));
                type(held, "\3");
                assertTrue(readTo(held, "\4").startsWith("stopped\n"));
                type(held, "\tbacktr\n");
                assertEquals("backtrace\n\4", readTo(held, "\4"));
                type(held, "nonsense\n");
                assertEquals("no command 'nonsense'; 'help' lists them\n\25", readTo(held, "\25"));
                type(held, "continue\n");
            }
            type(one, "v\n");
            assertEquals("v\n", readTo(one, "\n"), "a debugger that vanishes lets it go");

            CommandLineRun wrong;
            do {
                // That it has gone is noticed after a moment.
                wrong = command("debug", "--attach", "one", "--batch", "-e", "regs eip", "-e", "x", "-e", "regs");
            } while (wrong.err().contains("being debugged already"));
            assertEquals(1, wrong.code());
            assertEquals("gearshift: -e:2: x: ADDRESS is missing; 'help x' shows how", wrong.err().strip());
            assertEquals(2, command("debug", "--attach", "one", "--kernel", "x").code());
            assertEquals(0, command("pause", "one").code());
            assertTrue(command("debug", "--attach", "one", "--batch", "-e", "regs").err().contains("machine one is paused: it cannot be debugged"));
            assertEquals(0, command("resume", "one").code());
            try (SocketChannel held = attached(client, "one")) {
                readTo(held, "\4");
                assertEquals(0, command("destroy", "one").code());
                awaitState("one", "off");
                type(held, "regs eip\ncontinue\n");
                assertTrue(readTo(held, "\25").contains("the run is over"));
            }
            type(two, "q");
        }
        assertEquals(0, up.get(), err.toString());
    }

    @Test
    void theCrashOfOneLeavesTheOthersAlone() throws Exception {
        CompletableFuture<Integer> up = up("""
                machines:
                  good: {kernel: echo.elf, memory: 8M}
                  bad: {kernel: triple.elf, memory: 8M}
                """, 1);
        awaitState("bad", "crashed");
        ControlClient client = new ControlClient(RuntimeDirectory.of(runtime()));
        try (SocketChannel c = client.console("good")) {
            type(c, "still here\n");
            assertTrue(readTo(c, "here\n").endsWith("still here\n"));
            type(c, "q");
        }
        assertEquals(1, up.get());
        assertTrue(err.toString().contains("gearshift: bad: crashed, the guest triple-faulted at"), err.toString());
        assertTrue(err.toString().contains("gearshift: good: off"), err.toString());
    }

    @Test
    void theChineseWallRefusesToStartTheConflictingMachine() throws Exception {
        Files.writeString(dir.resolve("policy.yaml"), """
                conflicts: {banks: [bank-a, bank-b]}
                machines: {teller-a: {wall: [bank-a]}, teller-b: {wall: [bank-b]}}
                """);
        CompletableFuture<Integer> up = up("""
                policy: policy.yaml
                defaults: {kernel: echo.elf, memory: 8M}
                machines: {teller-a: {}, teller-b: {}, other: {}}
                """, 2);
        assertEquals("running", state("teller-a"));
        assertEquals("refused", state("teller-b"));
        assertEquals("running", state("other"));
        assertEquals(0, command("destroy", "teller-a", "other").code());
        assertEquals(1, up.get());
        assertTrue(err.toString().contains("teller-b: refused, machine teller-b (bank-b) may not run beside teller-a (bank-a): Chinese Wall, conflict set banks"),
                err.toString());
    }

    @Test
    void aConsoleHasAnAddressOfItsOwnIfItIsToHave() throws Exception {
        CompletableFuture<Integer> up = up("machines: {one: {kernel: echo.elf, memory: 8M, console: unix:one.sock}}", 1);
        Path socket = dir.resolve("one.sock");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(runtime())));
        try (SocketChannel c = SocketChannel.open(java.net.UnixDomainSocketAddress.of(socket))) {
            assertEquals("hi\n", readTo(c, "\n"));
            type(c, "q");
        }
        assertEquals(0, up.get());
        assertFalse(Files.exists(socket));
    }

    @Test
    void aRuntimeDirectoryThatOthersCanEnterIsRefused() throws Exception {
        Files.createDirectory(runtime());
        Files.setPosixFilePermissions(runtime(), PosixFilePermissions.fromString("rwxr-xr-x"));
        CommandLineRun r = command("up", "--vm", "name=a");
        assertEquals(1, r.code());
        assertTrue(r.err().contains("can be entered by others"), r.err());
    }

    @Test
    void nothingRunsHere() {
        assertEquals(1, command("ps").out().lines().count(), "the head of the table");
        assertEquals("[]\n", command("ps", "--json").out().replace("\r", ""));
        for (String c : List.of("pause", "resume", "stop", "destroy", "console", "debug --batch --attach")) {
            CommandLineRun r = command((c + " ghost").split(" "));
            assertEquals(2, r.code(), r.err());
            assertTrue(r.err().contains("no machine 'ghost' here"), r.err());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "machines: {a: {kernl: x}}                       | :1:16: 'kernl' is no key of machine 'a'; did you mean kernel? allowed are kernel, initrd,",
        "machines: {a: {memory: lots}}                   | :1:24: 'memory' of machine 'a': 'lots' is not a memory size; write for example 256M or ",
        "machines: {a: {mode: hw}}                       | :1:22: 'mode' of machine 'a': 'hw' is not one of full, pv",
        "machines: {a: {mode: pv, memory: 4G}}           | :1:15: machine 'a': memory: a paravirtual domain has at most 2040M",
        "machines: {a: {cpus: 33}}                       | :1:22: 'cpus' of machine 'a': '33' is not a whole number from 1 to 32",
        "machines: {a: {weight: 0}}                      | :1:24: 'weight' of machine 'a': '0' is not a whole number from 1 to 65535",
        "machines: {a: {weight: 1, weight: 2}}           | :1:27: 'weight' is there twice",
        "machines: {a: {disk: [x.img, y.img,,z]}}        | found ','",
        "machines: {a: {disk: [{file: x}]}}              | :1:23: 'disk' of machine 'a' is a mapping, where a single value belongs",
        "machines: {a: {kernel: }}                       | :1:23: 'kernel' of machine 'a' has no value",
        "machines: {'a b': {}}                           | :1:19: machine 'a b': 'a b' is not a machine's name",
        "machines: {a: {initrd: x}}                      | :1:15: machine 'a': an initrd without a kernel",
        "machines: {a: {forward: 'tcp:1:2'}}             | :1:15: machine 'a': forward needs net: user",
        "machines: {a: {console: pigeon}}                | :1:25: 'console' of machine 'a': console 'pigeon': write tcp:PORT, tcp:HOST:PORT or unix:PATH",
        "machines: {}                                    | :1:11: 'machines' has none",
        "machine: {a: {}}                                | :1:1: 'machine' is no key of the file; did you mean machines? allowed are machines, defaults",
        "slots: 2                                        | :1:1: the file has no 'machines'",
        "{slots: none, machines: {a: {}}}                | :1:9: 'slots': 'none' is not a whole number from 1 to 1024",
        "{memory: 8M, machines: {a: {memory: 16M}}}      | the machines have 16 MiB of memory together, more than the limit of 8 MiB",
        "machines: [a, b]                                | :1:11: 'machines' is a list, where lines of the form 'key: value' belong",
        "machines: {a: {kernel: nowhere.elf}}            | machine 'a': ",
        "'machines: {a: {'                               | "})
    void badFilesAreRefusedWithTheirPlace(String text, String message) throws Exception {
        Path f = Files.writeString(dir.resolve("bad.yaml"), text);
        CommandLineRun r = command("up", f.toString());
        assertEquals(2, r.code(), r.err());
        assertEquals(1, r.err().strip().lines().count(), r.err());
        assertTrue(message == null || r.err().contains(message), r.err());
    }

    @Test
    void noMachinesOrTwoOfOneNameAreRefused() {
        assertTrue(command("up").err().contains("no machines: name a file, or describe them with --vm"));
        assertTrue(command("up", "--vm", "name=a", "--vm", "name=a,mode=pv").err().contains("two machines are called 'a'"));
        assertTrue(command("up", "--vm", "mode=pv").err().contains("has no name"));
        assertTrue(command("up", "--vm", "name=a,memory").err().contains("'memory' is not KEY=VALUE"));
        assertEquals(2, Gearshift.execute(new PrintWriter(Writer.nullWriter()), new PrintWriter(Writer.nullWriter()), "up", "--vm", "name=a", "--slots", "0"));
    }
}
