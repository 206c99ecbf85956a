package org.gearshift.tools.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.Set;
import java.util.TreeSet;
import org.gearshift.ir.Block;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Parser;
import org.gearshift.ir.Printer;
import org.gearshift.ir.Region;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.lift.LiftHelpers;
import org.gearshift.translator.x86.lift.X86Lifter;
import org.junit.jupiter.api.Test;

/** The IR of every instruction form reads back as it was printed, also where nothing has been lifted before. */
class IrTextOfEveryFormTest {
    @Test
    void printedIrReadsBack() throws Exception {
        Set<String> helpers = new TreeSet<>();
        X86Lifter lifter = new X86Lifter();
        Sequencer sequencer = new Sequencer(new SplittableRandom(7));
        for (int bits : new int[] {32, 64}) {
            for (Form f : FormCatalogue.all(bits)) {
                if (NotExecutable.reason(f.sample) != null) {
                    continue;
                }
                Code c = sequencer.single(f).code();
                Block b = lifter.lift(a -> a >= c.start() && a < c.end() ? c.bytes()[(int) (a - c.start())] & 0xff : 0x90, c.start(), Code.mode(bits), 1);
                for (Insn v : b.insns()) {
                    if (v.op() == Op.CALL) {
                        helpers.add(v.helper().name());
                    }
                }
                String text = Printer.print(Region.of(b), X86State.LAYOUT);
                assertEquals(text, Printer.print(Parser.parseRegion(text, X86State.LAYOUT, LiftHelpers::named), X86State.LAYOUT));
            }
        }
        assertTrue(helpers.size() > 100, helpers.toString());
        assertEquals(List.of(), unknownToANewProcess(helpers));
    }

    /** In a class loader of its own nothing has been lifted yet. */
    private static List<String> unknownToANewProcess(Set<String> helpers) throws Exception {
        List<URL> path = new ArrayList<>();
        for (String p : System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")).split(File.pathSeparator)) {
            path.add(Path.of(p).toUri().toURL());
        }
        try (URLClassLoader fresh = new URLClassLoader(path.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Method named = fresh.loadClass(LiftHelpers.class.getName()).getMethod("named", String.class);
            List<String> unknown = new ArrayList<>();
            for (String h : helpers) {
                if (named.invoke(null, h) == null) {
                    unknown.add(h);
                }
            }
            return unknown;
        }
    }
}
