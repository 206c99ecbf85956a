package org.gearshift.tools.conformance;

import java.util.HashMap;
import java.util.Map;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.lift.LiftTable;

/** The IR interpreter, with blocks chained as the engine chains them. */
final class InterpretedExecutor extends Executor {
    private record Key(long pc, long mode, boolean single) {
    }

    private final PassPipeline passes = new PassPipeline(X86State.LAYOUT, true);
    private final Interpreter interpreter = new Interpreter(X86State.LAYOUT, X86State.FLAG_RES, X86State.FLAG_AUX);
    private final Map<Key, Integer> handles = new HashMap<>();
    private long lastMode;

    InterpretedExecutor(UserProcessor processor, LiftTable table) {
        super(processor, table);
    }

    @Override
    String name() {
        return "interpreter";
    }

    @Override
    void forget() {
        handles.values().forEach(interpreter::free);
        handles.clear();
    }

    @Override
    boolean enter(long pc, boolean single) {
        long mode = processor.mode();
        if (mode != lastMode) {
            // Chains belong to one mode.
            forget();
            lastMode = mode;
        }
        Key key = new Key(pc, mode, single);
        Integer handle = handles.get(key);
        if (handle == null) {
            int most = single ? 1 : instructionsToEnd(pc, mode);
            handle = interpreter.prepare(passes.optimize(lifter.lift(processor::fetch, pc, mode, most)), X86Mode.is(mode, X86Mode.CODE64));
            handles.put(key, handle);
        }
        int why = interpreter.run(processor.context, handle);
        if (why == Interpreter.EXIT_UNLINKED && !single && processor.mode() == mode) {
            Integer next = handles.get(new Key(processor.s[X86State.RIP], mode, false));
            if (next != null && interpreter.lastHandle() >= 0 && processor.s[X86State.RIP] != code.end()) {
                interpreter.link(interpreter.lastHandle(), interpreter.lastExit(), next);
            }
        }
        return why != Interpreter.EXIT_FAULT;
    }
}
