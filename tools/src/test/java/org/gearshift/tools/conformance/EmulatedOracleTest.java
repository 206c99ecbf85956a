package org.gearshift.tools.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import org.gearshift.testing.Prerequisite;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** QEMU's emulation of a processor runs 32-bit code as it is, and tells faults as a processor would. */
class EmulatedOracleTest {
    private static final int OF = 0x800;
    private static final long STACK = Layout.SCRATCH + 0x800;

    private NativeOracle oracle;

    @BeforeEach
    void start() throws IOException {
        Prerequisite.program("gcc");
        Prerequisite.program("qemu-i386");
        try {
            oracle = NativeOracle.startEmulated();
        } catch (OracleUnavailableException e) {
            Prerequisite.missing(e.getMessage());
        }
    }

    @AfterEach
    void end() {
        if (oracle != null) {
            oracle.close();
        }
    }

    private Outcome run(String hex, long eax) throws IOException {
        Registers r = new Registers();
        r.general[0] = eax;
        r.general[4] = STACK;
        r.eflags = 0x202 | OF;
        return oracle.run(List.of(new Trial(new Code(32, HexFormat.of().parseHex(hex)), r, List.of()))).get(0);
    }

    @Test
    void codeThat64BitCodeLacksIsRunAsItIs() throws Exception {
        // AAA: 1F is no digit.
        assertEquals(0x105, run("37", 0x1f).registers().general[0]);
        // PUSHA, INC EAX, POPA.
        assertEquals(7, run("604061", 7).registers().general[0]);
    }

    @Test
    void newCodeIsTranslatedThoughItStandsWhereOtherCodeStood() throws Exception {
        for (int n = 0; n < 200; n++) {
            assertEquals(n, run(String.format("b8%02x000000", n), -1).registers().general[0]);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "d400,     0, 0, 30000000, AAM by zero",
        "ce,       4, 0, 30000001, INTO",
        "40620500f80020, 5, 0, 30000001, BOUND",
        "0f0b,     6, 0, 30000000, UD2",
        "cd30,    13, 182, 30000000, INT of a vector that programs may not use",
        "90fa,    13, 0, 30000001, CLI",
        "8b0500000040, 14, 4, 30000000, a load from where no page is",
        "a300e00020, 14, 7, 30000000, a store into a page that can only be read",
    })
    void faultsHaveTheVectorsThatTheProcessorGivesThem(String code, int vector, String error, String ip, String what) throws Exception {
        // INC makes the largest number of EAX, which is not between the bounds of BOUND.
        Outcome o = run(code, Integer.MAX_VALUE - 1);
        assertEquals(Outcome.Kind.FAULT, o.kind(), what);
        assertEquals(vector, o.vector(), what);
        assertEquals(Long.parseLong(error, 16), o.error(), what);
        assertEquals(Long.parseLong(ip, 16), o.ip(), what);
    }

    @Test
    void codeWithoutEndIsGivenUp() throws Exception {
        assertEquals(Outcome.Kind.TIMEOUT, run("ebfe", 0).kind());
    }
}
