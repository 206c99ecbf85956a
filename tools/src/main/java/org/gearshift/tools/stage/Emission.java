package org.gearshift.tools.stage;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.gearshift.backend.jvm.BackendOptions;
import org.gearshift.backend.jvm.CompilationTier;
import org.gearshift.backend.jvm.CompiledRegion;
import org.gearshift.backend.jvm.RegionCompiler;
import org.gearshift.backend.jvm.RegionTooLargeException;
import org.gearshift.ir.Region;
import org.gearshift.translator.x86.X86State;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.util.Textifier;
import org.objectweb.asm.util.TraceClassVisitor;

/** What the backend makes of a region: a class file, its text, and what HotSpot makes of that. */
public final class Emission {
    private static final int WAIT_MILLIS = 10;
    private static final int MOST_WAITS = 1000;

    private final IrText ir;
    private final RegionCompiler compiler = new RegionCompiler(X86State.LAYOUT, BackendOptions.defaults().withMissesLeave(true));

    public Emission(IrText ir) {
        this.ir = ir;
    }

    /** The class file. */
    public byte[] classFile() {
        try {
            return compiler.emit(ir.region(), Optimization.plan(ir.region()));
        } catch (RegionTooLargeException e) {
            throw tooLarge();
        }
    }

    private static InputException tooLarge() {
        return new InputException("the region is too large for one JVM method of " + BackendOptions.HUGE_METHOD_LIMIT
                + " bytes of bytecode, the most that HotSpot compiles; lift less of it (--block, --length)");
    }

    /** A class file as ASM's text. */
    public static String text(byte[] classFile) {
        StringWriter s = new StringWriter();
        new ClassReader(classFile).accept(new TraceClassVisitor(null, new Textifier(), new PrintWriter(s)), ClassReader.SKIP_DEBUG);
        return s.toString();
    }

    /** Bytes of bytecode of the region's method. */
    public int bytecodeSize() {
        return define(ir.region()).bytecodeSize();
    }

    private CompiledRegion define(Region r) {
        try {
            return compiler.compile(r, Optimization.plan(r), "region");
        } catch (RegionTooLargeException e) {
            throw tooLarge();
        }
    }

    /**
     * Has HotSpot compile the region and shows what became of it: size and, on x86-64 hosts, the code, read by Gearshift's own disassembler.
     *
     * @param tier {@link CompilationTier#QUICK} or {@link CompilationTier#OPTIMIZED}
     * @throws InputException if this Java was started without what lets regions choose their compiler, or its compiler does not finish
     */
    public String machineCode(int tier) throws InterruptedException {
        if (!CompilationTier.selectable()) {
            throw new InputException("--machine-code: this Java was started without HotSpot's white-box interface, which shows compiled code; the launcher ./gearshift "
                    + "starts it with it");
        }
        CompiledRegion region = define(ir.region());
        CompilationTier.request(region, tier);
        for (int i = 0; CompilationTier.of(region) < tier; i++) {
            if (i == MOST_WAITS) {
                throw new InputException("--machine-code: HotSpot has not compiled the region within " + MOST_WAITS * WAIT_MILLIS / 1000 + " s");
            }
            Thread.sleep(WAIT_MILLIS);
        }
        byte[] code = CompilationTier.machineCode(region);
        String head = "; " + (tier == CompilationTier.QUICK ? "C1" : "C2") + ": " + region.bytecodeSize() + " bytes of bytecode, ";
        if (code == null) {
            return head + "compiled; this Java does not tell the size of the code\n";
        }
        String arch = System.getProperty("os.arch");
        if (!arch.equals("amd64") && !arch.equals("x86_64")) {
            return head + code.length + " bytes of machine code for " + arch + ", for which there is no disassembler here\n";
        }
        String listing = Listing.print(new Code(CodeImage.of("machine code", 0, code), 0, code.length, 64));
        return head + code.length + " bytes of machine code (instructions, stubs and padding; offsets from their beginning)\n" + listing;
    }

    /** Sizes as JSON, with the text. */
    public String json(byte[] classFile) {
        String lines = Arrays.stream(text(classFile).split("\n")).map(Json::text).collect(Collectors.joining(",\n  "));
        return "{\"classFileBytes\": " + classFile.length + ", \"bytecodeBytes\": " + bytecodeSize() + ", \"blocks\": " + ir.region().blocks().size() + ", \"entries\": "
                + ir.region().entries().size() + ", \"text\": [\n  " + lines + "\n]}\n";
    }
}
