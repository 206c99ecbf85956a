package org.gearshift.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.gearshift.testing.Prerequisite;
import org.gearshift.vmm.host.VmState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The embedding example. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class CalculatorTest {
    @Test
    void questionsAreAnsweredByTheMachine() throws Exception {
        Calculator c = new Calculator();
        try (c) {
            assertEquals("42", c.ask("6*7"));
            assertEquals("-5", c.ask("7-12"));
            assertEquals("-2147483648", c.ask("2147483647+1"));
            assertEquals("33", c.ask("100/3"));
            assertEquals("?", c.ask("1/0"));
            assertEquals("?", c.ask("what is the answer"));
            assertEquals(VmState.RUNNING, c.state());
        }
        assertEquals(VmState.OFF, c.state());
    }

    @Test
    void theCommittedImageIsWhatItsSourceBuilds(@TempDir Path dir) throws Exception {
        Prerequisite.program("gcc");
        Prerequisite.program("ld");
        Path built = dir.resolve("calculator.elf");
        Process p = new ProcessBuilder("sh", "src/main/calculator/build.sh", built.toString()).redirectErrorStream(true).start();
        String output = new String(p.getInputStream().readAllBytes());
        assertEquals(0, p.waitFor(), output);
        assertArrayEquals(Files.readAllBytes(built), Calculator.kernel(),
                "rebuild it: sh samples/src/main/calculator/build.sh samples/src/main/resources/org/gearshift/samples/calculator.elf");
    }
}
