package org.gearshift.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.gearshift.paging.GuestRam;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Machines with RAM above 4 GiB: 64-bit programs find it, and the hole below, in every engine. */
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LargeMemoryTest {
    private static final long SIZE = 5L << 30;

    /**
     * Maps 4 to 6 GiB in pages of 1 GiB beside what the loader has mapped; then 60 times fills the last page below the hole, the first one above and the last one there is, each quadword
     * from its address and the round, compares all and increments a byte, and a quadword with LOCK. In the end a REP MOVSQ from the last page to the first, REPE CMPSB of them, a store to the
     * hole, and a load, which must give all ones. Writes 10h to the debug-exit port, or 11h at the first difference:
     *
     * <pre>
     *         mov rax,100000083h; mov [2020h],rax; mov rax,140000083h; mov [2028h],rax; mov r15d,60
     * round:  mov ecx,3; lea rsi,[table]
     * fill:   mov rdi,[rsi+rcx*8-8]; mov edx,256
     * w:      mov rax,rdi; imul rax,rax,1e3779b1h; add rax,r15; mov [rdi],rax; not rax; mov [rdi+8],rax; add rdi,16; dec edx; jnz w
     *         dec ecx; jnz fill; mov ecx,3
     * check:  mov rdi,[rsi+rcx*8-8]; mov edx,256
     * r:      mov rax,rdi; imul rax,rax,1e3779b1h; add rax,r15; cmp [rdi],rax; jne fail; not rax; cmp [rdi+8],rax; jne fail
     *         inc byte [rdi+3]; lock inc qword [rdi+8]; add rdi,16; dec edx; jnz r
     *         dec ecx; jnz check; dec r15d; jnz round
     *         mov rsi,[table+16]; mov rdi,[table]; mov ecx,512; rep movsq
     *         mov rsi,[table+16]; mov rdi,[table]; mov ecx,4096; repe cmpsb; jne fail
     *         mov eax,d0000000h; mov dword [rax],12345678h; cmp dword [rax],-1; jne fail; mov al,10h; out f4h,al
     * fail:   mov al,11h; out f4h,al; hlt
     * table:  dq bffff000h, 100000000h, 17ffff000h
     * </pre>
     */
    private static final String PROGRAM = """
            48b88300000001000000488904252020000048b88300004001000000488904252820000041bf3c000000b903000000488d35ba000000488b7ccef8ba00010000
            4889f84869c0b179371e4c01f848890748f7d0488947084883c710ffca75e1ffc975ccb903000000488b7ccef8ba000100004889f84869c0b179371e4c01f848
            3907756348f7d048394708755afe4703f048ff47084883c710ffca75d5ffc975c741ffcf7584488b3553000000488b3d3c000000b900020000f348a5488b353d
            000000488b3d26000000b900100000f3a67514b8000000d0c700785634128338ff7504b010e6f4b011e6f4f49090909000f0ffbf000000000000000001000000
            00f0ff7f01000000""".replace("\n", "");

    private static Vm machine(EngineOptions.Backend backend, int cpus) throws Exception {
        EngineOptions engine = new EngineOptions(backend, 200, EngineOptions.DEFAULT_REGION_INSNS, EngineOptions.DEFAULT_DOMINANCE, false, false);
        Vm vm = new Vm(new VmConfig(SIZE, VmConfig.Clock.VIRTUAL, engine, cpus), NamedCpu.X86_64.model(), SerialBackend.NONE);
        vm.load(VmTest.program64(PROGRAM), new byte[0], "", "");
        return vm;
    }

    @ParameterizedTest
    @CsvSource({"INTERPRETER,1", "JVM,1", "JVM,2", "INTERPRETER,2"})
    void programsUseRamOnBothSidesOfTheHole(EngineOptions.Backend backend, int cpus) throws Exception {
        Vm vm = machine(backend, cpus);
        VmOutcome outcome = vm.run(50_000_000);
        assertEquals(0x10 << 1 | 1, outcome.exitCode(), () -> outcome + "\n" + vm.statistics(1));
        assertEquals(backend == EngineOptions.Backend.JVM, vm.statistics(1).contains("hot region"), () -> vm.statistics(1));
        GuestRam ram = vm.ram();
        long last = ram.end() - 4096;
        assertEquals(ram.get64(last), ram.get64(GuestRam.HOLE_START - 4096));
        assertTrue(ram.get64(last) != 0 && ram.get64(last) != ram.get64(GuestRam.HIGH_START));
    }

    @Test
    void pagesNobodyTouchesCostNothing() throws Exception {
        long before = resident();
        Vm vm = new Vm(new VmConfig(GuestRam.MAX_BELOW_4G, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.JVM)), NamedCpu.X86_64.model(), SerialBackend.NONE);
        vm.load(VmTest.program64("f4"), new byte[0], "", "");
        assertTrue(resident() - before < 300L << 20, () -> "more than 300 MiB for a machine of 3.5 GiB that has done nothing");
        assertEquals(GuestRam.MAX_BELOW_4G, vm.ram().size());
    }

    /** Resident set of this process, or 0 where the host does not say. */
    private static long resident() throws java.io.IOException {
        java.nio.file.Path p = java.nio.file.Path.of("/proc/self/statm");
        return java.nio.file.Files.exists(p) ? Long.parseLong(java.nio.file.Files.readString(p).split(" ")[1]) * 4096 : 0;
    }

    @Test
    void moreThanThisComputerHasIsRefused() {
        String message = assertThrows(HostMemoryException.class, () -> ReservedMemory.reserve(1L << 60, 1L << 60)).getMessage();
        assertTrue(message.contains("this computer has only") && message.contains("choose less guest memory"), message);
    }
}
