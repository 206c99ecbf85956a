package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;

/** What a guest finds on the host's loopback address: a web server with a file, a server that takes the file back, and a name server. */
final class TestHost implements AutoCloseable {
    private static final int MEGABYTE = 1 << 20;
    private static final byte[] ADDRESS = {(byte) 192, 0, 2, 77};

    private final InetAddress loopback = InetAddress.getLoopbackAddress();
    private final HttpServer web;
    private final ServerSocket upload;
    private final DatagramSocket dns;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final byte[] block = new byte[MEGABYTE];
    private final int megabytes;
    private final int forwarded;
    private final Map<String, String> seen = new ConcurrentHashMap<>();
    private final CountDownLatch uploaded = new CountDownLatch(1);
    private final AtomicInteger names = new AtomicInteger();

    /**
     * @param megabytes size of the file
     * @param forwarded port of the host that leads to the guest's web server
     */
    TestHost(int megabytes, int forwarded) throws IOException {
        this.megabytes = megabytes;
        this.forwarded = forwarded;
        new Random(megabytes).nextBytes(block);
        web = HttpServer.create(new InetSocketAddress(loopback, 0), 0);
        web.setExecutor(threads);
        web.createContext("/data", this::sendFile);
        web.createContext("/serving", e -> {
            fetch();
            answer(e);
        });
        web.createContext("/uploaded", e -> {
            try {
                uploaded.await();
            } catch (InterruptedException x) {
                Thread.currentThread().interrupt();
            }
            answer(e);
        });
        web.start();
        upload = new ServerSocket(0, 1, loopback);
        dns = new DatagramSocket(0, loopback);
        threads.submit(this::takeUpload);
        threads.submit(this::answerQueries);
    }

    int webPort() {
        return web.getAddress().getPort();
    }

    int uploadPort() {
        return upload.getLocalPort();
    }

    int dnsPort() {
        return dns.getLocalPort();
    }

    int namesAsked() {
        return names.get();
    }

    /** Fails unless the file came back as it was, both ways. */
    void assertAllBytesEqual() throws IOException {
        Summary whole = whole();
        assertEquals(Map.of("fetched through the forwarded port", whole.toString(), "uploaded", whole.toString()), seen);
    }

    /** Fails unless {@code in} has the file's bytes. */
    void assertIsTheFile(InputStream in) throws IOException {
        assertEquals(whole().toString(), Summary.of(in).toString());
    }

    private Summary whole() {
        Summary whole = new Summary();
        for (int i = 0; i < megabytes; i++) {
            whole.add(part(i), MEGABYTE);
        }
        return whole;
    }

    private byte[] part(int number) {
        block[0] = (byte) number;
        return block;
    }

    private static void answer(HttpExchange e) throws IOException {
        e.sendResponseHeaders(200, 1);
        try (OutputStream out = e.getResponseBody()) {
            out.write('\n');
        }
    }

    private void sendFile(HttpExchange e) throws IOException {
        e.sendResponseHeaders(200, (long) megabytes * MEGABYTE);
        try (OutputStream out = e.getResponseBody()) {
            for (int i = 0; i < megabytes; i++) {
                out.write(part(i));
            }
        }
    }

    private void fetch() throws IOException {
        HttpURLConnection c = (HttpURLConnection) new URL("http", loopback.getHostAddress(), forwarded, "/data").openConnection();
        try (InputStream in = c.getInputStream()) {
            seen.put("fetched through the forwarded port", Summary.of(in).toString());
        }
    }

    private void takeUpload() {
        try (Socket s = upload.accept(); DataInputStream in = new DataInputStream(s.getInputStream())) {
            seen.put("uploaded", Summary.of(in).toString());
        } catch (IOException e) {
            seen.put("uploaded", e.toString());
        }
        uploaded.countDown();
    }

    /** Every name has the same address (RFC 1035: the question is repeated, an answer follows that points to its name). */
    private void answerQueries() {
        try {
            while (true) {
                DatagramPacket p = new DatagramPacket(new byte[512], 512);
                dns.receive(p);
                names.incrementAndGet();
                ByteBuffer b = ByteBuffer.allocate(p.getLength() + 16).put(p.getData(), 0, p.getLength());
                b.putShort((short) 0xc00c).putShort((short) 1).putShort((short) 1).putInt(60).putShort((short) 4).put(ADDRESS);
                b.putShort(2, (short) 0x8180).putShort(6, (short) 1);
                dns.send(new DatagramPacket(b.array(), b.capacity(), p.getSocketAddress()));
            }
        } catch (IOException e) {
            // The test is over.
            return;
        }
    }

    /** Length and checksum. */
    private static final class Summary {
        private final CRC32C sum = new CRC32C();
        private long length;

        void add(byte[] b, int count) {
            sum.update(b, 0, count);
            length += count;
        }

        static Summary of(InputStream in) throws IOException {
            Summary s = new Summary();
            byte[] b = new byte[1 << 16];
            for (int n = in.read(b); n >= 0; n = in.read(b)) {
                s.add(b, n);
            }
            return s;
        }

        @Override
        public String toString() {
            return length + " bytes, CRC-32C " + Long.toHexString(sum.getValue());
        }
    }

    @Override
    public void close() throws IOException {
        web.stop(0);
        upload.close();
        dns.close();
        threads.shutdownNow();
    }
}
