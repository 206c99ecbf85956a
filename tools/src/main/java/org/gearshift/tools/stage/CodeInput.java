package org.gearshift.tools.stage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.gearshift.tools.symbols.Symbol;
import org.gearshift.tools.symbols.SymbolReader;
import org.gearshift.tools.symbols.SymbolTable;
import org.gearshift.vmm.boot.BootException;

/**
 * What a stage is given, and how it is understood: code, as bytes in hexadecimal, in a file or at a symbol; or the text of an earlier stage.
 *
 * @param text hexadecimal bytes, a listing or IR; null if there is a file
 * @param textName what to call the text in messages
 * @param file a kernel, an ELF file, raw code, or a text; or null
 * @param symbolFile where names come from, if not from the file itself; or null
 * @param symbol the name to look at, or null
 * @param at the address in hexadecimal, or null
 * @param codeSize 16, 32 or 64, or 0 for what the source says, and 32 if it says nothing
 * @param length bytes of code, or 0 for all there are: of a symbol its own, at an address in a file {@link #WINDOW}
 */
public record CodeInput(String text, String textName, Path file, Path symbolFile, String symbol, String at, int codeSize, int length) {
    /** Bytes from an address on, if nothing says how many. */
    static final int WINDOW = 256;
    private static final long DEFAULT_ADDRESS = 0x1000;
    private static final long LARGEST = 1L << 30;

    /** Checks what can be checked without reading. */
    public CodeInput {
        if (codeSize != 0 && codeSize != 16 && codeSize != 32 && codeSize != 64) {
            throw new InputException("--mode " + codeSize + ": 16, 32 or 64");
        }
        if (length < 0) {
            throw new InputException("--length must be positive");
        }
    }

    /** The code. */
    public Code code() throws IOException, BootException {
        return file == null ? ofText(text, textName) : ofFile();
    }

    /** The region: read, if the input is IR, otherwise lifted. @param one the first block alone */
    public IrText ir(boolean one) throws IOException, BootException {
        String given = text;
        String name = textName;
        if (file != null && symbol == null && isText(file)) {
            given = Files.readString(file);
            name = file.toString();
        }
        if (given != null && IrText.isIr(given)) {
            int size = Listing.codeSize(given);
            return IrText.parse(name, given, codeSize != 0 ? codeSize : size != 0 ? size : 32);
        }
        return IrText.lift(given != null ? ofText(given, name) : ofFile(), one);
    }

    private static boolean isText(Path f) throws IOException {
        String n = f.getFileName() == null ? "" : f.getFileName().toString();
        return (n.endsWith(".ir") || n.endsWith(".txt") || n.endsWith(".hex")) && Files.isRegularFile(f);
    }

    private Code ofText(String given, String name) {
        if (IrText.isIr(given)) {
            throw new InputException(name + ": this is IR already; optimize, emit, interpret and run-ir take it");
        }
        if (symbol != null) {
            throw new InputException("--symbol " + symbol + " needs --file: the kernel or program it is in");
        }
        if (Listing.isListing(given)) {
            int size = Listing.codeSize(given);
            return Listing.parse(given, codeSize != 0 ? codeSize : size != 0 ? size : 32);
        }
        long start = address(DEFAULT_ADDRESS);
        byte[] bytes = HexText.parse(name, given);
        int size = sizeAt(start, 0);
        return new Code(CodeImage.of(name, start, bytes), start, start + (length == 0 ? bytes.length : Math.min(length, bytes.length)), size);
    }

    private int sizeAt(long start, int ofImage) {
        return codeSize != 0 ? codeSize : ofImage != 0 ? ofImage : start >>> 32 == 0 ? 32 : 64;
    }

    private long address(long otherwise) {
        if (at == null) {
            return otherwise;
        }
        try {
            return Long.parseUnsignedLong(at.replaceFirst("^0[xX]", ""), 16);
        } catch (NumberFormatException e) {
            throw new InputException("--at " + at + ": not a hexadecimal address");
        }
    }

    private Code ofFile() throws IOException, BootException {
        if (Files.isDirectory(file) || Files.size(file) > LARGEST) {
            throw new InputException(file + ": not a file with code");
        }
        byte[] bytes = Files.readAllBytes(file);
        SymbolTable names = symbolFile == null ? null : SymbolReader.read(symbolFile);
        CodeImage image = CodeImage.ofFile(file.toString(), bytes, address(0), names);
        boolean raw = image.codeSize() == 0;
        long start;
        long extent;
        if (symbol != null) {
            if (at != null && !raw) {
                throw new InputException("--symbol and --at: one of them");
            }
            Symbol s = image.symbol(symbol);
            start = s.address();
            extent = image.symbols().extent(s);
        } else if (at != null || raw) {
            start = address(0);
            extent = raw ? bytes.length : WINDOW;
        } else {
            throw new InputException(file + ": which code of it? --symbol NAME or --at ADDRESS");
        }
        CodeImage.Piece p = image.at(start);
        if (p == null) {
            throw new InputException(file + ": has no code at 0x" + Long.toHexString(start));
        }
        long left = p.address() + p.length() - start;
        return new Code(image, start, start + Math.min(left, length == 0 ? extent : length), sizeAt(start, image.codeSize()));
    }
}
