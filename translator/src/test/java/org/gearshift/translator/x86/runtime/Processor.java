package org.gearshift.translator.x86.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.gearshift.testing.Prerequisite;

/**
 * The real processor: a small C program, compiled with gcc as 64- or 32-bit code, that executes instructions on given states. Where the kernel runs no 32-bit programs, it is
 * always 64-bit code: x87 and MMX instructions with [EDI] are the same bytes there, with [RDI], and do the same but for selectors and the format of FXSAVE.
 */
final class Processor implements AutoCloseable {
    /** Where code and data are, in both kinds of code. */
    static final int CODE = 0x1000_0000;
    static final int DATA = 0x2000_0000;
    /** Offset of EDI in the page at {@link #DATA}. */
    static final int OFFSET = 0x800;
    private static final int CODE_ROOM = 500;
    private static final int REQUEST = 512 + MachineState.MEMORY + 32;
    private static final int RESULT = REQUEST + 8;
    private final Process process;
    /** 64-bit code is executed in place of 32-bit code. */
    final boolean counterpart;
    /** Selectors of code and data. */
    final int cs;
    final int ds;
    /** An AMD processor. */
    final boolean amd;
    /** CPUID leaf 7, EBX. */
    final int leaf7;

    Processor(boolean wanted32) throws IOException, InterruptedException {
        Prerequisite.program("gcc");
        if (!System.getProperty("os.arch").matches("amd64|x86_64")) {
            Prerequisite.missing("the host's processor is not an x86");
        }
        counterpart = wanted32 && !Prerequisite.host32BitPrograms();
        boolean code32 = wanted32 && !counterpart;
        if (counterpart) {
            System.out.println("the kernel runs no 32-bit programs: the processor executes these instructions as 64-bit code");
        }
        cs = code32 ? 0x23 : 0x33;
        ds = code32 ? 0x2b : 0;
        Path dir = Files.createDirectories(Path.of("target", "oracle"));
        // Classes of tests run in several processes at once.
        String name = "cpu_oracle" + (code32 ? "32-" : "-") + ProcessHandle.current().pid();
        Path source = dir.resolve(name + ".c");
        Path program = dir.resolve(name);
        try (InputStream in = Processor.class.getResourceAsStream("/oracle/cpu_oracle.c")) {
            Files.write(source, in.readAllBytes());
        }
        Process gcc = new ProcessBuilder("gcc", "-O1", code32 ? "-m32" : "-mno-red-zone", "-o", program.toString(), source.toString()).inheritIO().start();
        if (gcc.waitFor() != 0) {
            throw new IOException("gcc failed; these tests need it");
        }
        process = new ProcessBuilder(program.toAbsolutePath().toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        program.toFile().deleteOnExit();
        source.toFile().deleteOnExit();
        ByteBuffer about = read(8);
        amd = about.getInt() != 0;
        leaf7 = about.getInt();
    }

    private ByteBuffer read(int bytes) throws IOException {
        byte[] raw = process.getInputStream().readNBytes(bytes);
        if (raw.length != bytes) {
            throw new IOException("the program ended early");
        }
        return ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Executes code once on each state, and gives the states after it. */
    void execute(byte[] code, List<MachineState> before, List<MachineState> after) throws IOException {
        execute(code, OFFSET, before, after);
    }

    /** The same with EDI elsewhere in the page at {@link #DATA}; there is no page after that. */
    void execute(byte[] code, int offset, List<MachineState> before, List<MachineState> after) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(12 + CODE_ROOM + REQUEST * before.size()).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(before.size()).putInt(offset).putInt(code.length).put(code).put(new byte[CODE_ROOM - code.length]);
        for (MachineState m : before) {
            b.put(m.fx).put(m.memory);
            for (long r : m.registers) {
                b.putLong(r);
            }
        }
        OutputStream out = process.getOutputStream();
        out.write(b.array());
        out.flush();
        ByteBuffer r = read(RESULT * before.size());
        for (int i = 0; i < before.size(); i++) {
            MachineState m = new MachineState();
            r.get(m.fx).get(m.memory);
            for (int k = 0; k < 4; k++) {
                m.registers[k] = r.getLong();
            }
            m.signal = r.getInt();
            m.faultedAt = r.getInt();
            after.add(m);
        }
    }

    @Override
    public void close() {
        process.destroy();
    }
}
