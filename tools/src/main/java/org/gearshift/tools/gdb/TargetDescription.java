package org.gearshift.tools.gdb;

import java.util.ArrayList;
import java.util.List;
import org.gearshift.vmm.debug.Registers;

/**
 * The registers of a machine as gdb is told of them (GDB manual, appendix G.5.6 "i386 Features"): their order, sizes and types as XML, and their values in that order. A
 * machine whose processor
 * has IA-32e mode has the 64-bit description from its start, since gdb takes one only when it connects.
 */
final class TargetDescription {
    private static final String[] CORE_32 = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
    private static final String[] CORE_64 = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
    private static final String[] SEGMENTS = {"cs", "ss", "ds", "es", "fs", "gs"};
    private static final String[] X87 = {"fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"};
    private static final String[] SYSTEM_64 = {"k_gs_base", "cr0", "cr2", "cr3", "cr4", "cr8", "efer", "gdtr_base", "gdtr_limit", "idtr_base", "idtr_limit", "ldtr", "tr"};
    private static final String[] SYSTEM_32 = {"fs_base", "gs_base", "cr0", "cr2", "cr3", "cr4", "gdtr_base", "gdtr_limit", "idtr_base", "idtr_limit", "ldtr", "tr"};
    private static final int X87_REGISTERS = 8;
    private static final int X87_BYTES = 10;
    private static final int VECTOR_BYTES = 16;

    private static final String EFLAGS = flags("i386_eflags", "CF 0", "PF 2", "AF 4", "ZF 6", "SF 7", "TF 8", "IF 9", "DF 10", "OF 11", "NT 14", "RF 16", "VM 17", "AC 18",
            "VIF 19",
            "VIP 20", "ID 21");
    private static final String CR0 = flags("i386_cr0", "PE 0", "MP 1", "EM 2", "TS 3", "ET 4", "NE 5", "WP 16", "AM 18", "NW 29", "CD 30", "PG 31");
    private static final String CR4 = flags("i386_cr4", "VME 0", "PVI 1", "TSD 2", "DE 3", "PSE 4", "PAE 5", "MCE 6", "PGE 7", "PCE 8", "OSFXSR 9", "OSXMMEXCPT 10", "UMIP 11",
            "FSGSBASE 16", "PCIDE 17", "OSXSAVE 18", "SMEP 20", "SMAP 21");
    private static final String EFER = flags("i386_efer", "SCE 0", "LME 8", "LMA 10", "NXE 11", "FFXSR 14");
    private static final String MXCSR = flags("i386_mxcsr", "IE 0", "DE 1", "ZE 2", "OE 3", "UE 4", "PE 5", "DAZ 6", "IM 7", "DM 8", "ZM 9", "OM 10", "UM 11", "PM 12",
            "FZ 15");
    private static final String VEC128 = """
            <vector id="v4f" type="ieee_single" count="4"/><vector id="v2d" type="ieee_double" count="2"/><vector id="v16i8" type="int8" count="16"/>
            <vector id="v8i16" type="int16" count="8"/><vector id="v4i32" type="int32" count="4"/><vector id="v2i64" type="int64" count="2"/>
            <union id="vec128"><field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/><field name="v16_int8" type="v16i8"/>
            <field name="v8_int16" type="v8i16"/>
            <field name="v4_int32" type="v4i32"/><field name="v2_int64" type="v2i64"/><field name="uint128" type="uint128"/></union>
            """;

    /** How a register's bytes are got and set. */
    private interface Field {
        /** @param part bytes {@code 8 * part} and on */
        long get(Registers r, int part);

        boolean set(Registers r, int part, long value);
    }

    private record Register(int bytes, Field field) {
    }

    private final boolean wide;
    private final List<Register> registers = new ArrayList<>();
    private final StringBuilder xml = new StringBuilder();

    /**
     * @param wide whether the processor has IA-32e mode
     * @param avx whether it has 256-bit vector registers
     */
    TargetDescription(boolean wide, boolean avx) {
        this.wide = wide;
        xml.append("<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target>\n<architecture>").append(wide
                ? "i386:x86-64" : "i386").append("</architecture>\n");
        core();
        sse(wide ? 16 : 8);
        if (avx) {
            avx(wide ? 16 : 8);
        }
        system();
        xml.append("</target>\n");
    }

    /** The document {@code target.xml}. */
    String xml() {
        return xml.toString();
    }

    int count() {
        return registers.size();
    }

    private static String flags(String id, String... bits) {
        StringBuilder b = new StringBuilder("<flags id=\"" + id + "\" size=\"4\">");
        for (String bit : bits) {
            String[] part = bit.split(" ");
            b.append("<field name=\"").append(part[0]).append("\" start=\"").append(part[1]).append("\" end=\"").append(part[1]).append("\"/>");
        }
        return b.append("</flags>\n").toString();
    }

    private void begin(String feature) {
        xml.append("<feature name=\"").append(feature).append("\">\n");
    }

    private void end() {
        xml.append("</feature>\n");
    }

