package org.gearshift.samples;

/** The same of 64-bit and of compatibility mode: gates, stacks, four levels of tables, fast system calls, addresses that are not canonical. */
class LongModeChecksTest extends SystemChecksComparison {
    LongModeChecksTest() {
        super(SystemChecks.LONG_MODE, "calls64", "");
    }
}
