package org.gearshift.translator.x86.lift;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.List;

/** The host's processor as oracle: a small C program, compiled with gcc, that executes instructions in a process of its own. */
final class NativeProcessor implements AutoCloseable {
    private final int registers;
    private final Process process;
    private final Writer in;
    private final BufferedReader out;

    private NativeProcessor(Path program, int registers) throws IOException {
        this.registers = registers;
        process = new ProcessBuilder(program.toString()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        in = process.outputWriter(StandardCharsets.US_ASCII);
        out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    }

    /** Compiles and starts the program, 32- or 64-bit; null if this host has no gcc for it. */
    static NativeProcessor start(Path directory, int bits) throws IOException, InterruptedException {
        if (!System.getProperty("os.arch").matches("amd64|x86_64")) {
            return null;
        }
        Path source = directory.resolve("oracle.c");
        Path program = directory.resolve("oracle" + bits);
        try (InputStream c = NativeProcessor.class.getResourceAsStream("oracle.c")) {
            Files.copy(c, source, StandardCopyOption.REPLACE_EXISTING);
        }
        int failed;
        try {
            failed = new ProcessBuilder(List.of("gcc", "-m" + bits, "-O1", "-no-pie", "-fno-pie", "-w", "-o", program.toString(), source.toString()))
                    .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        } catch (IOException e) {
            return null;
        }
        return failed != 0 ? null : new NativeProcessor(program, bits == 64 ? 16 : 8);
    }

    /** Executes code on a machine state, which it changes to the outcome. Returns the signal the process received, or 0. */
    int execute(byte[] code, MachineState state) {
        StringBuilder b = new StringBuilder(HexFormat.of().formatHex(code));
        for (int i = 0; i < registers; i++) {
            b.append(' ').append(Long.toHexString(state.registers[i]));
        }
        b.append(' ').append(Long.toHexString(state.flags)).append(' ').append(HexFormat.of().formatHex(state.memory)).append('\n');
        try {
            in.write(b.toString());
            in.flush();
            String line = out.readLine();
            if (line == null) {
                throw new IllegalStateException("the oracle died on " + b);
            }
            String[] f = line.split(" ");
            if (f[0].equals("signal")) {
                return Integer.parseInt(f[1]);
            }
            for (int i = 0; i < registers; i++) {
                state.registers[i] = Long.parseUnsignedLong(f[i], 16);
            }
            state.flags = Long.parseUnsignedLong(f[registers], 16);
            state.memory = HexFormat.of().parseHex(f[registers + 1]);
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
        process.destroy();
    }
}
