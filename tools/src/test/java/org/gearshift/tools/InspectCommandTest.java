package org.gearshift.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.gearshift.samples.SampleKernel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code gearshift inspect} shows guest code in every stage, from bytes and from kernels. */
class InspectCommandTest {
    private static final String LOOP = "8b 03 83 c3 04 01 c2 49 75 f6 c3";

    @TempDir
    Path dir;

    private static String shown(String... args) {
        CommandLineRun r = CommandLineRun.of(args);
        assertEquals(0, r.code(), r.err());
        assertEquals("", r.err());
        return r.out().replace("\r\n", "\n");
    }

    private static void refused(String expected, String... args) {
        CommandLineRun r = CommandLineRun.of(args);
        assertEquals(2, r.code(), r.out());
        assertTrue(r.err().startsWith("gearshift: ") && r.err().contains(expected), r.err());
        assertEquals("", r.out());
    }

    /** The example of docs/design.md. */
    @Test
    void everyStageOfOneLoad() {
        String s = shown("inspect", "--bytes", "8b 03");
        assertTrue(s.contains("    1000:  8b 03                          mov eax,DWORD PTR [ebx]\n"), s);
        assertTrue(s.contains("""
                ; optimized IR
                region 0x1000
                block 0x1000 bytes 2 {
                  mark 0x1000
                  v0 = get.i32 rbx
                  v1 = load.32 v0
                  put.i32 rax, v1
                  goto 0x1002
                }
                """), s);
        assertTrue(s.contains("load32 0, 3, 0\n"), s);
        assertTrue(s.contains("GETFIELD org/gearshift/ir/GuestContext.readMap : [I"), s);
        assertTrue(s.contains("PUTFIELD org/gearshift/ir/GuestContext.faultSite : I"), s);
    }

    @Test
    void codeSizeDecidesWhatTheBytesMean() {
        assertTrue(shown("inspect", "--stage", "asm", "--bytes", "b8 34 12 00 00").contains("mov eax,0x1234\n"));
        String s = shown("inspect", "--stage", "asm,ir", "--code", "16", "--bytes", "b8 34 12 00 00");
        assertTrue(s.contains("mov ax,0x1234\n"), s);
        assertTrue(s.contains("add BYTE PTR [bx+si],al\n"), s);
        assertTrue(s.contains("const.i32 -65536"), "the upper half is kept: " + s);
    }

    @Test
    void codeOf64BitsGoesThroughEveryStage() {
        String s = shown("inspect", "--code", "64", "--bytes", "48 8b 43 08");
        assertTrue(s.contains("mov rax,QWORD PTR [rbx+0x8]\n"), s);
        assertTrue(s.contains("""
                  v0 = get.i64 rbx
                  v1 = const.i64 8
                  v2 = add.i64 v0, v1
                  v3 = load.64 v2
                  put.i64 rax, v3
                """), s);
        assertTrue(s.contains("GETFIELD org/gearshift/ir/GuestContext.wideReadMap : [J"), s);
        assertTrue(shown("inspect", "--at", "ffffffff81000000", "--stage", "asm", "--bytes", "eb fe").contains("ffffffff81000000:  eb fe"),
                "beyond 4 GiB there is 64-bit code only");
    }

    @Test
    void stagesCanBeChosen() {
        String asm = shown("inspect", "--bytes", "40", "--stage", "asm");
        assertEquals("; guest code\n    1000:  40                             inc eax\n", asm);
        String micro = shown("inspect", "--bytes", "40", "--stage", "MICRO");
        assertTrue(micro.startsWith("; micro-operations of the interpreter\nblock 1, "), micro);
        String both = shown("inspect", "--bytes", "40", "--stage", "ir,opt");
        assertTrue(both.startsWith("; IR\n") && both.contains("; optimized IR\n"), both);
        assertFalse(both.contains("; guest code") || both.contains("JVM"), both);
        refused("--stage", "inspect", "--bytes", "40", "--stage", "soup");
    }

    @Test
    void regionFollowsTheLoop() {
        String one = shown("inspect", "--stage", "opt", "--bytes", LOOP);
        assertFalse(one.contains("block 0x100a"), one);
        String s = shown("inspect", "--region", "--stage", "asm,opt,bytecode", "--bytes", LOOP);
        assertTrue(s.contains("    100a:  c3                             ret\n"), s);
        assertTrue(s.contains("branch v17, 0x1000, 0x100a"), s);
        assertTrue(s.contains("block 0x100a bytes 1 {"), s);
        assertTrue(s.lines().anyMatch(l -> l.trim().startsWith("GOTO")), "a loop inside one method");
    }

    @Test
    void addressesMoveTheCode() {
        String s = shown("inspect", "--at", "0xc1000000", "--stage", "asm,opt", "--bytes", "eb fe");
        assertTrue(s.contains("c1000000:  eb fe                          jmp 0xc1000000\n"), s);
        assertTrue(s.contains("goto 0xc1000000"), s);
    }

    @Test
    void unusableBytesAreExplained() {
        refused("no complete instruction", "inspect", "--bytes", "8b");
        refused("--bytes is empty", "inspect", "--bytes", " ");
        refused("16, 32 or 64", "inspect", "--bytes", "90", "--code", "48");
        refused("required", "inspect");
        refused("needs --at", "inspect", "--kernel", "x");
    }

    @Test
    void invalidOpcodesAreShownToo() {
        assertTrue(shown("inspect", "--stage", "asm,opt", "--bytes", "0f 0b").contains("ud2"));
        assertTrue(shown("inspect", "--stage", "asm,opt", "--bytes", "0f ff ff ff ff ff ff ff").contains("vmcall"));
    }

    @Test
    void kernelAsItStarts() throws Exception {
        Path k = Files.write(dir.resolve("sample.elf"), SampleKernel.bytes());
        String s = shown("inspect", "--kernel", k.toString(), "--at", "10000c", "--stage", "asm");
        assertTrue(s.startsWith("; guest code\n  10000c:  "), s);
        assertTrue(s.contains("mov esp,") && s.contains("popf\n"), s);
        assertTrue(shown("inspect", "--kernel", k.toString(), "--at", "40000000", "--stage", "asm").contains("40000000:  "), "by virtual address");
        refused("has nothing there", "inspect", "--kernel", k.toString(), "--at", "c0000000");
        refused("no such file", "inspect", "--kernel", dir.resolve("absent").toString(), "--at", "100000");
    }

    @Test
    void kernelProperInsideABzImage() throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream z = new GZIPOutputStream(packed)) {
            z.write(SampleKernel.bytes());
        }
        byte[] payload = packed.toByteArray();
        ByteBuffer b = ByteBuffer.allocate(5 * 512 + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put(0x1f1, (byte) 4).putInt(0x1f4, payload.length / 16).putInt(0x202, 0x53726448).putShort(0x206, (short) 0x20f).put(0x211, (byte) 1);
        b.putInt(0x214, 0x100000).putInt(0x24c, payload.length).put(5 * 512, payload);
        Path k = Files.write(dir.resolve("vmlinuz"), b.array());
        assertTrue(shown("inspect", "--kernel", k.toString(), "--at", "40000000", "--stage", "asm").contains("40000000:  "), "unpacked");
        assertTrue(shown("inspect", "--kernel", k.toString(), "--at", "100000", "--stage", "asm").contains("100000:  1f "), "packed");
    }
}
