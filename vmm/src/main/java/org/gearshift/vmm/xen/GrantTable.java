package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;

/**
 * The frames that a domain lets others use: version 1 of grant_table.h, {flags 16, domid 16, frame 32} an entry. Others are backends of the monitor, as domain
 * 0, and domains of the same group; they ask for a frame by {@link #begin}. What the domain itself has of others is in {@link GrantMappings}.
 */
final class GrantTable {
    private static final int DOMID_SELF = 0x7ff0;
    private static final int DOM0 = 0;
    /** Frames of the table, and what a domain may have of them. */
    static final int FRAMES = 32;
    private static final int PER_FRAME = 512;

    static final int OKAY = 0;
    static final int GENERAL_ERROR = -1;
    static final int BAD_DOMAIN = -2;
    static final int BAD_GRANT = -3;
    static final int BAD_HANDLE = -4;
    static final int NO_SPACE = -13;
    static final int PERMISSION_DENIED = -8;
    static final int BAD_PAGE = -9;
    static final int BAD_COPY = -10;

    private static final int TYPE = 3;
    private static final int PERMIT_ACCESS = 1;
    private static final int READ_ONLY = 4;
    private static final int READING = 8;
    private static final int WRITING = 16;

    /** Byte sizes of the structures, and where their status is, by command: 0 none. Those with a pointer or a frame number are shorter in a 32-bit domain. */
    private static final int[] SIZE = {32, 24, 24, 4, 24, 40, 16, 24, 4, 24, 8, 12, 16};
    private static final int[] STATUS_AT = {18, 20, 8, 2, 16, 36, 12, 20, 0, 6, 0, 8, 0};
    private static final int[] SIZE_32 = {32, 24, 16, 4, 16, 24, 16, 24, 4, 16, 8, 12, 16};
    private static final int[] STATUS_AT_32 = {18, 20, 8, 2, 12, 20, 12, 20, 0, 6, 0, 8, 0};
    private static final int MAP = 0;
    private static final int UNMAP = 1;
    private static final int SETUP = 2;
    private static final int TRANSFER = 4;
    private static final int COPY = 5;
    private static final int QUERY = 6;
    private static final int UNMAP_AND_REPLACE = 7;
    private static final int SET_VERSION = 8;
    private static final int GET_VERSION = 10;

    private final Domain domain;
    private final PhysicalMemory memory;
    private final GuestPointer guest;
    private final GrantMappings mappings;
    private final int firstFrame;
    private int active;
    /** By reference: how many use the frame, and how many of those to write. */
    private final short[] uses = new short[FRAMES * PER_FRAME];
    private final short[] writers = new short[FRAMES * PER_FRAME];

    /** @param firstFrame the first of {@link #FRAMES} adjacent frames that are shared with the domain */
    GrantTable(Domain domain, int firstFrame) {
        this.domain = domain;
        this.memory = domain.memory;
        this.guest = domain.guest;
        this.firstFrame = firstFrame;
        this.mappings = new GrantMappings(domain);
    }

    /** grant_table_op(command, structures, count). */
    long operation(long[] a) {
        int command = (int) a[0];
        long count = a[2] & 0xffffffffL;
        if (command < 0 || command >= SIZE.length) {
            return Errno.ENOSYS;
        }
        if (count > 1 << 20) {
            return Errno.EINVAL;
        }
        for (long i = 0; i < count; i++) {
            long at = a[1] + i * (domain.abi.is32() ? SIZE_32 : SIZE)[command];
            long rc = one(command, at);
            if (rc != 0 || command == SETUP || command == QUERY || command == SET_VERSION || command == GET_VERSION) {
                return rc;
            }
        }
        return 0;
    }

    private long one(int command, long at) {
        return switch (command) {
            case MAP -> {
                guest.checkWritable(at, SIZE[MAP]);
                yield status(command, at, mappings.map(at));
            }
            case UNMAP -> status(command, at, mappings.unmap(guest.read64(at), guest.read32(at + 16)));
            // Frames go from domain to domain by grants alone.
            case TRANSFER -> status(command, at, BAD_DOMAIN);
            case UNMAP_AND_REPLACE -> status(command, at, BAD_HANDLE);
            case SETUP -> setup(at);
            case COPY -> status(command, at, mappings.copy(at));
            case QUERY -> query(at);
            case SET_VERSION -> setVersion(at);
            case GET_VERSION -> getVersion(at);
            default -> Errno.ENOSYS;
        };
    }

    private long status(int command, long at, int status) {
        guest.write16(at + (domain.abi.is32() ? STATUS_AT_32 : STATUS_AT)[command], status);
        return 0;
    }

