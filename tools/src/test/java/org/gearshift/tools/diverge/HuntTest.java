package org.gearshift.tools.diverge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.gearshift.ir.Insn;
import org.gearshift.ir.Op;
import org.gearshift.ir.pass.Pass;
import org.gearshift.testing.Prerequisite;
import org.gearshift.tools.conformance.MutationCheck;
import org.gearshift.tools.symbols.ElfImages;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.tools.symbols.SymbolReader;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.gearshift.translator.x86.lift.Lift;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.device.SerialBackend;
import org.gearshift.vmm.engine.EngineOptions;
import org.gearshift.vmm.engine.Recipe;
import org.junit.jupiter.api.Test;

/** Planted errors of a lifter and of a pass are found at their instruction, and named. */
class HuntTest {
    /** A loop of 2,000 rounds at 0x10000a, then the debug-exit port. */
    private static final byte[] ELF = ElfImages.with(false, 0x100000, HexFormat.of().parseHex(("""
            b9 d0 07 00 00
            bb 00 00 20 00
            01 c8
            0f c8
            69 d0 0d 00 00 00
            89 13
            0f 94 43 10
            49
            75 ed
            b0 10 e6 f4 f4
            """).replaceAll("\\s", "")), List.of(new Symbol(0x100000, 0, "start", Symbol.Kind.FUNCTION), new Symbol(0x10000a, 0, "round", Symbol.Kind.FUNCTION)));

    private static Hunt hunt(Gear a, Gear b) {
        return new Hunt(HuntTest::machine, a, b);
    }

    private static Vm machine(EngineOptions engine) throws org.gearshift.vmm.boot.BootException {
        Vm vm = new Vm(new VmConfig(8 << 20, VmConfig.Clock.VIRTUAL, engine), SerialBackend.NONE);
        vm.load(new KernelImage("program", ELF), new byte[0], "", "");
        return vm;
    }

    private static Gear gear(String name, EngineOptions.Backend backend, Recipe recipe) {
        return new Gear(name, backend, recipe);
    }

    private static Recipe wrong(Mnemonic m, Lift lift) {
        return Recipe.STANDARD.withLifters(() -> MutationCheck.replacing(Map.of(m, lift)));
    }

    @Test
    void rightEnginesAgree() throws Exception {
        Hunt h = hunt(Gear.parse("interpreter"), Gear.parse("jvm"));
        assertNull(h.run(Long.MAX_VALUE));
        assertTrue(h.instructions() > 14_000, "ran to the end: " + h.instructions());
        assertNull(hunt(Gear.parse("jvm:none"), Gear.parse("interpreter:none")).run(Long.MAX_VALUE));
    }

    @Test
    void wrongLifterIsFoundAtItsInstruction() throws Exception {
        Recipe bswap = wrong(Mnemonic.BSWAP, (c, i) -> c.write(i.op(0), c.ir.add(c.read(i.op(0)), c.constant(32, 1))));
        Finding f = hunt(Gear.parse("interpreter"), gear("planted", EngineOptions.Backend.JVM, bswap)).run(Long.MAX_VALUE);
        assertNotNull(f.culprit());
        assertEquals(0x10000c, f.culprit().pc());
        assertEquals("bswap eax", f.culprit().text());
        assertEquals(List.of(new Culprit.Blame("planted", Culprit.Kind.LIFTER, "BSWAP")), f.culprit().blames());
        assertEquals(2, f.culprit().ir().size(), "the IR of both");
    }

    /** Nobody reads the byte: RAM alone differs, from the first round on. */
    @Test
    void wrongStoreIsFoundThoughNoRegisterDiffers() throws Exception {
        Recipe setcc = wrong(Mnemonic.SETCC, (c, i) -> c.write(i.op(0), c.constant(8, 0x55)));
        Finding f = hunt(Gear.parse("interpreter"), gear("planted", EngineOptions.Backend.INTERPRETER, setcc)).run(Long.MAX_VALUE);
        assertEquals(0x100016, f.culprit().pc());
        assertEquals(List.of(new Culprit.Blame("planted", Culprit.Kind.LIFTER, "SETCC")), f.culprit().blames());
        assertTrue(f.culprit().differences().get(0).startsWith("memory at 0x200010: "), f.culprit().differences().toString());
        assertTrue(f.step().from() < 20, "in the first round: " + f.step());
        String text = f.print(SymbolReader.read("program", ELF));
        assertTrue(text.contains("culprit: 100016 <round+0xc>:  sete BYTE PTR [ebx+0x10]\n") && text.contains("verdict: planted: the lifter of SETCC differs\n"), text);
    }

    @Test
    void wrongPassIsNamed() throws Exception {
        Pass planted = Pass.ofBlocks("planted-pass", "forgets EDX where something is multiplied", (b, layout) -> {
            List<Insn> kept = new ArrayList<>(b.insns());
            boolean multiplies = kept.stream().anyMatch(v -> v.op() == Op.MUL);
            kept.removeIf(v -> multiplies && v.op() == Op.PUT && v.imm() == X86State.RDX);
            return b.with(kept, b.terminator());
        });
        Recipe r = Recipe.STANDARD.withPasses(Pass.INTERPRETED, List.of(Pass.SIMPLIFICATION, Pass.DEAD_PUTS, planted, Pass.DEAD_CODE));
        Finding f = hunt(Gear.parse("interpreter"), gear("jvm", EngineOptions.Backend.JVM, r)).run(Long.MAX_VALUE);
        assertEquals("imul edx,eax,0xd", f.culprit().text());
        assertEquals(List.of(new Culprit.Blame("jvm", Culprit.Kind.PASS, "planted-pass")), f.culprit().blames());
        assertTrue(f.history().size() == 50 && f.history().get(49).text().equals("jne 0x10000a"), f.history().toString());
    }

    @Test
    void qemuAgreesUntilTheEnd() throws Exception {
        Prerequisite.program("qemu-system-i386");
        QemuHunt h = new QemuHunt(HuntTest::machine, Gear.parse("interpreter"));
        assertNull(h.run(700));
        assertTrue(h.summary().startsWith("interpreter and qemu agree: 700 instructions compared, 0 taken over"), h.summary());
    }

    @Test
    void qemuFindsAWrongLifter() throws Exception {
        Prerequisite.program("qemu-system-i386");
        Recipe bswap = wrong(Mnemonic.BSWAP, (c, i) -> c.write(i.op(0), c.ir.add(c.read(i.op(0)), c.constant(32, 1))));
        Finding f = new QemuHunt(HuntTest::machine, gear("planted", EngineOptions.Backend.JVM, bswap)).run(10_000);
        assertEquals("bswap eax", f.culprit().text());
        assertEquals(0x10000c, f.culprit().pc());
        assertTrue(f.what().startsWith("after 4 instructions, eax: 0x7d1 here, 0xd0070000 qemu"), f.what());
    }
}
