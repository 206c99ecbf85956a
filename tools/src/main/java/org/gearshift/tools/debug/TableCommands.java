package org.gearshift.tools.debug;

import java.util.List;
import org.gearshift.paging.MappingReport;
import org.gearshift.vmm.debug.Registers;

/** Commands that show page tables, the shadow, and descriptor tables. */
final class TableCommands {
    private static final int GATES = 256;
    private static final int MAX_DESCRIPTORS = 64;
    private static final String[] SYSTEM_TYPES = {"reserved", "TSS16", "LDT", "busy TSS16", "call gate16", "task gate", "interrupt gate16", "trap gate16", "reserved",
            "TSS", "reserved",
        "busy TSS", "call gate", "reserved", "interrupt gate", "trap gate"};

    private TableCommands() {
    }

    static void addTo(CommandSet set) {
        set.add(new Command(List.of("pagewalk", "pw"), "ADDRESS", "the guest's page-table entries for an address, what the shadow has, and why they differ",
                TableCommands::pageWalk));
        set.add(new Command(List.of("idt"), "[VECTOR]", "the interrupt descriptor table, or one gate of it", TableCommands::interruptTable));
        set.add(new Command(List.of("gdt"), "", "the global descriptor table", TableCommands::descriptorTable));
    }

    private static void pageWalk(DebugContext c, Arguments a) {
        if (a.isEmpty()) {
            throw new CommandException("pagewalk: ADDRESS is missing; 'help pagewalk' shows how");
        }
        long va = Expression.value(a.rest(), c);
        MappingReport r = c.cpu().mmu().report(va);
        c.print("%s  %s, cr3 %s", c.place(va), r.format(), c.hex(c.cpu().registers().get("cr3")));
        for (MappingReport.Entry e : r.guest()) {
            c.print("  guest %-6s at %09x: %016x  %s", e.level(), e.address(), e.value(), e.flags());
        }
        c.print("  leads to %s", r.physical() < 0 ? String.format("a page fault, error code %x", r.errorCode()) : String.format("physical %x", r.physical()));
        c.print("  shadow: %s", r.shadow());
        c.print("  without the slow path: %s", r.inline());
        r.reasons().forEach(why -> c.print("  because: %s", why));
    }

    private static void interruptTable(DebugContext c, Arguments a) {
        Registers r = c.cpu().registers();
        boolean wide = (r.get("efer") >>> 10 & 1) != 0;
        boolean real = (r.get("cr0") & 1) == 0;
        if (real) {
            throw new CommandException("idt: the processor is in real mode; its vectors are words at " + c.hex(r.get("idtr_base")));
        }
        int size = wide ? 16 : 8;
        int only = a.isEmpty() ? -1 : (int) Expression.value(a.rest(), c);
        int gates = (int) Math.min(GATES, (r.get("idtr_limit") + 1) / size);
        int first = Math.max(0, only);
        for (int v = first; v < (only < 0 ? gates : Math.min(gates, only + 1)); v++) {
            long at = r.get("idtr_base") + (long) v * size;
            Long low = c.cpu().read(at, 8);
            if (low == null) {
                throw new CommandException("idt: no memory at " + c.hex(at));
            }
            Long high = wide ? c.cpu().read(at + 8, 8) : Long.valueOf(0);
            long offset = low & 0xffff | low >>> 32 & 0xffff0000L | (high == null ? 0 : high) << 32;
            int attr = (int) (low >>> 40) & 0xff;
            if (attr == 0 && only < 0) {
                continue;
            }
            c.print("%3d %02x  %04x:%s  %s, DPL %d%s", v, v, low >>> 16 & 0xffff, c.place(offset), SYSTEM_TYPES[attr & 15], attr >>> 5 & 3,
                    (attr & 0x80) == 0 ? ", not present" : "");
        }
    }

    private static void descriptorTable(DebugContext c, Arguments a) {
        a.end();
        Registers r = c.cpu().registers();
        boolean wide = (r.get("efer") >>> 10 & 1) != 0;
        long count = Math.min(MAX_DESCRIPTORS, (r.get("gdtr_limit") + 1) / 8);
        for (long i = 0; i < count; i++) {
            Long d = c.cpu().read(r.get("gdtr_base") + i * 8, 8);
            if (d == null) {
                throw new CommandException("gdt: no memory at " + c.hex(r.get("gdtr_base") + i * 8));
            }
            if (d == 0) {
                continue;
            }
            int attr = (int) (d >>> 40) & 0xff;
            long base = d >>> 16 & 0xffffff | d >>> 32 & 0xff000000L;
            long limit = d & 0xffff | d >>> 32 & 0xf0000;
            limit = (d >>> 55 & 1) != 0 ? limit << 12 | 0xfff : limit;
            boolean segment = (attr & 0x10) != 0;
            if (!segment && wide) {
                Long upper = c.cpu().read(r.get("gdtr_base") + i * 8 + 8, 8);
                base |= upper == null ? 0 : upper << 32;
            }
            String type = segment ? (attr & 8) != 0 ? "code" + ((d >>> 53 & 1) != 0 ? "64" : (d >>> 54 & 1) != 0 ? "32" : "16") : "data" : SYSTEM_TYPES[attr & 15];
            c.print("%04x  base %s limit %08x  %s, DPL %d%s", i * 8, c.hex(base), limit, type, attr >>> 5 & 3, (attr & 0x80) == 0 ? ", not present" : "");
            i += !segment && wide ? 1 : 0;
        }
    }
}
