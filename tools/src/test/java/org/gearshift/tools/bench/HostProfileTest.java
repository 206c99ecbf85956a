package org.gearshift.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.gearshift.tools.profile.CallTree;
import org.junit.jupiter.api.Test;

/** Lines of {@code perf script} become thread, part of the program, method. */
class HostProfileTest {
    @Test
    void samplesAreSummedByThreadAndPart() {
        CallTree t = HostProfile.of("""
                            main     7f4ce8f2c0a4 void org.gearshift.backend.jvm.G_17.run(org.gearshift.ir.GuestContext, int)+0x64 (/tmp/perf-12.map)
                            main     7f4ce8f2c0a8 void org.gearshift.backend.jvm.G_17/0x00007f5b8a092400.run(org.gearshift.ir.GuestContext, int)+0x68 (/tmp/perf-12.map)
                            main     7f4ce8f2c0b4 int org.gearshift.ir.interp.MicroLoop.run(int) (/tmp/perf-12.map)
                 C2 CompilerThre     7f4cfe1a2b3c PhaseChaitin::Split(unsigned int, ResourceArea*)+0x10 (/usr/lib/jvm/x/lib/server/libjvm.so)
                 C1 CompilerThre     7f4cfe1a2b3c LinearScan::walk() (/usr/lib/jvm/x/lib/server/libjvm.so)
                            main ffffffff81000000 clear_page_rep ([kernel.kallsyms])
                            main     7f4ce8000000 Interpreter (/tmp/perf-12.map)

                # a comment
                """.lines());
        assertEquals("""
                C1;HotSpot;LinearScan::walk() 1
                C2;HotSpot;PhaseChaitin::Split(unsigned int, ResourceArea*)+0x10 1
                guest: main;Java, not compiled;Interpreter 1
                guest: main;compiled guest code;G_17 2
                guest: main;host kernel;clear_page_rep 1
                guest: main;interpreter;MicroLoop.run 1
                """, t.folded());
    }
}
