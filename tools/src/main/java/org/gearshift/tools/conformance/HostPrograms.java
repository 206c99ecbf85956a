package org.gearshift.tools.conformance;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** What the host's kernel executes. */
public final class HostPrograms {
    private static final int BASE = 0x0804_8000;
    private static final int HEADERS = 52 + 32;
    private static final int STATUS = 42;
    /** MOV EAX, 1; MOV EBX, 42; INT 80: exit(42). */
    private static final byte[] EXIT = {(byte) 0xb8, 1, 0, 0, 0, (byte) 0xbb, STATUS, 0, 0, 0, (byte) 0xcd, (byte) 0x80};
    /** Where an emulator is registered that executes such programs in the kernel's place. */
    private static final Path EMULATOR = Path.of("/proc/sys/fs/binfmt_misc/qemu-i386");

    private HostPrograms() {
    }

    /**
     * Whether 32-bit programs run here on the processor: x86 kernels can be built, and told ({@code ia32_emulation=off}), to refuse them.
     *
     * @throws IOException if a file of one's own cannot be executed for another reason
     */
    public static boolean run32BitCode() throws IOException {
        if (Files.exists(EMULATOR)) {
            return false;
        }
        Path program = Files.createTempFile("gearshift-elf32", "", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try {
            Files.write(program, exitingProgram());
            // Where the kernel refuses it, the JDK has the shell try, which finds no command of such a name.
            return new ProcessBuilder(program.toString()).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == STATUS;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a program ran", e);
        } finally {
            Files.delete(program);
        }
    }

    /** An ELF executable of 32 bits (System V ABI, Intel386 supplement, chapter 4) that ends at once. */
    private static byte[] exitingProgram() {
        ByteBuffer b = ByteBuffer.allocate(HEADERS + EXIT.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put(new byte[] {0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        b.putShort((short) 2).putShort((short) 3).putInt(1).putInt(BASE + HEADERS).putInt(52).putInt(0).putInt(0);
        b.putShort((short) 52).putShort((short) 32).putShort((short) 1).putShort((short) 40).putShort((short) 0).putShort((short) 0);
        b.putInt(1).putInt(0).putInt(BASE).putInt(BASE).putInt(b.capacity()).putInt(b.capacity()).putInt(5).putInt(0x1000);
        return b.put(EXIT).array();
    }
}