    private void declare(String name, int bytes, String type, String group, Field field) {
        xml.append("<reg name=\"").append(name).append("\" bitsize=\"").append(bytes * 8).append("\" type=\"").append(type).append('"');
        if (group != null) {
            xml.append(" group=\"").append(group).append('"');
        }
        xml.append("/>\n");
        registers.add(new Register(bytes, field));
    }

    private void named(String name, int bytes, String type, String group) {
        declare(name, bytes, type, group, new Field() {
            @Override
            public long get(Registers r, int part) {
                return r.get(name);
            }

            @Override
            public boolean set(Registers r, int part, long value) {
                return r.set(name, bytes == 4 ? value & 0xffffffffL : value);
            }
        });
    }

    private void core() {
        begin("org.gnu.gdb.i386.core");
        xml.append(EFLAGS);
        int bytes = wide ? 8 : 4;
        for (String r : wide ? CORE_64 : CORE_32) {
            boolean pointer = r.endsWith("sp") || r.endsWith("bp");
            named(r, bytes, pointer ? "data_ptr" : wide ? "int64" : "int32", null);
        }
        named(wide ? "rip" : "eip", bytes, "code_ptr", null);
        named("eflags", 4, "i386_eflags", null);
        for (String r : SEGMENTS) {
            named(r, 4, "int32", null);
        }
        for (int i = 0; i < X87_REGISTERS; i++) {
            int number = i;
            declare("st" + i, X87_BYTES, "i387_ext", "float", new Field() {
                @Override
                public long get(Registers r, int part) {
                    return part == 0 ? r.significand(number) : r.exponent(number);
                }

                @Override
                public boolean set(Registers r, int part, long value) {
                    r.setX87(number, part == 0 ? value : r.significand(number), part == 0 ? r.exponent(number) : (int) value);
                    return true;
                }
            });
        }
        for (String r : X87) {
            named(r, 4, "int", "float");
        }
        end();
    }

    private void sse(int count) {
        begin("org.gnu.gdb.i386.sse");
        xml.append(VEC128).append(MXCSR);
        for (int i = 0; i < count; i++) {
            declare("xmm" + i, VECTOR_BYTES, "vec128", "vector", vector(i, 0));
        }
        named("mxcsr", 4, "i386_mxcsr", "vector");
        end();
    }

    private void avx(int count) {
        begin("org.gnu.gdb.i386.avx");
        for (int i = 0; i < count; i++) {
            declare("ymm" + i + "h", VECTOR_BYTES, "uint128", null, vector(i, 2));
        }
        end();
    }

    private static Field vector(int number, int firstPart) {
        return new Field() {
            @Override
            public long get(Registers r, int part) {
                return r.vector(number, firstPart + part);
            }

            @Override
            public boolean set(Registers r, int part, long value) {
                r.setVector(number, firstPart + part, value);
                return true;
            }
        };
    }

    private void system() {
        if (wide) {
            begin("org.gnu.gdb.i386.segments");
            named("fs_base", 8, "int64", null);
            named("gs_base", 8, "int64", null);
            end();
        }
        begin("org.gearshift.i386.system");
        xml.append(CR0).append(CR4).append(EFER);
        for (String r : wide ? SYSTEM_64 : SYSTEM_32) {
            boolean address = r.endsWith("base") || r.equals("cr2") || r.equals("cr3");
            String type = switch (r) {
                case "cr0", "cr4", "efer" -> "i386_" + r;
                default -> address && wide ? "int64" : "int32";
            };
            named(r, address && wide ? 8 : 4, type, "system");
        }
        end();
    }

    /** Value of a register in hexadecimal, lowest byte first, or null if there is no such register. */
    String read(Registers r, int number) {
        if (number < 0 || number >= registers.size()) {
            return null;
        }
        StringBuilder b = new StringBuilder();
        Register reg = registers.get(number);
        for (int i = 0; i < reg.bytes; i++) {
            Hex.append(b, (int) (reg.field.get(r, i >>> 3) >>> 8 * (i & 7)));
        }
        return b.toString();
    }

    /** Values of all registers. */
    String readAll(Registers r) {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < registers.size(); i++) {
            b.append(read(r, i));
        }
        return b.toString();
    }

    /** Sets a register to bytes, lowest first. @return false if that is no value of it, or it cannot be changed */
    boolean write(Registers r, int number, byte[] value) {
        if (number < 0 || number >= registers.size() || value.length != registers.get(number).bytes) {
            return false;
        }
        Field field = registers.get(number).field;
        boolean done = true;
        for (int part = 0; part * 8 < value.length; part++) {
            long v = 0;
            for (int i = Math.min(value.length, part * 8 + 8) - 1; i >= part * 8; i--) {
                v = v << 8 | value[i] & 0xff;
            }
            done &= field.set(r, part, v);
        }
        return done;
    }

    /** Sets the registers that can be changed. @return false if the bytes are not those of all registers */
    boolean writeAll(Registers r, byte[] values) {
        int length = registers.stream().mapToInt(Register::bytes).sum();
        if (values.length != length) {
            return false;
        }
        int at = 0;
        for (int i = 0; i < registers.size(); i++) {
            int bytes = registers.get(i).bytes;
            write(r, i, java.util.Arrays.copyOfRange(values, at, at + bytes));
            at += bytes;
        }
        return true;
    }
}
