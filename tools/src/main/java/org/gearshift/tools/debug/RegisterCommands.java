package org.gearshift.tools.debug;

import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.gearshift.vmm.debug.DebuggedCpu;
import org.gearshift.vmm.debug.Registers;

/** Commands that show processors and their registers. */
final class RegisterCommands {
    private static final String[] GENERAL_64 = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
    private static final String[] GENERAL_32 = {"eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp"};
    private static final String[] SEGMENTS = {"cs", "ss", "ds", "es", "fs", "gs"};
    private static final String[] FLAGS = {"CF 0", "PF 2", "AF 4", "ZF 6", "SF 7", "TF 8", "IF 9", "DF 10", "OF 11", "NT 14", "RF 16", "VM 17", "AC 18", "ID 21"};
    private static final int COLUMNS = 4;

    private RegisterCommands() {
    }

    static void addTo(CommandSet set) {
        set.add(new Command(List.of("regs", "registers"), "[all|fpu|vector|NAME...]", "registers of the processor: general ones, all system ones, x87, XMM, or some by name",
                RegisterCommands::registers));
        set.add(new Command(List.of("cpus", "threads"), "", "the processors, where they are and in which mode", (c, a) -> {
            a.end();
            cpus(c);
        }));
    }

    static void cpus(DebugContext c) {
        for (DebuggedCpu cpu : c.debugger().cpus()) {
            c.print("%s CPU %d  pc %s  %s, CPL %d%s, %,d instructions", cpu == c.cpu() ? "*" : " ", cpu.number(), c.place(cpu.pc()), cpu.modeName(),
                    cpu.registers().get("cpl"),
                    cpu.cpu().halted ? ", halted" : "", cpu.engine().retired());
        }
    }

    private static void registers(DebugContext c, Arguments a) {
        Registers r = c.cpu().registers();
        if (a.isEmpty()) {
            general(c, r);
            return;
        }
        while (!a.isEmpty()) {
            String what = a.next("register").replaceFirst("^\\$", "");
            switch (what) {
                case "all" -> {
                    general(c, r);
                    system(c, r);
                }
                case "fpu" -> x87(c, r);
                case "vector" -> vectors(c, r);
                default -> {
                    if (!r.has(what)) {
                        throw new CommandException("regs: no register " + what + "; there are " + String.join(" ", r.names()));
                    }
                    c.print("%-10s %s", what, hex(r.get(what)));
                }
            }
        }
    }

    private static String hex(long v) {
        return "0x" + Long.toHexString(v);
    }

    private static void general(DebugContext c, Registers r) {
        boolean wide = c.cpu().isCode64();
        StringBuilder line = new StringBuilder();
        int column = 0;
        for (String name : wide ? GENERAL_64 : GENERAL_32) {
            line.append(String.format("%-4s%s  ", name, c.hex(r.get(name))));
            if (++column == COLUMNS) {
                c.print("%s", line.toString().stripTrailing());
                line.setLength(0);
                column = 0;
            }
        }
        c.print("%-4s%s", wide ? "rip" : "eip", c.place(c.cpu().pc()));
        long flags = r.get("eflags");
        StringJoiner set = new StringJoiner(" ");
        for (String f : FLAGS) {
            String[] part = f.split(" ");
            if ((flags >>> Integer.parseInt(part[1]) & 1) != 0) {
                set.add(part[0]);
            }
        }
        c.print("eflags %08x [%s] IOPL %d", flags, set, flags >>> 12 & 3);
    }

    private static void system(DebugContext c, Registers r) {
        for (String s : SEGMENTS) {
            c.print("%s  %04x  base %s limit %08x attributes %04x", s, r.get(s), c.hex(r.get(s + "_base")), r.get(s + "_limit"), r.get(s + "_attr"));
        }
        for (String s : new String[] {"ldtr", "tr"}) {
            c.print("%-4s%04x  base %s limit %08x attributes %04x", s, r.get(s) & 0xffff, c.hex(r.get(s + "_base")), r.get(s + "_limit"), r.get(s + "_attr"));
        }
        c.print("gdtr base %s limit %04x   idtr base %s limit %04x", c.hex(r.get("gdtr_base")), r.get("gdtr_limit"), c.hex(r.get("idtr_base")), r.get("idtr_limit"));
        c.print("cr0 %08x  cr2 %s  cr3 %s  cr4 %08x  efer %08x", r.get("cr0"), c.hex(r.get("cr2")), c.hex(r.get("cr3")), r.get("cr4"), r.get("efer"));
        c.print("dr0 %s  dr1 %s  dr2 %s  dr3 %s  dr6 %08x  dr7 %08x", c.hex(r.get("dr0")), c.hex(r.get("dr1")), c.hex(r.get("dr2")), c.hex(r.get("dr3")), r.get("dr6"),
                r.get("dr7"));
    }

    private static void x87(DebugContext c, Registers r) {
        for (int i = 0; i < 8; i++) {
            c.print("st%d  %04x:%016x", i, r.exponent(i), r.significand(i));
        }
        StringJoiner rest = new StringJoiner("  ");
        for (String n : new String[] {"fctrl", "fstat", "ftag", "fop", "fioff", "fooff"}) {
            rest.add(String.format(Locale.ROOT, "%s %04x", n, r.get(n)));
        }
        c.print("%s", rest);
    }

    private static void vectors(DebugContext c, Registers r) {
        for (int i = 0; i < (c.cpu().isCode64() ? 16 : 8); i++) {
            c.print("ymm%-2d %016x:%016x:%016x:%016x", i, r.vector(i, 3), r.vector(i, 2), r.vector(i, 1), r.vector(i, 0));
        }
        c.print("mxcsr %08x", r.get("mxcsr"));
    }
}
