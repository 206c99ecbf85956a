package org.gearshift.translator.x86.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.gearshift.testing.Prerequisite;

/**
 * The host's processor, in 32- or 64-bit code: vector_oracle.c, compiled with gcc. Where the kernel runs no 32-bit programs, 32-bit code is executed as 64-bit code, which is the same
 * bytes for vectors, or nearly so.
 */
final class VectorProcessor implements AutoCloseable {
    static final int MOST_CODE = 23;
    private final Process process;
    private final int middleBytes;
    /** 64-bit code is executed in place of 32-bit code. */
    final boolean counterpart;

    VectorProcessor(Path directory, int bits) throws IOException, InterruptedException {
        this(directory, bits, VectorState.MIDDLE_BYTES);
    }

    VectorProcessor(Path directory, int wanted, int middleBytes) throws IOException, InterruptedException {
        Prerequisite.program("gcc");
        if (!System.getProperty("os.arch").matches("amd64|x86_64")) {
            Prerequisite.missing("the host's processor is not an x86");
        }
        this.middleBytes = middleBytes;
        counterpart = wanted == 32 && !Prerequisite.host32BitPrograms();
        int bits = counterpart ? 64 : wanted;
        if (counterpart) {
            System.out.println("the kernel runs no 32-bit programs: the processor executes 32-bit code's instructions as 64-bit code");
        }
        Path source = directory.resolve("vector_oracle.c");
        Path program = directory.resolve("vector_oracle" + bits);
        try (InputStream in = VectorProcessor.class.getResourceAsStream("/oracle/vector_oracle.c")) {
            Files.copy(in, source, StandardCopyOption.REPLACE_EXISTING);
        }
        int failed = new ProcessBuilder("gcc", "-m" + bits, "-O1", "-no-pie", "-fno-pie", "-o", program.toString(), source.toString()).inheritIO().start().waitFor();
        if (failed != 0) {
            Prerequisite.missing("no gcc -m" + bits + " here");
        }
        process = new ProcessBuilder(program.toString(), Integer.toString(middleBytes)).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /** Executes codes.get(i) on before.get(i) and fills after.get(i). */
    void execute(List<byte[]> codes, List<VectorState> before, List<VectorState> after) throws IOException {
        int n = before.size();
        ByteBuffer b = ByteBuffer.allocate(4 + n * (24 + VectorState.bytes(middleBytes))).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(n);
        for (int i = 0; i < n; i++) {
            byte[] code = codes.get(i);
            b.put((byte) code.length).put(code).put(new byte[MOST_CODE - code.length]);
            before.get(i).write(b);
        }
        OutputStream out = process.getOutputStream();
        out.write(b.array());
        out.flush();
        int size = 16 + VectorState.bytes(middleBytes);
        byte[] raw = process.getInputStream().readNBytes(n * size);
        if (raw.length != n * size) {
            throw new IOException("the program ended early");
        }
        ByteBuffer r = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < n; i++) {
            VectorState s = after.get(i);
            s.vector = r.getInt();
            s.error = r.getInt();
            s.address = r.getLong();
            s.read(r);
        }
    }

    @Override
    public void close() {
        process.destroy();
    }
}
