package org.gearshift.vmm.xen;

import java.util.HashMap;
import java.util.Map;
import org.gearshift.paging.PhysicalMemory;
import org.gearshift.vmm.policy.Sharing;

/** What a domain has of other domains' frames: mappings of granted frames, and copies from and to them (grant_table.h). Each is subject to the group's policy. */
final class GrantMappings {
    private static final int DOMID_SELF = 0x7ff0;
    private static final int DOM0 = 0;
    /** References that domain 0 has, all of which grant nothing: a table of one frame. */
    private static final int DOM0_REFERENCES = 512;

    /** GNTMAP flags. */
    private static final int HOST_MAP = 1 << 1;
    private static final int READ_ONLY = 1 << 2;
    private static final int CONTAINS_PTE = 1 << 4;
    private static final int AVAILABLE_SHIFT = 16;
    private static final int AVAILABLE = 7;

    /** Present, user, accessed, dirty; the mark of an entry that the hypervisor has made for the guest's kernel is not needed, as both run at CPL 3. */
    private static final long ENTRY = 0x65;
    private static final long WRITABLE = 2;
    private static final long ENTRY_AVAILABLE_SHIFT = 9;

    /** GNTCOPY flags: a side is named by a grant. */
    private static final int SOURCE_GRANT = 1;
    private static final int TARGET_GRANT = 2;
    private static final int PAGE = 0x1000;

    /** One mapping. @param number of the frame among {@link ForeignFrames} */
    private record Mapping(Domain owner, long reference, int frame, boolean write, int number) {
    }

    private final Domain domain;
    private final GuestPointer guest;
    private final PhysicalMemory memory;
    private final Map<Long, Mapping> mappings = new HashMap<>();
    private long nextHandle;

    GrantMappings(Domain domain) {
        this.domain = domain;
        this.guest = domain.guest;
        this.memory = domain.memory;
    }

    /** The owner of frames that this domain may use some of, or null; statuses for either are the caller's. */
    private Domain owner(int id) {
        return id == domain.id ? null : domain.group.find(id);
    }

    private boolean permitted(Domain owner) {
        return domain.group.mayShare(Sharing.GRANT, domain, owner);
    }

    /** Maps a granted frame where {host address 64, flags 32, reference 32, domain 16} says. @return a status */
    int map(long at) {
        long host = guest.read64(at);
        int flags = (int) guest.read32(at + 8);
        long reference = guest.read32(at + 12);
        boolean write = (flags & READ_ONLY) == 0;
        if ((flags & HOST_MAP) == 0) {
            // There are no devices that a mapping could be for.
            return GrantTable.BAD_GRANT;
        }
        int id = guest.read16(at + 16);
        if (id == DOM0) {
            return notGrantedByDom0(reference);
        }
        Domain owner = owner(id);
        if (owner == null) {
            return GrantTable.BAD_DOMAIN;
        }
        if (!permitted(owner)) {
            return GrantTable.PERMISSION_DENIED;
        }
        long entryAt = entryAddress(host, (flags & CONTAINS_PTE) != 0);
        if (entryAt < 0) {
            return GrantTable.GENERAL_ERROR;
        }
        int frame = owner.mailbox.ask(() -> owner.grants.begin(reference, domain.id, write), domain.mailbox, GrantTable.BAD_DOMAIN);
        if (frame < 0) {
            return frame;
        }
        int number = domain.foreign.map(owner, frame, write);
        if (number < 0) {
            owner.mailbox.post(() -> owner.grants.end(reference, frame, write));
            return GrantTable.NO_SPACE;
        }
        long available = (long) (flags >>> AVAILABLE_SHIFT & AVAILABLE) << ENTRY_AVAILABLE_SHIFT;
        domain.tables.setForeign(entryAt, (long) number << 12 | ENTRY | (write ? WRITABLE : 0) | available);
        long handle = nextHandle++;
        mappings.put(handle, new Mapping(owner, reference, frame, write, number));
        guest.write32(at + 20, handle);
        guest.write64(at + 24, (long) number << 12);
        return GrantTable.OKAY;
    }

    private static int notGrantedByDom0(long reference) {
        return reference < DOM0_REFERENCES ? GrantTable.GENERAL_ERROR : GrantTable.BAD_GRANT;
    }

    /** Machine address of the level-1 entry that a mapping is to be in, or is; -1 if there is no such entry. */
    private long entryAddress(long host, boolean named) {
        long at = named ? host : domain.abi.guestMayUse(host) ? domain.tables.leafEntry(domain.vcpu.kernelBase(), host) : -1;
        return at >= 0 && (at & 7) == 0 && domain.tables.isLevelOne(at >>> 12) ? at : -1;
    }

