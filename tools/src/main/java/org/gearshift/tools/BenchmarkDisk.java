package org.gearshift.tools;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.gearshift.samples.LinuxBenchmark;
import org.gearshift.tools.guest.PackageTree;

/** The RAM disk of {@code gearshift compare --kernel}: the benchmark program, and for its largest rows programs of Debian's with what they work on. */
final class BenchmarkDisk {
    private static final List<String> PACKAGES = List.of("libc6", "tcc", "sqlite3", "libsqlite3-0", "libreadline8", "libtinfo6", "zlib1g");
    /** What of them no program needs. */
    private static final List<String> WITHOUT = List.of("usr/lib/x86_64-linux-gnu/gconv", "lib/x86_64-linux-gnu/gconv", "usr/share", "etc", "usr/include");
    private static final int FUNCTIONS = 120;
    private static final int ROWS = 300;

    private BenchmarkDisk() {
    }

    private static Initramfs bare() {
        return new Initramfs().directory("dev").characterDevice("dev/console", 5, 1).characterDevice("dev/null", 1, 3).program("init", LinuxBenchmark.program());
    }

    /** The program alone. */
    static byte[] measured() {
        return bare().gzip();
    }

    /** With a compiler and a database. */
    static byte[] withPrograms(Consumer<String> progress) throws IOException {
        Path root = Files.createTempDirectory("gearshift-compare");
        try {
            new PackageTree(root, "amd64", progress).forCompiling(WITHOUT).add(PACKAGES);
            return bare().directory("tmp").program("source.c", source().getBytes(StandardCharsets.US_ASCII))
                    .program("script.sql", script().getBytes(StandardCharsets.US_ASCII)).tree(root).gzip();
        } finally {
            try (Stream<Path> s = Files.walk(root)) {
                for (Path f : s.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(f);
                }
            }
        }
    }

    /** C without headers: functions with loops, branches, structures and calls of those before. */
    private static String source() {
        StringBuilder b = new StringBuilder("struct pair { int a, b; };\nint f0(struct pair p) { return p.a ^ p.b; }\n");
        for (int i = 1; i < FUNCTIONS; i++) {
            b.append(String.format("""
                    int f%1$d(struct pair p)
                    {
                        int table[%3$d], sum = %1$d;
                        struct pair q = { p.b + %1$d, p.a * %3$d };
                        for (int i = 0; i < %3$d; i++) {
                            table[i] = q.a * i + (q.b >> (i & 7));
                            if (table[i] & %4$d)
                                sum += f%2$d(q) - table[i];
                            else
                                sum ^= table[i] %% (%1$d + 3);
                        }
                        switch (sum & 3) {
                        case 0: return sum;
                        case 1: return sum + table[0];
                        default: return f%2$d(p) - sum;
                        }
                    }
                    """, i, i - 1, 4 + i % 13, 1 << i % 11));
        }
        return b.toString();
    }

    /** Inserts in one transaction, an index, selections by it and without it, an update and a deletion. */
    private static String script() {
        StringBuilder b = new StringBuilder("create table t(id integer primary key, name text, amount integer);\nbegin;\n");
        for (int i = 0; i < ROWS; i++) {
            b.append("insert into t values(").append(i).append(", 'name ").append(i * 7919L % 1009).append("', ").append(i * 104729L % 9973).append(");\n");
        }
        b.append("commit;\ncreate index by_name on t(name);\n");
        for (int i = 0; i < 40; i++) {
            b.append("select sum(amount) from t where name = 'name ").append(i * 31 % 1009).append("';\n");
        }
        for (int i = 0; i < 10; i++) {
            b.append("select count(*), avg(amount), max(name) from t where amount between ").append(i * 900).append(" and ").append(i * 900 + 800).append(";\n");
        }
        return b.append("update t set amount = amount + 1 where id % 3 = 0;\ndelete from t where id % 5 = 0;\nselect count(*), sum(amount) from t;\n").toString();
    }
}
