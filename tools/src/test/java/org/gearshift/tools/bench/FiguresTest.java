package org.gearshift.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class FiguresTest {
    @Test
    void theMedianIsInTheMiddleWhateverTheOrder() {
        assertEquals(3, Figures.median(List.of(9.0, 1.0, 3.0)));
        assertEquals(2, Figures.median(List.of(3.0, 9.0, 0.5, 1.0)));
    }

    @Test
    void theGeometricMeanTakesTwiceAndHalfForEven() {
        assertEquals(1, Figures.geometricMean(List.of(2.0, 0.5)), 1e-12);
        assertEquals(2, Figures.geometricMean(List.of(1.0, 2.0, 4.0)), 1e-12);
    }

    @Test
    void nothingHasNoMiddle() {
        assertThrows(IllegalArgumentException.class, () -> Figures.median(List.of()));
        assertThrows(IllegalArgumentException.class, () -> Figures.geometricMean(List.of()));
    }
}
