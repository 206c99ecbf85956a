package org.gearshift.translator.x86.disasm;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.gearshift.testing.Prerequisite;

/**
 * The host's processor, asked whether bytes are an instruction and how long it is: a small C program, compiled with gcc, that lets the processor fetch
 * them up to the end of a page and no further ({@code length_probe.c}). Requests are collected and answered by the batch.
 */
final class LengthProbe implements AutoCloseable {
    /** Bytes of the longest instruction (SDM vol. 2 section 2.3.11); not the decoder's word, which is what is compared. */
    static final int LONGEST = 15;
    /** Bytes of one string: one more than the longest instruction has. */
    static final int STRING = LONGEST + 1;
    /** Requests in one batch. */
    static final int BATCH = 4096;
    /** Vector of {@code #UD}. */
    static final int UNDEFINED = 6;
    /** Vector of {@code #GP}, which is also what an instruction of more than 15 bytes raises. */
    static final int GENERAL_PROTECTION = 13;

    private final Process process;
    private final OutputStream out;
    private final InputStream in;
    private final ByteBuffer requests = ByteBuffer.allocate(4 + BATCH * (2 + STRING)).order(ByteOrder.LITTLE_ENDIAN);
    private byte[] answers = {};
    private int count;

    /** Compiles and starts the program. Without gcc, or on another kind of processor, a prerequisite is missing. */
    LengthProbe(Path directory) throws IOException, InterruptedException {
        if (!System.getProperty("os.arch").matches("amd64|x86_64")) {
            Prerequisite.missing("the host's processor is not an x86-64");
        }
        Prerequisite.program("gcc");
        Path source = directory.resolve("length_probe.c");
        Path program = directory.resolve("length_probe");
        try (InputStream c = LengthProbe.class.getResourceAsStream("length_probe.c")) {
            Files.write(source, c.readAllBytes());
        }
        Process gcc = new ProcessBuilder(List.of("gcc", "-O2", "-ffreestanding", "-fno-stack-protector", "-mgeneral-regs-only", "-fPIE", "-nostdlib",
                "-static-pie", "-o", program.toString(), source.toString())).inheritIO().start();
        if (gcc.waitFor() != 0) {
            throw new IOException("gcc failed");
        }
        process = new ProcessBuilder(program.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        out = new BufferedOutputStream(process.getOutputStream(), requests.capacity());
        in = process.getInputStream();
        clear();
    }

    /** The flags of the host's processor as {@code /proc/cpuinfo} names them, and its maker's name. */
    static Set<String> hostFlags() throws IOException {
        Path cpuinfo = Path.of("/proc/cpuinfo");
        if (!Files.exists(cpuinfo)) {
            return Prerequisite.missing("no /proc/cpuinfo");
        }
        return Files.readAllLines(cpuinfo).stream().filter(l -> l.startsWith("flags") || l.startsWith("vendor_id"))
                .flatMap(l -> Arrays.stream(l.split("[ \t]+"))).collect(Collectors.toSet());
    }

    /**
     * Whether code of this size can be executed: 16- and 32-bit code needs segments of the local descriptor table, which every kernel that runs 32-bit programs has.
     */
    boolean executes(int bits) throws IOException {
        // ADD AL, AL: where its segment cannot be loaded, the exception comes before the first byte.
        byte[] add = new byte[STRING];
        add[1] = (byte) 0xc0;
        int number = add(bits, 2, add, 0);
        answer();
        boolean executed = length(number) == 2;
        if (!executed && (bits == 64 || Prerequisite.host32BitPrograms())) {
            throw new IOException("the processor says that ADD has " + length(number) + " bytes and raises vector " + vector(number));
        }
        return executed;
    }

    private void clear() {
        requests.clear().position(4);
        count = 0;
    }

    /**
     * Adds a string to the batch; gives its number in it.
     *
     * @param bits code size 16, 32 or 64
     * @param hint length it is expected to have, 1 to 15
     */
    int add(int bits, int hint, byte[] bytes, int offset) {
        requests.put((byte) bits).put((byte) hint).put(bytes, offset, STRING);
        return count++;
    }

    /** Strings in the batch. */
    int size() {
        return count;
    }

    /** Has the batch answered and begins another. */
    void answer() throws IOException {
        requests.putInt(0, count);
        out.write(requests.array(), 0, requests.position());
        out.flush();
        answers = in.readNBytes(2 * count);
        if (answers.length != 2 * count) {
            throw new IOException("the probe ended early");
        }
        clear();
    }

    /** Fewest bytes with which the processor does not want more. */
    int length(int number) {
        return answers[2 * number];
    }

    /** Vector of the exception that the instruction raised; 1 if it was executed. */
    int vector(int number) {
        return answers[2 * number + 1] & 0xff;
    }

    @Override
    public void close() {
        process.destroy();
    }
}
