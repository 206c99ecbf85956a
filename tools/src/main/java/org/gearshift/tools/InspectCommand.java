package org.gearshift.tools;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.gearshift.backend.jvm.BackendOptions;
import org.gearshift.backend.jvm.BudgetPlan;
import org.gearshift.backend.jvm.RegionCompiler;
import org.gearshift.backend.jvm.RegionTooLargeException;
import org.gearshift.ir.Block;
import org.gearshift.ir.Printer;
import org.gearshift.ir.Region;
import org.gearshift.ir.Terminator;
import org.gearshift.ir.interp.Interpreter;
import org.gearshift.ir.pass.PassPipeline;
import org.gearshift.translator.x86.X86Mode;
import org.gearshift.translator.x86.X86State;
import org.gearshift.translator.x86.decode.Decoder;
import org.gearshift.translator.x86.decode.Instruction;
import org.gearshift.translator.x86.disasm.Disassembler;
import org.gearshift.translator.x86.lift.X86Lifter;
import org.gearshift.vmm.Vm;
import org.gearshift.vmm.VmConfig;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelCode;
import org.gearshift.vmm.boot.KernelImage;
import org.gearshift.vmm.engine.EngineOptions;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.util.Textifier;
import org.objectweb.asm.util.TraceClassVisitor;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gearshift inspect}: what becomes of guest code, stage by stage. */
@Command(name = "inspect", mixinStandardHelpOptions = true, sortOptions = false,
        versionProvider = Gearshift.Version.class,
        description = {"Shows what becomes of guest code: assembly, IR, optimized IR, the interpreter's micro-operations, JVM bytecode.",
            "Example: gearshift inspect --region --stage asm,opt --bytes \"8b 03 83 c3 04 01 c2 49 75 f6 c3\""})
final class InspectCommand implements Callable<Integer> {
    /** Stages to show. */
    enum Stage { ASM, IR, OPT, MICRO, BYTECODE }

    private static final int MAX_BLOCK = 32;
    private static final int MAX_REGION_BLOCKS = 40;
    private static final long RAM = 512L << 20;

    /** Where the code comes from. */
    static final class Source {
        @Option(names = "--bytes", paramLabel = "HEX", description = "Machine code in hexadecimal; white space is ignored.")
        private String bytes;

        @Option(names = "--kernel", paramLabel = "FILE", description = "A kernel image, as for a run; use with --at.")
        private Path kernel;
    }

    @Spec
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private Source source;

    @Option(names = "--at", paramLabel = "ADDR", 
            description = "Hexadecimal address of the code. With --kernel: a virtual address shows the kernel proper, which is unpacked from a bzImage; "
                    + "a physical one what is there when the machine starts. Default for --bytes: 1000.")
    private String at;

    @Option(names = "--code", paramLabel = "16|32|64", description = "Code size (default 64 at addresses above 4 GiB, otherwise 32).")
    private Integer code;

    private int codeSize;

    @Option(names = "--region", description = "Follow static successors: the whole loop nest or function, not just one block.")
    private boolean region;

    @Option(names = "--stage", paramLabel = "STAGE", split = ",", description = "Only these of asm, ir, opt, micro, bytecode.")
    private List<Stage> stages = List.of(Stage.values());

    @Override
    public Integer call() throws Exception {
        if (code != null && code != 16 && code != 32 && code != 64) {
            throw new Gearshift.UsageError("--code " + code + ": 16, 32 or 64");
        }
        long pc = address();
        if (source.bytes != null) {
            show(parseBytes(source.bytes), pc, pc);
            return 0;
        }
        if (at == null) {
            throw new Gearshift.UsageError("--kernel needs --at ADDR: the address to look at");
        }
        KernelImage image = new KernelImage(source.kernel.toString(), RunCommand.read(source.kernel, "kernel"));
        if (pc >= 0 && pc < RAM) {
            show(startingMemory(image), 0, pc);
        } else {
            KernelCode.Segment s = KernelCode.of(image).at(pc);
            if (s == null) {
                throw new Gearshift.UsageError("--at 0x" + Long.toHexString(pc) + ": the kernel has nothing there");
            }
            show(s.bytes(), s.address(), pc);
        }
        return 0;
    }

    private static byte[] startingMemory(KernelImage image) throws BootException {
        VmConfig config = new VmConfig(RAM, VmConfig.Clock.VIRTUAL, EngineOptions.of(EngineOptions.Backend.INTERPRETER));
        Vm vm = new Vm(config, Vm.processorFor(image), b -> { });
        vm.load(image, new byte[0], "", "");
        return vm.ram().copy();
    }

    private long address() {
        try {
            long a = at == null ? 0x1000 : Long.parseUnsignedLong(at.replaceFirst("^0[xX]", ""), 16);
            codeSize = code != null ? code : a >>> 32 == 0 ? 32 : 64;
            return codeSize == 64 ? a : a & 0xffffffffL;
        } catch (NumberFormatException e) {
            throw new Gearshift.UsageError("--at " + at + ": not a hexadecimal address");
        }
    }

    private static byte[] parseBytes(String hex) {
        try {
            byte[] b = HexFormat.of().parseHex(hex.replaceAll("\\s+", ""));
            if (b.length == 0) {
                throw new Gearshift.UsageError("--bytes is empty");
            }
            return b;
        } catch (IllegalArgumentException e) {
            throw new Gearshift.UsageError("--bytes: not hexadecimal: " + e.getMessage());
        }
    }

