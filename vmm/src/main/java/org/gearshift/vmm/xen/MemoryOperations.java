package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;

/** The hypercall memory_op: how many frames a domain has, giving frames back and getting them again (memory.h). */
final class MemoryOperations {
    private static final int DOMID_SELF = 0x7ff0;
    /** Largest order of an extent that a domain without devices of its own may ask for: 2 MiB. */
    private static final int LARGEST_ORDER = 9;
    private static final int COMMAND = 0x3f;

    private final Domain domain;
    private final FrameTable frames;
    private final PhysicalMemory memory;
    private final GuestPointer guest;

    MemoryOperations(Domain domain) {
        this.domain = domain;
        this.frames = domain.frames;
        this.memory = domain.memory;
        this.guest = domain.guest;
    }

    /** Bytes of struct xen_memory_reservation: {list, count, order 32, flags 32, domain 16}, the first two words. */
    private int reservationBytes() {
        return domain.abi.is32() ? 20 : 32;
    }

    /** What the guest asks for: struct xen_memory_reservation. */
    private record Reservation(long list, long count, int order) {
    }

    long operation(long[] a) {
        long at = a[1];
        return switch ((int) a[0] & COMMAND) {
            case 0 -> populate(at, false);
            case 1 -> decrease(at);
            case 2 -> frames.frames() - 1;
            case 3 -> reservationOf(at, frames.domainPages());
            case 4 -> reservationOf(at, domain.maximumPages);
            case 5 -> machphysFrames(at);
            case 7 -> addToPhysmap(at);
            case 6 -> populate(at, true);
            case 11 -> exchange(at);
            case 12 -> machphysMapping(at);
            // Like Xen's toolstack for a domain without devices of the host: there is no map, and the guest makes one of its size.
            case 9 -> Errno.ENOSYS;
            case 10, 13, 24 -> Errno.EPERM;
            case 14 -> reservationOf(at, domain.highestPfn());
            default -> Errno.ENOSYS;
        };
    }

    private boolean self(int id) {
        return id == DOMID_SELF || id == domain.id;
    }

    private long reservationOf(long at, long value) {
        int id = guest.read16(at);
        return self(id) ? value : id == 0 ? Errno.EPERM : Errno.ESRCH;
    }

    private Reservation reservation(long at) {
        int word = domain.abi.word();
        if (!self(guest.read16(at + 2 * word + 8))) {
            return null;
        }
        return new Reservation(guest.readWord(at), guest.readWord(at + word), (int) guest.read32(at + 2 * word));
    }

    /** What increase_reservation, decrease_reservation and populate_physmap are to do; null: nothing, of which they say no more than that no extent was done. */
    private Reservation wanted(long at) {
        try {
            Reservation r = reservation(at);
            return r == null || r.count < 0 || r.order < 0 || r.order > LARGEST_ORDER ? null : r;
        } catch (GuestPointerFault f) {
            return null;
        }
    }

    /** increase_reservation and populate_physmap; the latter reads where the frames are to go. @return extents done */
    private long populate(long at, boolean physmap) {
        Reservation r = wanted(at);
        if (r == null) {
            return 0;
        }
        for (long i = 0; i < r.count; i++) {
            long where = r.list + domain.abi.word() * i;
            long pfn = physmap ? guest.readWord(where) : HypervisorSpace.INVALID_M2P;
            if (r.list != 0) {
                guest.checkWritable(where, domain.abi.word());
            }
            int frame = allocate(r.order);
            if (frame < 0) {
                return i;
            }
            if (physmap) {
                for (int p = 0; p < 1 << r.order; p++) {
                    domain.space.setM2p(frame + p, pfn + p);
                }
            }
            if (r.list != 0) {
                guest.writeWord(where, frame);
            }
        }
        return r.count;
    }

    /** A cleared frame, or so many adjacent ones; -1 if there are none. */
    private int allocate(int order) {
        int frame = frames.allocate(order);
        if (frame >= 0) {
            memory.copyIn((long) frame << 12, new byte[0x1000 << order], 0, 0x1000 << order);
        }
        return frame;
    }

    private long decrease(long at) {
        Reservation r = wanted(at);
        if (r == null) {
            return 0;
        }
        for (long i = 0; i < r.count; i++) {
            long frame = guest.readWord(r.list + domain.abi.word() * i);
            for (int p = 0; p < 1 << r.order; p++) {
                if (!frames.release(frame + p)) {
                    return i;
                }
            }
        }
        return r.count;
    }

    /** Frames for other frames, as for a buffer that must be contiguous: extents of one order against extents of another. */
    private long exchange(long at) {
        Reservation in = reservation(at);
        Reservation out = reservation(at + reservationBytes());
        long done = guest.readWord(at + 2 * reservationBytes());
        int word = domain.abi.word();
        if (in == null || out == null) {
            return Errno.EPERM;
        }
        boolean orders = in.order >= 0 && in.order <= LARGEST_ORDER && out.order >= 0 && out.order <= LARGEST_ORDER;
        if (!orders || in.count < 0 || out.count < 0 || in.count > frames.frames() || out.count > frames.frames() || done != 0
                || in.count << in.order != out.count << out.order) {
            return Errno.EINVAL;
        }
        for (long i = 0; i < in.count; i++) {
            long first = guest.readWord(in.list + word * i);
            for (int p = 0; p < 1 << in.order; p++) {
                if (!frames.isDomains(first + p) || frames.uses((int) first + p) > 0 || frames.shared((int) first + p)) {
                    return Errno.EINVAL;
                }
            }
        }
        for (long i = 0; i < out.count; i++) {
            guest.checkWritable(out.list + word * i, word);
        }
        for (long i = 0; i < in.count; i++) {
            long first = guest.readWord(in.list + word * i);
            for (int p = 0; p < 1 << in.order; p++) {
                frames.release(first + p);
            }
        }
        long given = 0;
        for (; given < out.count; given++) {
            long pfn = guest.readWord(out.list + word * given);
            int frame = allocate(out.order);
            if (frame < 0) {
                break;
            }
            for (int p = 0; p < 1 << out.order; p++) {
                domain.space.setM2p(frame + p, pfn + p);
            }
            guest.writeWord(out.list + word * given, frame);
        }
        guest.writeWord(at + 2 * reservationBytes(), given << out.order >>> in.order);
        return given == out.count ? 0 : Errno.ENOMEM;
    }

    /** For guests whose addresses the hypervisor translates, and this is none. */
    private long addToPhysmap(long at) {
        guest.read16(at);
        return Errno.EACCES;
    }

    private long machphysMapping(long at) {
        int word = domain.abi.word();
        guest.writeWord(at, domain.abi.holeStart());
        guest.writeWord(at + word, domain.abi.m2pEnd());
        guest.writeWord(at + 2 * word, frames.frames() - 1);
        return 0;
    }

    /** The frames of the table are of no use to a domain, which has it mapped: none are named. */
    private long machphysFrames(long at) {
        guest.write32(at + 2 * domain.abi.word(), 0);
        return 0;
    }
}
