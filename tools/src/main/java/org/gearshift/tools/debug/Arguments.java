package org.gearshift.tools.debug;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** What is behind a command's name, taken from left to right. */
final class Arguments {
    private final String command;
    private final Deque<String> words = new ArrayDeque<>();

    Arguments(String command, String text) {
        this.command = command;
        if (!text.isBlank()) {
            words.addAll(Arrays.asList(text.trim().split("\\s+")));
        }
    }

    boolean isEmpty() {
        return words.isEmpty();
    }

    /** The next word, left where it is; empty if there is none. */
    String peek() {
        return words.isEmpty() ? "" : words.peek();
    }

    /** The next word. @param what names it if it is missing */
    String next(String what) {
        if (words.isEmpty()) {
            throw new CommandException(command + ": " + what + " is missing; 'help " + command + "' shows how");
        }
        return words.poll();
    }

    /** The next word, or what stands for it if there is none. */
    String nextOr(String otherwise) {
        return words.isEmpty() ? otherwise : words.poll();
    }

    /** Takes the next word if it is this one. */
    boolean take(String word) {
        if (peek().equals(word)) {
            words.poll();
            return true;
        }
        return false;
    }

    /** All that is left, as one. */
    String rest() {
        String all = String.join(" ", words);
        words.clear();
        return all;
    }

    /** Nothing more is expected. */
    void end() {
        if (!words.isEmpty()) {
            throw new CommandException(command + ": what is '" + words.peek() + "' for? 'help " + command + "' shows how");
        }
    }
}
