package org.gearshift.tools.debug;

/** All commands that look at a machine that stands, and change nothing. */
final class InspectionCommands {
    private InspectionCommands() {
    }

    static void addTo(CommandSet set) {
        RegisterCommands.addTo(set);
    }
}
