package org.gearshift.tools.diverge;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.gearshift.ir.GuestFault;
import org.gearshift.tools.conformance.UndefinedResults;
import org.gearshift.tools.stage.BlockTrial;
import org.gearshift.tools.stage.Code;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.X86Lifter;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmOutcome;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.cpu.Eflags;

/**
 * One of our engines and QEMU's processor, instruction by instruction. What an instruction learns from devices, clocks or the processor's model, and when interrupts come,
 * ours decides: QEMU is told the result. Compared are general registers, instruction pointer, flags that are defined, and selectors; memory shows where it is read again.
 * For kernels in 32-bit protected mode; after a change of privilege by an interrupt from outside the two cannot be kept together, and the hunt ends.
 */
public final class QemuHunt {
    private static final int HISTORY = 50;
    private static final int STACK = 64;
    private static final int EIP = 8;
    private static final int EFLAGS = 9;
    private static final int CS = 10;
    private static final int MOST_REPEATS = 1 << 20;
    /** Repetitions from which a string instruction is not worth stepping through. */
    private static final int LONG_REPEAT = 2000;
    private static final int ECX = 1;
    private static final int EDI = 7;
    private static final int FLAGS = Eflags.ARITHMETIC | Eflags.DF | Eflags.IF | Eflags.IOPL | Eflags.NT;
    private static final Set<Mnemonic> FROM_OUTSIDE = EnumSet.of(Mnemonic.IN, Mnemonic.OUT, Mnemonic.INS, Mnemonic.OUTS, Mnemonic.HLT, Mnemonic.RDTSC, Mnemonic.RDTSCP,
            Mnemonic.CPUID,
            Mnemonic.RDMSR, Mnemonic.RDRAND, Mnemonic.RDSEED, Mnemonic.RDPMC, Mnemonic.MONITOR, Mnemonic.MWAIT);

    private final Hunt.Guest guest;
    private final Gear gear;
    private long compared;
    private long assumed;
    private String end = "";

    public QemuHunt(Hunt.Guest guest, Gear gear) {
        this.guest = guest;
        this.gear = gear;
    }

    /** How it ended, with how many instructions compared. */
    public String summary() {
        return String.format("%s and qemu agree: %,d instructions compared, %,d taken over since they depend on devices, clocks or the processor's model%s", gear.name(),
                compared, assumed, end);
    }

    /**
     * Hunts.
     *
     * @param limit most instructions
     * @return what was found, or null if nothing differs
     */
    public Finding run(long limit) throws BootException, IOException, InterruptedException {
        Vm vm = (Vm) guest.machine(gear.options());
        vm.engine().setOneBlock(true);
        Deque<Finding.Line> history = new ArrayDeque<>();
        try (Qemu qemu = Qemu.like(vm)) {
            GuestMemory memory = new GuestMemory(vm);
            while (vm.engine().retired() < limit) {
                long pc = vm.cpu().s[X86State.RIP];
                long mode = vm.cpu().mode();
                Code.Line line = Finding.line(memory, pc, mode);
                Instruction i = line == null ? null : line.instruction();
                String text = line == null ? "(cannot be fetched)" : line.text();
                int[] before = Qemu.registers(vm.cpu().s);
                long interrupts = vm.engine().statistics().interrupts;
                VmOutcome outcome = step(vm, i, pc);
                boolean interrupted = vm.engine().statistics().interrupts != interrupts;
                history.add(new Finding.Line(pc, interrupted ? "(interrupt)" : text));
                if (history.size() > HISTORY) {
                    history.remove();
                }
                if (outcome.exitCode() != VmOutcome.LIMIT) {
                    end = "; then the guest ended";
                    return null;
                }
                int[] ours = Qemu.registers(vm.cpu().s);
                boolean string = i != null && (i.rep() || i.repne()) && Integer.compareUnsigned(before[ECX] - ours[ECX], LONG_REPEAT) > 0;
                if (interrupted || string || i != null && FROM_OUTSIDE.contains(i.mnemonic())) {
                    assumed++;
                    if (ours[CS] != before[CS]) {
                        end = "; then an interrupt changed the code segment";
                        return null;
                    }
                    takeOver(qemu, vm, memory, i, before);
                    continue;
                }
                List<String> differences = compare(qemu, vm, i, pc, ours);
                if (!differences.isEmpty()) {
                    String ir = ir(memory, pc, mode);
                    Culprit c = new Culprit(pc, text, 1, differences, List.of(), ir.isEmpty() ? List.of() : List.of("IR:\n" + ir));
                    return new Finding(String.format("after %,d instructions, %s", vm.engine().retired(), differences.get(0)), null, new ArrayList<>(history), c);
                }
                compared++;
            }
        }
        return null;
    }

