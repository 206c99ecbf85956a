package org.gearshift.tools;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Guest memory sizes as users write them: {@code 256M}, {@code 1G}, {@code 65536K}, or plain MiB. */
final class MemorySize implements ITypeConverter<Long> {
    static final long MIN = 8L << 20;
    static final long MAX = 2047L << 20;

    @Override
    public Long convert(String text) {
        String t = text.trim().toUpperCase(java.util.Locale.ROOT);
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
            throw new TypeConversionException("'" + text + "' is not a memory size; write for example 256M or 1G");
        }
        long bytes = n < 0 || n > Long.MAX_VALUE >> shift ? -1 : n << shift;
        if (bytes < MIN || bytes > MAX) {
            throw new TypeConversionException("'" + text + "' is out of range: guest memory is from 8M to 2047M");
        }
        return bytes & ~0xfffL;
    }
}
