package org.gearshift.translator.x86.runtime;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.gearshift.testing.Prerequisite;

/** The real processor: a small C program, compiled with gcc, that executes single instructions on given states. */
final class Processor implements AutoCloseable {
    private static final int REQUEST = 512 + 128 + 32 + 16;
    private static final int RESULT = 512 + 128 + 32 + 8;
    private final Process process;

    Processor() throws IOException, InterruptedException {
        Prerequisite.program("gcc");
        if (!System.getProperty("os.arch").matches("amd64|x86_64")) {
            Prerequisite.missing("the host's processor is not an x86");
        }
        Path dir = Files.createDirectories(Path.of("target", "oracle"));
        Path source = dir.resolve("cpu_oracle.c");
        Path program = dir.resolve("cpu_oracle-" + ProcessHandle.current().pid());
        try (InputStream in = Processor.class.getResourceAsStream("/oracle/cpu_oracle.c")) {
            Files.write(source, in.readAllBytes());
        }
        Process gcc = new ProcessBuilder("gcc", "-O1", "-mno-red-zone", "-o", program.toString(), source.toString()).inheritIO().start();
        if (gcc.waitFor() != 0) {
            throw new IOException("gcc failed; these tests need it");
        }
        process = new ProcessBuilder(program.toAbsolutePath().toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        program.toFile().deleteOnExit();
    }

    /** Executes the instruction once on each state, and gives the states after it. */
    void execute(byte[] code, List<MachineState> before, List<MachineState> after) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(4 + REQUEST * before.size()).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(before.size());
        for (MachineState m : before) {
            b.put(m.fx).put(m.memory);
            for (long r : m.registers) {
                b.putLong(r);
            }
            b.put((byte) code.length).put(code).put(new byte[15 - code.length]);
        }
        OutputStream out = new DataOutputStream(process.getOutputStream());
        out.write(b.array());
        out.flush();
        byte[] raw = process.getInputStream().readNBytes(RESULT * before.size());
        if (raw.length != RESULT * before.size()) {
            throw new IOException("the program ended early");
        }
        ByteBuffer r = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < before.size(); i++) {
            MachineState m = new MachineState();
            r.get(m.fx).get(m.memory);
            for (int k = 0; k < 4; k++) {
                m.registers[k] = r.getLong();
            }
            m.signal = (int) r.getLong();
            after.add(m);
        }
    }

    @Override
    public void close() {
        process.destroy();
    }
}