    /** One instruction of ours with all its repetitions, or one delivery. */
    private static VmOutcome step(Vm vm, Instruction i, long pc) {
        VmOutcome outcome = vm.run(vm.engine().retired() + 1);
        for (int n = 0; i != null && (i.rep() || i.repne()) && vm.cpu().s[X86State.RIP] == pc && n < MOST_REPEATS; n++) {
            if (outcome.exitCode() != VmOutcome.LIMIT) {
                break;
            }
            outcome = vm.run(vm.engine().retired() + 1);
        }
        return outcome;
    }

    private static String ir(GuestMemory memory, long pc, long mode) {
        try {
            return BlockTrial.text(new X86Lifter().lift(a -> {
                byte[] one = memory.read(a, 1);
                if (one.length == 0) {
                    throw new GuestFault();
                }
                return one[0] & 0xff;
            }, pc, mode, 1));
        } catch (GuestFault f) {
            return "";
        }
    }

    private static void takeOver(Qemu qemu, Vm vm, GuestMemory memory, Instruction i, int[] before) throws IOException {
        if (i != null && i.elementBits() != 0 && i.mnemonic() != Mnemonic.OUTS) {
            int edi = before[EDI];
            int now = Qemu.registers(vm.cpu().s)[EDI];
            long from = Math.min(edi & 0xffffffffL, now & 0xffffffffL);
            qemu.follow(from, memory.read(from, Math.abs(now - edi) + 4));
        }
        long esp = vm.cpu().s[X86State.RSP] & 0xffffffffL;
        byte[] stack = memory.read(esp, STACK);
        if (stack.length > 0) {
            qemu.follow(esp, stack);
        }
        qemu.follow(vm.cpu().s);
    }

    private static List<String> compare(Qemu qemu, Vm vm, Instruction i, long pc, int[] ours) throws IOException {
        qemu.step();
        int[] theirs = qemu.registers();
        for (int n = 0; i != null && (i.rep() || i.repne()) && theirs[EIP] == (int) pc && ours[EIP] != (int) pc && n < MOST_REPEATS; n++) {
            qemu.step();
            theirs = qemu.registers();
        }
        int undefined = i == null ? 0 : UndefinedResults.flagsEver(i);
        List<String> differences = new ArrayList<>();
        for (int k = 0; k < Qemu.REGISTERS; k++) {
            int mask = k == EFLAGS ? FLAGS & ~undefined : k >= CS ? 0xffff : -1;
            if (((ours[k] ^ theirs[k]) & mask) != 0) {
                differences.add(String.format("%s: 0x%x here, 0x%x qemu%s", Qemu.NAMES[k], ours[k], theirs[k], k == EFLAGS ? " (differing flags that are defined: 0x"
                        + Integer.toHexString((ours[k] ^ theirs[k]) & mask) + ")" : ""));
            }
        }
        if (differences.isEmpty() && ((ours[EFLAGS] ^ theirs[EFLAGS]) & undefined) != 0) {
            qemu.follow(vm.cpu().s);
        }
        return differences;
    }
}
