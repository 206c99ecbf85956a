package org.gearshift.vmm.xen;

import java.nio.charset.StandardCharsets;
import org.gearshift.paging.GuestRam;
import org.gearshift.translator.x86.X86State;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.PvKernel;
import org.gearshift.vmm.cpu.Eflags;
import org.gearshift.vmm.cpu.VCpu;

/**
 * Builds a domain as Xen's toolstack does (xen.h, "start-of-day memory layout"): kernel, RAM disk, list of frames, start_info, pages of store and console, first
 * page tables, stack; then what the kernel's notes allow to be left out of that mapping. Page numbers here are the domain's own.
 */
final class DomainBuilder {
    private static final long PAGE = 0x1000;
    private static final long SPARE = 512 << 10;
    private static final long ALIGN_END = 4 << 20;
    private static final int ENTRIES = 512;
    private static final long LAST_GIGABYTE = 3L << 30;
    /** Present, accessed, dirty. */
    private static final long READ_ONLY = 0x61;
    private static final long WRITABLE = 2;
    private static final long USER = 4;
    private static final long TABLE = READ_ONLY | WRITABLE | USER;

    private static final String MAGIC = "xen-3.0-x86_64";
    private static final String MAGIC_32 = "xen-3.0-x86_32p";
    private static final int SIF_MOD_START_PFN = 1 << 3;
    private static final int COMMAND_LINE_BYTES = 1024;

    /** Bytes of the magic at the start of struct start_info; its fields by the words that are between, the last two counted behind the command line. */
    private static final int MAGIC_BYTES = 32;
    private static final int NR_PAGES = 0;
    private static final int SHARED_INFO = 1;
    private static final int FLAGS = 2;
    private static final int STORE_MFN = 3;
    private static final int STORE_EVTCHN = 4;
    private static final int CONSOLE_MFN = 5;
    private static final int CONSOLE_EVTCHN = 6;
    private static final int PT_BASE = 7;
    private static final int NR_PT_FRAMES = 8;
    private static final int MFN_LIST = 9;
    private static final int MOD_START = 10;
    private static final int MOD_LEN = 11;
    private static final int CMD_LINE = 12;
    private static final int FIRST_P2M_PFN = 12;
    private static final int NR_P2M_FRAMES = 13;

    private static final long CR0 = 0x8005003bL;
    private static final long CR4 = 1 << 5 | 1 << 9 | 1 << 10;
    private static final long EFER = 1 | 1 << 8 | 1 << 10 | 1 << 11;

    private final Domain domain;
    private final PvKernel kernel;
    private final GuestRam ram;
    private final int pages;
    private final Abi abi;
    /** Of page tables: the lowest bit of an address that chooses among the root's entries. */
    private final int rootShift;
    /** Whether the list of frames has a place of its own, which 32-bit kernels cannot choose. */
    private final boolean listApart;
    private int[] p2m;
    private int next;

    DomainBuilder(Domain domain, PvKernel kernel) {
        this.domain = domain;
        this.kernel = kernel;
        this.ram = domain.memory.ram();
        this.pages = domain.maximumPages;
        this.abi = domain.abi;
        this.rootShift = abi.is32() ? 30 : 39;
        this.listApart = !abi.is32() && kernel.initP2m() != PvKernel.NONE;
    }

    /** First page numbers and lengths of what is put into the domain. */
    private static final class Layout {
        int initrd;
        int list;
        int listPages;
        /** Tables that map the list alone, behind it. */
        int listTables;
        int startInfo;
        int store;
        int console;
        int tables;
        int tableCount;
        int stack;
        /** Pages mapped from the base on. */
        int mapped;
    }

    void build(byte[] initrd, String commandLine) throws BootException {
        byte[] line = commandLine.getBytes(StandardCharsets.ISO_8859_1);
        if (line.length >= COMMAND_LINE_BYTES) {
            throw new BootException("the command line has " + line.length + " bytes, a domain's at most " + (COMMAND_LINE_BYTES - 1));
        }
        allocate();
        loadKernel();
        Layout l = layOut(initrd);
        put(l.initrd, 0, initrd);
        writeList(l);
        connectRings(l);
        int root = buildTables(l);
        writeStartInfo(l, initrd, line);
        if (kernel.hypercallPage() != PvKernel.NONE) {
            put(pageOf(kernel.hypercallPage(), l), 0, Domain.hypercallPage(abi));
        }
        start(root, l);
    }

    private void allocate() {
        p2m = new int[pages];
        for (int pfn = 0; pfn < pages; pfn++) {
            p2m[pfn] = domain.frames.allocate();
            domain.space.setM2p(p2m[pfn], pfn);
        }
    }

    private void put(int pfn, long offset, byte[] bytes) {
        put(((long) pfn << 12) + offset, bytes, 0, bytes.length);
    }

    private void put(long at, byte[] bytes, int from, int length) {
        for (int done = 0; done < length; ) {
            long p = at + done;
            int n = (int) Math.min(length - done, PAGE - (p & PAGE - 1));
            ram.copyIn(machine(p), bytes, from + done, n);
            done += n;
        }
    }

