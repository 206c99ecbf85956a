package org.gearshift.tools.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.gearshift.translator.x86.decode.Mnemonic;
import org.junit.jupiter.api.Test;

class FormCatalogueTest {
    private static final List<Form> FORMS_32 = FormCatalogue.all(32);
    private static final List<Form> FORMS_64 = FormCatalogue.all(64);

    @Test
    void everyMnemonicHasAForm() {
        Set<Mnemonic> without = EnumSet.allOf(Mnemonic.class);
        FORMS_32.forEach(f -> without.remove(f.mnemonic()));
        FORMS_64.forEach(f -> without.remove(f.mnemonic()));
        assertEquals(EnumSet.of(Mnemonic.INVALID, Mnemonic.TOO_LONG), without);
    }

    @Test
    void operandSizesAndLockAreFormsOfTheirOwn() {
        List<String> adds = FORMS_64.stream().filter(f -> f.map == 0 && f.opcode == 1).map(Form::toString).toList();
        assertEquals(List.of("add m32,r32 [01]", "add r32,r32 [01]", "add m64,r64 [rex.w 01]", "add r64,r64 [rex.w 01]", "add m16,r16 [66 01]",
                "add r16,r16 [66 01]", "lock add m32,r32 [f0 01]", "lock add m64,r64 [f0 rex.w 01]", "lock add m16,r16 [66 f0 01]"), adds);
    }

    @Test
    void encodingsMeanTheirForm() {
        Encoder encoder = new Encoder(new SplittableRandom(3));
        for (List<Form> forms : List.of(FORMS_32, FORMS_64)) {
            for (Form f : forms) {
                if (NotExecutable.reason(f.sample) == null) {
                    Encoder.Encoded e = encoder.encode(f);
                    assertEquals(f.mnemonic(), e.instruction().mnemonic());
                    assertEquals(f.sample.lock(), e.instruction().lock(), f.toString());
                    assertTrue(e.bytes().length <= 15, f.toString());
                }
            }
        }
    }
}
