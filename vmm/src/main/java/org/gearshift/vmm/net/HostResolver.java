package org.gearshift.vmm.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The host's own DNS server: the first {@code nameserver} of resolv.conf(5), which is read again now and then as hosts move between networks. */
final class HostResolver {
    private static final System.Logger LOG = System.getLogger(HostResolver.class.getName());
    private static final long FRESH_NANOS = 10_000_000_000L;
    /** Numeric addresses only, a scope allowed: nothing is looked up for them. */
    private static final Pattern NAMESERVER = Pattern.compile("\\s*nameserver\\s+(\\d+\\.\\d+\\.\\d+\\.\\d+|[0-9a-fA-F.:]*:[0-9a-fA-F.:]*(?:%\\w+)?)\\s*");

    private final Path file;
    private InetSocketAddress current;
    private long readAt;
    private boolean everRead;
    private boolean complained;

    HostResolver(Path file) {
        this.file = file;
    }

    HostResolver() {
        this(Path.of("/etc/resolv.conf"));
    }

    /** Where to send queries; null if the host does not say. */
    InetSocketAddress address() {
        long now = System.nanoTime();
        if (!everRead || now - readAt > FRESH_NANOS) {
            everRead = true;
            readAt = now;
            current = read();
            if (current == null && !complained) {
                complained = true;
                LOG.log(System.Logger.Level.WARNING, "{0} names no DNS server: the guest''s queries are refused (dns=ADDRESS gives one)", file);
            }
        }
        return current;
    }

    private InetSocketAddress read() {
        try {
            for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
                Matcher m = NAMESERVER.matcher(line);
                if (m.matches()) {
                    return new InetSocketAddress(InetAddress.getByName(m.group(1)), NetworkLayout.DNS_PORT);
                }
            }
        } catch (NoSuchFileException e) {
            return null;
        } catch (UnknownHostException e) {
            LOG.log(System.Logger.Level.DEBUG, "an address in resolv.conf that is none", e);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "{0} cannot be read: {1}", file, e.getMessage());
        }
        return null;
    }
}
