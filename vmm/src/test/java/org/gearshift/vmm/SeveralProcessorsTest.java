package org.gearshift.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.EngineStatistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How machines with several processors start them, run, and end: on threads with the host's clock ({@link ThreadRun}), in turns with the virtual one ({@link TurnRun}). */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SeveralProcessorsTest {
    private static final int CPUS = 3;
    /** mov [8000h], ...: code for the others, which start there in real mode. */
    private static final String START_CODE = "c705 00800000 %s c705 04800000 %s ";
    /** lock inc byte [9000h]; hlt; jmp back to it. */
    private static final String COUNT = String.format(START_CODE, "f0fe0600", "90f4ebfd");
    /** lock inc byte [9000h]; jmp $. */
    private static final String COUNT_AND_SPIN = String.format(START_CODE, "f0fe0600", "90ebfe90");
    /** The interrupt command register (SDM vol. 3A, 11.6.1): INIT, then start-up with vector 8, to all others. */
    private static final String INIT = "c705 0003e0fe 00450c00 ";
    private static final String START_UP = "c705 0003e0fe 08460c00 ";
    /** cmp byte [9000h], 2; jne back. */
    private static final String WAIT_FOR_BOTH = "803d 00900000 02 75f7 ";
    /** mov al, 2ah; out f4h, al. */
    private static final String DEBUG_EXIT = "b02a e6f4 ";
    private static final String SPIN = "ebfe ";
    private static final String CLI_HLT = "fa f4 ";

    private static Vm machine(VmConfig.Clock clock, String code) throws Exception {
        return VmTest.load(code, new VmConfig(16 << 20, clock, EngineOptions.of(EngineOptions.Backend.JVM), CPUS));
    }

    @ParameterizedTest
    @EnumSource
    void othersRunOnceTheyAreStarted(VmConfig.Clock clock) throws Exception {
        Vm vm = machine(clock, COUNT + INIT + START_UP + WAIT_FOR_BOTH + DEBUG_EXIT);
        assertEquals(0x2a << 1 | 1, vm.run(Long.MAX_VALUE).exitCode());
        assertEquals(2, vm.ram().get8(0x9000));
    }

    @ParameterizedTest
    @EnumSource
    void aStartUpMessageWithoutInitStartsThemToo(VmConfig.Clock clock) throws Exception {
        assertEquals(0x2a << 1 | 1, machine(clock, COUNT + START_UP + WAIT_FOR_BOTH + DEBUG_EXIT).run(Long.MAX_VALUE).exitCode());
    }

    @ParameterizedTest
    @EnumSource
    void aSecondStartUpMessageDoesNothing(VmConfig.Clock clock) throws Exception {
        Vm vm = machine(clock, COUNT + INIT + START_UP + WAIT_FOR_BOTH + START_UP + DEBUG_EXIT);
        vm.run(Long.MAX_VALUE);
        assertEquals(2, vm.ram().get8(0x9000));
    }

    @ParameterizedTest
    @EnumSource
    void initStopsWhoRuns(VmConfig.Clock clock) throws Exception {
        // They spin until INIT, then nobody is left who could run.
        Vm vm = machine(clock, COUNT_AND_SPIN + INIT + START_UP + WAIT_FOR_BOTH + INIT + CLI_HLT);
        assertEquals(VmOutcome.DEAD, vm.run(Long.MAX_VALUE).exitCode());
    }

    @ParameterizedTest
    @EnumSource
    void theEndIsWhenAllAreHaltedForGood(VmConfig.Clock clock) throws Exception {
        assertEquals(VmOutcome.DEAD, machine(clock, CLI_HLT).run(Long.MAX_VALUE).exitCode());
        assertEquals(VmOutcome.DEAD, machine(clock, COUNT + INIT + START_UP + WAIT_FOR_BOTH + CLI_HLT).run(Long.MAX_VALUE).exitCode());
    }

    @ParameterizedTest
    @EnumSource
    void aTripleFaultOfAnyProcessorEndsTheMachine(VmConfig.Clock clock) throws Exception {
        // lidt [9100h], where the limit is 0; int 3.
        String fault = String.format(START_CODE, "0f011e00", "91ccebfe");
        assertEquals(VmOutcome.TRIPLE_FAULT, machine(clock, fault + INIT + START_UP + SPIN).run(Long.MAX_VALUE).exitCode());
    }

    @ParameterizedTest
    @EnumSource
    void theUserEndsARun(VmConfig.Clock clock) throws Exception {
        Vm vm = machine(clock, COUNT_AND_SPIN + INIT + START_UP + SPIN);
        Thread user = new Thread(() -> {
            while (vm.ram().get8(0x9000) != 2) {
                Thread.onSpinWait();
            }
            vm.quit();
        });
        user.start();
        assertEquals(VmOutcome.POWER_OFF, vm.run(Long.MAX_VALUE).exitCode());
        user.join();
    }

    @Test
    void aLimitIsKeptExactlyInTurns() throws Exception {
        Vm vm = machine(VmConfig.Clock.VIRTUAL, COUNT_AND_SPIN + INIT + START_UP + SPIN);
        VmOutcome outcome = vm.run(1_234_567);
        assertEquals(VmOutcome.LIMIT, outcome.exitCode());
        assertTrue(outcome.message().contains("1234567 guest"), outcome.message());
    }

    @Test
    void aLimitIsPassedByASliceOfEachOnThreads() throws Exception {
        Vm vm = machine(VmConfig.Clock.HOST, COUNT_AND_SPIN + INIT + START_UP + SPIN);
        assertEquals(VmOutcome.LIMIT, vm.run(20_000_000).exitCode());
    }

    @Test
    void codeThatOneHasCompiledIsNotCompiledByTheNext() throws Exception {
        Vm vm = machine(VmConfig.Clock.VIRTUAL, COUNT_AND_SPIN + INIT + START_UP + SPIN);
        vm.run(3_000_000);
        EngineStatistics one = vm.engine(1).statistics();
        EngineStatistics two = vm.engine(2).statistics();
        assertEquals(1, one.regions + two.regions);
        assertEquals(1, one.adopted + two.adopted);
    }

    @Test
    void turnsAreOfTheSameLengthAndRepeat() throws Exception {
        String code = COUNT_AND_SPIN + INIT + START_UP + WAIT_FOR_BOTH + SPIN;
        long[] first = retired(code);
        assertTrue(Math.abs(first[1] - first[2]) <= 50_000, () -> first[1] + " and " + first[2]);
        assertTrue(Math.abs(first[0] - first[1]) <= 150_000, () -> first[0] + " and " + first[1]);
        assertEquals(first[0], retired(code)[0]);
    }

    private static long[] retired(String code) throws Exception {
        Vm vm = machine(VmConfig.Clock.VIRTUAL, code);
        vm.run(3_000_000);
        return new long[] {vm.engine(0).retired(), vm.engine(1).retired(), vm.engine(2).retired()};
    }
}
