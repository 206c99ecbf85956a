package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Debian's kernel compared in both gears, with a compiler and a database of Debian's: {@code -Dcompare.programs=true}, a few minutes. */
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CompareProgramsTest {
    @Test
    void thereIsARowOfEach() throws Exception {
        assumeTrue(Boolean.getBoolean("compare.programs"), "-Dcompare.programs=true");
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Gearshift.execute(new PrintWriter(out), new PrintWriter(err), "compare", "--kernel", DebianGuest.kernelFile("debian-cloud-amd64").toString(), "--programs",
                "--repetitions", "1");
        assertEquals(0, code, err.toString());
        for (String row : new String[] {"null-call", "tcp-64k", "stat", "integer-loop-1000", "compile", "database"}) {
            assertTrue(out.toString().contains("\n" + row + " "), row + ":\n" + out);
        }
    }
}
