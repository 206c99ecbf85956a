package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Isolation policies as files, and machines that they do not let start. */
class PolicyFileTest {
    /** Powers off by the debug-exit port. */
    private static final byte[] EXIT = GuestCode.elf(0x30, 0xc0, 0xe6, 0xf4, 0xeb, 0xfe);

    @TempDir
    Path dir;

    private CommandLineRun up(String machines, String policy) throws Exception {
        Files.write(dir.resolve("exit.elf"), EXIT);
        for (String disk : new String[] {"red.img", "plain.img"}) {
            Files.write(dir.resolve(disk), new byte[4096]);
        }
        Files.writeString(dir.resolve("policy.yaml"), policy);
        Path file = Files.writeString(dir.resolve("machines.yaml"), "policy: policy.yaml\ndefaults: {kernel: exit.elf, memory: 8M}\n" + machines);
        return CommandLineRun.of("up", file.toString(), "--runtime-dir", dir.resolve("run").toString());
    }

    private static final String POLICY = """
            types:
              red: all
              news: [event-channel, network]
            conflicts:
              banks: [bank-a, bank-b]
            machines:
              a: {types: [red], wall: [bank-a]}
              a2: {types: [red, news], wall: [bank-a]}
              b: {wall: [bank-b]}
            disks:
              red.img: [red]
            networks:
              user: [news]
            """;

    @Test
    void whatThePolicyAllowsRuns() throws Exception {
        CommandLineRun r = up("""
                machines:
                  a: {disk: "red.img,ro"}
                  a2: {disk: ["./red.img,ro", plain.img], net: user}
                """, POLICY);
        assertEquals(0, r.code(), r.err());
    }

    @Test
    void whatAnImageStartsFromNeedsALabelInCommonToo() throws Exception {
        Files.write(dir.resolve("red.img"), new byte[4096]);
        String overlay = dir.resolve("overlay.qcow2").toString();
        assertEquals(0, CommandLineRun.of("disk", "create", overlay, "--backing", "red.img").code());
        CommandLineRun r = up("machines: {b: {disk: 'overlay.qcow2,snapshot'}}", POLICY);
        assertEquals(2, r.code(), r.err());
        assertTrue(r.err().contains("red.img [red] for b []: Type Enforcement"), r.err());
        assertEquals(0, up("machines: {a: {disk: 'overlay.qcow2,snapshot'}}", POLICY).code());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "machines: {b: {disk: red.img}}                              | machine 'b': disk ",
        "machines: {a: {net: user}}                                  | machine 'a': network user [news] for a [red]: Type Enforcement",
        "machines: {x: {net: user}}                                  | machine 'x': network user [news] for x []: Type Enforcement",
        "machines: {x: {disk: plain.img}, y: {disk: plain.img}}      | machine 'y': disk ",
        "machines: {x: {disk: plain.img}, y: {disk: 'plain.img,ro'}} | machine 'y': disk "})
    void whatItDoesNotAllowIsRefused(String machines, String message) throws Exception {
        CommandLineRun r = up(machines, POLICY);
        assertEquals(2, r.code(), r.err());
        assertTrue(r.err().contains("gearshift: " + message), r.err());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "typs: {}                                                    | :1:1: 'typs' is no key of the file; did you mean types?",
        "types: {red: [grants]}                                      | :1:15: type 'red': nothing of the name 'grants' is shared; did you mean grant?",
        "machines: {a: {types: [red]}}                               | :1:15: 'red' is no type of this policy",
        "machines: {a: {wall: [x]}}                                  | :1:15: 'x' is in no conflict set",
        "machines: {a: {type: [x]}}                                  | :1:16: 'type' is no key of machine 'a'; did you mean types?",
        "conflicts: {c: [x]}                                         | :1:16: conflict set 'c' needs two types at least",
        "{conflicts: {c: [x, y]}, machines: {a: {wall: [x, y]}}}     | machine 'a' would conflict with itself: x and y are both in conflict set 'c'",
        "disks: {d: red}                                             | :1:12: 'd' is a single value, where a list belongs",
        "networks: {user: [red]}                                     | :1:18: 'red' is no type of this policy"})
    void badPoliciesAreRefusedWithTheirPlace(String policy, String message) throws Exception {
        CommandLineRun r = up("machines: {a: {}}", policy);
        assertEquals(2, r.code(), r.err());
        assertTrue(r.err().contains("policy.yaml") && r.err().contains(message), r.err());
    }
}
