package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import org.gearshift.vmm.net.MacAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks as users write them: what is understood, and one line and exit code 2 for what is not. */
class NetOptionTest {
    @Test
    void optionsAreRead() {
        assertEquals(NetOption.NONE, NetOption.parse("none"));
        assertEquals(new NetOption(true, MacAddress.DEFAULT_GUEST, false, null), NetOption.parse("user"));
        NetOption all = NetOption.parse("user,mac=02:00:00:00:00:01,restrict=on,dns=192.0.2.1:5353");
        assertEquals(0x020000000001L, all.mac());
        assertTrue(all.restricted());
        assertEquals("/192.0.2.1:5353", all.dns().toString());
        assertEquals(53, NetOption.parse("user,dns=[2001:db8::1]").dns().getPort());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--net|bridge|is not a network",
        "--net|none,mac=02:00:00:00:00:01|is not a network",
        "--net|user,mac=02:00|is not an Ethernet address",
        "--net|user,mac=ff:ff:ff:ff:ff:ff|is not the address of one station",
        "--net|user,restrict=maybe|on or off",
        "--net|user,dns=example.org|dns 'example.org'",
        "--net|user,dns=192.0.2.1:0|dns '192.0.2.1:0'",
        "--net|user,mtu=9000|means nothing for a network",
        "--forward|8080:80|is not of the form",
        "--forward|tcp:8080:80000|ports go up to 65535",
        "--forward|tcp:8080:80|--forward needs --net user"})
    void whatMakesNoSenseIsRefusedInOneLine(String option, String value, String complaint) {
        CommandLineRun run = CommandLineRun.of("run", "--serial", "none", option, value);
        assertEquals(2, run.code(), run.err());
        String first = run.err().lines().findFirst().orElse("");
        assertTrue(first.contains(complaint), run.err());
        assertTrue(run.err().lines().count() <= 2, run.err());
    }

    @Test
    void aPortInUseIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CommandLineRun run = CommandLineRun.of("run", "--serial", "none", "--net", "user", "--forward", "tcp:" + taken.getLocalPort() + ":80");
            assertEquals(2, run.code(), run.err());
            assertEquals(1, run.err().lines().count(), run.err());
            assertTrue(run.err().contains("port " + taken.getLocalPort() + " of 127.0.0.1"), run.err());
        }
    }

    @Test
    void twoMachinesInLockstepHaveNoNetwork() {
        CommandLineRun run = CommandLineRun.of("run", "--serial", "none", "--net", "user", "--lockstep");
        assertEquals(2, run.code(), run.err());
    }

    @Test
    void anInterfaceNobodyDrivesChangesNothing() {
        CommandLineRun run = CommandLineRun.of("run", "--serial", "none", "--clock", "virtual", "--net", "user", "--max-instructions", "200000");
        assertEquals(5, run.code(), run.err());
        assertTrue(run.err().contains("a run repeats only until the guest talks to somebody outside"), run.err());
    }
}
