package org.gearshift.tools.gdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.gearshift.samples.SampleKernel;
import org.gearshift.testing.OwnThread;
import org.gearshift.tools.debug.KernelSymbols;
import org.gearshift.tools.debug.MonitorCommands;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The remote protocol byte by byte, against the sample kernel that stands before its first instruction. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GdbProtocolTest {
    private static final int PATIENCE_MILLIS = 60_000;
    /** mov esp, ...: where the sample kernel is entered. */
    private static final String ENTRY = "0c001000";

    private Vm vm;
    private GdbServer server;
    private CompletableFuture<VmOutcome> run;
    private Socket socket;
    private PacketChannel channel;

    @BeforeEach
    void start() throws Exception {
        vm = new Vm(new VmConfig(64 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.JVM)), NamedCpu.P686.model(), SerialBackend.NONE);
        vm.load(SampleKernel.image(), new byte[0], "", "");
        server = GdbServer.start(vm, new InetSocketAddress("localhost", 0), true, new MonitorCommands(vm, KernelSymbols::none), new PrintWriter(new StringWriter()));
        run = OwnThread.start(() -> vm.run(Long.MAX_VALUE));
        connect();
    }

    private void connect() throws Exception {
        socket = new Socket("localhost", server.port());
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        channel = new PacketChannel(socket.getInputStream(), socket.getOutputStream(), socket);
    }

    @AfterEach
    void stop() throws Exception {
        socket.close();
        vm.quit();
        server.close();
        run.get(1, TimeUnit.MINUTES);
    }

    /** As gdb does: what it sends has no runs. */
    private void send(String packet) throws Exception {
        StringBuilder b = new StringBuilder();
        int sum = 0;
        for (char c : packet.toCharArray()) {
            b.append("$#}*".indexOf(c) >= 0 ? "}" + (char) (c ^ 0x20) : String.valueOf(c));
        }
        for (char c : b.toString().toCharArray()) {
            sum += c;
        }
        socket.getOutputStream().write(String.format("$%s#%02x", b, sum & 0xff).getBytes(StandardCharsets.ISO_8859_1));
    }

    private String ask(String packet) throws Exception {
        send(packet);
        return expand(channel.read());
    }

    /** Undoes run-length encoding. */
    private static String expand(String data) {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < data.length(); i++) {
            if (data.charAt(i) == '*') {
                b.append(String.valueOf(b.charAt(b.length() - 1)).repeat(data.charAt(++i) - 29));
            } else {
                b.append(data.charAt(i));
            }
        }
        return b.toString();
    }

    private static String text(String hex) {
        return new String(Hex.bytes(hex), StandardCharsets.UTF_8);
    }

    @Test
    void whatIsNotKnownIsAnsweredByNothing() throws Exception {
        for (String packet : new String[] {"vMustReplyEmpty", "qTStatus", "!", "vFile:open:00", "QNonStop:1", "Zx,0,1", "b"}) {
            assertEquals("", ask(packet), packet);
        }
        assertTrue(ask("qSupported:multiprocess+;swbreak+").contains("qXfer:features:read+"));
        assertEquals("T05thread:1;", ask("?"));
        assertEquals("m1", ask("qfThreadInfo"));
        assertEquals("l", ask("qsThreadInfo"));
        assertEquals("CPU#0 [running]", text(ask("qThreadExtraInfo,1")));
        assertEquals("OK", ask("T1"));
        assertTrue(ask("T2").startsWith("E"));
    }

    @Test
    void registersGoThereAndBack() throws Exception {
        StringBuilder xml = new StringBuilder();
        String part;
        do {
            part = ask("qXfer:features:read:target.xml:" + Integer.toHexString(xml.length()) + ",200");
            xml.append(part.substring(1));
        } while (part.startsWith("m"));
        assertTrue(xml.toString().contains("<architecture>i386</architecture>") && xml.toString().endsWith("</target>\n"), xml.toString());
        String all = ask("g");
        assertEquals(ENTRY, all.substring(8 * 8, 9 * 8));
        assertEquals("OK", ask("P0=78563412"));
        assertEquals("78563412", ask("p0"));
        assertEquals("OK", ask("G" + all));
        assertEquals(all, ask("g"));
        // st0 is number 16, xmm0 number 32.
        assertEquals("OK", ask("P10=0102030405060708ff3f"));
        assertEquals("0102030405060708ff3f", ask("p10"));
        assertEquals("OK", ask("P20=000102030405060708090a0b0c0d0e0f"));
        assertEquals("000102030405060708090a0b0c0d0e0f", ask("p20"));
        assertTrue(ask("pffff").startsWith("E"));
        assertTrue(ask("P0=00").startsWith("E"));
        assertTrue(ask("Ga").startsWith("E"));
    }

    @Test
    void memoryGoesThereAndBackEscapedToo() throws Exception {
        assertEquals("OK", ask("M200000,4:deadbeef"));
        assertEquals("deadbeef", ask("m200000,4"));
        assertEquals("OK", ask("X200000,5:#$}*a"));
        assertEquals("23247d2a61", ask("m200000,5"));
        assertEquals("0".repeat(2000), ask("m300000,3e8"));
        assertEquals("E0e", ask("mfffff000,10"));
        assertEquals("E0e", ask("Mfffff000,1:00"));
        assertTrue(ask("M200000,2:00").startsWith("E"));
        assertTrue(ask("mzz,1").startsWith("E"));
        assertEquals(16, ask("m" + Long.toHexString((64 << 20) - 8) + ",100").length(), "up to the end of RAM");
    }

    @Test
    void breakpointsStepsAndWatchpoints() throws Exception {
        assertEquals("T05thread:1;", ask("s"));
        String pc = ask("p8");
        assertEquals("11001000", pc);
        assertEquals("OK", ask("Z1,100013,1"));
        assertEquals("T05thread:1;hwbreak:;", ask("vCont;c"));
        assertEquals("13001000", ask("p8"));
        assertEquals("OK", ask("z1,100013,1"));
        // The push before it wrote a word below the stack pointer.
        String sp = ask("p4");
        long stack = Integer.toUnsignedLong(Integer.reverseBytes(Integer.parseUnsignedInt(sp, 16)));
        assertEquals("OK", ask("Z2," + Long.toHexString(stack - 4) + ",8"));
        assertTrue(ask("c").matches("T05thread:1;watch:[0-9a-f]+;"));
        assertEquals("OK", ask("z2," + Long.toHexString(stack - 4) + ",8"));
        assertTrue(ask("Z2,0,ffffff").startsWith("E"), "longer than watchpoints may be");
        assertTrue(ask("vCont;x").startsWith("E"));
        assertTrue(ask("vCont;t").startsWith("E"));
    }

    @Test
    void runningGuestsAreInterruptedAndToldOfTheirEnd() throws Exception {
        send("c");
        socket.getOutputStream().write(3);
        assertEquals("T02thread:1;", channel.read());
        String end = ask("c");
        if (end.startsWith("O")) {
            end = channel.read();
        }
        assertEquals("W00", end);
        assertEquals(VmOutcome.POWER_OFF, run.get(1, TimeUnit.MINUTES).exitCode());
    }

    @Test
    void whenGdbLeavesTheGuestGoesOn() throws Exception {
        assertEquals("OK", ask("Z0,100013,1"));
        assertEquals("T05thread:1;swbreak:;", ask("c"));
        socket.close();
        assertEquals(VmOutcome.POWER_OFF, run.get(1, TimeUnit.MINUTES).exitCode());
    }

    @Test
    void anotherGdbFindsWhatTheFirstLeft() throws Exception {
        assertEquals("OK", ask("M200000,1:55"));
        send("D");
        assertEquals("OK", channel.read());
        connect();
        assertTrue(ask("?").matches("T05thread:1;|W00"), "it has gone on meanwhile");
    }

    @Test
    void killEndsTheMachine() throws Exception {
        assertEquals("OK", ask("vKill;1"));
        assertEquals(VmOutcome.POWER_OFF, run.get(1, TimeUnit.MINUTES).exitCode());
    }

    @Test
    void acknowledgementsCanBeLeftOut() throws Exception {
        assertEquals("OK", ask("QStartNoAckMode"));
        channel.stopAcknowledging();
        assertEquals("m1", ask("qfThreadInfo"));
    }

    @Test
    void damagedPacketsAreAskedForAgain() throws Exception {
        socket.getOutputStream().write("$qC#00".getBytes(StandardCharsets.US_ASCII));
        assertEquals('-', socket.getInputStream().read());
        socket.getOutputStream().write("$qC#b4".getBytes(StandardCharsets.US_ASCII));
        assertEquals('+', socket.getInputStream().read());
        assertEquals("QC1", channel.read());
        socket.getOutputStream().write('-');
        assertEquals("QC1", channel.read());
    }

    @Test
    void garbageDoesNotEndTheMachine() throws Exception {
        Random random = new Random(7);
        String[] begins = {"", "m", "M", "X", "g", "G", "p", "P", "Z", "z", "vCont;s:", "qXfer:features:read:", "qRcmd,", "H", "T", "q", "v", "qThreadExtraInfo,"};
        for (int i = 0; i < 3000; i++) {
            StringBuilder b = new StringBuilder(begins[random.nextInt(begins.length)]);
            for (int n = random.nextInt(12); n > 0; n--) {
                b.append(random.nextInt(4) == 0 ? (char) random.nextInt(256) : "0123456789abcdef,;:=".charAt(random.nextInt(20)));
            }
            if (b.toString().startsWith("vCont;s:") || b.length() > 0 && "cCsSkD".indexOf(b.charAt(0)) >= 0 || b.toString().startsWith("vK")) {
                continue;
            }
            send(b.toString());
            channel.read();
        }
        byte[] noise = new byte[10_000];
        random.nextBytes(noise);
        for (int i = 0; i < noise.length; i++) {
            // No packet that would let it run.
            noise[i] = noise[i] == '$' ? 0 : noise[i];
        }
        socket.getOutputStream().write(noise);
        socket.close();
        connect();
        assertTrue(ask("qfThreadInfo").startsWith("m1"));
        assertFalse(ask("g").startsWith("E"));
    }

    @Test
    void monitorCommandsAnswerInText() throws Exception {
        assertTrue(text(ask("qRcmd," + hex("help"))).contains("info registers|cpus|tlb"));
        assertTrue(text(ask("qRcmd," + hex("info registers"))).contains("eip 0010000c"));
        assertTrue(text(ask("qRcmd," + hex("nonsense"))).contains("no command 'nonsense'"));
        assertEquals("OK", ask("qRcmd," + hex("system_reset")));
        assertEquals(VmOutcome.RESET, run.get(1, TimeUnit.MINUTES).exitCode());
    }

    private static String hex(String text) {
        byte[] b = text.getBytes(StandardCharsets.UTF_8);
        return Hex.of(b, b.length);
    }

    @Test
    void framesAreEscapedAndRunsShortened() throws Exception {
        assertEquals("$}\u0003#80", PacketChannel.frame("#"));
        assertEquals("$OK#9a", PacketChannel.frame("OK"));
        Random random = new Random(3);
        for (int i = 0; i < 2000; i++) {
            StringBuilder b = new StringBuilder();
            while (random.nextInt(6) != 0) {
                b.append(String.valueOf((char) ("0f#$}+-*\u00ff".charAt(random.nextInt(9)))).repeat(1 + random.nextInt(random.nextBoolean() ? 2 : 130)));
            }
            String data = b.toString();
            String frame = PacketChannel.frame(data);
            assertEquals(data, decoded(frame));
            ByteArrayOutputStream acks = new ByteArrayOutputStream();
            PacketChannel c = new PacketChannel(new ByteArrayInputStream(frame.getBytes(StandardCharsets.ISO_8859_1)), acks, () -> { });
            assertNotNull(c.read());
            assertEquals("+", acks.toString(StandardCharsets.US_ASCII));
            assertNull(c.read());
        }
    }

    /** A frame's data, as the manual says it is to be read. */
    private static String decoded(String frame) {
        StringBuilder b = new StringBuilder();
        for (int i = 1; frame.charAt(i) != '#'; i++) {
            char c = frame.charAt(i);
            if (c == '}') {
                b.append((char) (frame.charAt(++i) ^ 0x20));
            } else if (c == '*') {
                b.append(String.valueOf(b.charAt(b.length() - 1)).repeat(frame.charAt(++i) - 29));
            } else {
                b.append(c);
            }
        }
        return b.toString();
    }

    @Test
    void addressesAreThisHostUnlessSaidOtherwise() {
        assertTrue(GdbServer.address("1234").getAddress().isLoopbackAddress());
        assertTrue(GdbServer.address(":1234").getAddress().isLoopbackAddress());
        assertTrue(GdbServer.address("localhost:1234").getAddress().isLoopbackAddress());
        assertEquals(InetAddress.getLoopbackAddress(), GdbServer.address("1234").getAddress());
        assertTrue(GdbServer.address("0.0.0.0:1234").getAddress().isAnyLocalAddress());
        for (String bad : new String[] {"", "x", "localhost", "1:2:x", "70000", "localhost:-1"}) {
            assertThrows(IllegalArgumentException.class, () -> GdbServer.address(bad), bad);
        }
    }
}
