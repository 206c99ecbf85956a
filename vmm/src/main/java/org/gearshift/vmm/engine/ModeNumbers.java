package org.gearshift.vmm.engine;

import java.util.HashMap;
import java.util.Map;

/** Small numbers for the mode keys in use, so that (pc, mode) fits a long in the interpreter's jump cache. */
final class ModeNumbers {
    private final Map<Long, Integer> numbers = new HashMap<>();
    private long lastMode = -1;
    private int lastNumber;

    int number(long mode) {
        if (mode != lastMode) {
            lastMode = mode;
            lastNumber = numbers.computeIfAbsent(mode, m -> numbers.size() + 1);
        }
        return lastNumber;
    }
}
