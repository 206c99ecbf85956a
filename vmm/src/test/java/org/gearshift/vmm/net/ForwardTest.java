package org.gearshift.vmm.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What users and the host's files say about the network. */
class ForwardTest {
    @ParameterizedTest
    @CsvSource({"tcp:8080:80, tcp:127.0.0.1:8080:80", "udp::5353:53, udp:127.0.0.1:5353:53", "tcp:0.0.0.0:8080:80, tcp:0.0.0.0:8080:80",
        "tcp:localhost:1:2, tcp:127.0.0.1:1:2", "udp:192.0.2.7:65535:65535, udp:192.0.2.7:65535:65535", "tcp:[::1]:8080:80, tcp:0:0:0:0:0:0:0:1:8080:80"})
    void forwardingsAreRead(String text, String meaning) {
        assertEquals(meaning, Forward.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "tcp", "tcp:80", "tcp:8080:", "sctp:1:2", "tcp:host:1:2", "tcp:1:0", "tcp:65536:80", "tcp:8080:70000", "tcp:300.0.0.1:1:2",
        "tcp:[::zz]:1:2", "tcp:-1:80", "tcp:1:2:3:4"})
    void otherTextIsRefused(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> Forward.parse(text)).getMessage();
        assertTrue(message.startsWith("'"), message);
    }

    @Test
    void ethernetAddressesAreReadAndWritten() {
        assertEquals("52:54:00:12:34:56", MacAddress.format(MacAddress.parse("52:54:0:12:34:56")));
        assertEquals(MacAddress.DEFAULT_GUEST, MacAddress.parse("52:54:00:12:34:56"));
        for (String bad : new String[] {"", "52:54:00:12:34", "52:54:00:12:34:56:78", "52:54:00:12:34:5g", "53:54:00:12:34:56", "00:00:00:00:00:00",
            "525400123456"}) {
            assertThrows(IllegalArgumentException.class, () -> MacAddress.parse(bad), bad);
        }
    }

    @Test
    void theHostsNameServerIsTheFirstThatIsAnAddress(@TempDir Path dir) throws IOException {
        Path file = dir.resolve("resolv.conf");
        assertNull(new HostResolver(file).address());
        Files.writeString(file, "# nameserver 192.0.2.1\nsearch example\nnameserver 192.0.2.2 \nnameserver 192.0.2.3\n");
        assertEquals("/192.0.2.2:53", new HostResolver(file).address().toString());
        Files.writeString(file, "nameserver 2001:db8::1\n");
        assertEquals(53, new HostResolver(file).address().getPort());
        Files.writeString(file, "nameserver example.org\n");
        assertNull(new HostResolver(file).address());
    }
}
