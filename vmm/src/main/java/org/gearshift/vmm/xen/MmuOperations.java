package org.gearshift.vmm.xen;

import org.gearshift.paging.PhysicalMemory;
import org.gearshift.vmm.cpu.Paravirtualization;

/**
 * What a domain does to its page tables: mmu_update, update_va_mapping, mmuext_op (xen.h), and plain stores to level-1 tables, which are taken as updates. Since
 * shadow tables follow every store to a guest's tables, flushes have nothing to do.
 */
final class MmuOperations {
    private static final int DOMID_SELF = 0x7ff0;
    private static final int DOMID_IO = 0x7ff1;
    private static final int DOMID_XEN = 0x7ff2;

    /** Lowest three bits of the address in struct mmu_update. */
    private static final int NORMAL_PT_UPDATE = 0;
    private static final int MACHPHYS_UPDATE = 1;
    private static final int PT_UPDATE_PRESERVE_AD = 2;
    private static final int PT_UPDATE_NO_TRANSLATE = 3;
    /** In the flags of update_va_mapping: what is to be flushed, with bits above them if not by the caller alone. */
    private static final int FLUSH_TYPE = 3;
    private static final int TLB_FLUSH = 1;
    private static final int INVLPG = 2;
    /** Instead of a pointer to a mask of vCPUs. */
    private static final long ALL = 4;
    private static final int REQUEST_BYTES = 16;
    /** Marks a call that goes on where one was interrupted: never made here, but guests may send it. */
    private static final long PREEMPTED = 0x80000000L;
    /** Most requests of one call that are looked at: the guest has nothing to gain from more. */
    private static final long MOST_REQUESTS = 1 << 20;

    private final Domain domain;
    private final FrameTable frames;
    private final PhysicalMemory memory;
    private final PageTables tables;
    private final GuestPointer guest;
    /** Of whoever has the domain. */
    private final long[] request = new long[3];

    MmuOperations(Domain domain) {
        this.domain = domain;
        this.frames = domain.frames;
        this.memory = domain.memory;
        this.tables = domain.tables;
        this.guest = domain.guest;
    }

    /** Who mmu_update is about: the owner of the frames, and above that, if it is another one, one more than the number of the tables' owner. */
    private long foreign(long foreigndom) {
        int pages = (int) foreigndom & 0xffff;
        int tables = (int) (foreigndom >>> 16) & 0xffff;
        if (tables != 0 && tables - 1 != domain.id) {
            return exists(tables - 1) ? Errno.EPERM : Errno.ESRCH;
        }
        return foreignDomain(pages);
    }

    private boolean exists(int id) {
        return id == 0 || domain.group.find(id) != null;
    }

    /** A domain works on its own frames only; its own number is not a foreign domain's. */
    private long foreignDomain(int id) {
        return switch (id) {
            case DOMID_SELF -> 0;
            case DOMID_IO, DOMID_XEN -> Errno.EPERM;
            default -> id != domain.id && exists(id) ? Errno.EPERM : Errno.ESRCH;
        };
    }

    /** How many requests were done; nothing is said if that cannot be stored. */
    private void tell(long at, long done) {
        try {
            if (at != 0) {
                guest.write32(at, done);
            }
        } catch (GuestPointerFault f) {
            // As under Xen, the guest does without.
            return;
        }
    }

    /** mmu_update(requests, count, done, foreigndom). */
    long mmuUpdate(long[] a) {
        long count = a[1] & 0xffffffffL & ~PREEMPTED;
        // Whoever says that frames are devices' may do what leads to none.
        boolean devices = (a[3] & 0xffffffffL) == DOMID_IO;
        long rc = devices ? 0 : foreign(a[3] & 0xffffffffL);
        long done = 0;
        while (rc == 0 && done < count) {
            if (done == MOST_REQUESTS) {
                rc = Errno.E2BIG;
                break;
            }
            try {
                guest.readLongs(a[0] + done * REQUEST_BYTES, request, 2);
                rc = update(request[0], request[1], devices);
            } catch (GuestPointerFault f) {
                rc = Errno.EFAULT;
            }
            if (rc == 0) {
                done++;
            }
        }
        tell(a[2], done);
        return rc;
    }

