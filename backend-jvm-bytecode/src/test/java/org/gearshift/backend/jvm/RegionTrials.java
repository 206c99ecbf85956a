package org.gearshift.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.IntConsumer;
import org.gearshift.ir.Region;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.util.CheckClassAdapter;

/** What trials of regions have in common. */
final class RegionTrials {
    private RegionTrials() {
    }

    /** Runs until a fault, or until the pc is no entry, or the budget does not suffice: leaving a region early is not wrong. */
    static void drive(Region r, TestMachine m, int entry, IntConsumer run) {
        int e = entry;
        while (e >= 0) {
            int before = m.budget;
            run.accept(e);
            e = m.faultPending || m.budget == before ? -1 : r.entries().indexOf(m.s[TestMachine.PC]);
        }
    }

    static void verify(byte[] classFile, long seed) {
        StringWriter messages = new StringWriter();
        CheckClassAdapter.verify(new ClassReader(classFile), RegionCompiler.class.getClassLoader(), false, new PrintWriter(messages));
        assertEquals("", messages.toString(), () -> "seed " + seed);
    }
}
