package org.gearshift.translator.x86.runtime;

import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * FXSAVE and FXRSTOR store and load what the processor stores and loads. Where an AMD processor has no exception pending it neither stores nor loads FOP, FIP, FCS, FDP and
 * FDS; the manual has them always there (SDM vol. 1, 10.5.1). MXCSR_MASK is each processor's own.
 */
class X87ImagesOnProcessorTest {
    private static final int STATES = Integer.getInteger("gearshift.test.states", 600);
    private static final byte[] FXSAVE = {0x0f, (byte) 0xae, 0x07};
    private static final byte[] FXRSTOR = {0x0f, (byte) 0xae, 0x0f};
    private static final Set<String> MMX_STORES = Set.of("0f7e07", "0f7f07", "0fe707");
    private static Processor processor;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        processor = new Processor(true);
    }

    @AfterAll
    static void stop() {
        processor.close();
    }

    private static List<MachineState> states(long seed) {
        List<MachineState> list = X87States.random(seed, STATES);
        Operands o = new Operands(seed + 1);
        for (MachineState m : list) {
            for (int i = 0; i < 16; i++) {
                m.xmm(i, o.random.nextLong());
            }
            m.mxcsr(o.mxcsr());
        }
        return list;
    }

    private static boolean pending(int control, int status) {
        return (status & ~control & X87Status.EXCEPTIONS) != 0;
    }

    private static Comparison comparison() {
        Comparison c = new Comparison(processor);
        c.pointers = true;
        c.pendingPointers = processor.amd;
        c.ignoredMemory.set(28, 32);
        if (processor.counterpart) {
            // XMM8 to XMM15, which 32-bit code does not store.
            c.ignoredMemory.set(288, 416);
        }
        if ((processor.leaf7 >> 13 & 1) != 0) {
            // No selectors.
            c.ignoredMemory.set(12, 14);
            c.ignoredMemory.set(20, 22);
        }
        return c;
    }

    @Test
    void fxsave() throws IOException {
        List<MachineState> states = states(1);
        Comparison c = comparison();
        c.check("fxsave, exception pending", FXSAVE, Processor.OFFSET, states.stream().filter(m -> pending(m.control(), m.status())).toList());
        if (processor.amd) {
            c.ignoredMemory.set(6, 24);
        }
        c.check("fxsave", FXSAVE, Processor.OFFSET, states.stream().filter(m -> !pending(m.control(), m.status())).toList());
        c.finish();
    }

    /** Any image; the bits of MXCSR that no processor has are #GP, and nothing is loaded then. */
    @Test
    void fxrstor() throws IOException {
        List<MachineState> states = states(2);
        Operands o = new Operands(3);
        for (MachineState m : states) {
            int reserved = o.random.nextInt(4) == 0 ? 1 << 18 + o.random.nextInt(14) : 0;
            m.data().putInt(24, o.mxcsr() | reserved);
        }
        Comparison c = comparison();
        c.check("fxrstor", FXRSTOR, Processor.OFFSET, states);
        c.finish();
    }

    /** Images must be aligned to 16 bytes, and be all there. */
    @Test
    void faults() throws IOException {
        Comparison c = comparison();
        for (int offset : new int[] {0x804, 0x808, 0x80f, 0x1000 - 256, 0x1000 - 16, 0x1000}) {
            c.check("fxsave at " + offset, FXSAVE, offset, states(offset));
            List<MachineState> images = states(offset + 1);
            images.forEach(m -> m.data().putInt(24, 0x1f80));
            c.check("fxrstor at " + offset, FXRSTOR, offset, images);
        }
        c.finish();
    }

    /** MMX instructions whose operand is not there change nothing (but stores of Intel's processors have entered MMX state), and report pending exceptions first. */
    @Test
    void mmxFaults() throws IOException {
        Comparison c = comparison();
        for (String code : new String[] {"0f6e07", "0f7e07", "0f6f07", "0f7f07", "0ffe07", "0fd507", "0fe707", "0f77"}) {
            c.entersMmx = MMX_STORES.contains(code);
            for (int inside : new int[] {0, 3, 7}) {
                c.check(code, HexFormat.of().parseHex(code), 0x1000 - inside, states(inside));
            }
        }
        c.finish();
    }
}
