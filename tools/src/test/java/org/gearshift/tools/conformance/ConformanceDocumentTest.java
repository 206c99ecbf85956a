package org.gearshift.tools.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.vmm.cpu.Eflags;
import org.junit.jupiter.api.Test;

/** {@code docs/conformance.md} prints the tables as they are. {@code -Dbless=true} writes them there. */
class ConformanceDocumentTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "conformance.md");
    private static final int[] FLAGS = {Eflags.OF, Eflags.SF, Eflags.ZF, Eflags.AF, Eflags.PF, Eflags.CF};
    private static final String[] FLAG_NAMES = {"OF", "SF", "ZF", "AF", "PF", "CF"};
    private static final int[] CODES = {0x100, 0x200, 0x400, 0x4000};

    @Test
    void theTablesAreInTheDocument() throws IOException {
        String text = Files.readString(DOCUMENT);
        String expected = with(with(with(text, "not-executable", notExecutable()), "undefined", undefined()), "departures", departures());
        if (Boolean.getBoolean("bless")) {
            Files.writeString(DOCUMENT, expected);
            return;
        }
        assertEquals(expected, text);
    }

    private static String with(String text, String name, String table) {
        String begin = "<!-- table " + name + " -->\n";
        int from = text.indexOf(begin) + begin.length();
        return text.substring(0, from) + table + text.substring(text.indexOf("<!-- end -->", from));
    }

    private static String names(Set<Mnemonic> mnemonics) {
        return String.join(" ", mnemonics.stream().map(Mnemonic::name).toList());
    }

    private static String notExecutable() {
        Map<String, Set<String>> reasons = new TreeMap<>();
        for (int bits : new int[] {32, 64}) {
            for (Form f : FormCatalogue.all(bits)) {
                String reason = NotExecutable.reason(f.sample);
                if (reason != null) {
                    boolean segment = f.mnemonic() == Mnemonic.MOV || f.mnemonic() == Mnemonic.POP;
                    reasons.computeIfAbsent(reason, k -> new TreeSet<>()).add(f.mnemonic().name() + (segment ? " sreg" : ""));
                }
            }
        }
        StringBuilder b = new StringBuilder("| reason | instructions |\n| --- | --- |\n");
        reasons.forEach((reason, names) -> b.append("| ").append(reason).append(" | ").append(String.join(" ", names)).append(" |\n"));
        return b.toString();
    }

    private static String undefined() {
        StringBuilder b = new StringBuilder("| instructions | undefined | when | SDM vol. 2 |\n| --- | --- | --- | --- |\n");
        for (UndefinedResults.Row r : UndefinedResults.table()) {
            Set<String> what = new java.util.LinkedHashSet<>();
            for (int i = 0; i < FLAGS.length; i++) {
                if ((r.flags() & FLAGS[i]) != 0) {
                    what.add(FLAG_NAMES[i]);
                }
            }
            for (int i = 0; i < CODES.length; i++) {
                if ((r.status() & CODES[i]) != 0) {
                    what.add("C" + i);
                }
            }
            if (r.destination()) {
                what.add("destination");
            }
            b.append("| ").append(names(EnumSet.copyOf(r.mnemonics()))).append(" | ").append(String.join(" ", what)).append(" | ").append(r.when()).append(" | ")
                    .append(r.reference()).append(" |\n");
        }
        return b.toString();
    }

    private static String departures() {
        StringBuilder b = new StringBuilder("| whose | what | where it is written |\n| --- | --- | --- |\n");
        for (HostDepartures.Departure d : HostDepartures.table()) {
            String who = switch (d.who()) {
                case ANY -> "any";
                case AMD -> "AMD";
                case INTEL -> "Intel";
                case QEMU -> "QEMU";
            };
            b.append("| ").append(who).append(" | ").append(d.what()).append(" | ")
                    .append(d.reference()).append(" |\n");
        }
        return b.toString();
    }
}
