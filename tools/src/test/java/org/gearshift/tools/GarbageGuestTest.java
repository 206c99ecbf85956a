package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.virtio.EntropySource;
import org.gearshift.vmm.virtio.VirtioConsole;
import org.gearshift.vmm.virtio.VirtioRng;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/**
 * Guests that write garbage to every port and device register and then jump into random bytes: whatever they do, the host process goes on and
 * the run is reported. {@code -Dgarbage.seconds=600} runs for that long, {@code -Dgarbage.seed} starts elsewhere.
 */
class GarbageGuestTest {
    private static final int SECONDS = Integer.getInteger("garbage.seconds", 6);
    private static final long SEED = Long.getLong("garbage.seed", 1);
    private static final long INSTRUCTIONS = 400_000;
    private static final long PATIENCE_MILLIS = 3000;
    /** Where firmware places what virtio devices have. */
    private static final int VIRTIO_PORTS = 0xc000;
    private static final int VIRTIO_MEMORY = 0xe0000000;
    /** Reset control, keyboard controller, port 92h, debug exit and what reaches it as a doubleword: most guests leave them alone, or few got further. */
    private static final Set<Integer> ENDS_RUN = Set.of(0xcf6, 0xcf7, 0xcf8, 0xcf9, 0x61, 0x62, 0x63, 0x64, 0x8f, 0x90, 0x91, 0x92, 0xf1, 0xf2, 0xf3, 0xf4);

    @Test
    void noGuestTakesTheHostDown() {
        long end = System.nanoTime() + SECONDS * 1_000_000_000L;
        TreeMap<Integer, Integer> outcomes = new TreeMap<>();
        long seed = SEED;
        for (; System.nanoTime() < end || seed < SEED + 4; seed++) {
            long s = seed;
            VmOutcome o = Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> runGarbage(s), () -> "seed " + s + " hangs");
            assertNotNull(o, () -> "seed " + s);
            outcomes.merge(o.exitCode(), 1, Integer::sum);
        }
        System.out.println("garbage guests " + SEED + " to " + (seed - 1) + " ended with exit codes " + outcomes);
        assertTrue(outcomes.size() > 0);
    }

    private static VmOutcome runGarbage(long seed) throws Exception {
        Random random = new Random(seed);
        EngineOptions.Backend backend = random.nextBoolean() ? EngineOptions.Backend.JVM : EngineOptions.Backend.INTERPRETER;
        EngineOptions options = new EngineOptions(backend, 1 + random.nextInt(50), 200, 32, false, false);
        Vm vm = new Vm(new VmConfig(16L << 20, VmConfig.Clock.VIRTUAL, options), b -> { });
        vm.attach(new VirtioRng(EntropySource.seeded(seed)));
        vm.attach(new VirtioConsole(b -> { }, 80, 25));
        vm.load(new KernelImage("garbage", elf(random)), new byte[0], "", "");
        // A guest may wait forever for an interrupt it has masked; then the user, here this timer, ends it.
        Thread user = new Thread(() -> {
            try {
                Thread.sleep(PATIENCE_MILLIS);
                vm.quit();
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        });
        user.setDaemon(true);
        user.start();
        try {
            return vm.run(INSTRUCTIONS);
        } finally {
            user.interrupt();
        }
    }

    /** A plain ELF program at 1 MiB: a run of OUTs and device stores with random values, then random bytes. */
    private static byte[] elf(Random random) {
        byte[] code = new byte[64 << 10];
        random.nextBytes(code);
        boolean mayEnd = random.nextInt(8) == 0;
        int at = 0;
        for (int i = 0; i < 1500; i++) {
            if (random.nextInt(4) > 0) {
                int port = switch (random.nextInt(5)) {
                    case 0 -> random.nextInt(0x10000);
                    case 1 -> 0xcf8 + random.nextInt(8);
                    case 2 -> VIRTIO_PORTS + random.nextInt(0x80);
                    default -> random.nextInt(0x400);
                };
                if (!mayEnd && ENDS_RUN.contains(port)) {
                    port = 0x80;
                }
                at = put(code, at, 0xba, port, 4);
                at = put(code, at, 0xb8, random.nextInt(), 4);
                int form = random.nextInt(5);
                int[][] ops = {{0xee}, {0xef}, {0x66, 0xef}, {0xec}, {0xed}};
                for (int b : ops[form]) {
                    code[at++] = (byte) b;
                }
            } else {
                int base = switch (random.nextInt(3)) {
                    case 0 -> 0xfee00000 + random.nextInt(0x400);
                    case 1 -> 0xfec00000 + (random.nextBoolean() ? 0 : 0x10);
                    default -> VIRTIO_MEMORY + random.nextInt(0x10) * 0x1000 + random.nextInt(0x40);
                };
                at = put(code, at, 0xb8, random.nextInt(), 4);
                at = put(code, at, 0xa3, base, 4);
            }
        }
        byte[] elf = new byte[0x1000 + code.length];
        System.arraycopy(code, 0, elf, 0x1000, code.length);
        java.nio.ByteBuffer b = java.nio.ByteBuffer.wrap(elf).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        b.putInt(0, 0x464c457f).put(4, (byte) 1).put(5, (byte) 1).put(6, (byte) 1).putShort(16, (short) 2).putShort(18, (short) 3).putInt(20, 1);
        b.putInt(24, 0x100000).putInt(28, 52).putShort(40, (short) 52).putShort(42, (short) 32).putShort(44, (short) 1);
        b.putInt(52, 1).putInt(56, 0x1000).putInt(60, 0x100000).putInt(64, 0x100000).putInt(68, code.length).putInt(72, code.length).putInt(76, 7);
        return elf;
    }

    private static int put(byte[] code, int at, int opcode, int value, int bytes) {
        code[at++] = (byte) opcode;
        for (int i = 0; i < bytes; i++) {
            code[at++] = (byte) (value >> 8 * i);
        }
        return at;
    }
}
