package org.gearshift.backend.jvm;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** JFR event: one region was turned into a class. Its duration is emission and definition together. */
@Name("org.gearshift.TranslateRegion")
@Label("Translate Region")
@Category("Gearshift")
@StackTrace(false)
final class TranslateRegionEvent extends Event {
    @Label("Region")
    String region;
    @Label("Blocks")
    int blocks;
    @Label("Guest Instructions")
    int guestInstructions;
    @Label("Bytecode Size")
    @DataAmount
    int bytecodeSize;
}