    private long machine(long address) {
        return (long) p2m[(int) (address >>> 12)] << 12 | address & PAGE - 1;
    }

    private void loadKernel() throws BootException {
        long end = 0;
        for (PvKernel.Segment s : kernel.segments()) {
            long last = s.offset() + s.memorySize();
            if (last > pages * PAGE) {
                throw tooSmall(last);
            }
            put(s.offset(), kernel.file().array(), s.fileOffset(), s.fileSize());
            end = Math.max(end, last);
        }
        next = (int) (end + PAGE - 1 >>> 12);
    }

    private BootException tooSmall(long bytes) {
        return new BootException(kernel.file().name() + ": needs at least " + ((bytes >>> 20) + 1) + " MiB of memory, the domain has " + (pages * PAGE >>> 20)
                + " MiB; give more with -m");
    }

    private int take(int count) {
        int first = next;
        next += count;
        return first;
    }

    private Layout layOut(byte[] initrd) throws BootException {
        Layout l = new Layout();
        int initrdPages = (int) (initrd.length + PAGE - 1 >>> 12);
        l.listPages = (int) ((long) pages * abi.word() + PAGE - 1 >>> 12);
        if (!kernel.modStartPfn()) {
            l.initrd = take(initrdPages);
        }
        if (!listApart) {
            l.list = take(l.listPages);
        }
        l.startInfo = take(1);
        l.store = take(1);
        l.console = take(1);
        l.tables = next;
        long end;
        do {
            // More tables may need one more to map them.
            end = mappedEnd(next + l.tableCount + 1);
            l.tableCount = tableCount(kernel.virtBase(), end);
        } while (mappedEnd(next + l.tableCount + 1) != end);
        if (!abi.guestMayUse(end - 1)) {
            throw new BootException(kernel.file().name() + ": does not fit below the hypervisor's addresses from where it wants to be, 0x"
                    + Long.toHexString(kernel.virtBase()));
        }
        take(l.tableCount);
        l.stack = take(1);
        l.mapped = (int) (end - kernel.virtBase() >>> 12);
        next = l.mapped;
        if (listApart) {
            l.list = take(l.listPages);
            // Three levels of their own; the root is shared.
            l.listTables = tableCount(kernel.initP2m(), kernel.initP2m() + l.listPages * PAGE) - 1;
            take(l.listTables);
        }
        if (kernel.modStartPfn()) {
            l.initrd = take(initrdPages);
        }
        if (next > pages) {
            throw tooSmall(next * PAGE);
        }
        return l;
    }

    private long mappedEnd(int usedPages) {
        return kernel.virtBase() + usedPages * PAGE + SPARE + ALIGN_END - 1 & -ALIGN_END;
    }

    /** Tables that map a range of addresses, the root among them. */
    private int tableCount(long from, long to) {
        int count = 1;
        for (int shift = rootShift; shift >= 21; shift -= 9) {
            count += spans(from, to, shift);
        }
        // The last gigabyte's table must be there whatever is mapped.
        return abi.is32() && to <= LAST_GIGABYTE ? count + 1 : count;
    }

    private static int spans(long from, long to, int shift) {
        return (int) ((to - 1 >>> shift) - (from >>> shift) + 1);
    }

    private void writeList(Layout l) {
        for (int pfn = 0; pfn < pages; pfn++) {
            putWord(machine(((long) l.list << 12) + (long) abi.word() * pfn), p2m[pfn]);
        }
    }

    private void putWord(long at, long value) {
        if (abi.is32()) {
            ram.put32(at, (int) value);
        } else {
            ram.put64(at, value);
        }
    }

    private void connectRings(Layout l) {
        domain.store.connect(p2m[l.store], domain.events);
        domain.console.connect(p2m[l.console], domain.events);
        domain.grants.grantToDom0(0, p2m[l.console]);
        domain.grants.grantToDom0(1, p2m[l.store]);
    }

    /** Writes the first page tables, and has them checked like any; returns the frame of the root. */
    private int buildTables(Layout l) throws BootException {
        int[] free = {l.tables};
        int root = free[0]++;
        long base = kernel.virtBase();
        for (int pfn = 0; pfn < l.mapped; pfn++) {
            boolean isTable = pfn >= l.tables && pfn < l.tables + l.tableCount;
            map(root, base + pfn * PAGE, pfn, !isTable, free);
        }
        long last = machine(((long) root << 12) + 8 * (LAST_GIGABYTE >>> 30));
        if (abi.is32() && ram.get64(last) == 0) {
            ram.put64(last, (long) p2m[free[0]++] << 12 | TABLE);
        }
        if (listApart) {
            int[] own = {l.list + l.listPages};
            for (int i = 0; i < l.listPages; i++) {
                map(root, kernel.initP2m() + i * PAGE, l.list + i, true, own);
            }
        }
        int frame = p2m[root];
        boolean valid = domain.tables.getPageAndUse(frame, domain.tables.root()) == 0 && domain.tables.getPageAndUse(frame, domain.tables.root()) == 0;
        if (!valid) {
            throw new BootException(kernel.file().name() + ": its notes put mappings where the hypervisor is, or over each other");
        }
        domain.frames.setPinned(frame, true);
        return frame;
    }

