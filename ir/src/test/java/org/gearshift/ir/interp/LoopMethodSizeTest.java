package org.gearshift.ir.interp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** HotSpot compiles no method above 8,000 bytes of bytecode, and a loop that is only interpreted is a hundred times slower without any other sign. */
class LoopMethodSizeTest {
    @Test
    void theLoopsStayCompilable() throws IOException {
        for (Class<?> loop : List.of(MicroLoop.class, WideLoop.class)) {
            int size = codeSizes(loop).get("run");
            assertTrue(size < 7_000, loop + ": " + size + " bytes");
        }
    }

    @Test
    void everyMicroOperationIsWithinReachOfTheDump() {
        assertEquals(8, MicroOp.words(MicroOp.SUBF_BEQ));
        assertEquals("subfi_bule", MicroOp.name(MicroOp.SUBFI_BULE));
        assertEquals(8, MicroOp.words(WideOp.SUBZFI_BEQ));
        assertEquals("ret64", MicroOp.name(WideOp.RET64));
    }

    /** Length of each method's Code attribute; JVM specification section 4. */
    private static Map<String, Integer> codeSizes(Class<?> c) throws IOException {
        try (DataInputStream in = new DataInputStream(c.getResourceAsStream(c.getSimpleName() + ".class"))) {
            in.skipNBytes(8);
            String[] utf = constants(in);
            in.skipNBytes(6);
            in.skipNBytes(2L * in.readUnsignedShort());
            Map<String, Integer> sizes = new HashMap<>();
            members(in, utf, new HashMap<>());
            members(in, utf, sizes);
            return sizes;
        }
    }

    private static String[] constants(DataInputStream in) throws IOException {
        int n = in.readUnsignedShort();
        String[] utf = new String[n];
        for (int i = 1; i < n; i++) {
            switch (in.readUnsignedByte()) {
                case 1 -> utf[i] = in.readUTF();
                case 5, 6 -> {
                    in.skipNBytes(8);
                    i++;
                }
                case 7, 8, 16, 19, 20 -> in.skipNBytes(2);
                case 15 -> in.skipNBytes(3);
                default -> in.skipNBytes(4);
            }
        }
        return utf;
    }

    private static void members(DataInputStream in, String[] utf, Map<String, Integer> sizes) throws IOException {
        int n = in.readUnsignedShort();
        for (int i = 0; i < n; i++) {
            in.skipNBytes(2);
            String name = utf[in.readUnsignedShort()];
            in.skipNBytes(2);
            int attributes = in.readUnsignedShort();
            for (int k = 0; k < attributes; k++) {
                String attribute = utf[in.readUnsignedShort()];
                int length = in.readInt();
                if (attribute.equals("Code")) {
                    in.skipNBytes(4);
                    sizes.put(name, in.readInt());
                    in.skipNBytes(length - 8L);
                } else {
                    in.skipNBytes(length);
                }
            }
        }
    }
}
