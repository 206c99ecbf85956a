package org.gearshift.translator.x86.lift;

import org.gearshift.ir.Block;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.translator.x86.X86State;

/** The same by way of the passes and the interpreter. */
final class InterpretedProcessor extends LiftedProcessor {
    private final PassPipeline passes = new PassPipeline(X86State.LAYOUT, true);
    private final Interpreter interpreter = new Interpreter(X86State.LAYOUT, X86State.FLAG_RES, X86State.FLAG_AUX);

    InterpretedProcessor(long mode) {
        super(mode);
    }

    @Override
    long run(Block b) {
        budget = 1000;
        int handle = interpreter.prepare(passes.optimize(b));
        int why = interpreter.run(this, handle);
        interpreter.free(handle);
        if (why == Interpreter.EXIT_FAULT) {
            throw fault;
        }
        return s[X86State.RIP];
    }
}
