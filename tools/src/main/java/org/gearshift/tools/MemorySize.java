package org.gearshift.tools;

import java.util.Locale;
import org.gearshift.paging.GuestRam;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Guest memory sizes as users write them: {@code 256M}, {@code 1G}, {@code 65536K}, or plain MiB. */
final class MemorySize implements ITypeConverter<Long> {
    static final long MIN = 8L << 20;
    static final long MAX = GuestRam.MAX_SIZE;
    /** Most for what needs offsets in RAM to be ints: paravirtual domains, and comparing all of it again and again. */
    static final long MAX_COMPACT = 2040L << 20;

    /** The memory of several machines. */
    static final class Total implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            return total(text);
        }
    }

    @Override
    public Long convert(String text) {
        long bytes = bytes(text);
        if (bytes < MIN || bytes > MAX) {
            throw new TypeConversionException("'" + text + "' is out of range: guest memory is from 8M to " + (MAX >>> 30) + "G");
        }
        return bytes & ~0xfffL;
    }

    /** The memory of several machines together. */
    static long total(String text) {
        long bytes = bytes(text);
        if (bytes < MIN) {
            throw new TypeConversionException("'" + text + "' is out of range: machines need 8M at least");
        }
        return bytes;
    }

    /** -1 if it is too large a number. */
    private static long bytes(String text) {
        String t = text.trim().toUpperCase(Locale.ROOT);
        int shift = 20;
        if (!t.isEmpty()) {
            int unit = "KMG".indexOf(t.charAt(t.length() - 1));
            if (unit >= 0) {
                shift = 10 + 10 * unit;
                t = t.substring(0, t.length() - 1);
            }
        }
        long n;
        try {
            n = Long.parseLong(t);
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is not a memory size; write for example 256M or 8G");
        }
        return n < 0 || n > Long.MAX_VALUE >> shift ? -1 : n << shift;
    }
}