    private long update(long pointer, long value, boolean devices) {
        int command = (int) pointer & 7;
        long address = pointer & ~7L;
        long frame = address >>> 12;
        if (command == MACHPHYS_UPDATE) {
            if (!frames.isDomains(frame)) {
                return Errno.EINVAL;
            }
            domain.space.setM2p((int) frame, value);
            return 0;
        }
        if (command > PT_UPDATE_NO_TRANSLATE) {
            return Errno.ENOSYS;
        }
        if (!frames.isDomains(frame)) {
            return Errno.EINVAL;
        }
        if (frames.isTable((int) frame)) {
            return devices && (value & 1) != 0 ? Errno.EBUSY : tables.setEntry(address, value, command == PT_UPDATE_PRESERVE_AD);
        }
        // Not a table, so that it is written as memory.
        int rc = tables.getPageAndUse(frame, FrameTable.WRITABLE);
        if (rc == 0) {
            memory.write(address, value, 64);
            tables.putPageAndUse((int) frame);
        }
        return rc;
    }

    /** update_va_mapping(va, entry, flags). */
    long updateVaMapping(long[] a) {
        long va = a[0];
        if (!domain.abi.guestMayUse(va)) {
            return Errno.EINVAL;
        }
        long at = tables.leafEntry(domain.vcpu.kernelBase(), va);
        long rc = at < 0 || !frames.isTable((int) (at >>> 12)) ? Errno.EINVAL : tables.setEntry(at, a[1], false);
        int type = (int) a[2] & FLUSH_TYPE;
        if (rc == 0 && (type == TLB_FLUSH || type == INVLPG)) {
            long whom = a[2] & ~(long) FLUSH_TYPE;
            if (whom != 0 && whom != ALL) {
                guest.readWord(whom);
            }
            flushed(whom != 0);
        }
        return rc;
    }

    /** update_va_mapping_otherdomain(va, entry, flags, domid). */
    long updateVaMappingOtherDomain(long[] a) {
        long rc = foreignDomain((int) a[3] & 0xffff);
        return rc != 0 ? rc : updateVaMapping(a);
    }

    /** mmuext_op(operations, count, done, foreigndom). */
    long mmuext(long[] a) {
        long count = a[1] & 0xffffffffL & ~PREEMPTED;
        long rc = foreign(a[3] & 0xffffffffL);
        long done = 0;
        while (rc == 0 && done < count) {
            if (done == MOST_REQUESTS) {
                rc = Errno.E2BIG;
                break;
            }
            try {
                // The command has 32 bits, and padding behind it to a word.
                guest.readWords(a[0] + 3L * domain.abi.word() * done, request, 3);
                rc = extended((int) request[0], request[1], request[2]);
            } catch (GuestPointerFault f) {
                rc = Errno.EFAULT;
            }
            if (rc == 0) {
                done++;
            }
        }
        tell(a[2], done);
        return rc;
    }

    private long extended(int command, long first, long second) {
        return switch (command) {
            // There is no such level in a 32-bit domain, and Xen says nothing about that.
            case 3 -> domain.abi.is32() ? 0 : pin(first, FrameTable.L4);
            case 0, 1, 2 -> pin(first, FrameTable.L1 + command);
            case 4 -> unpin(first);
            case 5 -> newBase(first);
            case 6, 7 -> flushed(false);
            case 8, 9 -> flushedFor(second);
            case 10, 11 -> flushed(true);
            case 12 -> Errno.EACCES;
            case 18 -> Errno.EINVAL;
            case 13 -> setLdt(first, second & 0xffffffffL);
            case 15 -> domain.abi.is32() ? Errno.EINVAL : newUserBase(first);
            case 16 -> clearPage(first);
            case 17 -> copyPage(first, second);
            case 19, 20 -> Errno.EOPNOTSUPP;
            default -> Errno.ENOSYS;
        };
    }

    /** Ends the use of what has been changed: by the calling vCPU, which takes the news of others' changes, or by all. */
    private long flushed(boolean everywhere) {
        if (domain.vcpu.mmu.hasNews()) {
            domain.vcpu.mmu.takeNews();
        }
        if (everywhere) {
            memory.awaitOthers(domain.vcpu.mmu);
        }
        return 0;
    }

