package org.gearshift.tools.symbols;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same stack in a kernel's memory, with unwind tables as Linux had them up to 6.2, in 6.3, and from 6.4 on. */
class OrcLayoutsTest {
    private static final long BASE = 0xffffffff81000000L;
    private static final long ADDRESSES = BASE + 0x10000;
    private static final long ENTRIES = BASE + 0x11000;
    private static final long STACK = BASE + 0x12000;
    private static final long INTERRUPTED_STACK = BASE + 0x13000;
    private static final long LIST = BASE + 0x14000;
    private static final long MODULE = BASE + 0x14100;
    private static final long MODULE_CODE = BASE + 0x15000;
    private static final long MODULE_ADDRESSES = BASE + 0x16000;
    private static final long MODULE_ENTRIES = BASE + 0x17000;
    private static final int SP = 5;

    /** What a stack at some instruction is like, in no layout yet. */
    private enum Kind { CALL, REGISTERS, END }

    private enum Layout {
        LINUX_6_2(Map.of("sp_reg", 32, "bp_reg", 36, "type", 40, "end", 42), 0, 42),
        LINUX_6_3(Map.of("sp_reg", 32, "bp_reg", 36, "type", 40, "signal", 42, "end", 43), 0, 43),
        LINUX_6_4(Map.of("sp_reg", 32, "bp_reg", 36, "type", 40, "signal", 43), 2, -1);

        final Map<String, Integer> members;
        final int call;
        final int end;

        Layout(Map<String, Integer> members, int call, int end) {
            this.members = members;
            this.call = call;
            this.end = end;
        }

        long entry(Kind kind, int offset) {
            if (kind == Kind.END) {
                return end < 0 ? 1L << 40 : 1L << end;
            }
            return offset | (long) SP << 32 | (long) (call + kind.ordinal()) << 40;
        }
    }

    private final ByteBuffer memory = ByteBuffer.allocate(0x18000).order(ByteOrder.LITTLE_ENDIAN);

    private Long read(long address, int bytes) {
        long at = address - BASE;
        if (at < 0 || at + bytes > memory.capacity()) {
            return null;
        }
        return bytes == 8 ? memory.getLong((int) at) : bytes == 4 ? memory.getInt((int) at) & 0xffffffffL : memory.getShort((int) at) & 0xffffL;
    }

    private void put(long address, long value) {
        memory.putLong((int) (address - BASE), value);
    }

    /** An entry of a table, for code from an address on. */
    private void table(long addresses, long entries, int i, long code, long entry) {
        memory.putInt((int) (addresses - BASE) + 4 * i, (int) (code - (addresses + 4 * i)));
        memory.putInt((int) (entries - BASE) + 6 * i, (int) entry);
        memory.putShort((int) (entries - BASE) + 6 * i + 4, (short) (entry >>> 32));
    }

    /** Type information with structures of these sizes and members, by offset in bits. */
    private static KernelTypes types(Map<String, Map<String, Integer>> structures, Map<String, Integer> sizes) throws SymbolFormatException {
        StringBuilder strings = new StringBuilder("\0");
        ByteBuffer types = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
        structures.forEach((name, members) -> {
            types.putInt(strings.length()).putInt(4 << 24 | members.size()).putInt(sizes.getOrDefault(name, 0));
            strings.append(name).append('\0');
            members.forEach((member, bit) -> {
                types.putInt(strings.length()).putInt(0).putInt(bit);
                strings.append(member).append('\0');
            });
        });
        byte[] text = strings.toString().getBytes(StandardCharsets.US_ASCII);
        ByteBuffer all = ByteBuffer.allocate(24 + types.position() + text.length).order(ByteOrder.LITTLE_ENDIAN);
        all.putShort((short) 0xeb9f).putShort((short) 1).putInt(24).putInt(0).putInt(types.position()).putInt(types.position()).putInt(text.length);
        all.put(types.array(), 0, types.position()).put(text);
        return new KernelTypes(all);
    }

