package org.gearshift.translator.x86.disasm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.translator.x86.X86Mode;

/** Runs binutils' objdump and hands out its lines one by one. */
final class Objdump {
    /** What code is taken for. */
    enum Machine {
        CODE16("i8086", "intel,i8086", X86Mode.PROTECTED),
        CODE32("i386", "intel", X86Mode.PROTECTED | X86Mode.CODE32),
        CODE64("i386:x86-64", "intel,intel64", X86Mode.PROTECTED | X86Mode.CODE64);

        final String architecture;
        final String options;
        final long mode;

        Machine(String architecture, String options, long mode) {
            this.architecture = architecture;
            this.options = options;
            this.mode = mode;
        }
    }

    /** One line: an instruction as objdump sees it. */
    interface LineConsumer {
        /**
         * @param length bytes on the line
         * @param bytes the first {@code length} elements are the bytes
         */
        void line(long address, byte[] bytes, int length, String text);
    }

    private Objdump() {
    }

    /** Disassembles a flat file from its first byte to its last. */
    static void flat(String file, Machine machine, LineConsumer consumer) throws IOException {
        run(List.of("-D", "-z", "-b", "binary", "-m", machine.architecture, "-M", machine.options, file), consumer);
    }

    /** Disassembles the code sections of an ELF file. */
    static void elf(String file, Machine machine, LineConsumer consumer) throws IOException {
        run(List.of("-d", "-z", "-M", machine.options, file), consumer);
    }

    private static void run(List<String> arguments, LineConsumer consumer) throws IOException {
        List<String> command = new ArrayList<>(List.of("objdump", "--insn-width=16"));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        byte[] bytes = new byte[16];
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1), 1 << 16)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int tab = line.indexOf('\t');
                int tab2 = tab < 0 ? -1 : line.indexOf('\t', tab + 1);
                if (tab2 < 0) {
                    continue;
                }
                int length = 0;
                for (int i = tab + 1; i + 1 < tab2 && line.charAt(i) != ' '; i += 3) {
                    bytes[length++] = (byte) (Character.digit(line.charAt(i), 16) << 4 | Character.digit(line.charAt(i + 1), 16));
                }
                long address = Long.parseUnsignedLong(line.substring(0, tab - 1).trim(), 16);
                consumer.line(address, bytes, length, line.substring(tab2 + 1));
            }
        } finally {
            process.destroy();
        }
    }
}
