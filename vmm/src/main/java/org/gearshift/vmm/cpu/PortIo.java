package org.gearshift.vmm.cpu;

import static org.gearshift.translator.x86.X86State.CPL;
import static org.gearshift.translator.x86.X86State.RCX;
import static org.gearshift.translator.x86.X86State.RDI;
import static org.gearshift.translator.x86.X86State.RDX;
import static org.gearshift.translator.x86.X86State.RIP;
import static org.gearshift.translator.x86.X86State.RSI;
import static org.gearshift.translator.x86.X86State.SEG_BASE;

import org.gearshift.paging.ShadowMmu;
import org.gearshift.translator.x86.X86Service;
import org.gearshift.translator.x86.X86State;

/** IN, OUT, INS and OUTS with the I/O permission bitmap: SDM vol. 1 chapter 19. */
final class PortIo {
    private static final int IO_MAP_BASE = 102;
    private static final int REP = 1 << 16;

    private final VCpu cpu;
    private final long[] s;
    private final PortSpace ports;

    PortIo(VCpu cpu, PortSpace ports) {
        this.cpu = cpu;
        this.s = cpu.s;
        this.ports = ports;
    }

    void register(ServiceTable table) {
        table.put(X86Service.IN, (port, bits, c) -> in((int) port & 0xffff, (int) bits));
        table.put(X86Service.OUT, (port, value, bits) -> out((int) port & 0xffff, (int) value, (int) bits));
        table.put(X86Service.INS, (bits, address, next) -> ins((int) bits & 0xff, (int) address, next & cpu.addressMask()));
        table.put(X86Service.OUTS, (bits, address, next) ->
                outs((int) bits & 0xff, (int) bits >>> 8 & 7, (int) address, next & cpu.addressMask()));
    }

    private long in(int port, int bits) {
        requirePermission(port, bits);
        cpu.debug.portAccess(port, bits >>> 3);
        return ports.in(port, bits) & 0xffffffffL >>> 32 - bits;
    }

    private long out(int port, int value, int bits) {
        requirePermission(port, bits);
        cpu.debug.portAccess(port, bits >>> 3);
        ports.out(port, (int) (value & 0xffffffffL >>> 32 - bits), bits);
        return 0;
    }

    /** #GP(0) unless I/O is allowed by level or by the bitmap of the current task. */
    private void requirePermission(int port, int bits) {
        if (!cpu.protectedMode() || !cpu.v86() && s[CPL] <= Eflags.iopl(s)) {
            return;
        }
        long limit = s[X86State.TR + 2];
        int attr = (int) s[X86State.TR + 3];
        boolean allowed = false;
        if (Descriptor.present(attr) && (attr & Descriptor.WIDE) != 0 && limit >= IO_MAP_BASE + 1) {
            long base = s[X86State.TR + 1];
            long map = cpu.memory.loadSystem(base + IO_MAP_BASE, 16) + (port >>> 3);
            // The processor always reads two bytes, so the map must end with one byte more.
            if (map + 1 <= limit) {
                int needed = (1 << (bits >>> 3)) - 1 << (port & 7);
                allowed = (cpu.memory.loadSystem(base + map, 16) & needed) == 0;
            }
        }
        if (!allowed) {
            cpu.raise(Vector.GP, 0);
        }
    }

    private long ins(int bits, int address, long next) {
        long mask = addressMask(address);
        if ((address & REP) != 0 && (s[RCX] & mask) == 0) {
            s[RIP] = next;
            return 0;
        }
        int port = (int) s[RDX] & 0xffff;
        int bytes = bits >>> 3;
        long offset = s[RDI] & mask;
        requirePermission(port, bits);
        cpu.checkSegment(X86State.ES, offset, bytes, true);
        long va = linear(X86State.ES, offset);
        // The port must not be read if the store is going to fault: reading has effects.
        cpu.memory.check(va, bytes, ShadowMmu.WRITE, cpu.user());
        long value = in(port, bits);
        cpu.debug.dataAccess(va, bytes, true);
        cpu.memory.store(va, value, bits, cpu.user());
        step(RDI, bytes, mask);
        advance(address, mask, next);
        return 0;
    }

    private long outs(int bits, int seg, int address, long next) {
        long mask = addressMask(address);
        if ((address & REP) != 0 && (s[RCX] & mask) == 0) {
            s[RIP] = next;
            return 0;
        }
        int port = (int) s[RDX] & 0xffff;
        int bytes = bits >>> 3;
        long offset = s[RSI] & mask;
        requirePermission(port, bits);
        cpu.checkSegment(seg, offset, bytes, false);
        long va = linear(seg, offset);
        long value = cpu.memory.load(va, bits, cpu.user());
        cpu.debug.dataAccess(va, bytes, false);
        out(port, (int) value, bits);
        step(RSI, bytes, mask);
        advance(address, mask, next);
        return 0;
    }

    private static long addressMask(int address) {
        return switch (address & 0xff) {
            case 16 -> 0xffffL;
            case 32 -> 0xffffffffL;
            default -> -1;
        };
    }

    private long linear(int seg, long offset) {
        long base = cpu.code64() && seg < X86State.FS ? 0 : s[SEG_BASE + seg];
        return base + offset & cpu.addressMask();
    }

    private void step(int register, int bytes, long mask) {
        long moved = s[register] + s[X86State.DF] * bytes;
        put(register, mask, moved);
    }

    /** Writes a register with the width of the address size. */
    private void put(int register, long mask, long value) {
        if (mask == 0xffffffffL) {
            cpu.put32(register, (int) value);
        } else {
            s[register] = s[register] & ~mask | value & mask;
        }
    }

    private void advance(int address, long mask, long next) {
        boolean again = false;
        if ((address & REP) != 0) {
            long left = s[RCX] - 1 & mask;
            put(RCX, mask, left);
            again = left != 0;
        }
        if (again) {
            // Seen in the image of an interrupt that comes in between: SDM vol. 3B section 17.3.1.1.
            s[X86State.EFLAGS_SYS] |= Eflags.RF;
        } else {
            s[X86State.EFLAGS_SYS] &= ~Eflags.RF;
            s[RIP] = next;
        }
    }
}
