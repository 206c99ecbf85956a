package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;

/**
 * The frames that a domain lets others use: version 1 of grant_table.h, {flags 16, domid 16, frame 32} an entry. The only others are backends of the monitor, as domain 0; they ask for a frame
 * by {@link #frame}.
 */
final class GrantTable {
    private static final int DOMID_SELF = 0x7ff0;
    /** Frames of the table, and what a domain may have of them. */
    static final int FRAMES = 32;
    private static final int PER_FRAME = 512;

    private static final int OKAY = 0;
    private static final int GENERAL_ERROR = -1;
    private static final int BAD_DOMAIN = -2;
    private static final int BAD_GRANT = -3;
    private static final int BAD_HANDLE = -4;
    private static final int PERMISSION_DENIED = -8;
    private static final int BAD_COPY = -10;

    private static final int TYPE = 3;
    private static final int PERMIT_ACCESS = 1;
    private static final int READ_ONLY = 4;
    private static final int READING = 8;
    private static final int WRITING = 16;

    /** Byte sizes of the structures, and where their status is, by command: 0 none. */
    private static final int[] SIZE = {32, 24, 24, 16, 24, 40, 16, 32, 4, 24, 8, 8, 16};
    private static final int[] STATUS_AT = {24, 20, 8, 12, 16, 36, 12, 28, 0, 6, 0, 0, 0};
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
    private final int firstFrame;
    private int active;

    /** @param firstFrame the first of {@link #FRAMES} adjacent frames that are shared with the domain */
    GrantTable(Domain domain, int firstFrame) {
        this.domain = domain;
        this.memory = domain.memory;
        this.guest = domain.guest;
        this.firstFrame = firstFrame;
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
            long at = a[1] + i * SIZE[command];
            long rc = one(command, at);
            if (rc != 0 || command == SETUP || command == QUERY || command == SET_VERSION || command == GET_VERSION) {
                return rc;
            }
        }
        return 0;
    }

    private long one(int command, long at) {
        return switch (command) {
            // Nobody else's frames are to be had.
            case MAP, TRANSFER -> status(command, at, BAD_DOMAIN);
            case UNMAP, UNMAP_AND_REPLACE -> status(command, at, BAD_HANDLE);
            case SETUP -> setup(at);
            case COPY -> status(command, at, copy(at));
            case QUERY -> query(at);
            case SET_VERSION -> setVersion(at);
            case GET_VERSION -> getVersion(at);
            default -> Errno.ENOSYS;
        };
    }

    private long status(int command, long at, int status) {
        guest.write16(at + STATUS_AT[command], status);
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
        long list = guest.read64(at + 16);
        for (int i = 0; i < frames; i++) {
            guest.write64(list + 8L * i, firstFrame + i);
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

    /** Copies within the domain's own frames: either side may name them by grant or by frame. */
    private int copy(long at) {
        long source = guest.read64(at);
        int sourceDomain = guest.read16(at + 8);
        int sourceOffset = guest.read16(at + 10);
        long target = guest.read64(at + 16);
        int targetDomain = guest.read16(at + 24);
        int targetOffset = guest.read16(at + 26);
        int length = guest.read16(at + 32);
        int flags = guest.read16(at + 34);
        if (!self(sourceDomain) || !self(targetDomain)) {
            return BAD_DOMAIN;
        }
        if (sourceOffset + length > 0x1000 || targetOffset + length > 0x1000) {
            return BAD_COPY;
        }
        // The domain's grants are to domain 0: to itself it has none.
        if ((flags & 3) != 0) {
            return PERMISSION_DENIED;
        }
        if (!domain.frames.get(source)) {
            return GENERAL_ERROR;
        }
        boolean writable = domain.tables.getPageAndUse(target, FrameTable.WRITABLE) == 0;
        if (writable) {
            byte[] bytes = new byte[length];
            memory.copyOut((source << 12) + sourceOffset, bytes, 0, length);
            memory.copyIn((target << 12) + targetOffset, bytes, 0, length);
            domain.tables.putPageAndUse((int) target);
        }
        domain.frames.put((int) source);
        return writable ? OKAY : GENERAL_ERROR;
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
     * @return the frame, with a reference held; -1 if the domain does not grant it to domain 0
     */
    int begin(long reference, boolean write) {
        if (reference < 0 || reference >= (long) Math.max(1, active) * PER_FRAME) {
            return BAD_GRANT;
        }
        long at = entry(reference);
        int flags = (int) memory.read(at, 16);
        int to = (int) memory.read(at + 2, 16);
        long frame = memory.read(at + 4, 32);
        if ((flags & TYPE) != PERMIT_ACCESS || to != 0 || write && (flags & READ_ONLY) != 0) {
            return PERMISSION_DENIED;
        }
        boolean held = write ? domain.tables.getPageAndUse(frame, FrameTable.WRITABLE) == 0 : domain.frames.get(frame);
        if (!held) {
            return GENERAL_ERROR;
        }
        memory.write(at, flags | READING | (write ? WRITING : 0), 16);
        return (int) frame;
    }

    /** Ends a use that {@link #begin} began. */
    void end(long reference, int frame, boolean write) {
        long at = entry(reference);
        memory.write(at, memory.read(at, 16) & ~(long) (READING | WRITING), 16);
        if (write) {
            domain.tables.putPageAndUse(frame);
        } else {
            domain.frames.put(frame);
        }
    }
}
