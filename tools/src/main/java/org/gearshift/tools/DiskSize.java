package org.gearshift.tools;

import java.util.Locale;
import org.gearshift.vmm.disk.DiskImage;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Disk sizes as users write them: {@code 20G}, {@code 512M}, {@code 1T}, or plain bytes; whole sectors. */
final class DiskSize implements ITypeConverter<Long> {
    private static final long MAX = 1L << 46;

    @Override
    public Long convert(String text) {
        String t = text.trim().toUpperCase(Locale.ROOT);
        int unit = t.isEmpty() ? -1 : "KMGT".indexOf(t.charAt(t.length() - 1));
        int shift = 10 * (unit + 1);
        long n;
        try {
            n = Long.parseLong(unit < 0 ? t : t.substring(0, t.length() - 1));
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is not a disk size; write for example 20G or 512M");
        }
        if (n <= 0 || n > MAX >> shift || (n << shift) % DiskImage.SECTOR != 0) {
            throw new TypeConversionException("'" + text + "' is not a disk size: whole sectors of 512 bytes, up to 64T");
        }
        return n << shift;
    }
}
