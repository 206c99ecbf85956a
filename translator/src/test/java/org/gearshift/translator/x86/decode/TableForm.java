package org.gearshift.translator.x86.decode;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.gearshift.translator.x86.IsaExtension;

/**
 * A line of the opcode tables, for tests that make instructions of it.
 *
 * @param extension what the processor must have; {@code extension256} for VEX.L = 1
 * @param prefix NP, NFx, 66, F3, F2, or nothing
 * @param map 1 to 3: 0F, 0F 38, 0F 3A
 * @param digit ModRM.reg where it is part of the opcode, else -1
 * @param operands as in the table: Vdq, Wd, Iu ...
 * @param attributes without the extension
 */
public record TableForm(IsaExtension extension, IsaExtension extension256, String prefix, boolean vex, int map, int opcode, int digit, String mnemonic,
        List<String> operands, Set<String> attributes) {
    /** All forms on vector and MMX registers. */
    public static List<TableForm> vectors() {
        List<TableForm> forms = new ArrayList<>();
        for (OpcodeMaps.Table table : OpcodeMaps.TABLES) {
            if (table.extension() != IsaExtension.BASE) {
                table.lines().lines().forEach(l -> forms.add(parse(table, l.strip())));
            }
        }
        return forms;
    }

    private static TableForm parse(OpcodeMaps.Table table, String line) {
        String[] columns = line.split(" \\| ");
        String[] encoding = columns[0].split(" ");
        String[] meaning = columns[1].split(" ");
        IsaExtension extension = table.extension();
        IsaExtension extension256 = table.extension256();
        Set<String> attributes = columns.length > 2 ? new java.util.LinkedHashSet<>(List.of(columns[2].split(" "))) : Set.of();
        for (IsaExtension e : IsaExtension.values()) {
            if (attributes.contains(e.name())) {
                extension = e;
                extension256 = e;
            }
        }
        int at = 1;
        boolean vex = encoding[at].equals("VEX");
        at += vex ? 2 : 1;
        int map = encoding[at].equals("38") ? 2 : encoding[at].equals("3A") ? 3 : 1;
        at += map > 1 ? 1 : 0;
        int opcode = Integer.parseInt(encoding[at++], 16);
        int digit = at < encoding.length ? encoding[at].charAt(1) - '0' : -1;
        return new TableForm(extension, extension256, encoding[0], vex, map, opcode, digit, meaning[0],
                meaning.length > 1 ? List.of(meaning[1].split(",")) : List.of(), attributes);
    }

    @Override
    public String toString() {
        return prefix + (vex ? " VEX" : "") + " map " + map + " " + Integer.toHexString(opcode) + (digit >= 0 ? " /" + digit : "") + " " + mnemonic + " "
                + String.join(",", operands) + " " + attributes;
    }
}
