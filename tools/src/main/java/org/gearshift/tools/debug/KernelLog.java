package org.gearshift.tools.debug;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.vmm.debug.DebuggedCpu;

/**
 * The messages of a Linux kernel, read from where {@code printk} keeps them (kernel/printk/printk_ringbuffer.h, since 5.10): a ring of descriptors, each with a state and
 * two positions in a ring of texts, and beside it a ring of what is known of each message. Positions and descriptor numbers count on for ever, and are taken modulo the
 * rings' sizes.
 */
final class KernelLog {
    private static final int MOST_BITS = 28;
    private static final int NANOS_PER_MICRO = 1000;
    private static final int MICROS_PER_SECOND = 1_000_000;
    private static final int LONGEST = 1 << 16;
    /** States of a descriptor, its top two bits: written, but may be continued; and written for good. */
    private static final int COMMITTED = 1;
    private static final int FINALIZED = 2;

    private final DebuggedCpu cpu;
    private final CrashNote note;
    private final DebugContext context;
    private final int word;

    private KernelLog(DebugContext c) {
        context = c;
        cpu = c.cpu();
        word = cpu.isCode64() ? Long.BYTES : Integer.BYTES;
        note = CrashNote.find(cpu, c.machine().ram().end());
    }

    /**
     * The last lines, as {@code dmesg} in the guest would print them.
     *
     * @throws CommandException if there is no log to be found
     */
    static List<String> last(DebugContext c, int most) {
        return new KernelLog(c).read(most);
    }

    private List<String> read(int most) {
        long ring = word(variable());
        long descriptors = ring + offset("printk_ringbuffer", "desc_ring");
        long texts = ring + offset("printk_ringbuffer", "text_data_ring");
        int bits = bits(descriptors + offset("prb_desc_ring", "count_bits"));
        long descriptor = word(descriptors + offset("prb_desc_ring", "descs"));
        long info = word(descriptors + offset("prb_desc_ring", "infos"));
        long head = word(descriptors + offset("prb_desc_ring", "head_id"));
        long tail = word(descriptors + offset("prb_desc_ring", "tail_id"));
        Deque<String> lines = new ArrayDeque<>();
        // Backwards: only the last ones are wanted.
        for (long id = head, left = 1L << bits; left > 0 && lines.size() < most; id = id - 1 & mask(), left--) {
            long slot = id & (1L << bits) - 1;
            List<String> message = message(id, texts, descriptor + slot * size("prb_desc"), info + slot * size("printk_info"));
            for (int i = message.size() - 1; i >= 0 && lines.size() < most; i--) {
                lines.addFirst(message.get(i));
            }
            if (id == tail) {
                break;
            }
        }
        return new ArrayList<>(lines);
    }

    /** Descriptor numbers are words without the two bits of a state. */
    private long mask() {
        return (1L << word * 8 - 2) - 1;
    }

    /** Its lines, none if the descriptor is not in use, or its text has been overwritten. */
    private List<String> message(long id, long texts, long descriptor, long info) {
        long state = word(descriptor + offset("prb_desc", "state_var"));
        int kind = (int) (state >>> word * 8 - 2) & 3;
        if (kind != COMMITTED && kind != FINALIZED || (state & mask()) != id) {
            return List.of();
        }
        long where = descriptor + offset("prb_desc", "text_blk_lpos");
        long begin = word(where + offset("prb_data_blk_lpos", "begin"));
        long next = word(where + offset("prb_data_blk_lpos", "next"));
        long nanos = number(info + offset("printk_info", "ts_nsec"), Long.BYTES);
        int length = (int) number(info + offset("printk_info", "text_len"), 2);
        String text = text(texts, begin, next, length);
        String prefix = String.format("[%5d.%06d] ", nanos / NANOS_PER_MICRO / MICROS_PER_SECOND, nanos / NANOS_PER_MICRO % MICROS_PER_SECOND);
        List<String> lines = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            lines.add(prefix + line.replaceAll("[\\x00-\\x08\\x0b-\\x1f\\x7f]", "?"));
        }
        return lines;
    }

    /** A block is the number of its descriptor and then the text; one that would cross the ring's end lies at the ring's beginning. Odd positions: without text. */
    private String text(long texts, long begin, long next, int length) {
        int bits = bits(texts + offset("prb_data_ring", "size_bits"));
        long data = word(texts + offset("prb_data_ring", "data"));
        if ((begin & 1) != 0 || length == 0) {
            return "";
        }
        boolean wraps = begin >>> bits != next - 1 >>> bits;
        byte[] b = new byte[Math.min(length, LONGEST)];
        int got = cpu.read(data + (wraps ? 0 : begin & (1L << bits) - 1) + word, b, 0, b.length);
        return new String(b, 0, got, StandardCharsets.UTF_8);
    }

    /** Address of the pointer to the rings. */
    private long variable() {
        if (note != null) {
            return note.symbol("prb");
        }
        Symbol s = context.symbols().find("prb");
        if (s == null) {
            throw new CommandException("dmesg: no symbol prb, and the kernel has not written down yet where its messages are (VMCOREINFO): "
                    + "give --symbols System.map, or look later");
        }
        return s.address();
    }

    private int offset(String structure, String member) {
        int o = note != null ? note.offset(structure, member) : -1;
        o = o >= 0 ? o : context.types().offset(structure, member);
        if (o < 0) {
            throw new CommandException("dmesg: neither the kernel's types nor its VMCOREINFO, if there is one yet, say where " + structure + "." + member + " is");
        }
        return o;
    }

    private int size(String structure) {
        int s = note != null ? note.size(structure) : -1;
        s = s > 0 ? s : context.types().size(structure);
        if (s <= 0) {
            throw new CommandException("dmesg: neither the kernel's types nor its VMCOREINFO, if there is one yet, say how long " + structure + " is");
        }
        return s;
    }

    private int bits(long at) {
        int n = (int) number(at, Integer.BYTES);
        if (n < 1 || n > MOST_BITS) {
            throw damaged(at);
        }
        return n;
    }

    private long word(long at) {
        return number(at, word);
    }

    private long number(long at, int bytes) {
        Long v = cpu.read(at, bytes);
        if (v == null) {
            throw damaged(at);
        }
        return v;
    }

    private CommandException damaged(long at) {
        return new CommandException("dmesg: no messages at " + context.hex(at) + ": paging is not what the kernel will set up, or they are damaged");
    }
}
