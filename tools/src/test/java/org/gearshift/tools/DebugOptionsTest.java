package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be wrong with the options of debugging is said in one line. */
class DebugOptionsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "run --gdb nonsense | --gdb nonsense: not HOST:PORT or PORT, such as localhost:1234",
        "run --gdb 99999 | --gdb 99999: not HOST:PORT or PORT",
        "run --gdb-nowait | --gdb-nowait without --gdb",
        "run --lockstep --gdb 0 | --lockstep and --gdb do not go together",
        "run --gdb 0 --symbols /nowhere/System.map | /nowhere/System.map: no such file",
        "run --gdb 0 --program /nowhere/ls | /nowhere/ls: no such file",
        "run --gdb 0 --program pom.xml | --program pom.xml: ",
        "run --gdb 0 --program ls@top | --program ls@top: behind the @ an address in hexadecimal",
        "profile --program /nowhere/ls | /nowhere/ls: no such file"})
    void mistakesAreExplained(String line, String message) {
        CommandLineRun run = CommandLineRun.of(line.strip().split(" "));
        assertEquals(2, run.code(), run.err());
        assertTrue(run.err().contains(message.strip()), run.err());
        assertFalse(run.err().contains("\tat "), run.err());
    }

    @Test
    void aPortThatIsTakenIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CommandLineRun run = CommandLineRun.of("run", "--gdb", Integer.toString(taken.getLocalPort()));
            assertEquals(1, run.code(), run.err());
            assertTrue(run.err().contains("cannot listen on localhost:" + taken.getLocalPort() + " for gdb"), run.err());
        }
    }

    @Test
    void aGuestThatDoesNotWaitRunsWithoutAGdb() {
        CommandLineRun run = CommandLineRun.of("run", "--clock", "virtual", "--serial", "none", "--gdb", "0", "--gdb-nowait");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains("gdb can connect: target remote localhost:"), run.err());
    }
}
