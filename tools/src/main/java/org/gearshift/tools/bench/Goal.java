package org.gearshift.tools.bench;

import java.util.Arrays;
import java.util.List;

/**
 * A row of the table: sections that are judged together, and how large their ratio may be.
 *
 * @param label what the row is called
 * @param needed largest ratio that passes; for {@link Measure#RESIDENT} MiB
 * @param aim what is hoped for; 0 if nothing beyond
 * @param worst largest ratio of any single section; 0 if there is no such limit
 * @param steady the limit is for long runs: short ones, in which translated code is still warming up, may take twice as much
 */
public record Goal(String label, Measure measure, List<String> sections, double needed, double aim, double worst, boolean steady) {
    /** What is compared. */
    public enum Measure { SECTIONS, BOOT, RESIDENT }

    /** Percent of the usual work from which on a run is a long one. */
    public static final int LONG = 1000;

    private static final double WARMING = 2;

    /** Of a Linux guest that runs peerbench. */
    public static final List<Goal> LINUX = List.of(
            steady("integer", 1.0, 0.7, 2.0, "alu sieve crc32 sha256 qsort lz interp coremix muldiv callret indcall"),
            steady("x87", 0.5, 0.25, 0, "nbody.x87 matmul.x87 mandel.x87"),
            steady("SSE2", 0.4, 0.2, 0, "nbody.sse matmul.sse mandel.sse saxpy.v4 imat.v4"),
            steady("memory", 0.6, 0.4, 0, "repmovs1M repmov40 repstos1M chase64M chase256K stream stream.pad"),
            steady("OS", 1.5, 1.0, 0, "os.int80 os.sysfast os.signal os.protflt os.divzero os.pipe os.forkwait os.forkexec os.sh os.gzip os.pgfault os.mmap os.file os.rw64K os.gtod os.yield"),
            steady("bigcode", 2.0, 1.0, 0, "bigcode"),
            steady("smc50", 2.0, 1.0, 0, "smc50"),
            new Goal("boot to init", Measure.BOOT, List.of(), 1.5, 0.8, 0, false),
            new Goal("peak resident, MiB", Measure.RESIDENT, List.of(), 600, 450, 0, false));

    /** Of the bare-metal image: what the processor and its tables cost, without an operating system around it. */
    public static final List<Goal> NANO = List.of(
            nano("int, iret, same level", "n.int81"), nano("int, iret, from user level", "n.sys80"), nano("sysenter, sysexit", "n.sysenter"), nano("page fault", "n.pgfault"),
            nano("divide error", "n.divzero"), nano("table entry, invlpg", "n.ptemod"), nano("invlpg, access", "n.invlpg"), nano("CR3 load, 8 pages", "n.cr3+8"),
            nano("port in", "n.in21"), nano("port out", "n.out21"));

    /** Of programs as they are distributed. */
    public static final List<Goal> PROGRAMS = List.of(new Goal("programs", Measure.SECTIONS,
            List.of("gzip", "xz", "openssl-sha256", "openssl-aes", "openssl-rsa-sign", "openssl-rsa-verify", "python", "json", "perl", "gcc", "sqlite"), 1.0, 0, 0, false));

    private static Goal steady(String label, double needed, double aim, double worst, String sections) {
        return new Goal(label, Measure.SECTIONS, Arrays.asList(sections.split(" ")), needed, aim, worst, true);
    }

    private static Goal nano(String label, String section) {
        return new Goal(label, Measure.SECTIONS, List.of(section), 1.0, 0, 0, false);
    }

    /** Those that a kind of guest is judged by. */
    public static List<Goal> of(String kind) {
        return kind.startsWith("bare") ? NANO : kind.startsWith("programs") ? PROGRAMS : LINUX;
    }

    /** What a limit is for runs of so many percent of the usual work. */
    public double limit(double value, int percent) {
        return steady && percent < LONG ? WARMING * value : value;
    }
}
