package org.gearshift.tools.debug;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.gearshift.vmm.debug.DebuggedCpu;

/**
 * What a running Linux kernel has written down for who looks at its memory after a crash: addresses of some variables, offsets and sizes of some structures
 * (VMCOREINFO, Documentation/admin-guide/kdump/vmcoreinfo.rst; kernels with {@code CONFIG_CRASH_CORE}). It is there once the kernel has made its subsystems, at addresses
 * as they are after KASLR, and needs neither symbols nor types.
 */
final class CrashNote {
    private static final int PAGE = 0x1000;
    /** The first line of the page, which is the first thing the kernel writes into it. */
    private static final byte[] BEGIN = "OSRELEASE=".getBytes(StandardCharsets.US_ASCII);

    private final Map<String, String> lines = new HashMap<>();

    private CrashNote(String text) {
        for (String line : text.split("\n")) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                lines.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
    }

    /** The note of the guest's kernel, or null if it has written none. @param memory the physical address behind the last byte of RAM */
    static CrashNote find(DebuggedCpu cpu, long memory) {
        byte[] b = new byte[PAGE];
        for (long page = 0; page + PAGE <= memory; page += PAGE) {
            if (cpu.readPhysical(page, b, 0, BEGIN.length) < BEGIN.length || !java.util.Arrays.equals(b, 0, BEGIN.length, BEGIN, 0, BEGIN.length)) {
                continue;
            }
            int n = cpu.readPhysical(page, b, 0, PAGE);
            CrashNote note = new CrashNote(new String(b, 0, n, StandardCharsets.ISO_8859_1));
            // What the kernel copied its own lines from, or a file with such a line, is none.
            if (note.symbol("prb") != 0) {
                return note;
            }
        }
        return null;
    }

    /** Address of a variable, 0 if it isn't told. */
    long symbol(String name) {
        return number(lines.get("SYMBOL(" + name + ")"), 16, 0);
    }

    /** Offset of a structure's member in bytes, -1 if it isn't told. */
    int offset(String structure, String member) {
        return (int) number(lines.get("OFFSET(" + structure + "." + member + ")"), 10, -1);
    }

    /** A structure's size in bytes, -1 if it isn't told. */
    int size(String structure) {
        return (int) number(lines.get("SIZE(" + structure + ")"), 10, -1);
    }

    private static long number(String text, int radix, long otherwise) {
        try {
            return text == null ? otherwise : Long.parseUnsignedLong(text.strip(), radix);
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }
}
