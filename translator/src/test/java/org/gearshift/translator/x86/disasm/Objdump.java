package org.gearshift.translator.x86.disasm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.translator.x86.X86Mode;

/** Runs binutils' objdump and hands out its lines one by one. */
final class Objdump {
    /** What code is taken for. */
    enum Machine {
        CODE16(16, "i8086", "intel,i8086", X86Mode.PROTECTED),
        CODE32(32, "i386", "intel", X86Mode.PROTECTED | X86Mode.CODE32),
        CODE64(64, "i386:x86-64", "intel,intel64", X86Mode.PROTECTED | X86Mode.CODE64);

        final int bits;
        final String architecture;
        final String options;
        final long mode;

        Machine(int bits, String architecture, String options, long mode) {
            this.bits = bits;
            this.architecture = architecture;
            this.options = options;
            this.mode = mode;
        }
    }

    /** One line: an instruction as objdump sees it. */
    interface LineConsumer {
        /**
         * @param bytes holds the instruction from {@code offset}, and what follows it in the section up to {@code end}: 16 bytes, or all there are
         * @param length bytes on the line
         */
        void line(long address, byte[] bytes, int offset, int end, int length, String text) throws IOException;
    }

    private Objdump() {
    }

    /** Disassembles a flat file from its first byte to its last. */
    static void flat(String file, Machine machine, LineConsumer consumer) throws IOException {
        run(List.of("-D", "-z", "-b", "binary", "-m", machine.architecture, "-M", machine.options, file), consumer, Long.MAX_VALUE);
    }

    /** Disassembles the code sections of an ELF file. @param most instructions at most */
    static void elf(String file, Machine machine, LineConsumer consumer, long most) throws IOException {
        run(List.of("-d", "-z", "-M", machine.options, file), consumer, most);
    }

    private static void run(List<String> arguments, LineConsumer consumer, long most) throws IOException {
        List<String> command = new ArrayList<>(List.of("objdump", "--insn-width=16"));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        Window window = new Window(consumer);
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1), 1 << 16)) {
            long left = most;
            for (String line = lines.readLine(); line != null && left > 0; line = lines.readLine()) {
                int tab = line.indexOf('\t');
                int tab2 = tab < 0 ? -1 : line.indexOf('\t', tab + 1);
                if (tab2 < 0) {
                    continue;
                }
                left--;
                long address = Long.parseUnsignedLong(line.substring(0, tab - 1).trim(), 16);
                window.add(address, line, tab + 1, tab2, line.substring(tab2 + 1));
            }
            window.flush(0);
        } finally {
            process.destroy();
        }
    }

    /** Holds lines back until the bytes behind them are known: a decoder may want more of them than objdump has put on the line. */
    private static final class Window {
        private static final int AHEAD = 16;

        private record Line(long address, int length, String text) {
        }

        private final LineConsumer consumer;
        private final ArrayDeque<Line> lines = new ArrayDeque<>();
        private byte[] bytes = new byte[1 << 12];
        private int start;
        private int end;
        private long nextAddress;

        Window(LineConsumer consumer) {
            this.consumer = consumer;
        }

        void add(long address, String line, int from, int to, String text) throws IOException {
            if (address != nextAddress) {
                flush(0);
                start = 0;
                end = 0;
            }
            if (end + AHEAD > bytes.length) {
                System.arraycopy(bytes, start, bytes, 0, end - start);
                end -= start;
                start = 0;
            }
            int length = 0;
            for (int i = from; i + 1 < to && line.charAt(i) != ' '; i += 3) {
                bytes[end++] = (byte) (Character.digit(line.charAt(i), 16) << 4 | Character.digit(line.charAt(i + 1), 16));
                length++;
            }
            nextAddress = address + length;
            lines.add(new Line(address, length, text));
            flush(AHEAD);
        }

        /** Hands out the lines with so many bytes in the window from their first. */
        void flush(int ahead) throws IOException {
            while (!lines.isEmpty() && end - start >= ahead) {
                Line l = lines.poll();
                consumer.line(l.address, bytes, start, end, l.length, l.text);
                start += l.length;
            }
        }
    }
}
