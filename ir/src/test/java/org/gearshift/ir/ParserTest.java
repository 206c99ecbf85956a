package org.gearshift.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** IR text reads back as what it was printed from; what is no IR is refused where it goes wrong. */
class ParserTest {
    private static final StateLayout LAYOUT = new StateLayout(List.of("a", "b", "pc"), 2);
    private static final String TWO = """
            region 0x20 0x10
            block 0x10 bytes 2 {
              mark 0x10
              v0 = get.i32 a
              v1 = load.32 v0
              put.i32 b, v1
              branch v1, 0x20, 0x12
            }
            block 0x20 bytes 1 {
              mark 0x20
              goto 0x10
            }
            """;

    private static void refused(int line, int column, String message, String text) {
        IrSyntaxException e = assertThrows(IrSyntaxException.class, () -> Parser.parse(text, LAYOUT, Map.of()));
        assertEquals("line " + line + ", column " + column + ": " + message, e.getMessage());
        assertEquals(line, e.line());
        assertEquals(column, e.column());
    }

    @Test
    void regionsKeepTheirEntries() {
        Region r = Parser.parseRegion(TWO, LAYOUT, name -> null);
        assertEquals(List.of(0x20L, 0x10L), r.entries());
        assertEquals(TWO, Printer.print(r, LAYOUT));
        assertEquals(List.of(0x10L), Parser.parseRegion(TWO.substring(TWO.indexOf('\n')), LAYOUT, name -> null).entries(), "the first block, where there is no such line");
    }

    @Test
    void commentsAreNoIr() {
        Region r = Parser.parseRegion(TWO, LAYOUT, name -> null);
        String commented = Printer.print(r, LAYOUT, pc -> "at " + pc);
        assertEquals(TWO, Printer.print(Parser.parseRegion("; code\n" + commented, LAYOUT, name -> null), LAYOUT));
    }

    @Test
    void errorsHaveAPlace() {
        refused(1, 1, "expected 'region' or 'block', not 'bloc'", "bloc 0x10");
        refused(1, 7, "expected the block's pc, not 'ten'", "block ten bytes 2 {");
        refused(1, 19, "expected '{', but the line ends", "block 0x10 bytes 2");
        refused(2, 13, "expected ',', but found 'v0'", "block 0x10 bytes 2 {\n  put.i32 a v0\n");
        refused(2, 13, "expected a value, but the line ends", "block 0x10 bytes 2 {\n  put.i32 a,  ; what?\n");
        refused(3, 1, "expected a block end (goto, branch, indirect, exit, exit.to.state), but the line ends", "block 0x10 bytes 2 {\n  mark 0x10\n");
        refused(3, 3, "expected '}' behind the block's end, but found 'mark'", "block 0x10 bytes 2 {\n  goto 0x10\n  mark 0x10\n}\n");
        refused(2, 13, "expected the end of the line, but found '0x12'", "block 0x10 bytes 2 {\n  mark 0x10 0x12\n");
        refused(1, 8, "entry 0x30 is none of the blocks", "region 0x30" + TWO.substring(TWO.indexOf('\n')));
        refused(4, 7, "a second block at this pc", "block 0x10 bytes 2 {\n  goto 0x10\n}\nblock 0x10 bytes 2 {");
    }
}
