package org.gearshift.paging;

import java.util.ArrayList;
import java.util.List;

/**
 * What the guest's page tables and the shadow of a vCPU say of one linear address, for debuggers. Made without setting accessed bits or filling anything.
 *
 * @param format what the guest's tables are called
 * @param guest the entries a walk reads, from the root on; the last one is the leaf, or the one at which the walk ends
 * @param physical where the address leads to, or -1
 * @param errorCode of the page fault that a read at the supervisor's level raises, if {@code physical} is -1
 * @param shadow permissions as the shadow tables have them, or that they know nothing
 * @param inline kinds of access that translated code may make without the slow path
 * @param reasons why some may not, and why shadow and guest differ
 */
public record MappingReport(String format, List<Entry> guest, long physical, int errorCode, String shadow, String inline, List<String> reasons) {
    /**
     * One entry of a guest table.
     *
     * @param level what the table is called
     * @param address physical address of the entry; -1 if it is a register
     * @param value as it is in memory
     * @param flags its bits by name
     */
    public record Entry(String level, long address, long value, String flags) {
    }

    private static final int PRESENT = 1;
    private static final int WRITABLE = 2;
    private static final int USER_BIT = 4;
    private static final int ACCESSED = 0x20;
    private static final int DIRTY_BIT = 0x40;
    private static final int LARGE_BIT = 0x80;
    private static final int GLOBAL_BIT = 0x100;
    private static final long ADDRESS_64 = 0x000f_ffff_ffff_f000L;
    private static final String[] NAMES_4 = {"PML4E", "PDPTE", "PDE", "PTE"};
    private static final String[] NAMES_PAE = {"PDPTE", "PDE", "PTE"};
    private static final String[] NAMES_2 = {"PDE", "PTE"};

    /**
     * @param leaf the shadow's entry, 0 if it has none
     * @param maps the active ones
     * @param physical result of a walk that changes nothing, or -1
     */
    static MappingReport of(PhysicalMemory memory, PagingControl control, long page, long va, int leaf, ActiveMaps maps, long physical, int errorCode) {
        List<Entry> guest = new ArrayList<>();
        String format = walk(memory, control, va, guest);
        List<String> reasons = new ArrayList<>();
        StringBuilder inline = new StringBuilder();
        String[] names = {"read", "write", "execute"};
        for (boolean user : new boolean[] {false, true}) {
            for (int access = ShadowMmu.READ; access <= ShadowMmu.EXECUTE; access++) {
                if (maps.frame(page, access, user) >= 0) {
                    inline.append(inline.length() == 0 ? "" : ", ").append(user ? "user " : "supervisor ").append(names[access]);
                }
            }
        }
        explain(memory, control, guest, leaf, maps, page, physical, reasons);
        return new MappingReport(format, guest, physical, errorCode, shadowText(leaf), inline.length() == 0 ? "none" : inline.toString(), reasons);
    }

    private static String walk(PhysicalMemory memory, PagingControl control, long va, List<Entry> out) {
        if (!control.paging) {
            return "no paging";
        }
        boolean wide = control.longMode || control.pae;
        String[] names = control.longMode ? NAMES_4 : control.pae ? NAMES_PAE : NAMES_2;
        int bits = wide ? 9 : 10;
        long table = control.longMode ? control.cr3 & ADDRESS_64 : control.cr3 & (control.pae ? 0xffffffe0L : 0xfffff000L);
        for (int i = 0; i < names.length; i++) {
            int shift = 12 + bits * (names.length - 1 - i);
            long index = va >>> shift & (1 << bits) - 1;
            if (control.pae && !control.longMode && i == 0) {
                index = va >>> 30 & 3;
            }
            long at = table + index * (wide ? 8 : 4);
            long value = memory.isRam(at) ? memory.read(at, wide ? 64 : 32) : -1;
            out.add(new Entry(names[i], at, value, flags(value, wide, names[i])));
            boolean large = (value & LARGE_BIT) != 0 && i < names.length - 1 && (i > 0 || !wide) && (wide || control.pse);
            if ((value & PRESENT) == 0 || large) {
                break;
            }
            table = wide ? value & ADDRESS_64 : value & 0xfffff000L;
        }
        return control.longMode ? "4-level" : control.pae ? "PAE" : "two-level";
    }

    private static String flags(long value, boolean wide, String level) {
        if ((value & PRESENT) == 0) {
            return "not present";
        }
        StringBuilder b = new StringBuilder();
        b.append((value & WRITABLE) != 0 ? "writable" : "read-only").append((value & USER_BIT) != 0 ? " user" : " supervisor");
        b.append((value & ACCESSED) != 0 ? " accessed" : "");
        boolean leaf = level.equals("PTE") || (value & LARGE_BIT) != 0;
        if (leaf) {
            b.append((value & DIRTY_BIT) != 0 ? " dirty" : " clean").append((value & GLOBAL_BIT) != 0 ? " global" : "");
        }
        b.append(leaf && !level.equals("PTE") ? " large" : "").append(wide && value < 0 ? " no-execute" : "");
        return b.toString();
    }

    private static String shadowText(int e) {
        if (e == 0) {
            return "nothing known";
        }
        return ((e & ShadowEntry.WRITE) != 0 ? "writable" : "read-only") + ((e & ShadowEntry.USER) != 0 ? " user" : " supervisor") + ((e & ShadowEntry.EXEC) != 0
                ? "" : " no-execute")
                + ((e & ShadowEntry.DIRTY) != 0 ? " dirty" : " clean") + ((e & ShadowEntry.GLOBAL) != 0 ? " global" : "") + ((e & ShadowEntry.LARGE) != 0 ? " large" : "")
                + String.format(", frame %x", e & ShadowEntry.FRAME);
    }

    private static void explain(PhysicalMemory memory, PagingControl control, List<Entry> guest, int leaf, ActiveMaps maps, long page, long physical, List<String> out) {
        if (physical < 0) {
            Entry last = guest.get(guest.size() - 1);
            out.add((last.value & PRESENT) == 0 ? "the " + last.level
                    + " is not present: an access page-faults" : "an entry has reserved bits set, or forbids the access: it page-faults");
            return;
        }
        long frame = physical >>> 12;
        if (frame >= memory.attributes.length) {
            out.add(memory.mmioAt(physical) != null ? "a device is there: every access takes the slow path" : "nothing is there: reads give all ones");
            return;
        }
        if (leaf == 0 && control.paging) {
            out.add("the shadow fills at the first access: none was made since this address space, or its entry, was last dropped");
        }
        int a = memory.attributes[(int) frame];
        String[] why = {"translated code came from the frame", "the frame is a page table that the shadow traces", "the frame is read-only memory",
                "part of the frame is a device's",
            "a debugger watches stores to the frame", "a debugger watches loads from the frame"};
        for (int i = 0; i < why.length; i++) {
            if ((a >>> i & 1) != 0) {
                out.add(why[i] + ((1 << i & (PhysicalMemory.MMIO | PhysicalMemory.WATCHED_LOADS)) != 0 ? ": no inline access" : ": no inline stores"));
            }
        }
        if (maps.isWatched(page)) {
            out.add("a debugger watches something in the page");
        }
        if (leaf != 0 && (leaf & ShadowEntry.DIRTY) == 0) {
            out.add("the dirty bit is clear: the first store sets it, on the slow path");
        }
        boolean mapped = maps.frame(page, ShadowMmu.READ, false) >= 0 || maps.frame(page, ShadowMmu.READ, true) >= 0;
        if (leaf != 0 && !mapped && out.isEmpty()) {
            out.add("not in the maps of translated code now: the next access puts it there without a walk");
        }
    }
}
