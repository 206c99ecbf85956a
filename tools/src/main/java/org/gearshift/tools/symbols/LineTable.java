package org.gearshift.tools.symbols;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Which source line each instruction of an ELF file is from: the section {@code .debug_line}, DWARF versions 2 to 5 (DWARF 5, section 6.2). */
public final class LineTable {
    private static final int COPY = 1;
    private static final int ADVANCE_PC = 2;
    private static final int ADVANCE_LINE = 3;
    private static final int SET_FILE = 4;
    private static final int SET_COLUMN = 5;
    private static final int NEGATE_STATEMENT = 6;
    private static final int CONST_ADD_PC = 8;
    private static final int FIXED_ADVANCE_PC = 9;
    private static final int END_SEQUENCE = 1;
    private static final int SET_ADDRESS = 2;

    /**
     * Where a piece of code begins that belongs to a line.
     *
     * @param end address behind the piece's last byte; the same as {@code address} where optimization has left nothing of the piece but the moment when it would begin
     * @param statement whether it is a recommended place for a breakpoint: the beginning of a statement, or of a part of one
     */
    public record Row(long address, long end, String file, int line, boolean statement) {
    }

    private final String name;
    private final List<Row> rows = new ArrayList<>();

    private LineTable(String name) {
        this.name = name;
    }

    /** All rows, in the order of the file. */
    public List<Row> rows() {
        return rows;
    }

    /**
     * Of an ELF file.
     *
     * @param name what to call the file in messages
     * @throws SymbolFormatException if it has none, or one that is damaged
     */
    public static LineTable of(String name, ElfFile elf) throws SymbolFormatException {
        ElfFile.Section s = elf.section(".debug_line");
        if (s == null || s.length() == 0) {
            throw new SymbolFormatException(name + ": has no line numbers (.debug_line): compile it with -g");
        }
        LineTable t = new LineTable(name);
        ByteBuffer all = elf.contents(s);
        try {
            while (all.remaining() > 0) {
                t.unit(all, elf);
            }
        } catch (IndexOutOfBoundsException | BufferUnderflowException | IllegalArgumentException e) {
            throw t.damaged("a unit is longer than its section, or has a number that makes no sense");
        }
        return t;
    }

    private SymbolFormatException damaged(String how) {
        return new SymbolFormatException(name + ": its line numbers are damaged: " + how);
    }

    /** Reads one compilation unit, and leaves the position behind it. */
    private void unit(ByteBuffer all, ElfFile elf) throws SymbolFormatException {
        long length = all.getInt() & 0xffffffffL;
        boolean wide = length == 0xffffffffL;
        if (wide) {
            length = all.getLong();
        }
        if (length < 0 || length > all.remaining()) {
            throw damaged("a unit is longer than its section");
        }
        ByteBuffer unit = all.slice(all.position(), (int) length).order(ByteOrder.LITTLE_ENDIAN);
        all.position(all.position() + (int) length);
        int version = unit.getShort();
        if (version < 2 || version > 5) {
            throw new SymbolFormatException(name + ": line numbers of DWARF " + version + "; 2 to 5 are known");
        }
        int addressBytes = elf.is64Bit() ? Long.BYTES : Integer.BYTES;
        if (version >= 5) {
            addressBytes = unit.get();
            unit.get();
        }
        long header = wide ? unit.getLong() : unit.getInt();
        int program = unit.position() + (int) header;
        Program p = new Program(unit, addressBytes, version);
        p.files = version >= 5 ? new Entries(unit, elf, wide).files() : oldFiles(unit);
        unit.position(program);
        p.run();
    }

    /** Directories and files before version 5: names up to an empty one. File 0 is not used. */
    private static List<String> oldFiles(ByteBuffer unit) {
        List<String> directories = new ArrayList<>(List.of(""));
        for (String d = text(unit); !d.isEmpty(); d = text(unit)) {
            directories.add(d);
        }
        List<String> files = new ArrayList<>(List.of(""));
        for (String f = text(unit); !f.isEmpty(); f = text(unit)) {
            int directory = (int) unsigned(unit);
            unsigned(unit);
            unsigned(unit);
            files.add(path(directories.get(directory), f));
        }
        return files;
    }

