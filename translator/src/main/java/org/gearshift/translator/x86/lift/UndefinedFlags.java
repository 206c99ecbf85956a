package org.gearshift.translator.x86.lift;

/**
 * What becomes of flags the manual leaves undefined. No code; the one table of those choices.
 *
 * <pre>
 *   AND OR XOR TEST     AF = 0
 *   SHL SHR SAR         AF = 0; OF of SHL is CF ^ the result's top bit for every count, of SHR the old top bit for count 1 and else 0, of SAR 0;
 *                       CF of a count above the width is what shifting on gives: 0, or the sign of SAR
 *   SHLD SHRD           AF = 0; OF: the top bit changed; 16-bit counts above 16 rotate the destination in behind the source
 *   ROL ROR RCL RCR     OF for every count: top bit ^ CF to the left, the top two bits' xor to the right
 *   MUL IMUL            ZF, SF, PF from the low half of the result, AF = 0
 *   DIV IDIV            all unchanged
 *   BSF BSR             SF and PF of the source, CF = OF = AF = 0; the destination is unchanged for a zero source
 *   LZCNT TZCNT         OF, SF, AF, PF unchanged
 *   BT BTS BTR BTC      OF, SF, AF, PF unchanged
 *   DAA DAS             OF = 0
 *   AAA AAS             OF, SF, ZF, PF unchanged
 *   AAM AAD             OF, CF, AF = 0
 *   BEXTR BLSx BZHI     SF, PF of the result, AF = 0
 * </pre>
 */
final class UndefinedFlags {
    private UndefinedFlags() {
    }
}