    private boolean self(int id) {
        return id == DOMID_SELF || id == domain.id;
    }

    private long setup(long at) {
        int id = guest.read16(at);
        long frames = guest.read32(at + 4);
        if (!self(id)) {
            return status(SETUP, at, id == 0 ? PERMISSION_DENIED : BAD_DOMAIN);
        }
        if (frames > FRAMES) {
            return status(SETUP, at, GENERAL_ERROR);
        }
        active = Math.max(active, (int) frames);
        int word = domain.abi.word();
        long list = guest.readWord(at + 8 + word);
        for (int i = 0; i < frames; i++) {
            guest.writeWord(list + (long) word * i, firstFrame + i);
        }
        return status(SETUP, at, OKAY);
    }

    private long query(long at) {
        int id = guest.read16(at);
        if (!self(id)) {
            return status(QUERY, at, id == 0 ? PERMISSION_DENIED : BAD_DOMAIN);
        }
        guest.write32(at + 4, active);
        guest.write32(at + 8, FRAMES);
        return status(QUERY, at, OKAY);
    }

    private long setVersion(long at) {
        long version = guest.read32(at);
        if (version != 1 && version != 2) {
            return Errno.EINVAL;
        }
        guest.write32(at, 1);
        return version == 1 ? 0 : Errno.ENOSYS;
    }

    private long getVersion(long at) {
        if (!self(guest.read16(at))) {
            return Errno.ESRCH;
        }
        guest.write32(at + 4, 1);
        return 0;
    }

    /** Lets domain 0 use a frame, as a toolstack does for the domain's console and store. */
    void grantToDom0(int reference, int frame) {
        long at = entry(reference);
        memory.write(at + 4, frame, 32);
        memory.write(at, PERMIT_ACCESS, 32);
    }

    private long entry(long reference) {
        return ((long) firstFrame << 12) + reference * 8;
    }

    /**
     * Begins a backend's use of a granted frame, which {@link #end} ends.
     *
     * @return the frame, with a reference held; negative if the domain does not grant it to domain 0
     */
    int begin(long reference, boolean write) {
        return begin(reference, DOM0, write);
    }

    /** The same for any domain. */
    int begin(long reference, int by, boolean write) {
        if (reference < 0 || reference >= (long) Math.max(1, active) * PER_FRAME) {
            return BAD_GRANT;
        }
        long at = entry(reference);
        int flags = (int) memory.read(at, 16);
        int to = (int) memory.read(at + 2, 16);
        long frame = memory.read(at + 4, 32);
        int r = (int) reference;
        if ((flags & TYPE) != PERMIT_ACCESS || to != by || write && (flags & READ_ONLY) != 0 || uses[r] == Short.MAX_VALUE) {
            return GENERAL_ERROR;
        }
        boolean held = write ? domain.tables.getPageAndUse(frame, FrameTable.WRITABLE) == 0 : domain.frames.get(frame);
        if (!held) {
            return GENERAL_ERROR;
        }
        uses[r]++;
        writers[r] += (short) (write ? 1 : 0);
        memory.write(at, flags | READING | (write ? WRITING : 0), 16);
        return (int) frame;
    }

    /** Ends a use that {@link #begin} began. */
    void end(long reference, int frame, boolean write) {
        int r = (int) reference;
        uses[r]--;
        writers[r] -= (short) (write ? 1 : 0);
        long over = (uses[r] == 0 ? READING : 0) | (writers[r] == 0 ? WRITING : 0);
        long at = entry(reference);
        memory.write(at, memory.read(at, 16) & ~over, 16);
        if (write) {
            domain.tables.putPageAndUse(frame);
        } else {
            domain.frames.put(frame);
        }
    }

    /** Reads bytes of a frame that is granted to another domain. @return a status */
    int copyOut(long reference, int by, int offset, byte[] to) {
        int frame = begin(reference, by, false);
        if (frame < 0) {
            return frame;
        }
        memory.copyOut(((long) frame << 12) + offset, to, 0, to.length);
        end(reference, frame, false);
        return OKAY;
    }

    /** Writes bytes to such a frame. @return a status */
    int copyIn(long reference, int by, int offset, byte[] from) {
        int frame = begin(reference, by, true);
        if (frame < 0) {
            return frame;
        }
        memory.copyIn(((long) frame << 12) + offset, from, 0, from.length);
        end(reference, frame, true);
        return OKAY;
    }

    /** The domain has ended: gives back what it has of others. */
    void giveBackAll() {
        mappings.giveBackAll();
    }
}