    /** The same for the vCPUs of a mask; those that are not in it lose nothing. */
    private long flushedFor(long mask) {
        try {
            guest.readWord(mask);
        } catch (GuestPointerFault f) {
            return Errno.EINVAL;
        }
        return flushed(true);
    }

    private long pin(long frame, int level) {
        int rc = tables.getPageAndUse(frame, level);
        if (rc != 0) {
            return rc;
        }
        if (frames.pinned((int) frame)) {
            tables.putPageAndUse((int) frame);
            return Errno.EINVAL;
        }
        frames.setPinned((int) frame, true);
        return 0;
    }

    private long unpin(long frame) {
        if (!frames.isDomains(frame) || !frames.pinned((int) frame)) {
            return Errno.EINVAL;
        }
        frames.setPinned((int) frame, false);
        tables.putPageAndUse((int) frame);
        return 0;
    }

    /** Lets the kernel go on with another root. */
    long newBase(long frame) {
        int rc = tables.getPageAndUse(frame, tables.root());
        if (rc != 0) {
            return rc;
        }
        int old = domain.vcpu.kernelBase();
        domain.vcpu.setKernelBase((int) frame);
        tables.putPageAndUse(old);
        return 0;
    }

    private long newUserBase(long frame) {
        if (frame != 0) {
            int rc = tables.getPageAndUse(frame, FrameTable.L4);
            if (rc != 0) {
                return rc;
            }
        }
        int old = domain.vcpu.userBase();
        domain.vcpu.setUserBase((int) frame);
        if (old != 0) {
            tables.putPageAndUse(old);
        }
        return 0;
    }

    private long clearPage(long frame) {
        int rc = tables.getPageAndUse(frame, FrameTable.WRITABLE);
        if (rc == 0) {
            memory.copyIn(frame << 12, new byte[0x1000], 0, 0x1000);
            tables.putPageAndUse((int) frame);
        }
        return rc;
    }

    private long copyPage(long to, long from) {
        if (!frames.get(from)) {
            return Errno.EINVAL;
        }
        int rc = tables.getPageAndUse(to, FrameTable.WRITABLE);
        if (rc == 0) {
            byte[] page = new byte[0x1000];
            memory.copyOut(from << 12, page, 0, page.length);
            memory.copyIn(to << 12, page, 0, page.length);
            tables.putPageAndUse((int) to);
        }
        frames.put((int) from);
        return rc;
    }

    /** set_gdt(frames, entries): whole pages, of which each becomes one of descriptors. */
    long setGdt(long list, long entries) {
        if (entries < 0 || entries > 512 * HypervisorSpace.RESERVED_GDT_PAGE) {
            return Errno.EINVAL;
        }
        long[] pages = new long[pages(entries)];
        for (int i = 0; i < pages.length; i++) {
            pages[i] = guest.readWord(list + (long) domain.abi.word() * i);
        }
        return setGdt(domain.vcpu, pages, entries);
    }

    private static int pages(long entries) {
        return (int) ((entries + 511) / 512);
    }

    /** The same for any vCPU. @param list frames, of which as many are taken as the entries need */
    long setGdt(VirtualCpu v, long[] list, long entries) {
        if (entries < 0 || entries > 512 * HypervisorSpace.RESERVED_GDT_PAGE) {
            return Errno.EINVAL;
        }
        int[] taken = new int[pages(entries)];
        for (int i = 0; i < taken.length; i++) {
            if (tables.getPageAndUse(list[i], FrameTable.DESCRIPTORS) != 0) {
                while (--i >= 0) {
                    tables.putPageAndUse(taken[i]);
                }
                return Errno.EINVAL;
            }
            taken[i] = (int) list[i];
        }
        replace(v, 0, v.gdtPages, taken);
        v.gdtPages = taken.length;
        return 0;
    }

    /** Puts frames into a vCPU's descriptor area in place of those that were there. */
    private void replace(VirtualCpu v, int first, int before, int[] taken) {
        for (int i = 0; i < Math.max(before, taken.length); i++) {
            int old = i < before ? domain.space.descriptorPage(v.number, first + i) : HypervisorSpace.ZERO_FRAME;
            domain.space.setDescriptorPage(v.number, first + i, i < taken.length ? taken[i] : 0);
            if (old != HypervisorSpace.ZERO_FRAME) {
                tables.putPageAndUse(old);
            }
        }
    }

