package org.gearshift.vmm.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.XenVm;
import org.junit.jupiter.api.Test;

/** Domains from their first instruction to their end, by code of a few instructions. */
class DomainTest {
    private static final int CONSOLE_IO = 18;
    private static final int SCHED_OP = 29;
    private static final int LIMIT = 100_000;

    private final ByteArrayOutputStream console = new ByteArrayOutputStream();
    private final ByteBuffer code = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);

    private DomainTest bytes(int... all) {
        for (int b : all) {
            code.put((byte) b);
        }
        return this;
    }

    /** mov register, value; the register as the low bits of the opcode count them. */
    private DomainTest load(int register, long value) {
        bytes(0x48 | register >>> 3, 0xb8 | register & 7);
        code.putLong(value);
        return this;
    }

    private DomainTest bareCall(int number, long a, long b, long c) {
        return load(7, a).load(6, b).load(2, c).load(0, number).bytes(0x0f, 0x05);
    }

    private DomainTest pageCall(int number, long a, long b, long c) {
        load(7, a).load(6, b).load(2, c);
        bytes(0xe8);
        code.putInt((int) (MiniKernel.HYPERCALL_PAGE + 32L * number - (MiniKernel.CODE + code.position() + 4)));
        return this;
    }

    private DomainTest end(int reason) {
        load(0, reason).load(3, MiniKernel.DATA + 0x800).bytes(0x89, 0x03);
        return bareCall(SCHED_OP, 2, MiniKernel.DATA + 0x800, 0);
    }

    private VmOutcome run() throws Exception {
        byte[] all = java.util.Arrays.copyOf(code.array(), code.position());
        return MiniKernel.machine(all, console).run(LIMIT);
    }

    /** movb text to memory at the start of the data pages. */
    private DomainTest text(String text) {
        byte[] b = text.getBytes(StandardCharsets.US_ASCII);
        load(3, MiniKernel.DATA);
        for (int i = 0; i < b.length; i++) {
            bytes(0xc6, 0x43, i, b[i]);
        }
        return this;
    }

    @Test
    void bothStylesOfHypercallsArrive() throws Exception {
        text("ab").bareCall(CONSOLE_IO, 0, 1, MiniKernel.DATA).pageCall(CONSOLE_IO, 0, 2, MiniKernel.DATA).end(0);
        assertEquals(VmOutcome.POWER_OFF, run().exitCode());
        assertEquals("aab", console.toString(StandardCharsets.US_ASCII));
    }

    @Test
    void shutdownReasonsBecomeExitCodes() throws Exception {
        end(1);
        assertEquals(VmOutcome.RESET, run().exitCode());
    }

    @Test
    void anExceptionWithoutAHandlerCrashesTheDomainAndNothingElse() throws Exception {
        bytes(0x0f, 0x0b);
        VmOutcome outcome = run();
        assertEquals(VmOutcome.TRIPLE_FAULT, outcome.exitCode());
        assertTrue(outcome.message().contains("exception 6"), outcome.message());
    }

    @Test
    void anUnknownHypercallIsRefused() throws Exception {
        bareCall(45, 0, 0, 0);
        // cmp rax, -38; jne to the undefined instruction below
        bytes(0x48, 0x83, 0xf8, -38, 0x75, 0x02, 0xeb, 0x02, 0x0f, 0x0b);
        end(0);
        assertEquals(VmOutcome.POWER_OFF, run().exitCode());
    }

    @Test
    void theKernelSeesItsBuildersData() throws Exception {
        // rsi is start_info: "xen-" first; r15 keeps it
        bytes(0x49, 0x89, 0xf7, 0x81, 0x3e, 'x', 'e', 'n', '-', 0x74, 0x02, 0x0f, 0x0b);
        // lea rdx, [r15 + 128]: the command line
        bytes(0x49, 0x8d, 0x97, 128, 0, 0, 0).load(7, 0).load(6, 7).load(0, CONSOLE_IO).bytes(0x0f, 0x05);
        end(0);
        assertEquals(VmOutcome.POWER_OFF, run().exitCode());
        assertEquals("command", console.toString(StandardCharsets.US_ASCII));
    }

    @Test
    void forcedCpuidNamesTheHypervisor() throws Exception {
        load(0, 0x40000000L).bytes(0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2);
        // cmp ebx, "XenV"
        bytes(0x81, 0xfb, 'X', 'e', 'n', 'V', 0x74, 0x02, 0x0f, 0x0b);
        end(0);
        assertEquals(VmOutcome.POWER_OFF, run().exitCode());
    }

    @Test
    void haltIsRefusedToAKernelAtLevelThree() throws Exception {
        bytes(0xf4);
        assertTrue(run().message().contains("exception 13"));
    }

    @Test
    void aRequestToShutDownIsInTheStore() throws Exception {
        XenVm vm = MiniKernel.machine(new byte[] {(byte) 0xf4}, console);
        vm.requestShutdown();
        vm.domain().poll();
        assertEquals("poweroff", vm.domain().storeTree.get("/local/domain/1/control/shutdown"));
    }

    @Test
    void runsRepeat() throws Exception {
        text("x").bareCall(CONSOLE_IO, 0, 1, MiniKernel.DATA).end(0);
        byte[] all = java.util.Arrays.copyOf(code.array(), code.position());
        XenVm a = MiniKernel.machine(all, console);
        XenVm b = MiniKernel.machine(all, console);
        a.run(LIMIT);
        b.run(LIMIT);
        assertEquals(a.engine().retired(), b.engine().retired());
        assertEquals(-1, a.ram().mismatch(b.ram()));
    }
}
