package org.gearshift.vmm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Regions that run what follows them: programs of small functions that call each other and jump into each other, let interrupts in and out, and are written to while they run, end in the
 * state the interpreter brings them to, after as many instructions. What the functions are is decided by a seed.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LinkedRegionsTest {
    private static final int FUNCTIONS = 40;
    /** Bytes from one function to the next: many lie on each page, and some across two. */
    private static final int STEP = 0x90;
    private static final int FIRST = 0x100;
    private static final int SIZE = FIRST + FUNCTIONS * STEP;
    private static final int PROGRAMS = Integer.getInteger("programs.linked", 2);

    private final byte[] code = new byte[SIZE];
    private int at;

    /** In both forms of regions: only the one with its slots in place goes on where a call returns to. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void callsAndJumpsFromRegionToRegionDoWhatTheInterpreterDoes(boolean slotsInPlace) throws Exception {
        System.setProperty("gearshift.slotsInPlace", Boolean.toString(slotsInPlace));
        try {
            compare();
        } finally {
            System.clearProperty("gearshift.slotsInPlace");
        }
    }

    private void compare() throws Exception {
        long linked = 0;
        long stayed = 0;
        for (int seed = 1; seed <= PROGRAMS; seed++) {
            String program = program(new Random(seed));
            Vm expected = run(program, EngineOptions.Backend.INTERPRETER);
            Vm actual = run(program, EngineOptions.Backend.JVM);
            assertEquals(expected.engine().retired(), actual.engine().retired(), "instructions, seed " + seed);
            assertArrayEquals(registers(expected), registers(actual), "registers, seed " + seed);
            linked += actual.engine().statistics().linked;
            stayed += actual.engine().statistics().stayed;
        }
        assertTrue(linked > 30_000L * PROGRAMS, "exits must have been linked for this to mean anything: " + linked);
        assertTrue(stayed > 10_000L * PROGRAMS, "and regions gone on behind what may change the mode: " + stayed);
    }

    private static long[] registers(Vm vm) {
        long[] all = Arrays.copyOfRange(vm.cpu().s, X86State.RAX, X86State.RAX + 8);
        for (int k = 0; k < all.length; k++) {
            all[k] &= 0xffffffffL;
        }
        return all;
    }

    /** With small regions, soon. */
    private static Vm run(String program, EngineOptions.Backend backend) throws Exception {
        EngineOptions options = new EngineOptions(backend, 60, 12, EngineOptions.DEFAULT_DOMINANCE, true, false);
        Vm vm = VmTest.load(program, new VmConfig(16 << 20, VmConfig.Clock.VIRTUAL, options));
        vm.run(Long.MAX_VALUE);
        return vm;
    }

    /** Calls the first function 20,000 times; every 4096th time one byte of an instruction in some function changes, which function depending on the time. */
    private String program(Random random) {
        Arrays.fill(code, (byte) 0xf4);
        at = 0;
        // mov ecx, 20000; loop: push ecx; call first; pop ecx
        bytes("b9 204e0000 51");
        call(0);
        // pop ecx; test ecx, 0fffh; jnz over; mov edx, ecx; shr edx, 12; imul edx, edx, STEP; inc byte [edx + first function + 1]; over: loop
        bytes("59 f7c1ff0f0000 7511 89ca c1ea0c 69d2");
        little(STEP);
        bytes("fe82");
        little(0x100000 + FIRST + 1);
        // dec ecx; jnz; out f4h, al
        bytes("49 0f85");
        little(5 - (at + 4));
        bytes("e6f4");
        for (int k = 0; k < FUNCTIONS; k++) {
            at = FIRST + k * STEP;
            function(k, random);
        }
        return HexFormat.of().formatHex(code);
    }

    /** Begins with an instruction whose second byte may change: mov dl, imm8. Then some of: arithmetic, calls and jumps to later functions, a short loop. */
    private void function(int k, Random random) {
        bytes("b2");
        code[at++] = (byte) random.nextInt(256);
        bytes("00d0 69db35010000 01c3");
        int calls = 0;
        for (int n = 3 + random.nextInt(3); n > 0; n--) {
            int later = k + 1 + random.nextInt(4);
            switch (random.nextInt(9)) {
                case 0, 1 -> {
                    if (later < FUNCTIONS && calls++ < 1) {
                        call(later);
                    }
                }
                case 2 -> {
                    if (later < FUNCTIONS) {
                        // test al, 0ch; jz later
                        bytes("a80c 0f84");
                        target(later);
                    }
                }
                // mov esi, 3; again: xor eax, ebx; rol eax, 5; dec esi; jnz again
                case 3 -> bytes("be03000000 31d8 c1c005 4e 75f8");
                // sti; xor ebx, eax; cli
                case 4 -> bytes("fb 31c3 fa");
                // pushfd; popfd
                case 5 -> bytes("9c 9d");
                // mov esi, later; call esi
                case 7 -> {
                    if (later < FUNCTIONS && calls++ < 1) {
                        bytes("be");
                        little(0x100000 + FIRST + later * STEP);
                        bytes("ffd6");
                    }
                }
                // rdtsc; xor ebx, edx
                case 6 -> bytes("0f31 31d3");
                default -> bytes("31c3 83c011 d1c3");
            }
        }
        if (k + 1 < FUNCTIONS && random.nextInt(3) == 0) {
            bytes("e9");
            target(k + 1);
        } else if (random.nextInt(4) == 0) {
            // cli; sti; ret
            bytes("fa fb c3");
        } else {
            bytes("c3");
        }
    }

    private void call(int function) {
        bytes("e8");
        target(function);
    }

    private void target(int function) {
        little(FIRST + function * STEP - (at + 4));
    }

    private void little(int v) {
        for (int k = 0; k < 4; k++) {
            code[at++] = (byte) (v >>> 8 * k);
        }
    }

    private void bytes(String hex) {
        for (byte b : HexFormat.of().parseHex(hex.replace(" ", ""))) {
            code[at++] = b;
        }
    }
}
