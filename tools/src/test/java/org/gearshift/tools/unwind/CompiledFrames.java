package org.gearshift.tools.unwind;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gearshift.testing.Prerequisite;

/** Programs that the host's compiler makes for a test, and what binutils say of their call frames. */
final class CompiledFrames {
    private static final Pattern ENTRY = Pattern.compile("([0-9a-f]+) [0-9a-f]+ [0-9a-f]+ FDE cie=\\S+ pc=([0-9a-f]+)\\.\\.([0-9a-f]+)");
    private static final Pattern WORD = Pattern.compile("r\\d+ \\((\\w+)\\)|\\S+");

    private CompiledFrames() {
    }

    /** Compiles a source, whose name's end says what it is. */
    static Path compiled(Path directory, String name, String source, String... flags) throws Exception {
        Prerequisite.program("gcc");
        Path elf = directory.resolve(name + ".elf");
        List<String> command = new ArrayList<>(List.of("gcc", "-o", elf.toString(), Files.writeString(directory.resolve(name), source).toString()));
        command.addAll(List.of(flags));
        said(command);
        return elf;
    }

    private static String said(List<String> command) throws Exception {
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(p.getInputStream().readAllBytes());
        assertEquals(0, p.waitFor(), said);
        return said;
    }

    /** Rows of each description as readelf has them, by section and the description's place and code; each is an address, the frame address, and rules of registers. */
    static Map<String, List<String>> byReadelf(Path elf) throws Exception {
        Prerequisite.program("readelf");
        Map<String, List<String>> all = new LinkedHashMap<>();
        String section = "";
        List<String> rows = null;
        List<String> columns = List.of();
        for (String line : said(List.of("readelf", "--debug-dump=frames-interp", elf.toString())).split("\n")) {
            Matcher entry = ENTRY.matcher(line);
            if (line.startsWith("Contents of the ")) {
                section = line.split(" ")[3];
            } else if (entry.matches()) {
                rows = new ArrayList<>();
                all.put(key(section, Integer.parseInt(entry.group(1), 16), Long.parseUnsignedLong(entry.group(2), 16), Long.parseUnsignedLong(entry.group(3), 16)), rows);
            } else if (line.contains(" CIE ")) {
                rows = new ArrayList<>();
            } else if (line.startsWith("   LOC")) {
                columns = words(line);
            } else if (rows != null && line.matches("[0-9a-f]{8,16} .*") && !line.endsWith("ZERO terminator")) {
                rows.add(row(columns, words(line)));
            }
        }
        return all;
    }

    private static List<String> words(String line) {
        return WORD.matcher(line).results().map(m -> m.group(1) != null ? m.group(1) : m.group()).toList();
    }

    private static String row(List<String> columns, List<String> words) {
        assertEquals(columns.size(), words.size(), () -> columns + ": " + words);
        StringBuilder b = new StringBuilder(Long.toHexString(Long.parseUnsignedLong(words.get(0), 16)) + " " + words.get(1));
        for (int i = 2; i < columns.size(); i++) {
            b.append(words.get(i).equals("u") ? "" : " " + columns.get(i) + "=" + words.get(i));
        }
        return b.toString();
    }

    private static String key(String section, int at, long from, long to) {
        return String.format("%s 0x%x: 0x%x-0x%x", section, at, from, to);
    }

    /** The same as read here. */
    static Map<String, List<String>> readHere(Path elf) throws Exception {
        Map<String, List<String>> all = new LinkedHashMap<>();
        ProgramFrames frames = ProgramFrames.of(elf);
        assertEquals(null, frames.problem());
        for (CallFrameInformation section : frames.sections()) {
            DwarfRegisters names = DwarfRegisters.of(section.bases().wide());
            for (FrameDescription d : section.descriptions()) {
                List<String> rows = CallFrameProgram.rows(d, section.bases()).stream().map(r -> text(r, d, names)).toList();
                all.put(key(section.name(), d.at(), d.from(), d.from() + d.length()), rows);
            }
        }
        return all;
    }

    /** A row as {@link #byReadelf} has it. */
    static String text(UnwindRow r, FrameDescription d, DwarfRegisters names) {
        StringBuilder b = new StringBuilder(Long.toHexString(r.from()) + " " + (r.cfa().kind() == UnwindRule.Kind.VAL_EXPRESSION ? "exp" : r.cfa().text(names)));
        int ra = d.common().returnColumn();
        r.registers().entrySet().stream().sorted(Map.Entry.comparingByKey()).filter(e -> e.getValue().kind() != UnwindRule.Kind.UNDEFINED)
                .forEach(e -> b.append(' ').append(e.getKey() == ra ? "ra" : names.name(e.getKey())).append('=').append(e.getValue().text(names)));
        return b.toString();
    }
}
