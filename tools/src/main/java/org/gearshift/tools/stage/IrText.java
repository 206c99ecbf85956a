package org.gearshift.tools.stage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.IrSyntaxException;
import org.gearshift.ir.Op;
import org.gearshift.ir.Parser;
import org.gearshift.ir.Printer;
import org.gearshift.ir.Region;
import org.gearshift.ir.Type;
import org.gearshift.ir.Verifier;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.lift.LiftHelpers;

/**
 * A region as the stages hand it on: IR text behind a comment with the code size, and, beside each mark, the guest instruction.
 *
 * @param codeSize 16, 32 or 64
 * @param comments what stands beside the marks, by guest pc
 */
public record IrText(Region region, int codeSize, Map<Long, String> comments) {
    private static final Pattern MARK = Pattern.compile("\\s*mark (0x[0-9a-f]+|\\d+)\\s*;\\s*(.*\\S)\\s*");
    private static final Pattern BLOCK = Pattern.compile("(?m)^\\s*(?:region|block)\\b");

    /** Lifted code. @param one the first block alone */
    public static IrText lift(Code code, boolean one) {
        Region r = Lifting.region(code, one);
        Map<Long, String> comments = new HashMap<>();
        for (Block b : r.blocks()) {
            for (long at = b.pc(); at - b.pc() < b.guestBytes();) {
                Code.Line l = code.line(at);
                if (l == null) {
                    break;
                }
                comments.put(at, l.text());
                at = l.next();
            }
        }
        return new IrText(r, code.codeSize(), comments);
    }

    /** Whether a text is meant to be IR. */
    static boolean isIr(String text) {
        return BLOCK.matcher(text).find();
    }

    /**
     * Reads a text.
     *
     * @param name what to call it in messages
     * @param size to use if the text does not say
     * @throws InputException with line, column and what is expected there
     */
    static IrText parse(String name, String text, int size) {
        Region r;
        try {
            r = Parser.parseRegion(text, X86State.LAYOUT, LiftHelpers::named);
        } catch (IrSyntaxException e) {
            throw new InputException(name + ": " + e.getMessage());
        }
        for (Block b : r.blocks()) {
            List<String> broken = Verifier.check(b, X86State.LAYOUT);
            if (!broken.isEmpty()) {
                throw new InputException(name + ": block 0x" + Long.toHexString(b.pc()) + ", operation " + broken.get(0));
            }
        }
        Map<Long, String> comments = new HashMap<>();
        for (String line : text.split("\n")) {
            Matcher m = MARK.matcher(line);
            if (m.matches()) {
                comments.put(m.group(1).startsWith("0x") ? Long.parseUnsignedLong(m.group(1).substring(2), 16) : Long.parseLong(m.group(1)), m.group(2));
            }
        }
        return new IrText(r, size, comments);
    }

    /** The same code with other IR. */
    IrText with(Region r) {
        return new IrText(r, codeSize, comments);
    }

    /** As text, which {@link #parse} reads back. */
    public String print() {
        return "; code " + codeSize + "\n" + Printer.print(region, X86State.LAYOUT, comments::get);
    }

    /** As JSON: {@code {code, entries, blocks: [{pc, bytes, instructions, ir: [{op, type, result, text}], end}]}}. */
    public String json() {
        List<String> blocks = new ArrayList<>();
        for (Block b : region.blocks()) {
            blocks.add(block(b));
        }
        return "{\"code\": " + codeSize + ", \"entries\": [" + String.join(", ", region.entries().stream().map(Json::hex).toList()) + "], \"blocks\": [\n  "
                + String.join(",\n  ", blocks) + "\n]}\n";
    }

    private String block(Block b) {
        String[] lines = Printer.print(b, X86State.LAYOUT).split("\n");
        List<String> ir = new ArrayList<>();
        int at = 1;
        for (Insn v : b.insns()) {
            String text = lines[at++].strip();
            String result = v.resultType() == Type.VOID ? "" : ", \"result\": " + Json.text(text.substring(0, text.indexOf(' ')));
            String guest = v.op() == Op.MARK && comments.containsKey(v.imm()) ? ", \"guest\": " + Json.text(comments.get(v.imm())) : "";
            ir.add("{\"op\": " + Json.text(v.op().text()) + ", \"type\": " + Json.text(v.type().toString()) + result + ", \"text\": " + Json.text(text) + guest + "}");
        }
        String kind = b.terminator().kind().name().toLowerCase(Locale.ROOT).replace('_', '.');
        return "{\"pc\": " + Json.hex(b.pc()) + ", \"bytes\": " + b.guestBytes() + ", \"instructions\": " + b.guestInsns() + ", \"ir\": [\n    " + String.join(",\n    ", ir)
                + "], \"end\": {\"kind\": " + Json.text(kind) + ", \"text\": " + Json.text(lines[at].strip()) + "}}";
    }
}
