package org.gearshift.tools.diverge;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.gearshift.tools.stage.InputException;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.cpu.Eflags;

/**
 * QEMU's processor, brought into the state in which a machine of ours starts a kernel in 32-bit protected mode, and stepped from there by way of QEMU's stub for GDB. It is
 * started without firmware and devices: a few instructions in its RAM load descriptor tables, control register and segments, then RAM and registers are made equal.
 */
final class Qemu implements AutoCloseable {
    private static final int ATTEMPTS = 200;
    private static final int PAUSE_MILLIS = 50;
    private static final int STUB = 0x7000;
    private static final int STUB_32 = STUB + 0x40;
    private static final int OWN_TABLE_REGISTER = STUB + 0x100;
    private static final int TABLE_REGISTER = STUB + 0x108;
    private static final int OWN_TABLE = STUB + 0x110;
    private static final int STUB_BYTES = 0x400;
    private static final int MOST_STUB_STEPS = 60;
    private static final int CHUNK = 4096;
    private static final int HOLE = 0xa0000;
    private static final int HOLE_END = 0x100000;

    /** Register numbers of QEMU's i386 target. */
    private static final int EIP = 8;
    private static final int EFLAGS = 9;
    private static final int CS = 10;
    private static final int GENERAL = 8;
    /** How many registers of 32 bits {@code g} begins with: general ones, EIP, EFLAGS, and six selectors. */
    static final int REGISTERS = 16;
    static final String[] NAMES = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip", "eflags", "cs", "ss", "ds", "es", "fs", "gs"};
    /** Our segment numbers in that order. */
    private static final int[] SEGMENTS = {X86State.CS, X86State.SS, X86State.DS, X86State.ES, X86State.FS, X86State.GS};

    private final Process process;
    private final GdbClient gdb;

    private Qemu(Process process, GdbClient gdb) {
        this.process = process;
        this.gdb = gdb;
    }

    /** Starts QEMU with the RAM and processor state of a machine that has been loaded, and has not run. */
    static Qemu like(Vm vm) throws IOException, InterruptedException {
        long[] s = vm.cpu().s;
        if ((s[X86State.CR0] & 1) == 0 || s[X86State.CR0] < 0 || (s[X86State.EFER] & 1 << 10) != 0) {
            throw new InputException("qemu: only kernels that start in 32-bit protected mode without paging can be compared");
        }
        if (!vm.ram().isCompact()) {
            throw new InputException("qemu: give the machine less memory, 1G or so");
        }
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        List<String> command = List.of("qemu-system-i386", "-machine", "pc", "-cpu", "max", "-accel", "tcg", "-m", (vm.ram().size() >> 20) + "M", "-nodefaults",
                "-display", "none",
                "-serial", "none", "-monitor", "none", "-no-reboot", "-no-shutdown", "-S", "-gdb", "tcp:127.0.0.1:" + port);
        Process p;
        try {
            p = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        } catch (IOException e) {
            throw new InputException("qemu: qemu-system-i386 cannot be started (" + e.getMessage() + "); install QEMU");
        }
        boolean ready = false;
        try {
            Qemu q = new Qemu(p, connect(p, port));
            q.begin(vm);
            ready = true;
            return q;
        } finally {
            if (!ready) {
                p.destroyForcibly();
            }
        }
    }

