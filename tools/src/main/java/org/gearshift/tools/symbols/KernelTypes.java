package org.gearshift.tools.symbols;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gearshift.vmm.boot.BootException;
import org.gearshift.vmm.boot.KernelCode;
import org.gearshift.vmm.boot.KernelImage;

/** Where the members of a kernel's structures are, from the type information it carries: BTF, Documentation/bpf/btf.rst of Linux. */
public final class KernelTypes {
    /** Of a kernel that carries none. */
    public static final KernelTypes NONE = new KernelTypes();

    private static final int MAGIC = 0xeb9f;
    private static final int TYPE_BYTES = 12;
    private static final int MEMBER_BYTES = 12;
    private static final int STRUCT = 4;
    private static final int UNION = 5;
    /** Bytes behind a type, by kind: of the type, and of each of its elements. */
    private static final int[] EXTRA = {0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0};
    private static final int[] EACH = {0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12};
    private static final int TYPEDEF = 8;
    private static final int RESTRICT = 11;
    private static final int TYPE_TAG = 18;
    private static final int MAX_DEPTH = 16;

    private final ByteBuffer data;
    private final int strings;
    private final List<Integer> types = new ArrayList<>();
    private final Map<String, Integer> structures = new HashMap<>();

    private KernelTypes() {
        data = ByteBuffer.allocate(0);
        strings = 0;
    }

    /** @param btf from its header on */
    KernelTypes(ByteBuffer btf) throws SymbolFormatException {
        data = btf;
        int header = btf.getInt(4);
        int from = header + btf.getInt(8);
        int to = from + btf.getInt(12);
        strings = header + btf.getInt(16);
        types.add(-1);
        for (int at = from; at < to; ) {
            int info = btf.getInt(at + 4);
            int kind = info >>> 24 & 0x1f;
            if (kind >= EXTRA.length) {
                throw new SymbolFormatException("type information of an unknown kind, " + kind);
            }
            if (kind == STRUCT) {
                structures.putIfAbsent(name(btf.getInt(at)), types.size());
            }
            types.add(at);
            at += TYPE_BYTES + EXTRA[kind] + EACH[kind] * (info & 0xffff);
        }
    }

    /**
     * Of a Linux kernel, packed or not.
     *
     * @return {@link #NONE} if it carries none
     * @throws SymbolFormatException if what it carries is damaged
     */
    public static KernelTypes of(KernelImage kernel) throws BootException, SymbolFormatException {
        List<KernelCode.Segment> segments = KernelCode.of(kernel).segments();
        if (segments.isEmpty()) {
            return NONE;
        }
        KernelImage unpacked = segments.get(0).file();
        ElfFile elf = new ElfFile(unpacked.name(), unpacked.array());
        ElfFile.Section s = elf.section(".BTF");
        if (s == null || s.length() < 24) {
            return NONE;
        }
        ByteBuffer btf = elf.contents(s);
        try {
            if ((btf.getShort(0) & 0xffff) != MAGIC) {
                throw new SymbolFormatException(unpacked.name() + ": its type information has another format");
            }
            return new KernelTypes(btf);
        } catch (IndexOutOfBoundsException e) {
            throw new SymbolFormatException(unpacked.name() + ": its type information is damaged");
        }
    }

    private String name(int offset) {
        int end = strings + offset;
        while (data.get(end) != 0) {
            end++;
        }
        byte[] b = new byte[end - strings - offset];
        data.get(strings + offset, b);
        return new String(b, StandardCharsets.US_ASCII);
    }

    /** Offset of a structure's member in bytes, be it in a structure without a name within; -1 if there is none. */
    public int offset(String structure, String member) {
        int bit = bit(structure, member);
        return bit < 0 ? -1 : bit >>> 3;
    }

    /** The same in bits, for members that are no whole bytes. */
    public int bit(String structure, String member) {
        Integer type = structures.get(structure);
        try {
            return type == null ? -1 : bit(type, member, 0);
        } catch (IndexOutOfBoundsException e) {
            // Damaged: as good as none.
            return -1;
        }
    }

    /** A structure's size in bytes; -1 if there is none of this name. */
    public int size(String structure) {
        Integer type = structures.get(structure);
        return type == null ? -1 : data.getInt(types.get(type) + 8);
    }

    private int bit(int type, String member, int depth) {
        int at = types.get(type);
        int info = data.getInt(at + 4);
        for (int i = 0; i < (info & 0xffff); i++) {
            int m = at + TYPE_BYTES + MEMBER_BYTES * i;
            int bits = info < 0 ? data.getInt(m + 8) & 0xffffff : data.getInt(m + 8);
            String n = name(data.getInt(m));
            if (n.equals(member)) {
                return bits;
            }
            int inner = n.isEmpty() && depth < MAX_DEPTH ? structure(data.getInt(m + 4)) : 0;
            int within = inner == 0 ? -1 : bit(inner, member, depth + 1);
            if (within >= 0) {
                return bits + within;
            }
        }
        return -1;
    }

    /** The structure or union behind qualifiers and other names, or 0. */
    private int structure(int type) {
        int t = type;
        for (int i = 0; i < MAX_DEPTH && t > 0 && t < types.size(); i++) {
            int at = types.get(t);
            int kind = data.getInt(at + 4) >>> 24 & 0x1f;
            if (kind == STRUCT || kind == UNION) {
                return t;
            }
            if ((kind < TYPEDEF || kind > RESTRICT) && kind != TYPE_TAG) {
                return 0;
            }
            t = data.getInt(at + 8);
        }
        return 0;
    }
}
