package org.gearshift.samples;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.host.HostedVm;
import org.gearshift.vmm.host.VmConsole;
import org.gearshift.vmm.host.VmHost;
import org.gearshift.vmm.host.VmProfile;
import org.gearshift.vmm.host.VmState;

/**
 * An example of embedding: a Java object whose answers come from a virtual machine. The guest, in {@code samples/src/main/calculator}, is a machine of its own
 * that reads questions from its serial port and writes answers; whatever goes wrong in there stays in there.
 *
 * <pre>{@code
 * try (Calculator c = new Calculator()) {
 *     c.ask("6*7");    // "42"
 * }
 * }</pre>
 */
public final class Calculator implements AutoCloseable {
    private static final long MEMORY = 8L << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String READY = "calculator ready";

    private final VmHost host = new VmHost(1);
    private final HostedVm vm;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

    /** Starts the machine, and waits until it is ready. */
    public Calculator() throws BootException, InterruptedException {
        VmConsole console = new VmConsole(null);
        Vm machine = new Vm(new VmConfig(MEMORY, VmConfig.Clock.HOST, EngineOptions.of(EngineOptions.Backend.JVM)), console);
        machine.load(new KernelImage("calculator", kernel()), new byte[0], "", "");
        vm = host.add(new VmProfile("calculator", "full", 1, MEMORY, 256, 0), machine, console, () -> { });
        console.attach(new Lines());
        host.start(vm);
        if (!READY.equals(next())) {
            throw new IllegalStateException("the calculator does not start");
        }
    }

    /** The guest's image, as committed beside its source. */
    static byte[] kernel() {
        try (InputStream in = Calculator.class.getResourceAsStream("calculator.elf")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Cuts what the guest writes into lines. */
    private final class Lines implements VmConsole.Viewer {
        private final StringBuilder line = new StringBuilder();

        @Override
        public void output(byte[] bytes) {
            for (char c : new String(bytes, StandardCharsets.US_ASCII).toCharArray()) {
                if (c != '\n') {
                    line.append(c);
                } else {
                    answers.add(line.toString());
                    line.setLength(0);
                }
            }
        }

        @Override
        public void end() {
            // Nobody need wait any longer.
            answers.add("the machine is " + vm.state().label());
        }
    }

    private String next() throws InterruptedException {
        String answer = answers.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (answer == null) {
            throw new IllegalStateException("no answer within " + PATIENCE.toSeconds() + " s; the machine is " + vm.state().label());
        }
        return answer;
    }

    /**
     * Asks the guest.
     *
     * @param question NUMBER OPERATOR NUMBER without blanks; operators are + - * /
     * @return the result in decimal digits, of arithmetic with 32 bits; "?" if the guest does not understand
     */
    public String ask(String question) throws InterruptedException {
        if (question.isEmpty() || question.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("a question is a line");
        }
        type(question + "\n");
        return next();
    }

    private void type(String text) {
        for (byte b : text.getBytes(StandardCharsets.US_ASCII)) {
            vm.console().type(b);
        }
    }

    /** What the machine is doing. */
    public VmState state() {
        return vm.state();
    }

    /** Tells the guest to end, and waits for that. */
    @Override
    public void close() throws InterruptedException {
        type("\n");
        vm.await(PATIENCE.toMillis());
        host.close();
    }

    /** Computes what is given on the command line. */
    public static void main(String[] questions) throws BootException, InterruptedException {
        try (Calculator c = new Calculator()) {
            for (String q : questions) {
                System.out.println(q + " = " + c.ask(q));
            }
        }
    }
}
