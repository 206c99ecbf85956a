package org.gearshift.paging;

/** The bits of CR0, CR4 and EFER that decide how linear addresses are translated (SDM vol. 3 section 4.1), decoded. */
final class PagingControl {
    private static final long CR0_WP = 1L << 16;
    private static final long CR0_NW = 1L << 29;
    private static final long CR0_CD = 1L << 30;
    private static final long CR0_PG = 1L << 31;
    private static final long CR4_PSE = 1L << 4;
    private static final long CR4_PAE = 1L << 5;
    private static final long CR4_PGE = 1L << 7;
    private static final long CR4_PCIDE = 1L << 17;
    private static final long CR4_SMEP = 1L << 20;
    private static final long CR4_SMAP = 1L << 21;
    private static final long EFER_LMA = 1L << 10;
    private static final long EFER_NXE = 1L << 11;

    /** Changes of these reload the PDPTEs (SDM vol. 3 section 4.4.1). */
    private static final long CR0_PDPTE = CR0_PG | CR0_CD | CR0_NW;
    private static final long CR4_PDPTE = CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP;

    long cr0;
    long cr3;
    long cr4;
    long efer;
    /** MAXPHYADDR: 32..52. */
    int physicalBits = 36;
    /** Whether 4 MiB pages carry physical address bits 39:32 in bits 20:13 (PSE-36). */
    boolean pse36 = true;
    /** EFLAGS.AC lifts SMAP. */
    boolean ac;

    boolean paging;
    boolean pse;
    boolean pae;
    /** IA-32e mode: 4-level paging of 48-bit linear addresses. */
    boolean longMode;
    boolean pge;
    boolean writeProtect;
    boolean smep;
    boolean smap;
    boolean noExecute;

    /** The new values reinterpret the guest's tables, so nothing derived from them survives. */
    boolean changesFormat(long newCr0, long newCr4, long newEfer) {
        return ((cr0 ^ newCr0) & CR0_PG) != 0 || ((cr4 ^ newCr4) & (CR4_PAE | CR4_PSE)) != 0
                || ((efer ^ newEfer) & (EFER_NXE | EFER_LMA)) != 0;
    }

    /** The new values change what a known translation permits. */
    boolean changesPermissions(long newCr0, long newCr4) {
        return ((cr0 ^ newCr0) & CR0_WP) != 0 || ((cr4 ^ newCr4) & (CR4_SMEP | CR4_SMAP)) != 0;
    }

    /** The new value flushes global pages. */
    boolean changesGlobal(long newCr4) {
        return ((cr4 ^ newCr4) & (CR4_PGE | CR4_PCIDE)) != 0;
    }

    /** Whether the write reloads the PDPTEs: a CR3 write, seen as a new value or as no change at all, or a change of certain bits. */
    boolean reloadsPdptes(long newCr0, long newCr3, long newCr4, long newEfer) {
        return cr3 != newCr3 || ((cr0 ^ newCr0) & CR0_PDPTE) != 0 || ((cr4 ^ newCr4) & CR4_PDPTE) != 0
                || (cr0 == newCr0 && cr4 == newCr4 && efer == newEfer);
    }

    void set(long newCr0, long newCr3, long newCr4, long newEfer) {
        cr0 = newCr0;
        cr3 = newCr3;
        cr4 = newCr4;
        efer = newEfer;
        paging = (newCr0 & CR0_PG) != 0;
        writeProtect = (newCr0 & CR0_WP) != 0;
        pse = (newCr4 & CR4_PSE) != 0;
        pae = (newCr4 & CR4_PAE) != 0;
        longMode = paging && (newEfer & EFER_LMA) != 0;
        pge = (newCr4 & CR4_PGE) != 0;
        smep = paging && (newCr4 & CR4_SMEP) != 0;
        smap = paging && (newCr4 & CR4_SMAP) != 0;
        noExecute = pae && (newEfer & EFER_NXE) != 0;
    }

    /** Whether supervisor data accesses to user pages fault right now. */
    boolean smapBlocks() {
        return smap && !ac;
    }

    /** Whether an access is allowed by the combined permissions {@code e} of a translation (SDM vol. 3 section 4.6.1). */
    boolean permits(int e, int access, boolean user) {
        boolean userPage = (e & ShadowEntry.USER) != 0;
        if (user && !userPage) {
            return false;
        }
        if (access == ShadowMmu.EXECUTE) {
            return (e & ShadowEntry.EXEC) != 0 && (user || !smep || !userPage);
        }
        if (!user && userPage && smapBlocks()) {
            return false;
        }
        return access == ShadowMmu.READ || (e & ShadowEntry.WRITE) != 0 || (!user && !writeProtect);
    }

    /** The #PF error code (SDM vol. 3 section 4.7). */
    int errorCode(int access, boolean user, boolean present, boolean reserved) {
        return (present ? 1 : 0) | (access == ShadowMmu.WRITE ? 2 : 0) | (user ? 4 : 0) | (reserved ? 8 : 0)
                | (access == ShadowMmu.EXECUTE && (smep || noExecute) ? 16 : 0);
    }

    /** Reserved bits of a PAE table entry above the physical address width: 62:MAXPHYADDR, and bit 63 unless it means execute-disable. */
    long paeReserved() {
        long high = Long.MAX_VALUE & -(1L << physicalBits);
        return noExecute ? high : high | Long.MIN_VALUE;
    }

    /** The same for 4-level paging, where bits 62:52 are software's. */
    long longReserved() {
        long high = (1L << 52) - 1 & -(1L << physicalBits);
        return noExecute ? high : high | Long.MIN_VALUE;
    }
}
