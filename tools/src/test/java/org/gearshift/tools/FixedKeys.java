package org.gearshift.tools;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.KeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.security.spec.XECPrivateKeySpec;
import java.util.Base64;
import java.util.Random;

/** Private keys for programs that sign and agree on secrets: always the same ones, as PEM files. */
final class FixedKeys {
    private static final long SEED = 20;

    private FixedKeys() {
    }

    /** Writes rsa.pem, p256.pem, p384.pem, p521.pem, ed25519.pem and x25519.pem. */
    static void write(Path directory) throws IOException, GeneralSecurityException {
        write(directory, "rsa", "RSA", rsa());
        for (int bits : new int[] {256, 384, 521}) {
            AlgorithmParameters p = AlgorithmParameters.getInstance("EC");
            p.init(new ECGenParameterSpec("secp" + bits + "r1"));
            write(directory, "p" + bits, "EC", new ECPrivateKeySpec(new BigInteger(bits - 1, new Random(SEED)), p.getParameterSpec(ECParameterSpec.class)));
        }
        write(directory, "ed25519", "Ed25519", new EdECPrivateKeySpec(NamedParameterSpec.ED25519, bytes()));
        write(directory, "x25519", "X25519", new XECPrivateKeySpec(NamedParameterSpec.X25519, bytes()));
    }

    private static byte[] bytes() {
        byte[] b = new byte[32];
        new Random(SEED).nextBytes(b);
        return b;
    }

    private static KeySpec rsa() {
        Random random = new Random(SEED);
        BigInteger e = BigInteger.valueOf(65537);
        BigInteger p;
        BigInteger q;
        do {
            p = BigInteger.probablePrime(1024, random);
            q = BigInteger.probablePrime(1024, random);
        } while (!p.subtract(BigInteger.ONE).gcd(e).equals(BigInteger.ONE) || !q.subtract(BigInteger.ONE).gcd(e).equals(BigInteger.ONE));
        BigInteger p1 = p.subtract(BigInteger.ONE);
        BigInteger q1 = q.subtract(BigInteger.ONE);
        BigInteger d = e.modInverse(p1.multiply(q1));
        return new RSAPrivateCrtKeySpec(p.multiply(q), e, d, p, q, d.mod(p1), d.mod(q1), q.modInverse(p));
    }

    private static void write(Path directory, String name, String algorithm, KeySpec key) throws IOException, GeneralSecurityException {
        byte[] der = KeyFactory.getInstance(algorithm).generatePrivate(key).getEncoded();
        String base64 = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
        Files.writeString(directory.resolve(name + ".pem"), "-----BEGIN " + "PRIVATE KEY-----\n" + base64 + "\n-----END " + "PRIVATE KEY-----\n");
    }
}
