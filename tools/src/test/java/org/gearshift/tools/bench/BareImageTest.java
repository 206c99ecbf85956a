package org.gearshift.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.gearshift.tools.Gearshift;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BareImageTest {
    @TempDir
    Path dir;

    /** What follows the boot sector runs from its first byte on, at 1 MiB: it tells the debug-exit port where it is. */
    @Test
    void itStartsAtOneMebibyte() throws Exception {
        byte[] image = new byte[1024];
        // call next; next: pop eax; shr eax, 16; out 0xf4, al
        byte[] code = {(byte) 0xe8, 0, 0, 0, 0, 0x58, (byte) 0xc1, (byte) 0xe8, 0x10, (byte) 0xe6, (byte) 0xf4};
        byte[] stack = {(byte) 0xbc, 0, 0, 9, 0};
        System.arraycopy(stack, 0, image, 512, stack.length);
        System.arraycopy(code, 0, image, 512 + stack.length, code.length);
        Path file = Files.write(dir.resolve("bare.elf"), BareImage.elf(image));
        StringWriter err = new StringWriter();
        int exit = Gearshift.execute(new PrintWriter(new StringWriter()), new PrintWriter(err), "run", "-m", "16M", "--serial", "none", "--kernel", file.toString());
        assertEquals(0x10 << 1 | 1, exit, err.toString());
    }
}
