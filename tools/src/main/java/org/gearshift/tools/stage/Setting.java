package org.gearshift.tools.stage;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.gearshift.translator.x86.X86State;

/** Runs a region from a given state, on one engine or on both, and tells how it ended. */
public final class Setting {
    private static final long STACK = 0x7fff0000L;
    private static final int STACK_BYTES = 0x10000;
    private static final int ABOVE = 0x100;

    private final IrText ir;
    private final StageMachine start;
    private final long limit;

    /** What a setting is made of. @param assignments {@code NAME=VALUE} @param memory {@code ADDRESS=HEX} or {@code ADDRESS+BYTES}, addresses and sizes in hexadecimal */
    public Setting(IrText ir, CodeImage image, List<String> assignments, List<String> memory, long limit) {
        this.ir = ir;
        this.limit = limit;
        if (limit < 1 || limit > Integer.MAX_VALUE) {
            throw new InputException("--limit " + limit + ": 1 to " + Integer.MAX_VALUE);
        }
        start = new StageMachine(ir.codeSize());
        start.make(STACK, STACK_BYTES);
        start.s[X86State.RSP] = STACK + STACK_BYTES - ABOVE;
        if (image != null) {
            start.setBackground(address -> page(image, address));
        }
        memory.forEach(this::memory);
        assignments.forEach(a -> StateText.set(start.s, a));
    }

    private static byte[] page(CodeImage image, long address) {
        byte[] page = null;
        for (int i = 0; i < 0x1000; i++) {
            int b = image.byteAt(address + i);
            if (b >= 0) {
                page = page == null ? new byte[0x1000] : page;
                page[i] = (byte) b;
            }
        }
        return page;
    }

    private void memory(String m) {
        int at = Math.max(m.indexOf('='), m.indexOf('+'));
        if (at <= 0) {
            throw new InputException("--memory " + m + ": expected ADDRESS=BYTES or ADDRESS+SIZE, all in hexadecimal");
        }
        long address = hex(m, m.substring(0, at));
        if (m.charAt(at) == '=') {
            start.put(address, HexText.parse("--memory " + m.substring(0, at), m.substring(at + 1)));
        } else {
            long size = hex(m, m.substring(at + 1));
            if (size < 1 || size > 1 << 28) {
                throw new InputException("--memory " + m + ": a size of 1 to 10000000, in hexadecimal");
            }
            start.make(address, size);
        }
    }

    private static long hex(String m, String digits) {
        try {
            return Long.parseUnsignedLong(digits.strip().replaceFirst("^0[xX]", ""), 16);
        } catch (NumberFormatException e) {
            throw new InputException("--memory " + m + ": '" + digits + "' is no hexadecimal number");
        }
    }

    private RegionRun.End run(RegionRun.Engine e) {
        return new RegionRun(ir, limit).run(start.copy(), e);
    }

    /** How the interpreter ends. */
    public String interpret(boolean json) {
        RegionRun.End end = run(RegionRun.Engine.INTERPRETER);
        return json ? "{" + json("interpreter", end) + "}\n" : StateText.print(end, start, ir.codeSize());
    }

    /**
     * How both end.
     *
     * @param text what to print
     * @param differences where they differ
     */
    public record Comparison(String text, List<String> differences) {
    }

    /** Runs both engines. */
    public Comparison compare(boolean json) {
        RegionRun.End a = run(RegionRun.Engine.JVM);
        RegionRun.End b = run(RegionRun.Engine.INTERPRETER);
        List<String> differences = StateText.differences(a, "compiled", b, "interpreted", ir.codeSize());
        if (json) {
            return new Comparison("{" + json("jvm", a) + ",\n" + json("interpreter", b) + ",\n\"differences\": ["
                    + differences.stream().map(Json::text).collect(Collectors.joining(", ")) + "]}\n", differences);
        }
        StringBuilder out = new StringBuilder("jvm: ").append(StateText.print(a, start, ir.codeSize()));
        if (differences.isEmpty()) {
            out.append("interpreter: the same\n");
        } else {
            out.append("interpreter: ").append(StateText.print(b, start, ir.codeSize()));
            differences.forEach(d -> out.append("DIFFERENT ").append(d).append('\n'));
        }
        return new Comparison(out.toString(), differences);
    }

    private String json(String engine, RegionRun.End end) {
        Map<String, String> state = new LinkedHashMap<>(StateText.values(end.machine(), ir.codeSize()));
        List<String> fields = new ArrayList<>();
        state.forEach((k, v) -> fields.add(Json.text(k) + ": " + Json.text(v)));
        String memory = StateText.memory(end.machine(), start).stream().map(l -> Json.text(l.substring(1))).collect(Collectors.joining(", "));
        return Json.text(engine) + ": {\"end\": " + Json.text(end.why()) + ", \"instructions\": " + end.retired() + ", \"state\": {" + String.join(", ", fields)
                + "}, \"memory\": [" + memory + "]}";
    }
}