    private void show(byte[] code, long origin, long pc) {
        long mode = X86Mode.PROTECTED | X86Mode.FLAT_CS | X86Mode.FLAT_DS | X86Mode.FLAT_ES | X86Mode.FLAT_SS | X86Mode.OSFXSR
                | (codeSize == 64 ? X86Mode.CODE64 | X86Mode.STACK32 : codeSize == 32 ? X86Mode.CODE32 | X86Mode.STACK32 : 0);
        PrintWriter out = spec.commandLine().getOut();
        List<Block> blocks = blocks(code, origin, pc, mode);
        if (stages.contains(Stage.ASM)) {
            out.println("; guest code");
            blocks.forEach(b -> disassemble(out, b, code, origin, mode));
        }
        // As the engine does it: with a hot region's entries and budget checks.
        Region lifted = region ? BudgetPlan.enteredAtChecks(new Region(blocks, List.of(pc))) : new Region(blocks, List.of(pc));
        BudgetPlan plan = region ? BudgetPlan.of(lifted) : BudgetPlan.everyBlock(lifted);
        if (stages.contains(Stage.IR)) {
            out.println("; IR");
            out.print(Printer.print(lifted, X86State.LAYOUT));
        }
        PassPipeline passes = new PassPipeline(X86State.LAYOUT, true);
        Region optimized = passes.optimize(lifted, plan::checks);
        if (stages.contains(Stage.OPT)) {
            out.println("; optimized IR");
            out.print(Printer.print(optimized, X86State.LAYOUT));
        }
        if (stages.contains(Stage.MICRO)) {
            out.println("; micro-operations of the interpreter");
            Interpreter interpreter = new Interpreter(X86State.LAYOUT, X86State.FLAG_RES, X86State.FLAG_AUX);
            blocks.forEach(b -> out.print(interpreter.dump(interpreter.prepare(passes.optimize(b), X86Mode.is(mode, X86Mode.CODE64)))));
        }
        if (stages.contains(Stage.BYTECODE)) {
            out.println("; JVM bytecode");
            try {
                byte[] cls = new RegionCompiler(X86State.LAYOUT, BackendOptions.defaults().withMissesLeave(true)).emit(optimized, plan);
                new ClassReader(cls).accept(new TraceClassVisitor(null, new Textifier(), out), ClassReader.SKIP_DEBUG);
            } catch (RegionTooLargeException e) {
                throw new Gearshift.UsageError("the region is too large for one JVM method; without --region, only its first block is compiled");
            }
        }
        out.flush();
    }

    private List<Block> blocks(byte[] code, long origin, long pc, long mode) {
        X86Lifter lifter = new X86Lifter();
        Map<Long, Block> found = new LinkedHashMap<>();
        Deque<Long> todo = new ArrayDeque<>(List.of(pc));
        while (!todo.isEmpty() && found.size() < MAX_REGION_BLOCKS) {
            long at = todo.poll();
            if (found.containsKey(at) || at < origin || at - origin >= code.length) {
                continue;
            }
            int max = Math.min(MAX_BLOCK, instructionsUpTo(code, origin, at, mode));
            if (max == 0) {
                continue;
            }
            Block b = lifter.lift(a -> byteAt(code, origin, a), at, mode, max);
            found.put(at, b);
            if (region) {
                Terminator t = b.terminator();
                if (t.kind() == Terminator.Kind.BRANCH) {
                    todo.add(t.otherwise());
                }
                if (t.kind() == Terminator.Kind.BRANCH || t.kind() == Terminator.Kind.GOTO) {
                    todo.add(t.target());
                }
            }
        }
        if (found.isEmpty()) {
            throw new Gearshift.UsageError("the bytes are no complete instruction");
        }
        return new ArrayList<>(found.values());
    }

    private static int byteAt(byte[] code, long origin, long address) {
        long i = address - origin;
        return i >= 0 && i < code.length ? code[(int) i] & 0xff : 0xff;
    }

    /** How many whole instructions there are before the bytes end. */
    private static int instructionsUpTo(byte[] code, long origin, long pc, long mode) {
        long at = pc;
        int n = 0;
        while (n < MAX_BLOCK && at - origin < code.length) {
            long start = at;
            int[] used = {0};
            Instruction i = new Decoder().decode(() -> byteAt(code, origin, start + used[0]++), mode);
            at += i.length();
            if (at - origin > code.length) {
                break;
            }
            n++;
        }
        return n;
    }

    private static void disassemble(PrintWriter out, Block b, byte[] code, long origin, long mode) {
        long at = b.pc();
        while (at < b.pc() + b.guestBytes()) {
            long start = at;
            int[] used = {0};
            Instruction i = new Decoder().decode(() -> byteAt(code, origin, start + used[0]++), mode);
            StringBuilder bytes = new StringBuilder();
            for (int k = 0; k < i.length(); k++) {
                bytes.append(String.format("%02x ", byteAt(code, origin, at + k)));
            }
            out.printf("%8x:  %-30s %s%n", at, bytes, new Disassembler(mode).format(i, at));
            at += i.length();
        }
    }
}
