package org.gearshift.tools.conformance;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;

/**
 * The host's processor: runs trials in a process of its own, built from {@code oracle.c} with the host's gcc. A process that dies or hangs is
 * started again, and the trial that was its end is told from the others. 32-bit code is run as such where the kernel allows it; elsewhere as the
 * 64-bit code that {@link Recoding} makes of it. What cannot be made so, QEMU's emulation of a processor runs as it is: an oracle of its own.
 */
public final class NativeOracle implements AutoCloseable {
    private static final int MAGIC = 0x0c0ffee5;
    private static final List<String> SOURCES = List.of("oracle.c", "protocol.h", "system.h", "entry.h", "frames.h");
    private static final String EMULATOR = "qemu-i386";
    private static final int HELLO_BYTES = 32;
    private static final int HAVE_AVX = 1;
    private static final int LINE = 64;
    private static final int DEBUG = 1;
    private static final int OVERFLOW = 4;
    private static final int BOUND_RANGE = 5;
    private static final int GENERAL_PROTECTION = 13;
    private static final int WITH_FP = 1;
    /** So many trials at a time fit the process's buffers whatever they write. */
    static final int BATCH = 600;
    private static final int REQUEST_BUFFER = 8 << 20;
    private static final long PATIENCE_SECONDS = 30;

    /** What runs the code. */
    private enum Kind {
        /** The processor. */
        NATIVE,
        /** The processor, 32-bit code as 64-bit code. */
        RECODING,
        /** QEMU's user-mode emulation. */
        EMULATED
    }

    private final int bits;
    private final Kind kind;
    private final Path directory;
    private final ScheduledExecutorService watchdog;
    private final ByteBuffer request = ByteBuffer.allocate(REQUEST_BUFFER).order(ByteOrder.LITTLE_ENDIAN);
    private Process process;
    private OutputStream to;
    private InputStream from;
    private Code loaded;
    private boolean avx;
    private final int[] selectors = new int[6];
    private long exitPointer;
    private long spareStack;
    /** The code that {@link #recoded} or {@link #refusal} is of. */
    private Code lastAsked;
    private Recoding recoded;
    private String refusal;
    private int deaths;

    private NativeOracle(int bits, Kind kind, Path directory) {
        this.bits = bits;
        this.kind = kind;
        this.directory = directory;
        watchdog = Executors.newSingleThreadScheduledExecutor(r -> {
            Thread t = new Thread(r, "oracle-watchdog");
            t.setDaemon(true);
            return t;
        });
    }

    /**
     * Builds and starts an oracle.
     *
     * @param bits size of the code it runs: 32 or 64
     * @throws OracleUnavailableException if there is no compiler, or the processor is none it could build for
     */
    public static NativeOracle start(int bits) throws OracleUnavailableException, IOException {
        return start(bits, bits == 64 || HostPrograms.run32BitCode() ? Kind.NATIVE : Kind.RECODING);
    }

    /**
     * Builds an oracle for 32-bit code and starts it on QEMU's emulation of a processor.
     *
     * @throws OracleUnavailableException if that is not installed, or there is no compiler for 32-bit code
     */
    static NativeOracle startEmulated() throws OracleUnavailableException, IOException {
        return start(32, Kind.EMULATED);
    }

    private static NativeOracle start(int bits, Kind kind) throws OracleUnavailableException, IOException {
        NativeOracle o = new NativeOracle(bits, kind, Files.createTempDirectory("gearshift-oracle"));
        try {
            o.build();
            o.launch();
            return o;
        } catch (OracleUnavailableException | IOException e) {
            o.close();
            throw e;
        }
    }