    private static String path(String directory, String file) {
        return file.startsWith("/") || directory.isEmpty() ? file : directory + "/" + file;
    }

    private static String text(ByteBuffer b) {
        int from = b.position();
        while (b.get() != 0) {
            continue;
        }
        byte[] bytes = new byte[b.position() - 1 - from];
        b.get(from, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static long unsigned(ByteBuffer b) {
        long v = 0;
        for (int shift = 0; ; shift += 7) {
            int next = b.get();
            v |= shift < Long.SIZE ? (long) (next & 0x7f) << shift : 0;
            if (next >= 0) {
                return v;
            }
        }
    }

    private static long signed(ByteBuffer b) {
        long v = 0;
        int shift = 0;
        int next;
        do {
            next = b.get();
            v |= shift < Long.SIZE ? (long) (next & 0x7f) << shift : 0;
            shift += 7;
        } while (next < 0);
        return shift < Long.SIZE && (next & 0x40) != 0 ? v | -1L << shift : v;
    }

    /** Directories and files of version 5, which say themselves how they are written. */
    private record Entries(ByteBuffer unit, ElfFile elf, boolean wide) {
        private static final int PATH = 1;
        private static final int DIRECTORY = 2;
        private static final int STRING = 0x08;
        private static final int LINE_STRING = 0x1f;
        private static final int STRING_OFFSET = 0x0e;
        private static final int UDATA = 0x0f;
        private static final int DATA1 = 0x0b;
        private static final int DATA2 = 0x05;
        private static final int DATA4 = 0x06;
        private static final int DATA8 = 0x07;
        private static final int DATA16 = 0x1e;
        private static final int BLOCK = 0x09;

        private record Entry(String path, int directory) {
        }

        List<String> files() throws SymbolFormatException {
            List<String> directories = new ArrayList<>();
            for (Entry d : list()) {
                // The first is where the compiler ran; others may be relative to it.
                directories.add(directories.isEmpty() ? d.path : LineTable.path(directories.get(0), d.path));
            }
            return list().stream().map(f -> LineTable.path(directories.get(f.directory), f.path)).toList();
        }

        private List<Entry> list() throws SymbolFormatException {
            int fields = unit.get() & 0xff;
            long[] kinds = new long[fields];
            long[] forms = new long[fields];
            for (int i = 0; i < fields; i++) {
                kinds[i] = unsigned(unit);
                forms[i] = unsigned(unit);
            }
            long count = unsigned(unit);
            if (count < 0 || count > 0 && fields == 0 || count > unit.remaining()) {
                throw new SymbolFormatException("line numbers that are damaged: more files than there is room for");
            }
            List<Entry> all = new ArrayList<>();
            for (long n = 0; n < count; n++) {
                String path = "";
                int directory = 0;
                for (int i = 0; i < fields; i++) {
                    Object v = value((int) forms[i]);
                    path = kinds[i] == PATH ? v.toString() : path;
                    directory = kinds[i] == DIRECTORY && v instanceof Number number ? number.intValue() : directory;
                }
                all.add(new Entry(path, directory));
            }
            return all;
        }

        private Object value(int form) throws SymbolFormatException {
            return switch (form) {
                case STRING -> text(unit);
                case LINE_STRING -> string(".debug_line_str");
                case STRING_OFFSET -> string(".debug_str");
                case UDATA -> unsigned(unit);
                case DATA1 -> unit.get() & 0xff;
                case DATA2 -> unit.getShort() & 0xffff;
                case DATA4 -> unit.getInt();
                case DATA8 -> unit.getLong();
                case DATA16 -> {
                    unit.position(unit.position() + 16);
                    yield 0;
                }
                case BLOCK -> {
                    int length = (int) unsigned(unit);
                    unit.position(unit.position() + length);
                    yield 0;
                }
                default -> throw new SymbolFormatException("line numbers with file names in an unknown form, 0x" + Integer.toHexString(form));
            };
        }

        private String string(String section) throws SymbolFormatException {
            long at = wide ? unit.getLong() : unit.getInt() & 0xffffffffL;
            ElfFile.Section s = elf.section(section);
            if (s == null) {
                throw new SymbolFormatException("line numbers with names in " + section + ", which is missing");
            }
            return text(elf.contents(s).position((int) at));
        }
    }

    /** The state machine that makes rows. */
    private final class Program {
        private final ByteBuffer code;
        private final int addressBytes;
        private final int version;
        private List<String> files;
        private int leastInstruction;
        private boolean statementByDefault;
        private int lineBase;
        private int lineRange;
        private int opcodeBase;
        private byte[] operands;
        private long address;
        private int file;
        private int line;
        private boolean statement;
        /** The row whose end is not known yet. */
        private Row open;

        /** Takes what is left of the unit's header before the names. */
        Program(ByteBuffer unit, int addressBytes, int version) throws SymbolFormatException {
            code = unit;
            this.addressBytes = addressBytes;
            this.version = version;
            leastInstruction = unit.get() & 0xff;
            if (version >= 4) {
                unit.get();
            }
            statementByDefault = unit.get() != 0;
            lineBase = unit.get();
            lineRange = unit.get() & 0xff;
            opcodeBase = unit.get() & 0xff;
            if (lineRange == 0 || opcodeBase == 0) {
                throw damaged("a line range or an opcode base of 0");
            }
            operands = new byte[opcodeBase];
            unit.get(operands, 1, opcodeBase - 1);
        }

        private void reset() {
            address = 0;
            file = 1;
            line = 1;
            statement = statementByDefault;
        }

        void run() throws SymbolFormatException {
            reset();
            while (code.remaining() > 0) {
                int op = code.get() & 0xff;
                if (op >= opcodeBase) {
                    int adjusted = op - opcodeBase;
                    address += (long) adjusted / lineRange * leastInstruction;
                    line += lineBase + adjusted % lineRange;
                    row();
                } else if (op == 0) {
                    extended();
                } else {
                    standard(op);
                }
            }
        }

        private void standard(int op) throws SymbolFormatException {
            switch (op) {
                case COPY -> row();
                case ADVANCE_PC -> address += unsigned(code) * leastInstruction;
                case ADVANCE_LINE -> line += (int) signed(code);
                case SET_FILE -> file = (int) unsigned(code);
                case SET_COLUMN -> unsigned(code);
                case NEGATE_STATEMENT -> statement = !statement;
                case CONST_ADD_PC -> address += (long) (255 - opcodeBase) / lineRange * leastInstruction;
                case FIXED_ADVANCE_PC -> address += code.getShort() & 0xffff;
                default -> {
                    for (int i = 0; i < operands[op]; i++) {
                        unsigned(code);
                    }
                }
            }
        }

        private void extended() throws SymbolFormatException {
            int length = (int) unsigned(code);
            int next = code.position() + length;
            int op = length == 0 ? 0 : code.get();
            if (op == END_SEQUENCE) {
                close();
                open = null;
                reset();
            } else if (op == SET_ADDRESS) {
                address = addressBytes == Long.BYTES ? code.getLong() : code.getInt() & 0xffffffffL;
            }
            code.position(next);
        }

        private void row() throws SymbolFormatException {
            close();
            if (file < 0 || file >= files.size() || version < 5 && file == 0) {
                throw damaged("a row of file " + file + ", which the unit does not have");
            }
            open = new Row(address, address, files.get(file), line, statement);
        }

        /** What was open ends here. */
        private void close() {
            // Line 0 is code of no line; address 0 is what the linker has thrown away.
            if (open != null && open.line > 0 && open.address != 0 && Long.compareUnsigned(address, open.address) >= 0) {
                rows.add(new Row(open.address, address, open.file, open.line, open.statement));
            }
        }
    }
}