    private static GdbClient connect(Process p, int port) throws IOException, InterruptedException {
        for (int i = 0; ; i++) {
            try {
                return new GdbClient(port);
            } catch (IOException e) {
                if (i == ATTEMPTS || !p.isAlive()) {
                    throw new IOException("QEMU does not answer on 127.0.0.1:" + port + ": " + e.getMessage(), e);
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        }
    }

    private void begin(Vm vm) throws IOException {
        gdb.ask("qSupported");
        // QEMU lets single registers be set by those only who have read the description of the target.
        gdb.ask("qXfer:features:read:target.xml:0,ffb");
        // Steps with neither interrupts nor timers: ours decide when something comes from outside.
        gdb.ask("Qqemu.sstep=0x7");
        long[] s = vm.cpu().s;
        byte[] stub = stub(s);
        gdb.write(STUB, stub, 0, stub.length);
        gdb.setRegister(CS, 0, 4);
        gdb.setRegister(EIP, STUB, 4);
        for (int i = 0; i < MOST_STUB_STEPS && registers()[EIP] != STUB_32 + STUB_BYTES / 4; i++) {
            gdb.step();
        }
        if (registers()[EIP] != STUB_32 + STUB_BYTES / 4) {
            throw new IOException("QEMU does not reach protected mode");
        }
        byte[] ram = vm.ram().copy();
        for (int at = 0; at < ram.length; at += CHUNK) {
            boolean stubbed = at < STUB + STUB_BYTES && at + CHUNK > STUB;
            if ((at < HOLE || at >= HOLE_END) && (stubbed || !isZero(ram, at))) {
                gdb.write(at, ram, at, CHUNK);
            }
        }
        follow(s);
    }

    private static boolean isZero(byte[] ram, int at) {
        for (int i = at; i < at + CHUNK; i++) {
            if (ram[i] != 0) {
                return false;
            }
        }
        return true;
    }

    /** The way from reset to protected mode with the segments, tables and CR0 of a machine's state. */
    private static byte[] stub(long[] s) {
        ByteBuffer b = ByteBuffer.allocate(STUB_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        // lgdt [OWN_TABLE_REGISTER]; mov eax, CR0 of the machine; mov cr0, eax; jmp CS:STUB_32
        b.put(new byte[] {0x66, 0x0f, 0x01, 0x16}).putShort((short) OWN_TABLE_REGISTER).put(new byte[] {0x66, (byte) 0xb8}).putInt((int) s[X86State.CR0]);
        b.put(new byte[] {0x0f, 0x22, (byte) 0xc0, 0x66, (byte) 0xea}).putInt(STUB_32).putShort((short) s[X86State.SEG_SELECTOR + X86State.CS]);
        b.position(STUB_32 - STUB);
        for (int i = 1; i < SEGMENTS.length; i++) {
            // mov ax, selector; mov sreg, ax
            b.put(new byte[] {0x66, (byte) 0xb8}).putShort((short) s[X86State.SEG_SELECTOR + SEGMENTS[i]]).put((byte) 0x8e).put((byte) (0xc0 | SEGMENTS[i] << 3));
        }
        // lgdt [TABLE_REGISTER]; jmp to where the stub ends
        b.put(new byte[] {0x0f, 0x01, 0x15}).putInt(TABLE_REGISTER).put((byte) 0xe9);
        b.putInt(STUB_32 + STUB_BYTES / 4 - (STUB + b.position() + 4));
        int selectors = 0;
        for (int seg : SEGMENTS) {
            selectors = Math.max(selectors, (int) s[X86State.SEG_SELECTOR + seg] >> 3);
        }
        b.position(OWN_TABLE_REGISTER - STUB).putShort((short) (8 * selectors + 7)).putInt(OWN_TABLE);
        b.position(TABLE_REGISTER - STUB).putShort((short) s[X86State.GDTR_LIMIT]).putInt((int) s[X86State.GDTR_BASE]);
        int code = (int) s[X86State.SEG_SELECTOR + X86State.CS] >> 3;
        for (int i = 1; i <= selectors; i++) {
            b.position(OWN_TABLE - STUB + 8 * i).putLong(i == code ? 0x00cf9b000000ffffL : 0x00cf93000000ffffL);
        }
        return b.array();
    }

    /** The registers in QEMU's order. */
    int[] registers() throws IOException {
        ByteBuffer b = ByteBuffer.wrap(gdb.registers()).order(ByteOrder.LITTLE_ENDIAN);
        int[] r = new int[REGISTERS];
        for (int i = 0; i < REGISTERS; i++) {
            r[i] = b.getInt();
        }
        return r;
    }

    /** The same of a processor of ours. */
    static int[] registers(long[] s) {
        int[] r = new int[REGISTERS];
        for (int i = 0; i < GENERAL; i++) {
            r[i] = (int) s[X86State.GPR + i];
        }
        r[EIP] = (int) s[X86State.RIP];
        r[EFLAGS] = Eflags.get(s);
        for (int i = 0; i < SEGMENTS.length; i++) {
            r[CS + i] = (int) s[X86State.SEG_SELECTOR + SEGMENTS[i]];
        }
        return r;
    }

    void step() throws IOException {
        gdb.step();
    }

    /** Takes over general registers, instruction pointer and flags. */
    void follow(long[] s) throws IOException {
        int[] r = registers(s);
        for (int i = 0; i <= EFLAGS; i++) {
            gdb.setRegister(i, r[i] & 0xffffffffL, 4);
        }
    }

    /** Takes over memory by linear address. */
    void follow(long linear, byte[] bytes) throws IOException {
        gdb.write(linear, bytes, 0, bytes.length);
    }

    @Override
    public void close() throws IOException {
        gdb.close();
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
