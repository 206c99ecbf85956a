package org.gearshift.tools.unwind;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.tools.symbols.ElfFile;
import org.gearshift.tools.symbols.SymbolFormatException;

/**
 * A section of call frame information: entries one after the other, each with its length, by address of the code they are for. {@code .debug_frame} is as in DWARF 5, section 6.4.1; {@code .eh_frame}
 * is the same up to how pointers are written and how a description refers to what it shares with others (LSB Core 5.0, "The .eh_frame section").
 */
final class CallFrameInformation {
    private static final String EH_FRAME = ".eh_frame";
    private static final int MOST_DESCRIPTIONS = 1 << 22;
    private static final long ESCAPE_64 = 0xffffffffL;

    private final String section;
    private final boolean exceptions;
    private final ByteBuffer data;
    private final PointerEncoding.Bases bases;
    private final Map<Integer, CommonInformation> common = new HashMap<>();
    private final List<FrameDescription> byAddress = new ArrayList<>();

    private CallFrameInformation(String section, ByteBuffer data, PointerEncoding.Bases bases) {
        this.section = section;
        this.exceptions = section.equals(EH_FRAME);
        this.data = data;
        this.bases = bases;
    }

    /**
     * A file's section of that name, {@code .eh_frame} or {@code .debug_frame}.
     *
     * @return null if it has none
     * @throws CallFrameException if an entry is damaged
     * @throws SymbolFormatException if the section is compressed
     */
    static CallFrameInformation of(ElfFile elf, String section) throws CallFrameException, SymbolFormatException {
        ElfFile.Section s = elf.section(section);
        if (s == null || s.length() == 0) {
            return null;
        }
        ByteBuffer contents = elf.contents(s);
        // Without the rest of the file, which may be large.
        ByteBuffer data = ByteBuffer.allocate(contents.limit()).order(contents.order()).put(contents).flip();
        ElfFile.Section text = elf.section(".text");
        ElfFile.Section got = elf.section(".got.plt") != null ? elf.section(".got.plt") : elf.section(".got");
        CallFrameInformation all = new CallFrameInformation(section, data, new PointerEncoding.Bases(section.equals(EH_FRAME) ? s.address() : 0, text == null ? 0 : text.address(),
                got == null ? 0 : got.address(), elf.is64Bit()));
        all.readAll(false);
        return all;
    }

    /**
     * What lies in memory as {@code .eh_frame}.
     *
     * @param data from its first byte on, and up to anywhere behind the empty entry at its end; little-endian
     */
    static CallFrameInformation of(ByteBuffer data, PointerEncoding.Bases bases) throws CallFrameException {
        CallFrameInformation all = new CallFrameInformation(EH_FRAME, data, bases);
        all.readAll(true);
        return all;
    }

    private void readAll(boolean untilEmpty) throws CallFrameException {
        FrameBytes in = new FrameBytes(data, 0, data.limit());
        boolean goesOn = true;
        while (in.hasMore() && goesOn) {
            int at = in.position();
            try {
                // An empty entry ends the contribution of an object file that was linked.
                goesOn = read(in, at) || !untilEmpty;
            } catch (CallFrameException e) {
                throw within(at, e);
            }
        }
        byAddress.sort(Comparator.comparingLong(f -> f.from() ^ Long.MIN_VALUE));
    }

    /** One entry. @return whether there is something in it */
    private boolean read(FrameBytes in, int at) throws CallFrameException {
        FrameBytes entry = contents(in);
        if (!entry.hasMore()) {
            return false;
        }
        int idBytes = idBytes(at);
        int idAt = entry.position();
        long id = entry.unsigned(idBytes);
        if (id == commonId(idBytes)) {
            return true;
        }
        long to = exceptions ? idAt - id : id;
        CommonInformation shared = common(to);
        long from = PointerEncoding.pointer(entry, shared.encoding(), bases, 0);
        long length = bases.address(PointerEncoding.number(entry, shared.encoding(), bases));
        if (shared.sized()) {
            entry.skip(entry.uleb());
        }
        if (byAddress.size() == MOST_DESCRIPTIONS) {
            throw new CallFrameException("more than " + MOST_DESCRIPTIONS + " descriptions");
        }
        if (length != 0) {
            byAddress.add(new FrameDescription(at, shared, from, length, entry));
        }
        return true;
    }

    /** What a length says that it is the length of. */
    private static FrameBytes contents(FrameBytes in) throws CallFrameException {
        long length = in.unsigned(Integer.BYTES);
        return in.part(length == ESCAPE_64 ? in.unsigned(Long.BYTES) : length);
    }

    /** Bytes of the number that says what an entry is: in {@code .debug_frame}, as many as of a length. */
    private int idBytes(int at) {
        return !exceptions && (data.getInt(at) & ESCAPE_64) == ESCAPE_64 ? Long.BYTES : Integer.BYTES;
    }

    private long commonId(int bytes) {
        return exceptions ? 0 : bytes == Long.BYTES ? -1 : ESCAPE_64;
    }

    private CommonInformation common(long at) throws CallFrameException {
        if (at < 0 || at > data.limit() - 2 * Integer.BYTES) {
            throw new CallFrameException("its CIE should be outside the section");
        }
        CommonInformation known = common.get((int) at);
        if (known != null) {
            return known;
        }
        FrameBytes entry = contents(new FrameBytes(data, (int) at, data.limit()));
        int bytes = idBytes((int) at);
        if (entry.unsigned(bytes) != commonId(bytes)) {
            throw new CallFrameException(String.format("its CIE should be at 0x%x and is not", at));
        }
        CommonInformation read = CommonInformation.read(entry, bases);
        common.put((int) at, read);
        return read;
    }

    /** The description of the code at an address as linked, or null. */
    FrameDescription at(long address) {
        int low = 0;
        int high = byAddress.size();
        while (low < high) {
            int middle = low + high >>> 1;
            if (Long.compareUnsigned(byAddress.get(middle).from(), address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low > 0 && byAddress.get(low - 1).holds(address) ? byAddress.get(low - 1) : null;
    }

    /** What it is called. */
    String name() {
        return section;
    }

    /** All descriptions by address. */
    List<FrameDescription> descriptions() {
        return byAddress;
    }

    PointerEncoding.Bases bases() {
        return bases;
    }

    /** An exception that says which entry it is about. */
    CallFrameException within(int at, CallFrameException e) {
        return new CallFrameException(String.format("%s, entry at 0x%x: %s", section, at, e.getMessage()));
    }
}
