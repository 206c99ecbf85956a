package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The commands of a document, executed: in {@code console} blocks, lines that begin with {@code $} are commands, and what follows up to the next is what they print, where
 * a line {@code ...} stands for any number of lines, and {@code ...} within a line for anything. Commands are {@code ./gearshift}, joined by {@code |}, and redirections to
 * files, which all lie in one directory. With {@code -Dbless=true} the document gets what they print now, but for blocks with left-out lines.
 */
final class DocumentedCommands {
    private static final Pattern BLOCK = Pattern.compile("```console\n(.*?)```", Pattern.DOTALL);
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");
    private static final Pattern FILE = Pattern.compile("[\\w-]+\\.(ir|svg|dot|class|bin|trace|rec|html|info|elf|txt)");
    private static final String LEFT_OUT = "...";

    private final Path document;
    private final Path directory;
    private final Map<String, Path> files;

    /** @param files words of commands that stand for files elsewhere */
    DocumentedCommands(Path document, Path directory, Map<String, Path> files) {
        this.document = document;
        this.directory = directory;
        this.files = files;
    }

    /** Executes those between {@code <!-- section NAME -->} and {@code <!-- end -->}; returns how many there were. */
    int check(String section) throws IOException {
        String text = Files.readString(document);
        String begin = "<!-- section " + section + " -->\n";
        int from = text.indexOf(begin);
        int to = text.indexOf("<!-- end -->", from);
        if (from < 0 || to < 0) {
            return fail(document + " has no section " + section);
        }
        int commands = 0;
        StringBuilder now = new StringBuilder(text.substring(0, from));
        Matcher m = BLOCK.matcher(text.substring(from, to));
        while (m.find()) {
            StringBuilder block = new StringBuilder();
            for (String part : ("\n" + m.group(1)).split("\n\\$ ")) {
                if (part.isBlank()) {
                    continue;
                }
                int end = part.indexOf('\n');
                String command = end < 0 ? part : part.substring(0, end);
                String expected = end < 0 ? "" : part.substring(end + 1);
                expected = expected.isEmpty() || expected.endsWith("\n") ? expected : expected + "\n";
                String actual = run(command);
                block.append("$ ").append(command).append('\n');
                if (Boolean.getBoolean("bless") && !expected.contains(LEFT_OUT)) {
                    block.append(actual);
                } else {
                    compare(command, expected, actual);
                    block.append(expected);
                }
                commands++;
            }
            m.appendReplacement(now, Matcher.quoteReplacement("```console\n" + block + "```"));
        }
        m.appendTail(now);
        if (Boolean.getBoolean("bless")) {
            Files.writeString(document, now + text.substring(to));
        }
        return commands;
    }

    private static void compare(String command, String expected, String actual) {
        StringBuilder pattern = new StringBuilder();
        boolean leftOut = false;
        for (String line : expected.split("\n", -1)) {
            if (line.strip().equals(LEFT_OUT)) {
                pattern.append("(?:.*\n)*?");
                leftOut = true;
            } else if (!line.isEmpty() || !pattern.toString().endsWith("\n")) {
                for (String piece : line.split("(?=\\.\\.\\.)|(?<=\\.\\.\\.)")) {
                    pattern.append(piece.equals(LEFT_OUT) ? ".*" : Pattern.quote(piece));
                }
                pattern.append(line.isEmpty() ? "" : "\n");
                leftOut |= line.contains(LEFT_OUT);
            }
        }
        if (!leftOut || !actual.matches(pattern.toString())) {
            assertEquals(expected, actual, command);
        }
    }

    /** What a command prints: its output, and then its messages. */
    private String run(String command) throws IOException {
        String input = "";
        String messages = "";
        for (String stage : command.split(" \\| ")) {
            List<String> words = new ArrayList<>();
            Path output = null;
            Matcher m = WORD.matcher(stage);
            while (m.find()) {
                String w = m.group(1) != null ? m.group(1) : m.group(2);
                if (w.equals(">") && m.find()) {
                    output = file(m.group(2));
                } else if (w.equals("<") && m.find()) {
                    input = Files.readString(file(m.group(2)));
                } else {
                    words.add(resolved(w));
                }
            }
            assertEquals("./gearshift", words.remove(0), command);
            StringWriter out = new StringWriter();
            StringWriter err = new StringWriter();
            InputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
            Gearshift.execute(in, new PrintWriter(out), new PrintWriter(err), words.toArray(new String[0]));
            input = out.toString().replace("\r\n", "\n");
            messages += err.toString().replace("\r\n", "\n");
            if (output != null) {
                Files.writeString(output, input);
                input = "";
            }
        }
        String printed = input + messages;
        for (Map.Entry<String, Path> e : files.entrySet()) {
            printed = printed.replace(e.getValue().toString(), e.getKey());
        }
        return printed.replace(directory + "/", "");
    }

    private String resolved(String word) {
        return files.containsKey(word) || FILE.matcher(word).matches() ? file(word).toString() : word;
    }

    private Path file(String word) {
        return files.containsKey(word) ? files.get(word) : directory.resolve(word);
    }
}