    private void build() throws OracleUnavailableException, IOException {
        for (String name : SOURCES) {
            try (InputStream in = NativeOracle.class.getResourceAsStream("oracle/" + name)) {
                Files.copy(in, directory.resolve(name));
            }
        }
        Process gcc;
        int width = kind == Kind.RECODING ? 64 : bits;
        try {
            gcc = new ProcessBuilder("gcc", "-m" + width, "-D" + kind, "-O2", "-ffreestanding", "-nostdlib", "-static", "-no-pie", "-fno-pic",
                    "-fno-stack-protector", "-mgeneral-regs-only", "-fcf-protection=none", "-fno-asynchronous-unwind-tables",
                    "-Wl,-Ttext-segment=0x" + Long.toHexString(Layout.RESERVED), "-Wl,--build-id=none", "-Wl,-z,noexecstack",
                    "-o", directory.resolve("oracle").toString(), directory.resolve(SOURCES.get(0)).toString()).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new OracleUnavailableException("the native oracle is built with gcc, which is not here: install the package gcc");
        }
        String said = new String(gcc.getInputStream().readAllBytes());
        try {
            if (gcc.waitFor() != 0) {
                throw new OracleUnavailableException("gcc -m" + width + " cannot build the native oracle: install the package "
                        + (width == 32 ? "gcc-multilib" : "gcc and run on an x86-64 host") + " (" + said.lines().findFirst().orElse("no message") + ")");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while gcc ran", e);
        }
    }

    private void launch() throws OracleUnavailableException, IOException {
        String program = directory.resolve("oracle").toString();
        List<String> command = kind == Kind.EMULATED ? List.of(EMULATOR, "-cpu", "max", program) : List.of(program);
        try {
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        } catch (IOException e) {
            throw new OracleUnavailableException("the native oracle does not start: " + e.getMessage());
        }
        to = process.getOutputStream();
        from = process.getInputStream();
        byte[] hello = from.readNBytes(HELLO_BYTES);
        ByteBuffer b = ByteBuffer.wrap(hello).order(ByteOrder.LITTLE_ENDIAN);
        if (hello.length != HELLO_BYTES || b.getInt() != MAGIC) {
            throw new OracleUnavailableException("the native oracle for " + bits + "-bit code does not run here");
        }
        avx = (b.getInt() & HAVE_AVX) != 0;
        for (int i = 0; i < 6; i++) {
            selectors[i] = b.getShort() & 0xffff;
        }
        spareStack = b.getInt() & 0xffff_ffffL;
        exitPointer = b.getLong(HELLO_BYTES - 8);
        to.write(Layout.initialPages());
        to.flush();
        loaded = null;
    }

    /** Size of the code this oracle runs. */
    public int bits() {
        return bits;
    }

    /** Whether the upper halves of vector registers are there. */
    boolean hasAvx() {
        return avx;
    }

    /** Selectors of the process in X86State order. */
    int[] selectors() {
        return selectors.clone();
    }

    /** Address of the pointer through which the jump behind the code leads back. */
    long exitPointer() {
        return exitPointer;
    }

    /** Limit of GS, whose base is not 0: where 32-bit code is run as such it has one that counts. */
    long gsLimit() {
        return kind == Kind.NATIVE ? Layout.GS_LIMIT_32 : MonitorProcessor.FOUR_GIB;
    }

    /** Whether 32-bit code is run as 64-bit code that does the same. */
    boolean isRecoding() {
        return kind == Kind.RECODING;
    }

    /** Whether QEMU runs the code. */
    boolean isEmulated() {
        return kind == Kind.EMULATED;
    }

    /** Why code cannot be run, or null. */
    String refusal(Code code) {
        if (isRecoding() && (lastAsked == null || lastAsked != code)) {
            lastAsked = code;
            try {
                recoded = Recoding.of(code, exitPointer, spareStack);
                refusal = null;
            } catch (NotRecodableException e) {
                recoded = null;
                refusal = e.getMessage();
            }
        }
        return refusal;
    }

    /** How often the process had to be started again. */
    int deaths() {
        return deaths;
    }

    /**
     * Runs trials in order.
     *
     * @return as many outcomes; null for a trial that was the process's end, or whose code {@link #refusal} speaks of
     */
    List<Outcome> run(List<Trial> trials) throws IOException {
        List<Trial> possible = new ArrayList<>(trials.size());
        for (Trial t : trials) {
            if (refusal(t.code()) == null) {
                possible.add(t);
            }
        }
        Iterator<Outcome> got = runPossible(possible).iterator();
        List<Outcome> out = new ArrayList<>(trials.size());
        for (Trial t : trials) {
            out.add(refusal(t.code()) == null ? got.next() : null);
        }
        return out;
    }

    private List<Outcome> runPossible(List<Trial> trials) throws IOException {
        List<Outcome> out = new ArrayList<>(trials.size());
        for (int i = 0; i < trials.size(); i += BATCH) {
            List<Trial> part = trials.subList(i, Math.min(trials.size(), i + BATCH));
            try {
                exchange(part, out);
            } catch (EOFException e) {
                oneByOne(part, out);
            }
        }
        return out;
    }

    /** After a death in a batch: finds whose end it was. */
    private void oneByOne(List<Trial> trials, List<Outcome> out) throws IOException {
        restart();
        for (Trial t : trials) {
            try {
                exchange(List.of(t), out);
            } catch (EOFException e) {
                restart();
                out.add(null);
            }
        }
    }

    /** Starts the process anew, with memory as at first. */
    void restart() throws IOException {
        deaths++;
        process.destroyForcibly();
        try {
            launch();
        } catch (OracleUnavailableException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private void exchange(List<Trial> trials, List<Outcome> out) throws IOException {
        request.clear().position(4);
        for (Trial t : trials) {
            put(t);
        }
        request.putInt(0, request.position() - 4);
        Process running = process;
        ScheduledFuture<?> kill = watchdog.schedule(running::destroyForcibly, PATIENCE_SECONDS, TimeUnit.SECONDS);
        byte[] answer;
        try {
            to.write(request.array(), 0, request.position());
            to.flush();
            answer = answer();
        } catch (IOException e) {
            // Of a process that has been killed, streams end, or are closed under one's hands.
            throw new EOFException("the oracle is gone");
        } finally {
            kill.cancel(false);
        }
        ByteBuffer b = ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN);
        List<Outcome> got = new ArrayList<>(trials.size());
        for (Trial t : trials) {
            got.add(outcome(b, t));
        }
        out.addAll(got);
    }

    private byte[] answer() throws IOException {
        byte[] length = from.readNBytes(4);
        if (length.length < 4) {
            throw new EOFException("the oracle is gone");
        }
        int n = ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getInt();
        byte[] answer = from.readNBytes(n);
        if (answer.length < n) {
            throw new EOFException("the oracle is gone");
        }
        return answer;
    }

    private void put(Trial t) {
        Registers r = t.start();
        boolean code = t.code() != loaded;
        request.putInt(r.fp != null ? WITH_FP : 0);
        request.putInt(code ? t.code().bytes().length : 0);
        request.putInt(t.code().offset());
        request.putInt(t.memory().size());
        for (long v : r.general) {
            request.putLong(v);
        }
        request.putLong(r.eflags);
        if (code) {
            putPadded(t.code().bytes());
            if (isRecoding()) {
                putRecoded(t.code());
            }
            loaded = t.code();
        }
        if (r.fp != null) {
            request.put(r.fp);
        }
        for (Patch p : t.memory()) {
            request.putInt(p.offset());
            request.putInt(p.bytes().length);
            putPadded(p.bytes());
        }
    }

    private void putRecoded(Code code) {
        refusal(code);
        Map<Long, Integer> places = recoded.places();
        request.putInt(recoded.bytes().length);
        request.putInt(places.size());
        putPadded(recoded.bytes());
        places.forEach((address, offset) -> {
            request.putShort((short) (address - Layout.CODE));
            request.putShort((short) (int) offset);
        });
        pad();
    }

    private void putPadded(byte[] bytes) {
        request.put(bytes);
        pad();
    }

    private void pad() {
        while ((request.position() - 4 & 7) != 0) {
            request.put((byte) 0);
        }
    }

    private Outcome outcome(ByteBuffer b, Trial t) {
        Outcome.Kind ending = Outcome.Kind.values()[b.getInt()];
        int vector = b.getInt();
        int count = b.getInt();
        int flags = b.getInt();
        long error = b.getLong();
        long address = b.getLong();
        long ip = original(b.getLong(), t.code());
        Registers r = new Registers();
        for (int i = 0; i < 16; i++) {
            r.general[i] = b.getLong();
        }
        r.eflags = (int) b.getLong();
        if ((flags & WITH_FP) != 0) {
            r.fp = new byte[Registers.FP_BYTES];
            b.get(r.fp);
        }
        Outcome.Line[] lines = new Outcome.Line[count];
        for (int i = 0; i < count; i++) {
            int offset = (int) b.getLong();
            byte[] bytes = new byte[LINE];
            b.get(bytes);
            lines[i] = new Outcome.Line(offset, bytes);
        }
        if (isEmulated() && ending == Outcome.Kind.FAULT && vector == GENERAL_PROTECTION) {
            vector = vectorOfProtection(t.code(), ip);
        }
        if (ending == Outcome.Kind.FAULT && vector == DEBUG && (Layout.isReserved(ip) || isRecoding() && ip == t.code().end())) {
            // TF was set by the last instruction: the trap comes after the jump behind it.
            return new Outcome(Outcome.Kind.DONE, 0, 0, 0, 0, r, lines);
        }
        return new Outcome(ending, vector, error, address, ip, r, lines);
    }

        /** Linux reports INTO and BOUND as it does general protection, and QEMU's frames do not say more. */
    private static int vectorOfProtection(Code code, long ip) {
        Instruction at = code.instructionAt(ip);
        if (at != null && at.mnemonic() == Mnemonic.BOUND) {
            return BOUND_RANGE;
        }
        Instruction before = code.instructionBefore(ip);
        return before != null && before.mnemonic() == Mnemonic.INTO ? OVERFLOW : GENERAL_PROTECTION;
    }

private long original(long ip, Code code) {
        if (!isRecoding()) {
            return ip;
        }
        refusal(code);
        return recoded.original(ip);
    }

    @Override
    public void close() {
        watchdog.shutdownNow();
        if (process != null) {
            process.destroyForcibly();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path f : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(f);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