    private OrcUnwinder unwinder(Layout l) throws SymbolFormatException {
        Map<String, Map<String, Integer>> structures = new LinkedHashMap<>();
        structures.put("orc_entry", l.members);
        Map<String, Integer> module = new LinkedHashMap<>(Map.of("list", 8 * 8, "arch", 0x200 * 8));
        if (l == Layout.LINUX_6_4) {
            module.put("mem", 0x40 * 8);
            structures.put("module_memory", Map.of("base", 0, "size", 8 * 8));
        } else {
            module.put("core_layout", 0x40 * 8);
            module.put("init_layout", 0x80 * 8);
        }
        structures.put("module", module);
        structures.put("mod_arch_specific", Map.of("num_orcs", 0, "orc_unwind_ip", 8 * 8, "orc_unwind", 16 * 8));
        return OrcUnwinder.of(SymbolTable.of(List.of(new Symbol(ADDRESSES, 0, "__start_orc_unwind_ip", Symbol.Kind.OBJECT),
                new Symbol(ADDRESSES + 4 * 5, 0, "__stop_orc_unwind_ip", Symbol.Kind.OBJECT), new Symbol(ENTRIES, 0, "__start_orc_unwind", Symbol.Kind.OBJECT),
                new Symbol(LIST, 16, "modules", Symbol.Kind.OBJECT))), types(structures, Map.of("orc_entry", 6, "module_memory", 24)), this::read);
    }

    private static long register(String name) {
        return name.equals("rsp") ? STACK : 0;
    }

    private static String told(OrcUnwinder.Trace t) {
        List<String> out = new ArrayList<>();
        t.callers().forEach(c -> out.add(Long.toHexString(c.pc() - BASE) + (c.interrupted() ? " interrupted" : "")));
        return out + (t.complete() ? " complete" : "");
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void fromAHandlerThroughAnInterruptToTheEnd(Layout l) throws SymbolFormatException {
        table(ADDRESSES, ENTRIES, 0, BASE, l.entry(Kind.CALL, 16));
        table(ADDRESSES, ENTRIES, 1, BASE + 0x100, l.entry(Kind.REGISTERS, 0));
        table(ADDRESSES, ENTRIES, 2, BASE + 0x200, l.entry(Kind.CALL, 8));
        table(ADDRESSES, ENTRIES, 3, BASE + 0x300, l.entry(Kind.END, 0));
        table(ADDRESSES, ENTRIES, 4, BASE + 0x400, l.entry(Kind.END, 0));
        put(STACK + 8, BASE + 0x110);
        put(STACK + 16 + 128, BASE + 0x250);
        put(STACK + 16 + 136, 0x10);
        put(STACK + 16 + 152, INTERRUPTED_STACK);
        put(INTERRUPTED_STACK, BASE + 0x320);
        OrcUnwinder orc = unwinder(l);
        assertEquals("[110, 250 interrupted, 320] complete", told(orc.trace(BASE + 0x10, OrcLayoutsTest::register, 10)));
        assertEquals("[]", told(orc.trace(BASE + 0x310, OrcLayoutsTest::register, 10)), "of the last function itself nobody asks");
        assertTrue(orc.trace(BASE + 0x500, OrcLayoutsTest::register, 10).callers().isEmpty(), "code without an entry");
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void modulesHaveTablesOfTheirOwn(Layout l) throws SymbolFormatException {
        table(ADDRESSES, ENTRIES, 0, BASE, l.entry(Kind.CALL, 8));
        table(ADDRESSES, ENTRIES, 4, BASE + 0x400, l.entry(Kind.END, 0));
        for (int i = 1; i < 4; i++) {
            table(ADDRESSES, ENTRIES, i, BASE + 0x100 * i, l.entry(Kind.END, 0));
        }
        put(LIST, MODULE + 8);
        put(MODULE + 8, LIST);
        // Beyond the first area from 6.4 on, where code of later stages has one of its own.
        long area = MODULE + 0x40 + (l == Layout.LINUX_6_4 ? 4 * 24 : 0);
        put(area, MODULE_CODE);
        put(area + 8, 0x100);
        put(MODULE + 0x200, 2);
        put(MODULE + 0x208, MODULE_ADDRESSES);
        put(MODULE + 0x210, MODULE_ENTRIES);
        table(MODULE_ADDRESSES, MODULE_ENTRIES, 0, MODULE_CODE, l.entry(Kind.CALL, 24));
        table(MODULE_ADDRESSES, MODULE_ENTRIES, 1, MODULE_CODE + 0x80, l.entry(Kind.CALL, 40));
        put(STACK + 16, MODULE_CODE + 0x90);
        put(STACK + 24 + 32, BASE + 0x120);
        assertEquals("[15090, 120] complete", told(unwinder(l).trace(MODULE_CODE + 0x20, OrcLayoutsTest::register, 10)));
    }
}
