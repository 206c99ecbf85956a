package org.gearshift.tools.debug;

import java.util.List;

/**
 * A command of the debugger.
 *
 * @param names the first is what help shows; the others are short for it
 * @param arguments what it takes, as help shows it
 * @param help one line
 * @param action what it does
 */
record Command(List<String> names, String arguments, String help, Action action) {
    /** What a command does. */
    interface Action {
        /** @throws CommandException if the arguments make no sense, or what is asked for is not there; the message is for the user */
        void run(DebugContext context, Arguments arguments) throws InterruptedException;
    }

    String name() {
        return names.get(0);
    }
}
