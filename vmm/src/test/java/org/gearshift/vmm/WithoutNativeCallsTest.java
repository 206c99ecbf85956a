package org.gearshift.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.gearshift.paging.GuestRam;
import org.gearshift.vmm.cpu.NamedCpu;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.EngineOptions;
import org.junit.jupiter.api.Test;

/** Where JNA cannot load its library, machines run all the same, with RAM in the Java heap. */
class WithoutNativeCallsTest {
    /** MOV AL,10h; OUT F4h,AL; HLT. */
    private static final String PROGRAM = "b010e6f4f4";

    /** What runs without native calls. */
    static final class Guest {
        private Guest() {
        }

        public static void main(String[] args) throws Exception {
            Vm vm = new Vm(new VmConfig(64 << 20, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.JVM)), NamedCpu.X86_64.model(), SerialBackend.NONE);
            vm.load(VmTest.program64(PROGRAM), new byte[0], "", "");
            System.out.println(vm.ram().isArray() + " " + vm.run(1_000_000).exitCode());
            String message = assertThrows(HostMemoryException.class, () -> MachineMemory.of(GuestRam.MAX_BELOW_4G)).getMessage();
            System.out.println(message.substring(0, message.indexOf(':')));
        }
    }

    @Test
    void ramIsInTheHeap() throws Exception {
        Process p = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Djna.nosys=true", "-Djna.noclasspath=true", "-cp",
                System.getProperty("java.class.path"), Guest.class.getName()).redirectErrorStream(true).start();
        String output = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, p.waitFor(), output);
        assertTrue(output.endsWith(String.format("true 33%n3584 MiB of guest memory%n")), output);
        assertTrue(output.contains("guest memory is in the Java heap"), output);
    }
}
