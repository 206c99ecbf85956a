package org.gearshift.backend.jvm;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.ir.FlatMap;
import org.gearshift.ir.Block;
import org.gearshift.ir.GuestContext;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.Region;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.WideMap;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.lift.X86Lifter;

/** A small x86 program (see {@code kernels.c}) of 32- or 64-bit code in flat memory, lifted into one region of all its blocks. */
final class KernelCode {
    static final String[] NAMES = {"crc", "sieve", "copy", "qsort", "fib", "sha", "crc64", "sieve64", "copy64", "qsort64", "fib64", "sha64"};
    static final long RETURN_PC = 0xdead0000L;
    /** {@link BackendOptions#wideShift} for the machines here: the monitor's for up to 128 MiB. */
    static final int WIDE_SHIFT = 27;

    private static final int BASE = 0x100000;
    private static final int STACK = 0x1ff000;
    private static final int RAM = 16 << 20;
    private static final int MAX_BLOCK = 32;
    private static final long MODE = X86Mode.PROTECTED | X86Mode.CODE32 | X86Mode.STACK32 | X86Mode.FLAT_CS | X86Mode.FLAT_DS
            | X86Mode.FLAT_ES | X86Mode.FLAT_SS;
    private static final long MODE64 = X86Mode.PROTECTED | X86Mode.CODE64;

    /** RAM at linear 0; everything else, and every service, is an error. */
    static final class Flat extends GuestContext {
        Flat() {
            super(X86State.LAYOUT);
            useRam(new byte[RAM]);
            readMap = FlatMap.empty();
            writeMap = FlatMap.empty();
            wideShift = WIDE_SHIFT;
            wideReadMap = WideMap.empty(WIDE_SHIFT);
            wideWriteMap = WideMap.empty(WIDE_SHIFT);
            for (int f = 0; f < RAM >> 12; f++) {
                FlatMap.put(readMap, f, f);
                FlatMap.put(writeMap, f, f);
                WideMap.put(wideReadMap, WIDE_SHIFT, (long) f << 12, f);
                WideMap.put(wideWriteMap, WIDE_SHIFT, (long) f << 12, f);
            }
        }

        @Override
        public long loadSlow(long va, int bits, boolean rmw) {
            long v = 0;
            for (int k = 0; k < bits / 8; k++) {
                v |= (ram[at(va + k)] & 0xffL) << 8 * k;
            }
            return bits == 32 ? (int) v : v;
        }

        @Override
        public void storeSlow(long va, long value, int bits) {
            for (int k = 0; k < bits / 8; k++) {
                ram[at(va + k)] = (byte) (value >>> 8 * k);
            }
        }

        private int at(long va) {
            if (va < 0 || va >= RAM) {
                raise(14, 0);
            }
            return (int) va;
        }

        @Override
        public void segmentCheckSlow(int segment, long offset, int bytes, boolean write) {
            throw new IllegalStateException("flat segments have no limit");
        }

        @Override
        public long vmcall(int number, long a, long b, long c) {
            throw new IllegalStateException("service " + number);
        }
    }

    private final boolean wide;
    private final byte[] code;
    private final List<Long> returnPoints = new ArrayList<>();
    private final Map<Long, Block> blocks = new LinkedHashMap<>();

    /** @param name one of {@link #NAMES}; those with 64 are 64-bit code */
    KernelCode(String name) {
        wide = name.endsWith("64");
        try (InputStream in = KernelCode.class.getResourceAsStream("/kernels/" + name + ".bin")) {
            code = in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        discover();
    }

    private void discover() {
        X86Lifter lifter = new X86Lifter();
        Deque<Long> todo = new ArrayDeque<>(List.of((long) BASE));
        while (!todo.isEmpty()) {
            long pc = todo.pop();
            if (blocks.containsKey(pc) || pc < BASE || pc >= BASE + code.length) {
                continue;
            }
            Block b = lifter.lift(a -> code[(int) a - BASE] & 0xff, pc, wide ? MODE64 : MODE, MAX_BLOCK);
            blocks.put(pc, b);
            Terminator t = b.terminator();
            if (t.kind() == Terminator.Kind.BRANCH) {
                todo.push(t.target());
                todo.push(t.otherwise());
            } else if (t.kind() == Terminator.Kind.GOTO) {
                todo.push(t.target());
            }
            long after = pc + b.guestBytes();
            if (storesConstant(b, after)) {
                returnPoints.add(after);
                todo.add(after);
            }
        }
    }

    /** A call pushes the address of what follows. */
    private static boolean storesConstant(Block b, long value) {
        for (Insn i : b.insns()) {
            if (i.op() == Op.STORE && i.arg(1).isConst() && i.arg(1).imm() == value) {
                return true;
            }
        }
        return false;
    }

    /** All blocks by address, entered at the start and at return points. */
    Region region() {
        List<Long> entries = new ArrayList<>(List.of((long) BASE));
        entries.addAll(returnPoints);
        List<Block> order = new ArrayList<>(blocks.values());
        order.sort((a, b) -> Long.compare(a.pc(), b.pc()));
        return new Region(order, entries);
    }

    /** A machine about to call the program. */
    Flat machine() {
        Flat m = new Flat();
        System.arraycopy(code, 0, m.ram, BASE, code.length);
        m.s[X86State.RSP] = STACK;
        m.storeSlow(STACK, RETURN_PC, wide ? 64 : 32);
        m.s[X86State.RIP] = BASE;
        m.s[X86State.DF] = 1;
        return m;
    }
}
