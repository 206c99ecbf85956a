package org.gearshift.tools.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gearshift.tools.profile.CallTree;

/**
 * Where the host's processor was while a guest ran, from samples that {@code perf} took of the whole process: thread, part of the program, method. Compiled Java code keeps no frame pointers, so that
 * there are no callers; what part a method belongs to says more of a translator anyway.
 */
public final class HostProfile {
    /** {@code perf script -F comm,ip,sym,dso}: name of the thread, address, symbol, library. */
    private static final Pattern SAMPLE = Pattern.compile("^\\s*(.*?)\\s+([0-9a-f]{6,16})\\s+(.*?)\\s+\\(([^()]*(?:\\([^()]*\\))?[^()]*)\\)\\s*$");
    private static final Pattern METHOD = Pattern.compile("([\\w$.]+)(?:/0x[0-9a-f]+)?\\.([\\w$<>]+)\\(");
    private static final int BEFORE_NAME = 2;

    private HostProfile() {
    }

    /** Sums up what {@code perf script} prints. */
    public static CallTree of(Stream<String> script) {
        CallTree tree = new CallTree();
        script.forEach(line -> {
            Matcher m = SAMPLE.matcher(line);
            if (m.matches()) {
                tree.add(stack(m.group(1), m.group(3), m.group(4)));
            }
        });
        return tree;
    }

    private static List<String> stack(String thread, String symbol, String library) {
        List<String> out = new ArrayList<>();
        out.add(thread(thread));
        Matcher m = METHOD.matcher(symbol);
        if (m.find() && m.group(1).contains(".")) {
            String type = m.group(1);
            out.add(part(type));
            out.add(type.contains(".jvm.G_") ? type.substring(type.lastIndexOf('.') + 1) : type.substring(type.lastIndexOf('.') + 1) + "." + m.group(BEFORE_NAME));
        } else if (library.contains("libjvm")) {
            out.add("HotSpot");
            out.add(symbol);
        } else if (library.contains("[kernel") || library.startsWith("[guest")) {
            out.add("host kernel");
            out.add(symbol);
        } else {
            out.add(symbol.startsWith("Interpreter") ? "Java, not compiled" : "stubs and libraries");
            out.add(symbol);
        }
        return out;
    }

    /** Linux keeps 15 characters of a thread's name. */
    private static String thread(String name) {
        return name.startsWith("C1 ") ? "C1" : name.startsWith("C2 ") ? "C2" : name.startsWith("VM ") || name.startsWith("GC ") ? "HotSpot's own threads" : "guest: " + name;
    }

    private static String part(String type) {
        return type.contains(".backend.jvm.G_") ? "compiled guest code"
                : type.startsWith("org.gearshift.backend") || type.startsWith("org.objectweb") ? "emission"
                : type.startsWith("org.gearshift.ir.interp") ? "interpreter"
                : type.startsWith("org.gearshift.ir.pass") ? "passes"
                : type.startsWith("org.gearshift.translator.x86.runtime") ? "helpers"
                : type.startsWith("org.gearshift.translator") || type.startsWith("org.gearshift.ir") ? "decoding and lifting"
                : type.startsWith("org.gearshift.paging") ? "shadow paging"
                : type.startsWith("org.gearshift.vmm.engine") ? "engine"
                : type.startsWith("org.gearshift.vmm.cpu") ? "system instructions and exceptions"
                : type.startsWith("org.gearshift") ? "devices and the rest"
                : "Java's libraries";
    }
}
