package org.gearshift.tools.unwind;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.gearshift.tools.symbols.OrcUnwinder.Memory;

/**
 * Small ELF files that lie in a guest's memory with their call frames: the library that Linux gives every process (vDSO), by which 32-bit programs enter the kernel and return from signals. What is in
 * memory has no section headers for certain; program headers say where {@code .eh_frame_hdr} is (LSB Core 5.0, "Program Header"), and that where {@code .eh_frame} is.
 */
final class LoadedImages {
    private static final int MAGIC = 0x464c457f;
    private static final int PT_GNU_EH_FRAME = 0x6474e550;
    private static final int PAGE = 1 << 12;
    /** Code is so many pages from the beginning at most, and the file so many long. */
    private static final int PAGES = 1 << 3;
    private static final int MOST_KNOWN = 1 << 6;

    /**
     * One of them.
     *
     * @param frames null if it has none
     * @param slide where it begins, since it is linked for address 0
     */
    record Image(CallFrameInformation frames, long slide) {
        /** The caller of a function of it, as by {@link CfiUnwinder#step}. */
        CfiUnwinder.Step step(FrameState state, Memory memory) throws CallFrameException {
            return CfiUnwinder.step(frames, state, memory, slide);
        }
    }

    private final Memory memory;
    /** By where it begins. */
    private final Map<Long, Image> known = new HashMap<>();

    LoadedImages(Memory memory) {
        this.memory = memory;
    }

    /** The file that code lies in, if it has call frames of it; otherwise null. */
    Image at(FrameState state) {
        long page = state.within() & -PAGE;
        for (int i = 0; i < PAGES; i++, page -= PAGE) {
            Long magic = memory.read(page, Integer.BYTES);
            if (magic != null && magic == MAGIC) {
                Image image = image(page, state.isWide());
                boolean covers = image.frames != null && image.frames.bases().wide() == state.isWide() && image.frames.at(state.within() - image.slide) != null;
                return covers ? image : null;
            }
        }
        return null;
    }

    private Image image(long from, boolean wide) {
        Image image = known.get(from);
        if (image == null) {
            if (known.size() == MOST_KNOWN) {
                known.clear();
            }
            CallFrameInformation frames;
            try {
                frames = frames(contents(from), wide);
            } catch (CallFrameException | IndexOutOfBoundsException e) {
                // It is not what it seems, or not all of it is there: nobody has asked for this file.
                frames = null;
            }
            image = new Image(frames, from);
            known.put(from, image);
        }
        return image;
    }

    /** As many bytes from an address on as are there. */
    private ByteBuffer contents(long from) {
        ByteBuffer b = ByteBuffer.allocate(PAGES * PAGE).order(ByteOrder.LITTLE_ENDIAN);
        while (b.hasRemaining()) {
            Long v = memory.read(from + b.position(), Long.BYTES);
            if (v == null) {
                break;
            }
            b.putLong(v);
        }
        return b.flip();
    }

    /** Call frames by the program headers. @return null if there are none of code of that width @throws IndexOutOfBoundsException if something lies outside */
    private static CallFrameInformation frames(ByteBuffer file, boolean wide) throws CallFrameException {
        int headers = file.getInt(wide ? 32 : 28);
        int size = file.getShort(wide ? 54 : 42) & 0xffff;
        int count = file.getShort(wide ? 56 : 44) & 0xffff;
        if (file.get(4) != (wide ? 2 : 1)) {
            return null;
        }
        for (int i = 0; i < count; i++) {
            int header = headers + i * size;
            if (file.getInt(header) == PT_GNU_EH_FRAME) {
                int at = file.getInt(header + (wide ? 16 : 8));
                FrameBytes in = new FrameBytes(file, at + 4, file.limit());
                long begin = PointerEncoding.pointer(in, file.get(at + 1) & 0xff, new PointerEncoding.Bases(0, 0, at, wide), 0);
                ByteBuffer rest = file.slice((int) begin, file.limit() - (int) begin).order(ByteOrder.LITTLE_ENDIAN);
                return CallFrameInformation.of(rest, new PointerEncoding.Bases(begin, 0, 0, wide));
            }
        }
        return null;
    }
}
