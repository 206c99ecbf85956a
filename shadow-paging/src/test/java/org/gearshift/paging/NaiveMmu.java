package org.gearshift.paging;

/**
 * The oracle: page translation written straight from SDM vol. 3 chapter 4, over its own copy of RAM, with no cache of any kind. It shares
 * no code with the walkers it judges.
 */
final class NaiveMmu {
    final byte[] ram;
    boolean pg;
    boolean pae;
    boolean lma;
    boolean pse;
    boolean wp;
    boolean smep;
    boolean smap;
    boolean nxe;
    boolean ac;
    boolean a20 = true;
    long cr3;
    final long[] pdpte = new long[4];
    int error;
    boolean dirty;
    boolean accessed;

    NaiveMmu(int bytes) {
        ram = new byte[bytes];
    }

    long load(long p, int bytes) {
        p = gate(p);
        long v = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            v = v << 8 | (p + i < ram.length ? ram[(int) p + i] & 0xff : 0xff);
        }
        return v;
    }

    void store(long p, long v, int bytes) {
        p = gate(p);
        for (int i = 0; i < bytes; i++) {
            if (p + i < ram.length) {
                ram[(int) p + i] = (byte) (v >>> 8 * i);
            }
        }
    }

    long gate(long p) {
        return a20 ? p : p & ~0x100000L;
    }

    void loadPdptes() {
        for (int i = 0; i < 4; i++) {
            pdpte[i] = load((cr3 & 0xffffffe0L) + 8 * i, 8);
        }
    }

    /** Access kind 0 read, 1 write, 2 fetch; -1 and {@link #error} for a fault. With {@code update}, sets A and D. Leaves what it saw in {@link #accessed} and {@link #dirty}. */
    long translate(long va, int kind, boolean user, boolean update) {
        if (!pg) {
            accessed = true;
            dirty = true;
            return gate(va);
        }
        if (lma) {
            return translate48(va, kind, user, update);
        }
        long[] at = new long[2];
        long[] entry = new long[2];
        int width = pae ? 8 : 4;
        int n = 0;
        long table = pae ? pdpte[(int) (va >> 30)] : cr3;
        if (pae && (table & 1) == 0) {
            return fault(kind, user, 0);
        }
        long page;
        for (;;) {
            long index = pae ? va >> (n == 0 ? 21 : 12) & 511 : va >> (n == 0 ? 22 : 12) & 1023;
            at[n] = (table & (pae ? 0xffffffffff000L : 0xfffff000L)) + index * width;
            entry[n] = load(at[n], width);
            long e = entry[n];
            if ((e & 1) == 0) {
                return fault(kind, user, 0);
            }
            boolean large = n == 0 && (e & 0x80) != 0 && (pae || pse);
            if (pae) {
                long bad = 0x7ffffff000000000L | (nxe ? 0 : 1L << 63) | (large ? 0x1fe000 : 0);
                if ((e & bad) != 0) {
                    return fault(kind, user, 9);
                }
            } else if (large && (e & 0x3e0000) != 0) {
                return fault(kind, user, 9);
            }
            n++;
            if (large) {
                page = pae ? (e & 0xfffe00000L) + (va & 0x1fffff) : (e & 0xffc00000L) + ((e >> 13 & 15) << 32) + (va & 0x3fffff);
                break;
            }
            if (n == 2) {
                page = (e & (pae ? 0xffffff000L : 0xfffff000L)) + (va & 0xfff);
                break;
            }
            table = e;
        }
        return finish(at, entry, n, page, kind, user, update);
    }

    /** 4-level paging: index bits 47:39, 38:30, 29:21, 20:12 (SDM vol. 3 section 4.5.4). */
    private long translate48(long va, int kind, boolean user, boolean update) {
        long[] at = new long[4];
        long[] entry = new long[4];
        long table = cr3;
        int n = 0;
        int bits = 48;
        while (true) {
            bits -= 9;
            at[n] = (table & 0xffffffffff000L) + (va >> bits & 511) * 8;
            entry[n] = load(at[n], 8);
            long e = entry[n++];
            if ((e & 1) == 0) {
                return fault(kind, user, 0);
            }
            boolean large = bits > 12 && (e & 0x80) != 0;
            long bad = 0xffff000000000L | (nxe ? 0 : 1L << 63);
            if (large) {
                bad |= bits == 39 ? 0x80 : bits == 30 ? 0x3fffe000 : 0x1fe000;
            }
            if ((e & bad) != 0) {
                return fault(kind, user, 9);
            }
            if (bits == 12 || large) {
                long offset = (1L << bits) - 1;
                return finish(at, entry, n, (e & 0xffffff000L & ~offset) + (va & offset), kind, user, update);
            }
            table = e;
        }
    }

    private long finish(long[] at, long[] entry, int n, long page, int kind, boolean user, boolean update) {
        int width = pae ? 8 : 4;
        boolean u = true;
        boolean w = true;
        boolean x = true;
        accessed = true;
        for (int i = 0; i < n; i++) {
            u &= (entry[i] & 4) != 0;
            w &= (entry[i] & 2) != 0;
            x &= !(pae && entry[i] < 0);
            accessed &= (entry[i] & 0x20) != 0;
        }
        dirty = (entry[n - 1] & 0x40) != 0;
        boolean ok;
        if (user) {
            ok = u && (kind != 1 || w) && (kind != 2 || x);
        } else if (kind == 2) {
            ok = x && !(smep && u);
        } else {
            ok = !(smap && u && !ac) && (kind == 0 || w || !wp);
        }
        if (!ok) {
            return fault(kind, user, 1);
        }
        if (update) {
            for (int i = 0; i < n; i++) {
                store(at[i], load(at[i], width) | 0x20 | (i == n - 1 && kind == 1 ? 0x40 : 0), width);
            }
        }
        return gate(page);
    }

    private long fault(int kind, boolean user, int low) {
        error = low | (kind == 1 ? 2 : 0) | (user ? 4 : 0) | (kind == 2 && (smep || pae && nxe) ? 16 : 0);
        return -1;
    }
}
