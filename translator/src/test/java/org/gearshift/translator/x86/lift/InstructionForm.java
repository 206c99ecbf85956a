package org.gearshift.translator.x86.lift;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** A line of {@code forms.txt}: makes random instructions of one form. */
record InstructionForm(String text, List<String> tokens, long flags, Set<String> options) {
    private static final String FLAG_LETTERS = "c.p.a.zs...o";

    static List<InstructionForm> all() {
        List<InstructionForm> forms = new ArrayList<>();
        try (BufferedReader r = new BufferedReader(new InputStreamReader(
                InstructionForm.class.getResourceAsStream("forms.txt"), StandardCharsets.UTF_8))) {
            for (String line = r.readLine(); line != null; line = r.readLine()) {
                if (!line.startsWith("#") && !line.isBlank()) {
                    forms.add(parse(line));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return forms;
    }

    private static InstructionForm parse(String line) {
        String[] f = line.split("\\|", 3);
        long flags = 0;
        for (char c : f[1].strip().toCharArray()) {
            flags |= 1L << FLAG_LETTERS.indexOf(c);
        }
        String options = f[2].strip();
        return new InstructionForm(line.strip().replaceAll(" +", " "), List.of(f[0].strip().split(" +")), flags,
                options.isEmpty() ? Set.of() : Set.of(options.split(" +")));
    }

    /** The CPU flag the host must have, or null. */
    String hostFeature() {
        return options.stream().filter(o -> o.startsWith("host=")).map(o -> o.substring(5)).findFirst().orElse(null);
    }

    /** A random instruction of this form. */
    byte[] encode(Random r, boolean code64) {
        ByteArrayOutputStream b = new ByteArrayOutputStream();
        boolean sized = tokens.contains("v");
        boolean word = sized && r.nextInt(3) == 0;
        boolean wide = sized && code64 && !word && r.nextBoolean();
        boolean memory = options.contains("mem") || !options.contains("reg") && r.nextInt(3) == 0;
        if (word) {
            b.write(0x66);
        }
        boolean single = sized || tokens.stream().anyMatch(t -> t.startsWith("/") || t.endsWith("+r"));
        int rex = code64 && single && r.nextBoolean() ? 0x40 | r.nextInt(2) << 2 | (memory ? 0 : r.nextInt(2)) : 0;
        rex |= wide ? 0x48 : 0;
        boolean rexDone = rex == 0 || tokens.get(0).equals("48") || tokens.get(0).equals("C4");
        for (String t : tokens) {
            boolean prefix = t.equals("66") || t.equals("F2") || t.equals("F3");
            if (!rexDone && !prefix) {
                b.write(rex);
                rexDone = true;
            }
            token(b, t, r, word, wide, memory);
        }
        return b.toByteArray();
    }

    private static void token(ByteArrayOutputStream b, String t, Random r, boolean word, boolean wide, boolean memory) {
        switch (t) {
            case "v" -> {
            }
            case "/r" -> modrm(b, r.nextInt(8), memory, r);
            case "ib" -> b.write(r.nextInt(3) == 0 ? r.nextInt(4) : r.nextInt(256));
            case "i4" -> b.write(r.nextInt(256) & ~(word ? 16 : 0));
            case "iw" -> immediate(b, r, 2);
            case "iz" -> immediate(b, r, word ? 2 : 4);
            case "iv" -> immediate(b, r, word ? 2 : wide ? 8 : 4);
            default -> {
                if (t.startsWith("/")) {
                    modrm(b, t.charAt(1) - '0', memory, r);
                } else if (t.endsWith("+r")) {
                    b.write(Integer.parseInt(t.substring(0, 2), 16) + r.nextInt(8));
                } else {
                    b.write(Integer.parseInt(t, 16));
                }
            }
        }
    }

    private static void immediate(ByteArrayOutputStream b, Random r, int bytes) {
        long v = Values.interesting(r);
        for (int i = 0; i < bytes; i++) {
            b.write((int) (v >> 8 * i));
        }
    }

    private static void modrm(ByteArrayOutputStream b, int reg, boolean memory, Random r) {
        if (!memory) {
            b.write(0xc0 | reg << 3 | r.nextInt(8));
            return;
        }
        switch (r.nextInt(4)) {
            case 0 -> b.write(reg << 3 | 6);
            case 1 -> {
                b.write(0x40 | reg << 3 | 7);
                b.write(r.nextInt(64) - 32);
            }
            case 2 -> {
                b.write(0x40 | reg << 3 | 5);
                b.write(r.nextInt(64) - 32);
            }
            default -> {
                b.write(0x40 | reg << 3 | 4);
                b.write(0x24);
                b.write(r.nextInt(64) - 32);
            }
        }
    }

    /** Operand values with a preference for the borders where flags change. */
    static final class Values {
        private static final long[] BORDERS = {0, 1, -1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL,
            Long.MAX_VALUE, Long.MIN_VALUE, 0x80_8080_8080_8080L, 9, 10, 0x99};

        private Values() {
        }

        static long interesting(Random r) {
            return switch (r.nextInt(4)) {
                case 0 -> BORDERS[r.nextInt(BORDERS.length)];
                case 1 -> BORDERS[r.nextInt(BORDERS.length)] ^ r.nextInt(256);
                default -> r.nextLong();
            };
        }
    }
}
