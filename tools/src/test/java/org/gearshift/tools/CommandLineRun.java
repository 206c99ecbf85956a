package org.gearshift.tools;

import java.io.PrintWriter;
import java.io.StringWriter;

/** One run of the command line inside the test's JVM: exit code and what it wrote. */
record CommandLineRun(int code, String out, String err) {
    static CommandLineRun of(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Gearshift.execute(new PrintWriter(out), new PrintWriter(err), args);
        return new CommandLineRun(code, out.toString(), err.toString());
    }
}
