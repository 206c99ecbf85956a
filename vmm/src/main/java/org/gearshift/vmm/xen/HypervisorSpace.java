package org.gearshift.vmm.xen;

import java.util.Arrays;
import org.gearshift.paging.GuestRam;
import org.gearshift.paging.PhysicalMemory;

/**
 * The hypervisor's own frames, at the start of the machine, and the hole it keeps for itself in every address space of the domain: the machine-to-physical table,
 * which guests may read, and the descriptor tables in force, which only the processor sees (arch-x86/xen-x86_64.h: HYPERVISOR_VIRT_START, MACH2PHYS_VIRT_START).
 *
 * <pre>
 *   frame 0               never used: no table entry may lead to it
 *   1                     zeros: where a descriptor table has no page
 *   2                     the hypervisor's page of the GDT
 *   3                     the domain's shared_info
 *   4, 5, 6, 7            tables of the descriptor areas, levels 3 to 1, two of the last
 *   8, 9                  tables of the machine-to-physical table, levels 3 and 2
 *   10 ... 57             for a 32-bit domain, tables of level 4
 *   58 ...                level-1 tables of the machine-to-physical table, then the table itself
 * </pre>
 *
 * <p>In a 32-bit domain the machine-to-physical table lies in the last gigabyte instead, with entries of four bytes; the rest of the hole is out of reach of 32-bit code.
 */
final class HypervisorSpace {
    /** First address of the hole, and the one behind it. */
    static final long START = 0xffff_8000_0000_0000L;
    static final long END = 0xffff_8800_0000_0000L;
    static final long M2P_END = 0xffff_8040_0000_0000L;
    /** Level-4 slots of the hole. */
    static final int FIRST_SLOT = 256;
    static final int SLOTS = 16;
    /** Where descriptor tables are: a slot of their own, in which each vCPU has an area of a GDT and an LDT. */
    private static final long DESCRIPTORS = 0xffff_8200_0000_0000L;
    static final int GDT_PAGES = 16;
    /** The page of the GDT that holds the hypervisor's own selectors. */
    static final int RESERVED_GDT_PAGE = 14;
    static final int LDT_PAGES = 16;
    private static final int AREA_PAGES = GDT_PAGES + LDT_PAGES;
    /** Most vCPUs that have a descriptor area. */
    static final int VCPUS = 32;

    static final int ZERO_FRAME = 1;
    static final int GDT_FRAME = 2;
    static final int SHARED_INFO_FRAME = 3;
    private static final int DESCRIPTOR_L3 = 4;
    private static final int DESCRIPTOR_L2 = 5;
    private static final int DESCRIPTOR_L1 = 6;
    private static final int DESCRIPTOR_TABLES = 2;
    private static final int M2P_L3 = 8;
    private static final int M2P_L2 = 9;
    private static final int BASES = 10;
    /** Level-4 tables: more than vCPUs, so that a root that is loaded again has its own still, and with it its shadow. */
    private static final int BASE_FRAMES = 48;
    static final int M2P_TABLES = BASES + BASE_FRAMES;
    /** In the level-2 table of a 32-bit domain's last gigabyte, the first entry of the hole. */
    static final int FIRST_SLOT_32 = (int) (Abi.HOLE_32 >>> 21) & 511;

    /** What the machine-to-physical table holds for a frame that is not the domain's. */
    static final long INVALID_M2P = -1L;

    /** Present, accessed, dirty. */
    private static final long ENTRY = 0x61;
    private static final long WRITABLE = 2;
    private static final long USER = 4;
    private static final long NX = 1L << 63;

    private static final int ENTRIES = 512;

    private final PhysicalMemory memory;
    private final GuestRam ram;
    private final Abi abi;
    private final int m2pFrame;
    private final int firstDomainFrame;
    /** By level-4 table, the root it leads to, or 0; and by vCPU, the one that it uses. */
    private final int[] rootOf = new int[BASE_FRAMES];
    private final int[] baseOf = new int[VCPUS];
    private int nextBase;

