package org.gearshift.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import org.junit.jupiter.api.Test;

/** What {@code -Dgearshift.without} may say. */
class WithoutTest {
    @Test
    void nothingIsLeftOutByDefault() {
        assertEquals(EnumSet.noneOf(Without.class), Without.parse(""));
    }

    @Test
    void choicesAreNamedWithHyphens() {
        assertEquals(EnumSet.of(Without.WINDOWS, Without.LEAVING_MISSES), Without.parse("windows, leaving-misses"));
    }

    @Test
    void aNameThatThereIsNotIsRefusedWithThoseThatThereAre() {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Without.parse("window"));
        assertTrue(e.getMessage().contains("no choice 'window'; there are fast-ram, rmw-reuse, windows"), e.getMessage());
    }
}
