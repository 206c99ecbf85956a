package org.gearshift.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Region;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.Type;
import org.gearshift.testing.TestRam;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Accesses by 64-bit address, alone and sharing a translation, around the ends of pages present and absent: as the reference does them. */
class WideAccessTest {
    private static final long PC = 0xffff_ffff_8100_0000L;

    private static Region accesses(boolean stores) {
        IrBuilder ir = new IrBuilder(TestMachine.LAYOUT).begin(PC);
        int[] sizes = {8, 16, 32, 64};
        for (int i = 0; i < 8; i++) {
            ir.mark(PC + 4 * i);
            Insn base = ir.get64(TestMachine.WIDE);
            Insn address = ir.add(base, i * 3 - 4);
            int bits = sizes[i & 3];
            if (stores && i >= 4) {
                Insn old = ir.loadRmw(bits, address);
                ir.store(bits, address, ir.add(old, 1));
            } else {
                Insn v = ir.load(bits, address);
                ir.put(TestMachine.WIDE + 1, ir.add(ir.mul(ir.get64(TestMachine.WIDE + 1), ir.i64(31)), v.resultType() == Type.I64 ? v : ir.zext32(v)));
            }
        }
        Block b = ir.finish(Terminator.exit(PC + 32), 32);
        return new Region(List.of(b), List.of(PC));
    }

    @ParameterizedTest
    @CsvSource({"false,false,ARRAY", "false,true,ARRAY", "true,false,ARRAY", "true,true,ARRAY", "false,false,OUTSIDE", "false,true,OUTSIDE",
            "true,false,OUTSIDE", "true,true,OUTSIDE", "false,false,LARGE", "false,true,LARGE", "true,false,LARGE", "true,true,LARGE"})
    void everyAddressBehavesAsTheReference(boolean stores, boolean windows, TestRam kind) {
        Region r = accesses(stores);
        for (BackendOptions.Ram ram : BackendOptions.Ram.values()) {
            TestMachine start = new TestMachine(kind);
            TestMachine expected = new TestMachine(kind);
            TestMachine actual = new TestMachine(kind);
            BackendOptions options = BackendOptions.defaults().withRam(ram).withWindows(windows).withWideShift(TestMachine.SHIFT)
                    .withGuestRam(actual.hostRam);
            CompiledRegion c = new RegionCompiler(TestMachine.LAYOUT, options).compile(r, "accesses");
            Random random = new Random(3);
            start.fill(random);
            for (int page = TestMachine.FIRST_PAGE - 1; page <= TestMachine.FIRST_PAGE + TestMachine.FRAMES; page++) {
                for (int offset = -24; offset < 24; offset++) {
                    start.s[TestMachine.WIDE] = ((long) page << 12) + offset + (random.nextBoolean() ? TestMachine.HIGH : 0);
                    start.budget = 100;
                    expected.copyFrom(start);
                    actual.copyFrom(start);
                    new ReferenceInterpreter(expected, r, TestMachine.PC).run(0);
                    c.runAndSettle(actual, 0);
                    assertEquals(expected.describe(), actual.describe(), () -> "base " + Long.toHexString(start.s[TestMachine.WIDE]));
                }
            }
        }
    }
}