    HypervisorSpace(PhysicalMemory memory, Abi abi) {
        this.memory = memory;
        this.abi = abi;
        this.ram = memory.ram();
        Arrays.fill(baseOf, -1);
        int m2pPages = m2pPages(ram.frames());
        m2pFrame = M2P_TABLES + m2pTables(m2pPages);
        firstDomainFrame = m2pFrame + m2pPages;
        build(m2pPages);
    }

    private static int m2pPages(int frames) {
        return (frames + ENTRIES - 1) / ENTRIES;
    }

    private static int m2pTables(int m2pPages) {
        return (m2pPages + ENTRIES - 1) / ENTRIES;
    }

    /** How many frames a machine must have for a domain of {@code domainFrames}. */
    static int machineFrames(int domainFrames) {
        int total = domainFrames;
        while (true) {
            int pages = m2pPages(total);
            int needed = M2P_TABLES + m2pTables(pages) + pages + domainFrames;
            if (needed == total) {
                return total;
            }
            total = needed;
        }
    }

    private void build(int m2pPages) {
        entry(M2P_L3, 0, M2P_L2, ENTRY | WRITABLE | USER);
        for (int i = 0; i < m2pTables(m2pPages); i++) {
            entry(M2P_L2, i, M2P_TABLES + i, ENTRY | WRITABLE | USER);
        }
        for (int i = 0; i < m2pPages; i++) {
            entry(M2P_TABLES + i / ENTRIES, i % ENTRIES, m2pFrame + i, ENTRY | USER | NX);
        }
        ram.fill((long) m2pFrame << 12, m2pPages << 12, 0xff);
        entry(DESCRIPTOR_L3, 0, DESCRIPTOR_L2, ENTRY | WRITABLE);
        for (int i = 0; i < DESCRIPTOR_TABLES; i++) {
            entry(DESCRIPTOR_L2, i, DESCRIPTOR_L1 + i, ENTRY | WRITABLE);
        }
        for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
            for (int i = 0; i < AREA_PAGES; i++) {
                setDescriptorPage(vcpu, i, i == RESERVED_GDT_PAGE ? GDT_FRAME : 0);
            }
        }
        // The flat segments of CPL 3 behind FLAT_RING3_CS32, _DS32 and _CS64, accessed.
        descriptor(0xe023, 0x00cffb000000ffffL);
        descriptor(0xe02b, 0x00cff3000000ffffL);
        descriptor(0xe033, 0x00affb000000ffffL);
    }

    /** Becomes that of a 32-bit domain: before it has any frame. */
    void narrow() {
        ram.fill((long) GDT_FRAME << 12, 0x1000, 0);
        // FLAT_RING1_CS, _DS, FLAT_RING3_CS, _DS, accessed; none for 64-bit code.
        descriptor(0xe019, 0x00cfbb000000ffffL);
        descriptor(0xe021, 0x00cfb3000000ffffL);
        descriptor(0xe02b, 0x00cffb000000ffffL);
        descriptor(0xe033, 0x00cff3000000ffffL);
        for (int i = 0; i < BASE_FRAMES; i++) {
            entry(BASES + i, slot(DESCRIPTORS), DESCRIPTOR_L3, ENTRY | WRITABLE);
        }
        // Programs need not read it.
        int pages = m2pPages(ram.frames());
        for (int i = 0; i < pages; i++) {
            entry(M2P_TABLES + i / ENTRIES, i % ENTRIES, m2pFrame + i, ENTRY | NX);
        }
    }

    /** A level-4 table that leads to a 32-bit domain's root, for a vCPU, until it asks for another one. */
    int baseFor(int vcpu, int root) {
        int base = baseOf[vcpu];
        if (base < 0 || rootOf[base] != root) {
            base = base(vcpu, root);
            baseOf[vcpu] = base;
        }
        return BASES + base;
    }

    private int base(int vcpu, int root) {
        for (int i = 0; i < BASE_FRAMES; i++) {
            if (rootOf[i] == root) {
                return i;
            }
        }
        baseOf[vcpu] = -1;
        do {
            nextBase = (nextBase + 1) % BASE_FRAMES;
        } while (usedByAny(nextBase));
        rootOf[nextBase] = root;
        entry(BASES + nextBase, 0, root, ENTRY | WRITABLE | USER);
        return nextBase;
    }

    private boolean usedByAny(int base) {
        for (int used : baseOf) {
            if (used == base) {
                return true;
            }
        }
        return false;
    }

    private void descriptor(int selector, long value) {
        ram.put64(((long) GDT_FRAME << 12) + (selector & 0xff8), value);
    }

    private void entry(int table, int index, int frame, long flags) {
        memory.write(((long) table << 12) + 8L * index, (long) frame << 12 | flags, 64);
    }

    /** Linear address of a vCPU's GDT. */
    static long gdt(int vcpu) {
        return DESCRIPTORS + (long) vcpu * AREA_PAGES * 0x1000;
    }

    /** Linear address of a vCPU's LDT. */
    static long ldt(int vcpu) {
        return gdt(vcpu) + GDT_PAGES * 0x1000L;
    }

    private static long descriptorEntry(int vcpu, int page) {
        return ((long) DESCRIPTOR_L1 << 12) + 8L * (vcpu * AREA_PAGES + page);
    }

    /** Puts a frame into a vCPU's descriptor area: pages 0 to 15 are the GDT, 16 to 31 the LDT. Frame 0: nothing there, and it reads as null descriptors. */
    void setDescriptorPage(int vcpu, int page, int frame) {
        long e = (long) (frame == 0 ? ZERO_FRAME : frame) << 12 | ENTRY | NX | (frame == 0 ? 0 : WRITABLE);
        memory.write(descriptorEntry(vcpu, page), e, 64);
    }

    /** The frame at a page of a vCPU's descriptor area. */
    int descriptorPage(int vcpu, int page) {
        return (int) (ram.get64(descriptorEntry(vcpu, page)) >>> 12 & 0xff_ffff_ffffL);
    }

    /** Writes the hole's entries into a level-4 table of the domain. */
    void enterInto(int table) {
        for (int i = 0; i < SLOTS; i++) {
            memory.write(((long) table << 12) + 8L * (FIRST_SLOT + i), 0, 64);
        }
        entry(table, FIRST_SLOT, M2P_L3, ENTRY | WRITABLE | USER);
        entry(table, slot(DESCRIPTORS), DESCRIPTOR_L3, ENTRY | WRITABLE);
    }

    /** Writes the machine-to-physical table's entries into the level-2 table of a 32-bit domain's last gigabyte; nothing else is in the hole. */
    void enterInto32(int table) {
        int tables = m2pTables(m2pPages(ram.frames()));
        for (int i = 0; FIRST_SLOT_32 + i < ENTRIES; i++) {
            memory.write(((long) table << 12) + 8L * (FIRST_SLOT_32 + i), i < tables ? (long) (M2P_TABLES + i) << 12 | ENTRY | WRITABLE : 0, 64);
        }
    }

    static int slot(long va) {
        return (int) (va >>> 39) & ENTRIES - 1;
    }

    /** Whether a level-4 slot is the guest's to fill. */
    static boolean guestSlot(int slot) {
        return slot < FIRST_SLOT || slot >= FIRST_SLOT + SLOTS;
    }

    /** Whether an address may be one that a 64-bit guest uses: canonical, and outside the hole. */
    static boolean guestMayUse64(long va) {
        return va >>> 47 == 0 || va >= END && va < 0;
    }

    /** Lowest frame of the domain. */
    int firstDomainFrame() {
        return firstDomainFrame;
    }

    /** Records what the domain calls a frame. */
    void setM2p(int frame, long pfn) {
        memory.write(((long) m2pFrame << 12) + (long) abi.word() * frame, abi.is32() ? pfn & 0xffffffffL : pfn, 8 * abi.word());
    }

    /** What the domain calls a frame, as the guest itself may have set it. */
    long m2p(int frame) {
        return memory.read(((long) m2pFrame << 12) + (long) abi.word() * frame, 8 * abi.word());
    }
}
