package org.gearshift.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class VerifierTest {
    private static final Insn MARK = new Insn(Op.MARK, Type.VOID, 0, null);
    private static final Insn ONE = new Insn(Op.CONST, Type.I32, 1, null);

    private static List<String> check(Terminator t, Insn... insns) {
        return Verifier.check(new Block(0, List.of(insns), t, 1, 1), SampleContext.LAYOUT);
    }

    private static void breaks(String rule, Terminator t, Insn... insns) {
        List<String> broken = check(t, insns);
        assertEquals(1, broken.size(), broken.toString());
        assertTrue(broken.get(0).contains(": " + rule + ": "), broken.get(0));
    }

    @Test
    void acceptsAProperBlock() {
        assertEquals(List.of(), check(Terminator.jump(0), MARK, ONE, new Insn(Op.PUT, Type.I32, 3, null, ONE)));
    }

    @Test
    void namesTheBrokenRule() {
        Terminator end = Terminator.exit(0);
        breaks("marks", end, ONE);
        breaks("defined-before-use", end, MARK, new Insn(Op.PUT, Type.I32, 3, null, ONE));
        breaks("defined-before-use", Terminator.indirect(ONE), MARK);
        breaks("argument-type", end, MARK, ONE, new Insn(Op.PUT, Type.I64, 3, null, ONE));
        breaks("argument-count", end, MARK, ONE, new Insn(Op.ADD, Type.I32, 0, null, ONE));
        breaks("slot", end, MARK, ONE, new Insn(Op.PUT, Type.I32, 12, null, ONE));
        breaks("constant", end, MARK, new Insn(Op.CONST, Type.I32, 0x80000000L, null));
        breaks("width", end, MARK, ONE, new Insn(Op.LOAD, Type.I32, 24, null, ONE));
        breaks("helper-arguments", end, MARK, ONE, new Insn(Op.CALL, Type.I32, 0, SampleContext.MIX, ONE));
        breaks("defined-once", end, MARK, ONE, ONE);
    }

    @Test
    void wantsFaultsBeforeResults() {
        breaks("fault-before-put", Terminator.exit(0), MARK, ONE, new Insn(Op.PUT, Type.I32, 3, null, ONE), new Insn(Op.LOAD, Type.I32, 32, null, ONE));
    }

    @Test
    void showsTheBlock() {
        Block b = new Block(0x1000, List.of(ONE), Terminator.jump(0x2000), 1, 1);
        String message = assertThrows(IllegalStateException.class, () -> Verifier.verify(b, SampleContext.LAYOUT, "a test")).getMessage();
        assertTrue(message.contains("v0 = const.i32 1\n  goto 0x2000"), message);
    }
}