    private void map(int root, long va, int pfn, boolean writable, int[] free) {
        int table = root;
        for (int shift = rootShift; shift > 12; shift -= 9) {
            long at = machine(((long) table << 12) + (va >>> shift & ENTRIES - 1) * 8);
            long e = ram.get64(at);
            if (e == 0) {
                e = (long) p2m[free[0]++] << 12 | TABLE;
                ram.put64(at, e);
            }
            table = (int) domain.space.m2p((int) PageTables.frameOf(e));
        }
        long flags = READ_ONLY | (writable ? WRITABLE : 0) | (abi.is32() ? 0 : USER);
        ram.put64(machine(((long) table << 12) + (va >>> 12 & ENTRIES - 1) * 8), (long) p2m[pfn] << 12 | flags);
    }

    private int pageOf(long va, Layout l) throws BootException {
        long pfn = va - kernel.virtBase() >>> 12;
        if (pfn >= l.mapped) {
            throw new BootException(kernel.file().name() + ": its hypercall page is not in the kernel");
        }
        return (int) pfn;
    }

    private long virtual(int pfn) {
        return kernel.virtBase() + pfn * PAGE;
    }

    private void writeStartInfo(Layout l, byte[] initrd, byte[] commandLine) {
        long at = machine((long) l.startInfo << 12);
        byte[] magic = (abi.is32() ? MAGIC_32 : MAGIC).getBytes(StandardCharsets.US_ASCII);
        ram.copyIn(at, magic, 0, magic.length);
        long fields = at + MAGIC_BYTES;
        put(fields, NR_PAGES, pages);
        put(fields, SHARED_INFO, domain.shared.address());
        put(fields, STORE_MFN, p2m[l.store]);
        put(fields, STORE_EVTCHN, domain.store.port());
        put(fields, CONSOLE_MFN, p2m[l.console]);
        put(fields, CONSOLE_EVTCHN, domain.console.port());
        put(fields, PT_BASE, virtual(l.tables));
        put(fields, NR_PT_FRAMES, l.tableCount);
        put(fields, MFN_LIST, listApart ? kernel.initP2m() : virtual(l.list));
        if (listApart) {
            put(fields + COMMAND_LINE_BYTES, FIRST_P2M_PFN, l.list);
            put(fields + COMMAND_LINE_BYTES, NR_P2M_FRAMES, l.listPages + l.listTables);
        }
        if (initrd.length > 0) {
            put(fields, MOD_START, kernel.modStartPfn() ? l.initrd : virtual(l.initrd));
            put(fields, MOD_LEN, initrd.length);
            put(fields, FLAGS, kernel.modStartPfn() ? SIF_MOD_START_PFN : 0);
        }
        ram.copyIn(fields + (long) abi.word() * CMD_LINE, commandLine, 0, commandLine.length);
    }

    /** A field of start_info; those of 32 bits have zeros behind them in a 64-bit domain. */
    private void put(long fields, int word, long value) {
        putWord(fields + (long) abi.word() * word, value);
    }

    /** The vCPU at the kernel's entry: rsi is start_info, rsp the end of the stack, events masked. */
    private void start(int root, Layout l) {
        VCpu cpu = domain.vcpu.cpu;
        long[] s = cpu.s;
        resetSystemState(domain.vcpu);
        domain.vcpu.setBases(root, 0);
        domain.vcpu.firstSegments();
        for (int r = X86State.GPR; r < X86State.GPR + 16; r++) {
            s[r] = 0;
        }
        long info = virtual(l.startInfo);
        long stack = virtual(l.stack) + PAGE;
        // Outside 64-bit code slots hold registers sign-extended.
        s[X86State.RSI] = abi.is32() ? (int) info : info;
        s[X86State.RSP] = abi.is32() ? (int) stack : stack;
        domain.vcpu.setKernelStack((int) s[X86State.SEG_SELECTOR + X86State.SS], stack);
        s[X86State.RIP] = kernel.entry();
        Eflags.set(s, Eflags.IF, Eflags.ALL);
        cpu.refreshPaging();
    }

    /** Control and descriptor-table registers of a vCPU that begins. */
    static void resetSystemState(VirtualCpu v) {
        long[] s = v.s;
        s[X86State.CR0] = CR0;
        s[X86State.CR4] = CR4;
        s[X86State.EFER] = EFER;
        s[X86State.GDTR_BASE] = HypervisorSpace.gdt(v.number);
        s[X86State.GDTR_LIMIT] = HypervisorSpace.GDT_PAGES * PAGE - 1;
        s[X86State.IDTR_LIMIT] = 0;
        v.cpu.setLocalDescriptorTable(0, 0);
    }
}
