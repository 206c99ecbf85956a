package org.gearshift.paging;

import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Shadow paging of one vCPU: turns linear addresses into physical ones as the guest's control registers and page tables say, and keeps the
 * flat maps that translated code reads inline.
 *
 * <p>Three layers, each a cache of the next: the active maps (one array access), the shadow tables, which survive CR3 loads because stores
 * to the guest tables they mirror are traced, and the guest tables themselves. Since traces keep the upper layers true, a CR3 load that
 * only flushes and most INVLPGs have nothing to do. Linear addresses have 32 significant bits, in IA-32e mode 48; higher ones are ignored: whether an
 * address is canonical is for the caller to check, and {@link #canonical} says so.
 */
public final class ShadowMmu {
    /** Access kinds of {@link #translate}: data read. */
    public static final int READ = 0;
    /** Data write. */
    public static final int WRITE = 1;
    /** Instruction fetch. */
    public static final int EXECUTE = 2;

    /** Result of {@link #execFrame}: the fetch page-faults. */
    public static final int FAULT = -1;
    /** Result of {@link #execFrame}: the page is not RAM, fetch through {@link PhysicalMemory#read}. */
    public static final int NOT_RAM = -2;

    private static final long FLAT_PAGE_MASK = 0xfffff;
    private static final long WIDE_PAGE_MASK = 0xf_ffff_ffffL;
    private static final int MAX_SPACES = 64;
    private static final long MAX_TABLE_BYTES = 16 << 20;
    /** Restoring a page costs about a third of a miss, so a switch restores what a space used, unless that has grown past this many pages: then it starts afresh. */
    private static final int RESTORE_LIMIT = 1024;

    private final PhysicalMemory memory;
    private final CodePages code;
    /** The one that a vCPU's code sees, if this is its {@link #second}: thread, rest and news are that one's. */
    private final ShadowMmu first;
    private final Inbox inbox;
    /** The thread that runs this vCPU; null: any that calls. */
    private volatile Thread thread;
    private volatile boolean quiet;
    private final PagingControl control = new PagingControl();
    private final PagingCounters counters;
    private final MappingEpoch epoch;
    private final FlatMaps flat;
    /** Made when the guest first enters IA-32e mode. */
    private WideMaps wide;
    /** Those of the two in use. */
    private ActiveMaps maps;
    private long pageMask = FLAT_PAGE_MASK;
    private final ShadowTables tables;
    private final PageWalker twoLevel;
    private final PageWalker pae;
    private final PageWalker fourLevel;
    private final Walk walk = new Walk();
    private final Walk probeWalk = new Walk();
    /** Pages in the active maps that the shadow tables do not have. */
    private final Journal passing = new Journal();
    private final List<AddressSpace> spaces = new ArrayList<>();
    private final AddressSpace unpaged = new AddressSpace(-1);
    private final int frames;
    private AddressSpace current = unpaged;
    /** The one before, if it is among {@link #spaces}: where a guest that goes to and fro between two goes next. */
    private AddressSpace previous;
    /** The one that answers: this, or its {@link #second}. */
    private ShadowMmu selected = this;
    private ShadowMmu second;
    private PageWalker walker;
    private long clock;
    private int errorCode;
    private int protections;
    private WatchedPages watched;

    /**
     * The MMU of a vCPU as after reset: paging off.
     *
     * @param code tracking of the code this vCPU translates, in the same memory
     */
    public ShadowMmu(PhysicalMemory memory, CodePages code) {
        this(memory, code, new PagingCounters(), new MappingEpoch(false), null);
        if (code.memory() != memory) {
            throw new IllegalArgumentException("code pages of another memory");
        }
        code.belongsTo(this);
    }

    private ShadowMmu(PhysicalMemory memory, CodePages code, PagingCounters counters, MappingEpoch epoch, ShadowMmu first) {
        this.first = first == null ? this : first;
        this.inbox = first == null ? new Inbox() : first.inbox;
        this.memory = Objects.requireNonNull(memory);
        this.code = code;
        this.counters = counters;
        this.epoch = epoch;
        frames = memory.ram().frames();
        flat = new FlatMaps(memory, control, epoch);
        maps = flat;
        tables = new ShadowTables(memory, maps, counters);
        twoLevel = new TwoLevelWalker(memory, control);
        pae = new PaeWalker(memory, control);
        fourLevel = new FourLevelWalker(memory, control);
        walker = twoLevel;
        tables.setFormat(walker, maps);
        tables.setCurrent(current);
        maps.switchTo(current.journal);
        memory.attach(this);
    }

    /**
     * Chooses which of two sets of maps and tables answers from now on, each of which keeps the address space it was in: for guests that go to and fro between two, as a paravirtual kernel
     * and its programs do, whose every system call would else clear the maps and fill them again. The caller sees to it that code is translated for one of them only: what is mapped in
     * one need not be in the other. Control registers are then set for the one chosen, and arrays of maps fetched anew.
     */
    public void select(boolean other) {
        if (other && second == null) {
            second = new ShadowMmu(memory, code, counters, new MappingEpoch(true), this);
            second.setAddressWidth(control.physicalBits, control.pse36);
            second.watch(watched);
        }
        selected = other ? second : this;
    }

    /**
     * Pages for loads by 32-bit address at CPL 3 (or below), see {@link FlatMaps}; those are absent where the slow path must decide. Always the same array, changed in
     * place.
     */
    public int[] readMap(boolean user) {
        if (selected != this) {
            return selected.readMap(user);
        }
        return user ? flat.readUser : flat.readSupervisor;
    }

    /** The same for stores. */
    public int[] writeMap(boolean user) {
        if (selected != this) {
            return selected.writeMap(user);
        }
        return user ? flat.writeUser : flat.writeSupervisor;
    }

    /**
     * Packed entries for loads by 64-bit address: {@link WideMaps} says how an address finds its own. Null until the guest has entered IA-32e mode; from
     * then on always the same array, changed in place.
     */
    public long[] wideReadMap(boolean user) {
        if (selected != this) {
            return selected.wideReadMap(user);
        }
        return wide == null ? null : user ? wide.readUser : wide.readSupervisor;
    }

    /** The same for stores. */
    public long[] wideWriteMap(boolean user) {
        if (selected != this) {
            return selected.wideWriteMap(user);
        }
        return wide == null ? null : user ? wide.writeUser : wide.writeSupervisor;
    }

    /** What {@link #readMap} and its like give: of one set of maps. */
    public record Arrays(int[] read, int[] write, long[] wideRead, long[] wideWrite) {
    }

    /** Those of one of the two sets, which has been selected before, whichever is now. */
    public Arrays arrays(boolean ofSecond, boolean user) {
        ShadowMmu m = ofSecond ? second : this;
        return user ? new Arrays(m.flat.readUser, m.flat.writeUser, m.wide == null ? null : m.wide.readUser, m.wide == null ? null : m.wide.writeUser)
                : new Arrays(m.flat.readSupervisor, m.flat.writeSupervisor, m.wide == null ? null : m.wide.readSupervisor, m.wide == null ? null : m.wide.writeSupervisor);
    }

    /** A table for 64-bit addresses in which every access misses. */
    public long[] emptyWideMap() {
        return WideMaps.absent(wideShift());
    }

    /** Address bits from here on tell apart the pages that share an entry of {@link #wideReadMap}; depends on the RAM's size alone. */
    public int wideShift() {
        return WideMaps.shift(memory.ram());
    }

    /** Frame of a page that a data access may be made to right now, or -1 if the maps do not know. @param write whether it is a store */
    public int mappedFrame(long va, boolean write, boolean user) {
        if (selected != this) {
            return selected.mappedFrame(va, write, user);
        }
        return maps.frame(page(va), write ? WRITE : READ, user);
    }

    /** Whether bits 63:47 of an address are all the same. */
    public static boolean canonical(long va) {
        return va << 16 >> 16 == va;
    }

    /** What CPUID promises: MAXPHYADDR (32..52, reset value 36) and PSE-36 (on). Set before paging is used. */
    public void setAddressWidth(int physicalBits, boolean pse36) {
        control.physicalBits = physicalBits;
        control.pse36 = pse36;
        flushAll();
    }

    /** Says which thread runs this vCPU from now on: others only leave word, to be taken with {@link #takeNews}. */
    public void runOn(Thread runner) {
        thread = runner;
    }

    /** Whether the calling thread runs this vCPU. */
    boolean runsHere() {
        Thread t = first.thread;
        return t == null || t == Thread.currentThread();
    }

    /** Whether {@link #takeNews} has something to do. */
    public boolean hasNews() {
        return inbox.pending;
    }

    /** Acts on what other vCPUs have left word of; not while guest code runs. */
    public void takeNews() {
        takeMappingNews();
        for (int frame : inbox.takeCode()) {
            code.written((long) frame << 12, GuestRam.FRAME_SIZE);
        }
        inbox.codeDropped();
    }

    private void takeMappingNews() {
        first.forgetPassing();
        for (long news : inbox.takeMappings()) {
            first.act(news);
            if (first.second != null) {
                first.second.act(news);
            }
        }
        inbox.mappingsTaken();
    }

    /** As a TLB is flushed: nobody tells this vCPU when these pages are mapped otherwise. */
    private void forgetPassing() {
        for (int i = 0; i < passing.size; i++) {
            maps.clear(passing.items[i]);
        }
        passing.clear();
        if (second != null) {
            second.forgetPassing();
        }
    }

    private void act(long news) {
        switch (Inbox.kind(news)) {
            case Inbox.PROTECTED -> frameProtected((int) Inbox.place(news));
            case Inbox.STORED -> tracedStore(Inbox.place(news), Inbox.length(news));
            case Inbox.MARK -> { }
            default -> flushAll();
        }
    }

    /** From here on, until {@link #wake}, this vCPU runs no code and keeps nothing: others need not wait for it. */
    public void rest() {
        forgetPassing();
        quiet = true;
    }

    /** Ends {@link #rest}. */
    public void wake() {
        quiet = false;
        if (inbox.pending) {
            takeNews();
        }
    }

    /** Whether it is between {@link #rest} and {@link #wake}. Any thread. */
    public boolean isResting() {
        return first.quiet;
    }

    Inbox inbox() {
        return inbox;
    }

    CodePages code() {
        return code;
    }

    /** Any write to CR0, CR3, CR4 or EFER, with the values after it. A call with nothing changed means CR3 was rewritten. */
    public void setControl(long cr0, long cr3, long cr4, long efer) {
        if (selected != this) {
            selected.setControl(cr0, cr3, cr4, efer);
            return;
        }
        flush();
        boolean reload = control.reloadsPdptes(cr0, cr3, cr4, efer);
        boolean reformat = control.changesFormat(cr0, cr4, efer);
        boolean repermit = control.changesPermissions(cr0, cr4);
        boolean globals = control.changesGlobal(cr4);
        if (reformat) {
            flushAll();
            spaces.clear();
            enter(unpaged);
            previous = null;
        }
        control.set(cr0, cr3, cr4, efer);
        if (reformat) {
            useFormat();
        }
        if (repermit) {
            maps.clearAll();
        } else if (globals) {
            maps.clearGlobal();
        }
        if (!control.paging) {
            return;
        }
        long root = cr3 & (control.longMode ? 0x000f_ffff_ffff_f000L : control.pae ? 0xffffffe0L : 0xfffff000L);
        if (root != current.rootAddress) {
            counters.switches++;
            enterPaged(root);
        } else if (reload) {
            counters.reloads++;
            if (hasPdptes()) {
                loadPdptes(current);
            }
        }
    }

    private boolean hasPdptes() {
        return control.pae && !control.longMode;
    }

    /** Goes on with the walker of the format in force and the maps for its width of linear addresses; those used so far are empty. */
    private void useFormat() {
        if (control.longMode && wide == null) {
            wide = new WideMaps(memory, control, epoch, flat);
            wide.watch(watched);
        }
        walker = control.longMode ? fourLevel : control.pae ? pae : twoLevel;
        maps = control.longMode ? wide : flat;
        pageMask = control.longMode ? WIDE_PAGE_MASK : FLAT_PAGE_MASK;
        tables.setFormat(walker, maps);
        maps.switchTo(current.journal);
        epoch.changed();
    }

    private void enterPaged(long root) {
        AddressSpace space = space(root);
        if (hasPdptes()) {
            enter(space);
            loadPdptes(space);
            counters.restored += maps.restore(space.root, RESTORE_LIMIT);
            return;
        }
        boolean sameUpper = control.longMode && tables.sameUpper(current, space);
        counters.restored += maps.change(space.journal, live(current.root), live(space.root), sameUpper, RESTORE_LIMIT);
        become(space);
    }

    private static ShadowTable live(ShadowTable root) {
        return root == null || root.dead ? null : root;
    }

    private void enter(AddressSpace space) {
        maps.switchTo(space.journal);
        become(space);
    }

    private void become(AddressSpace space) {
        previous = current == unpaged ? null : current;
        current = space;
        tables.setCurrent(space);
        space.lastUse = ++clock;
    }

    private AddressSpace space(long root) {
        if (previous != null && previous.rootAddress == root) {
            return previous;
        }
        AddressSpace oldest = null;
        for (int i = 0; i < spaces.size(); i++) {
            AddressSpace s = spaces.get(i);
            if (s.rootAddress == root) {
                return s;
            }
            if (s != current && (oldest == null || s.lastUse < oldest.lastUse)) {
                oldest = s;
            }
        }
        if (spaces.size() >= MAX_SPACES) {
            evict(oldest);
        }
        AddressSpace s = new AddressSpace(root);
        spaces.add(s);
        return s;
    }

    private void evict(AddressSpace space) {
        counters.evictions++;
        tables.forget(space);
        spaces.remove(space);
        previous = null;
    }

    private void loadPdptes(AddressSpace space) {
        for (int i = 0; i < 4; i++) {
            setPdpte(space, i, PaeWalker.pdpte(memory, space.rootAddress, i));
        }
    }

    private void setPdpte(AddressSpace space, int i, long pdpte) {
        if (pdpte != space.pdptes[i]) {
            space.pdptes[i] = pdpte;
            if (space.root != null && space.root.entries[i] != 0) {
                tables.drop(space.root, i);
            }
        }
    }

    /** Whether MOV CR3 (or turning PAE paging on) may proceed: false means #GP(0) for reserved bits in a present PDPTE. */
    public boolean pdptesValid(long cr3) {
        for (int i = 0; i < 4; i++) {
            if (!PaeWalker.valid(PaeWalker.pdpte(memory, cr3, i), control.physicalBits)) {
                return false;
            }
        }
        return true;
    }

    /** The four PDPTE registers of PAE paging, which a guest can tell from what is in memory now: part of a saved vCPU. */
    public long[] pdptes() {
        return current.pdptes.clone();
    }

    /** Restores what {@link #pdptes} gave, after {@link #setControl} has restored the control registers. */
    public void restorePdptes(long[] saved) {
        for (int i = 0; i < 4; i++) {
            setPdpte(current, i, saved[i]);
        }
    }

    /** EFLAGS.AC as it acts on supervisor data accesses under CR4.SMAP; costs nothing while SMAP is off. */
    public void setSmapOverride(boolean ac) {
        if (selected != this) {
            selected.setSmapOverride(ac);
            return;
        }
        if (control.ac != ac) {
            control.ac = ac;
            if (control.smap) {
                maps.refreshUserPages(current.root);
            }
        }
    }

    /** INVLPG of the page at {@code va}. */
    public void invlpg(long va) {
        if (selected != this) {
            selected.invlpg(va);
            return;
        }
        flush();
        maps.invalidate(page(va));
    }

    /**
     * A flush of one process context, or of all: what other vCPUs have left word of is acted on, and nothing else needs to be, since traces keep the rest true.
     *
     * @param global whether global pages are flushed too, which may have come through the tables of a space that is no longer current
     */
    public void invalidateContext(boolean global) {
        if (selected != this) {
            selected.invalidateContext(global);
            return;
        }
        flush();
        if (global) {
            maps.clearGlobal();
        }
    }

    /** What any flush of the guest's comes down to: from here on nothing is known but what the traces keep true. */
    private void flush() {
        if (inbox.pending) {
            takeMappingNews();
        } else {
            first.forgetPassing();
        }
    }

    /** Drops every cached translation, global ones included. */
    public void flushAll() {
        counters.flushes++;
        maps.clearAll();
        tables.dropAll();
        for (int i = 0; i < spaces.size(); i++) {
            spaces.get(i).root = null;
        }
        spaces.removeIf(s -> s != current);
        previous = null;
    }

    /**
     * Says which linear pages a debugger watches: accesses to them by code take the slow path, which changes nothing that the guest can see. While the vCPU does not run.
     *
     * @param pages null: none
     */
    public void watch(WatchedPages pages) {
        watched = pages;
        flat.watch(pages);
        if (wide != null) {
            wide.watch(pages);
        }
        if (second != null) {
            second.watch(pages);
        }
        refill();
    }

    /** Empties the active maps: the next accesses fill them again from the shadow tables. */
    void refill() {
        maps.clearAll();
    }

    private long page(long va) {
        return va >>> 12 & pageMask;
    }

    /**
     * Translates for an access, setting accessed and dirty bits as the processor does, and makes the page present in the active maps as far
     * as inline access is allowed.
     *
     * @param va linear address
     * @param access {@link #READ}, {@link #WRITE} or {@link #EXECUTE}
     * @param user whether it is a user-mode access: CPL 3 and not an implicit system access
     * @return the physical address after the A20 gate, or -1 for a page fault; then {@link #faultErrorCode()} is the error code
     */
    public long translate(long va, int access, boolean user) {
        if (selected != this) {
            return selected.translate(va, access, user);
        }
        long page = page(va);
        int frame = maps.frame(page, access, user);
        if (frame >= 0) {
            return (long) frame << 12 | va & 0xfff;
        }
        int e = lookup(page);
        if (e != 0 && (access != WRITE || (e & ShadowEntry.DIRTY) != 0) && control.permits(e, access, user)) {
            counters.shadowFills++;
            maps.install(page, e, access == EXECUTE);
            return memory.gate((long) (e & ShadowEntry.FRAME) << 12) | va & 0xfff;
        }
        return control.paging ? walk(va, page, access, user) : memory.gate(va & 0xffffffffL);
    }

    /** What the shadow knows of {@code page}, or 0. */
    private int lookup(long page) {
        ShadowTable root = current.root;
        if (root != null) {
            return root.lookup(page, frames);
        }
        return control.paging || page >= frames ? 0
                : ShadowEntry.VALID | ShadowEntry.PERMISSIONS | ShadowEntry.DIRTY | (int) page;
    }

    private long walk(long va, long page, int access, boolean user) {
        counters.walks++;
        if (tables.bytes() > MAX_TABLE_BYTES) {
            trim();
        }
        int e;
        long made;
        do {
            long settled = memory.settled();
            if (!walker.walk(walk, current, va, access, user, true)) {
                if (walk.overtaken) {
                    made = -1;
                    e = 0;
                    continue;
                }
                counters.faults++;
                errorCode = walk.errorCode;
                return -1;
            }
            made = tables.made();
            e = tables.link(current, walk, page, settled);
        } while (memory.isShared() && made != tables.made() && fenced());
        if (e == 0 && tables.unsettled()) {
            // Others may take long to be heard of, if the host has stopped their threads.
            e = walk.entry();
            passing.add(page);
        }
        if (e != 0) {
            maps.install(page, e, access == EXECUTE);
        } else if (access == EXECUTE) {
            // Nobody will see this mapping change, so nobody may rely on it.
            epoch.changed();
        }
        return memory.gate(walk.physical);
    }

    /** Behind the protection of new tables, before they are read again. */
    private static boolean fenced() {
        VarHandle.fullFence();
        return true;
    }

    /** Makes room: gives up the spaces used longest ago, or everything if the current one alone is too large. */
    private void trim() {
        while (tables.bytes() > MAX_TABLE_BYTES / 2) {
            AddressSpace oldest = null;
            for (AddressSpace s : spaces) {
                if (s != current && (oldest == null || s.lastUse < oldest.lastUse)) {
                    oldest = s;
                }
            }
            if (oldest == null) {
                flushAll();
                return;
            }
            evict(oldest);
        }
    }

    /** Error code of the last page fault (SDM vol. 3 section 4.7). */
    public int faultErrorCode() {
        if (selected != this) {
            return selected.faultErrorCode();
        }
        return errorCode;
    }

    /** What {@link #translate} would return, without any effect on guest or shadow, for debuggers. */
    public long probe(long va, int access, boolean user) {
        if (selected != this) {
            return selected.probe(va, access, user);
        }
        if (!control.paging) {
            return memory.gate(va & 0xffffffffL);
        }
        return walker.walk(probeWalk, current, va, access, user, false) ? memory.gate(probeWalk.physical) : -1;
    }

    /** What guest tables and shadow say of an address, without any effect on either, for debuggers. */
    public MappingReport report(long va) {
        if (selected != this) {
            return selected.report(va);
        }
        long physical = probe(va, READ, false);
        return MappingReport.of(memory, control, page(va), va, lookup(page(va)), maps, physical, physical < 0 ? probeWalk.errorCode : 0);
    }

    /** Frame for an instruction fetch; {@link #FAULT} if it page-faults, {@link #NOT_RAM} if there is no RAM. Cheap when asked again. */
    public int execFrame(long va, boolean user) {
        if (selected != this) {
            return selected.execFrame(va, user);
        }
        int frame = maps.frame(page(va), EXECUTE, user);
        return frame >= 0 ? frame : execFrameSlow(va, user);
    }

    /** Whether code has been fetched from the page of an address, as it is mapped now: then {@link #execFrame} has no effect that a guest could see, accessed bits among them. */
    public boolean isFetched(long va, boolean user) {
        return selected == this ? maps.frame(page(va), EXECUTE, user) >= 0 : selected.isFetched(va, user);
    }

    private int execFrameSlow(long va, boolean user) {
        long physical = translate(va, EXECUTE, user);
        if (physical < 0) {
            return FAULT;
        }
        long frame = physical >>> 12;
        return frame < frames && (memory.attributes[(int) frame] & PhysicalMemory.MMIO) == 0 ? (int) frame : NOT_RAM;
    }

    /**
     * Changes whenever a mapping that {@link #execFrame} has reported may no longer hold, CR3 loads included. While it stays the same, an
     * engine may go on using what it derived from such frames. Each of two sets of maps has numbers of its own. Always even; wraps around.
     */
    public int mappingEpoch() {
        return selected.epoch.all;
    }

    /** The same for frames of pages that are {@link #isGlobal}: a CR3 load leaves them where they are. Always odd. */
    public int globalEpoch() {
        return selected.epoch.global;
    }

    /** Whether what {@link #execFrame} reports of an address comes through a global page; true only when it has been asked before. */
    public boolean isGlobal(long va) {
        return selected == this ? maps.isGlobal(page(va)) : selected.isGlobal(va);
    }

    /** Whether what was found when {@link #mappingEpoch} or {@link #globalEpoch} had given a number still holds, and was found in the maps that answer now. */
    public boolean isCurrent(int number) {
        MappingEpoch e = selected.epoch;
        return number == e.all || number == e.global;
    }

    /** Live event counts. */
    public PagingCounters counters() {
        return counters;
    }

    /**
     * Changes whenever a frame has been withdrawn from the write maps because a page table or translated code was found in it. Code that went on with a
     * location it had translated before must stop when a slow path changed this. Wraps around.
     */
    public int protections() {
        if (selected != this) {
            return selected.protections();
        }
        return protections;
    }

    void frameProtected(int frame) {
        protections++;
        maps.withdrawWrites(frame);
    }

    /** Whether code of this vCPU may have {@code frame} writable: see {@link ActiveMaps#mayWrite}. Any thread. */
    boolean mayWrite(int frame) {
        WideMaps w = wide;
        return flat.mayWrite(frame) || w != null && w.mayWrite(frame);
    }

    boolean traces(int frame) {
        return tables.traces(frame);
    }

    void entryChanged(long physical, long entry) {
        if (tables.traces((int) (physical >>> 12))) {
            counters.traceHits++;
            tables.changed(physical, entry);
        }
    }

    void tracedStore(long physical, int bytes) {
        if (tables.traces((int) (physical >>> 12))) {
            counters.traceHits++;
            tables.stored(physical, bytes);
        }
    }
}