    /** MMUEXT_SET_LDT: pages that cannot become ones of descriptors read as null descriptors. */
    private long setLdt(long va, long entries) {
        if ((va & 0xfff) != 0 || entries > 8192 || entries > 0 && !domain.abi.guestMayUse(va)) {
            return Errno.EINVAL;
        }
        VirtualCpu v = domain.vcpu;
        int[] taken = new int[pages(entries)];
        for (int i = 0; i < taken.length; i++) {
            long at = tables.leafEntry(v.kernelBase(), va + i * 0x1000L);
            long frame = at < 0 ? -1 : tables.mappedFrame(at);
            boolean usable = tables.getPageAndUse(frame, FrameTable.DESCRIPTORS) == 0;
            taken[i] = usable ? (int) frame : 0;
        }
        replace(v, HypervisorSpace.GDT_PAGES, v.ldtPages, taken);
        v.ldtPages = taken.length;
        v.cpu.setLocalDescriptorTable(HypervisorSpace.ldt(v.number), entries);
        return 0;
    }

    /** update_descriptor(machine address, descriptor). */
    long updateDescriptor(long address, long descriptor) {
        long frame = address >>> 12;
        long checked = domain.descriptors.checked(descriptor);
        if ((address & 7) != 0 || !frames.isDomains(frame) || descriptor != 0 && checked == 0) {
            return Errno.EINVAL;
        }
        boolean inTable = frames.uses((int) frame) > 0 && frames.use((int) frame) == FrameTable.DESCRIPTORS;
        int rc = tables.getPageAndUse(frame, inTable ? FrameTable.DESCRIPTORS : FrameTable.WRITABLE);
        if (rc == 0) {
            memory.write(address, checked, 64);
            tables.putPageAndUse((int) frame);
        }
        return rc;
    }

    /**
     * A store by the kernel that its tables do not allow: if what it goes to is a level-1 table in use, mapped read-only, its machine address, else -1. Xen's
     * ptwr_do_page_fault.
     */
    long refusedStore(long va) {
        long at = tables.leafEntry(domain.vcpu.kernelBase(), va);
        long frame = at < 0 ? -1 : tables.mappedFrame(at);
        boolean levelOne = frames.isDomains(frame) && frames.isTable((int) frame) && frames.use((int) frame) == FrameTable.L1;
        return levelOne ? frame << 12 | va & 0xfff : -1;
    }

    /** Does such a store if the entry it makes may be; any part of an entry may be stored to. */
    boolean tableStore(long physical, long value, int bits) {
        long at = physical & ~7L;
        int shift = (int) (physical & 7) * 8;
        int table = (int) (physical >>> 12);
        if (frames.use(table) != FrameTable.L1 || !frames.isTable(table) || shift + bits > 64) {
            return false;
        }
        long mask = (bits == 64 ? -1L : (1L << bits) - 1) << shift;
        long entry = memory.ram().get64(at) & ~mask | value << shift & mask;
        if (tables.setEntry(at, entry, false) != 0) {
            // The upper half first, as no 32-bit kernel should: Xen takes the entry away until the lower half comes (ptwr_emulated_update).
            boolean upper = domain.abi.is32() && bits == 32 && shift == 32 && (entry & 1) != 0;
            if (!upper || tables.setEntry(at, entry & ~1L, false) != 0) {
                return false;
            }
        }
        domain.vcpu.counters.tableStores++;
        return true;
    }

    /** Does such a store as the second half of a locked operation, which expects to find there what it has read. */
    int tableSwap(long physical, long expected, long value, int bits) {
        long at = physical & ~7L;
        int shift = (int) (physical & 7) * 8;
        int table = (int) (physical >>> 12);
        if (frames.use(table) != FrameTable.L1 || !frames.isTable(table) || shift + bits > 64) {
            return Paravirtualization.REFUSED;
        }
        long mask = (bits == 64 ? -1L : (1L << bits) - 1) << shift;
        long old = memory.ram().get64(at);
        if (((old ^ expected << shift) & mask) != 0) {
            return Paravirtualization.DIFFERS;
        }
        int rc = tables.swapEntry(at, old, old & ~mask | value << shift & mask);
        if (rc == Paravirtualization.DONE) {
            domain.vcpu.counters.tableStores++;
        }
        return rc;
    }
}
