package org.gearshift.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrBuilder;
import org.gearshift.ir.Op;
import org.gearshift.ir.Region;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.Type;
import org.junit.jupiter.api.Test;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Slots of 64 bits that are put and got by halves: both locals say the same, whichever way control comes. */
class HalvedSlotsTest {
    private static final long LOOP = 0x1000;
    private static final long OTHER = 0x1010;
    private static final long END = 0x1020;
    private static final int A = TestMachine.WIDE;
    private static final int B = TestMachine.WIDE + 1;
    private static final int C = TestMachine.WIDE + 2;

    /** A = A * 3 + B in 32 bits, B is rotated; on the other way round B gets 64 bits, which C keeps as a whole. */
    private static Region loop() {
        IrBuilder ir = new IrBuilder(TestMachine.LAYOUT).begin(LOOP);
        ir.mark(LOOP);
        Insn sum = ir.add(ir.mul(ir.get32(A), ir.i32(3)), ir.get32(B));
        ir.put(A, ir.zext32(sum));
        ir.mark(LOOP + 4);
        ir.put(B, ir.zext32(ir.rotl(ir.get32(B), ir.i32(7))));
        ir.put(C, ir.add(ir.get64(C), ir.get64(A)));
        Block first = ir.finish(Terminator.branch(ir.slt(sum, ir.i32(0)), OTHER, LOOP), 8);
        ir.begin(OTHER);
        ir.mark(OTHER);
        ir.put(B, ir.add(ir.mul(ir.get64(C), ir.i64(0x1_0000_0003L)), ir.get64(B)));
        Block second = ir.finish(Terminator.branch(ir.slt(ir.get32(B), ir.i32(1 << 28)), LOOP, END), 4);
        return new Region(List.of(first, second), List.of(LOOP, OTHER));
    }

    @Test
    void halvesFollowWholesAndWholesHalves() {
        Region r = loop();
        CompiledRegion c = new RegionCompiler(TestMachine.LAYOUT, BackendOptions.defaults().withWideShift(TestMachine.SHIFT)).compile(r, "halves");
        TestMachine start = new TestMachine();
        TestMachine expected = new TestMachine();
        TestMachine actual = new TestMachine();
        Random random = new Random(5);
        for (int n = 0; n < 500; n++) {
            start.fill(random);
            start.budget = random.nextInt(200);
            expected.copyFrom(start);
            actual.copyFrom(start);
            int entry = n & 1;
            new ReferenceInterpreter(expected, r, TestMachine.PC).run(entry);
            c.runAndSettle(actual, entry);
            assertEquals(expected.describe(), actual.describe(), "run " + n);
        }
    }

    @Test
    void aLoopDoesNotTruncateWhatItExtended() {
        IrBuilder ir = new IrBuilder(TestMachine.LAYOUT).begin(LOOP);
        ir.mark(LOOP);
        Insn sum = ir.add(ir.get32(A), ir.get32(B));
        ir.put(A, ir.zext32(sum));
        Block b = ir.finish(Terminator.branch(ir.slt(sum, ir.i32(0)), END, LOOP), 4);
        Region r = new Region(List.of(b), List.of(LOOP));
        byte[] code = new RegionCompiler(TestMachine.LAYOUT, BackendOptions.defaults().withWideShift(TestMachine.SHIFT)).emit(r, BudgetPlan.of(r));
        // Of A when it is fetched and when it is put, where C2 sees that it cancels out.
        int[] truncations = new int[1];
        new ClassReader(code).accept(new ClassVisitor(Opcodes.ASM9) {
            @Override
            public MethodVisitor visitMethod(int access, String name, String descriptor, String signature, String[] exceptions) {
                return new MethodVisitor(Opcodes.ASM9) {
                    private int before;

                    @Override
                    public void visitVarInsn(int opcode, int local) {
                        before = opcode;
                    }

                    @Override
                    public void visitInsn(int opcode) {
                        truncations[0] += opcode == Opcodes.L2I && before == Opcodes.LLOAD ? 1 : 0;
                        before = opcode;
                    }
                };
            }
        }, 0);
        assertEquals(0, truncations[0], "what a local holds is nowhere truncated");
        assertTrue(b.insns().stream().anyMatch(i -> i.op() == Op.GET && i.type() == Type.I32), "and the lower half is got");
    }
}