    /** Undoes a mapping. @param host what it was mapped with */
    int unmap(long host, long handle) {
        Mapping m = mappings.get(handle);
        if (m == null) {
            return GrantTable.BAD_HANDLE;
        }
        if (host == 0) {
            // Of nothing that the mapping is for: it stays.
            return GrantTable.OKAY;
        }
        long at = entryOf(host, m.number);
        if (at < 0) {
            return GrantTable.GENERAL_ERROR;
        }
        domain.tables.setForeign(at, 0);
        mappings.remove(handle);
        giveBack(m);
        return GrantTable.OKAY;
    }

    /** The entry that maps a foreign frame: addressed by what it maps, or itself. */
    private long entryOf(long host, int number) {
        for (boolean named : new boolean[] {false, true}) {
            long at = entryAddress(host, named);
            if (at >= 0 && domain.tables.mappedFrame(at) == number) {
                return at;
            }
        }
        return -1;
    }

    private void giveBack(Mapping m) {
        domain.foreign.unmap(m.number);
        m.owner.mailbox.post(() -> m.owner.grants.end(m.reference, m.frame, m.write));
    }

    /** The domain has ended. */
    void giveBackAll() {
        mappings.values().forEach(this::giveBack);
        mappings.clear();
    }

    /** Copies as {source: reference or frame as a word, domain 16, offset 16; target: the same; length 16, flags 16} says. @return a status */
    int copy(long at) {
        int word = domain.abi.word();
        long target = at + 2L * word;
        int sourceOffset = guest.read16(at + word + 2);
        int targetOffset = guest.read16(target + word + 2);
        int length = guest.read16(at + 4 * word);
        int flags = guest.read16(at + 4 * word + 2);
        if (sourceOffset + length > PAGE || targetOffset + length > PAGE) {
            return GrantTable.BAD_COPY;
        }
        byte[] bytes = new byte[length];
        int status = fetch(guest.readWord(at), guest.read16(at + word), sourceOffset, (flags & SOURCE_GRANT) != 0, bytes);
        return status != GrantTable.OKAY ? status : deposit(guest.readWord(target), guest.read16(target + word), targetOffset, (flags & TARGET_GRANT) != 0, bytes);
    }

    private boolean own(int id) {
        return id == DOMID_SELF || id == domain.id;
    }

    private int fetch(long name, int id, int offset, boolean grant, byte[] to) {
        if (grant && id == DOM0) {
            return notGrantedByDom0(name & 0xffffffffL);
        }
        if (grant) {
            Domain owner = owner(id);
            int refusal = refusal(owner, id);
            return refusal != GrantTable.OKAY ? refusal
                    : owner.mailbox.ask(() -> owner.grants.copyOut(name & 0xffffffffL, domain.id, offset, to), domain.mailbox, GrantTable.BAD_DOMAIN);
        }
        if (!own(id)) {
            return GrantTable.PERMISSION_DENIED;
        }
        if (!domain.frames.get(name)) {
            return GrantTable.BAD_PAGE;
        }
        memory.copyOut((name << 12) + offset, to, 0, to.length);
        domain.frames.put((int) name);
        return GrantTable.OKAY;
    }

    private int deposit(long name, int id, int offset, boolean grant, byte[] from) {
        if (grant && id == DOM0) {
            return notGrantedByDom0(name & 0xffffffffL);
        }
        if (grant) {
            Domain owner = owner(id);
            int refusal = refusal(owner, id);
            return refusal != GrantTable.OKAY ? refusal
                    : owner.mailbox.ask(() -> owner.grants.copyIn(name & 0xffffffffL, domain.id, offset, from), domain.mailbox, GrantTable.BAD_DOMAIN);
        }
        if (!own(id)) {
            return GrantTable.PERMISSION_DENIED;
        }
        if (domain.tables.getPageAndUse(name, FrameTable.WRITABLE) != 0) {
            return domain.frames.isDomains(name) ? GrantTable.GENERAL_ERROR : GrantTable.BAD_PAGE;
        }
        memory.copyIn((name << 12) + offset, from, 0, from.length);
        domain.tables.putPageAndUse((int) name);
        return GrantTable.OKAY;
    }

    /** Why nothing is had of a domain: a domain grants itself nothing, and the monitor nothing to anybody. */
    private int refusal(Domain owner, int id) {
        if (own(id)) {
            return GrantTable.PERMISSION_DENIED;
        }
        return owner == null ? GrantTable.BAD_DOMAIN : permitted(owner) ? GrantTable.OKAY : GrantTable.PERMISSION_DENIED;
    }
}
