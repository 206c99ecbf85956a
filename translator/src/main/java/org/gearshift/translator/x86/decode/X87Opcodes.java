package org.gearshift.translator.x86.decode;

/**
 * x87 instructions (SDM vol. 2, tables ), with the undocumented register forms that every processor since the 387
 * executes as the documented instruction named here. Notation: {@link OpcodeMaps}.
 */
final class X87Opcodes {
    static final String TABLE = """
            9B | FWAIT
            D8 /0 | FADD Md
            D8 /1 | FMUL Md
            D8 /2 | FCOM Md
            D8 /3 | FCOMP Md
            D8 /4 | FSUB Md
            D8 /5 | FSUBR Md
            D8 /6 | FDIV Md
            D8 /7 | FDIVR Md
            D8 C0+i | FADD ST,STi
            D8 C8+i | FMUL ST,STi
            D8 D0+i | FCOM STi
            D8 D8+i | FCOMP STi
            D8 E0+i | FSUB ST,STi
            D8 E8+i | FSUBR ST,STi
            D8 F0+i | FDIV ST,STi
            D8 F8+i | FDIVR ST,STi
            D9 /0 | FLD Md
            D9 /2 | FST Md
            D9 /3 | FSTP Md
            D9 /4 | FLDENV M
            D9 /5 | FLDCW Mw
            D9 /6 | FNSTENV M
            D9 /7 | FNSTCW Mw
            D9 C0+i | FLD STi
            D9 C8+i | FXCH STi
            D9 D0 | FNOP
            D9 D8+i | FSTP STi
            D9 E0 | FCHS
            D9 E1 | FABS
            D9 E4 | FTST
            D9 E5 | FXAM
            D9 E8 | FLD1
            D9 E9 | FLDL2T
            D9 EA | FLDL2E
            D9 EB | FLDPI
            D9 EC | FLDLG2
            D9 ED | FLDLN2
            D9 EE | FLDZ
            D9 F0 | F2XM1
            D9 F1 | FYL2X
            D9 F2 | FPTAN
            D9 F3 | FPATAN
            D9 F4 | FXTRACT
            D9 F5 | FPREM1
            D9 F6 | FDECSTP
            D9 F7 | FINCSTP
            D9 F8 | FPREM
            D9 F9 | FYL2XP1
            D9 FA | FSQRT
            D9 FB | FSINCOS
            D9 FC | FRNDINT
            D9 FD | FSCALE
            D9 FE | FSIN
            D9 FF | FCOS
            DA /0 | FIADD Md
            DA /1 | FIMUL Md
            DA /2 | FICOM Md
            DA /3 | FICOMP Md
            DA /4 | FISUB Md
            DA /5 | FISUBR Md
            DA /6 | FIDIV Md
            DA /7 | FIDIVR Md
            DA C0+i | FCMOVB ST,STi | CMOV
            DA C8+i | FCMOVE ST,STi | CMOV
            DA D0+i | FCMOVBE ST,STi | CMOV
            DA D8+i | FCMOVU ST,STi | CMOV
            DA E9 | FUCOMPP
            DB /0 | FILD Md
            DB /1 | FISTTP Md | SSE3
            DB /2 | FIST Md
            DB /3 | FISTP Md
            DB /5 | FLD Mt
            DB /7 | FSTP Mt
            DB C0+i | FCMOVNB ST,STi | CMOV
            DB C8+i | FCMOVNE ST,STi | CMOV
            DB D0+i | FCMOVNBE ST,STi | CMOV
            DB D8+i | FCMOVNU ST,STi | CMOV
            DB E0 | FENI
            DB E1 | FDISI
            DB E2 | FNCLEX
            DB E3 | FNINIT
            DB E4 | FSETPM
            DB E8+i | FUCOMI ST,STi | CMOV
            DB F0+i | FCOMI ST,STi | CMOV
            DC /0 | FADD Mq
            DC /1 | FMUL Mq
            DC /2 | FCOM Mq
            DC /3 | FCOMP Mq
            DC /4 | FSUB Mq
            DC /5 | FSUBR Mq
            DC /6 | FDIV Mq
            DC /7 | FDIVR Mq
            DC C0+i | FADD STi,ST
            DC C8+i | FMUL STi,ST
            DC D0+i | FCOM STi
            DC D8+i | FCOMP STi
            DC E0+i | FSUBR STi,ST
            DC E8+i | FSUB STi,ST
            DC F0+i | FDIVR STi,ST
            DC F8+i | FDIV STi,ST
            DD /0 | FLD Mq
            DD /1 | FISTTP Mq | SSE3
            DD /2 | FST Mq
            DD /3 | FSTP Mq
            DD /4 | FRSTOR M
            DD /6 | FNSAVE M
            DD /7 | FNSTSW Mw
            DD C0+i | FFREE STi
            DD C8+i | FXCH STi
            DD D0+i | FST STi
            DD D8+i | FSTP STi
            DD E0+i | FUCOM STi
            DD E8+i | FUCOMP STi
            DE /0 | FIADD Mw
            DE /1 | FIMUL Mw
            DE /2 | FICOM Mw
            DE /3 | FICOMP Mw
            DE /4 | FISUB Mw
            DE /5 | FISUBR Mw
            DE /6 | FIDIV Mw
            DE /7 | FIDIVR Mw
            DE C0+i | FADDP STi,ST
            DE C8+i | FMULP STi,ST
            DE D0+i | FCOMP STi
            DE D9 | FCOMPP
            DE E0+i | FSUBRP STi,ST
            DE E8+i | FSUBP STi,ST
            DE F0+i | FDIVRP STi,ST
            DE F8+i | FDIVP STi,ST
            DF /0 | FILD Mw
            DF /1 | FISTTP Mw | SSE3
            DF /2 | FIST Mw
            DF /3 | FISTP Mw
            DF /4 | FBLD Mt
            DF /5 | FILD Mq
            DF /6 | FBSTP Mt
            DF /7 | FISTP Mq
            DF C0+i | FFREEP STi
            DF C8+i | FXCH STi
            DF D0+i | FSTP STi
            DF D8+i | FSTP STi
            DF E0 | FNSTSW AX
            DF E8+i | FUCOMIP ST,STi | CMOV
            DF F0+i | FCOMIP ST,STi | CMOV
            """;

    private X87Opcodes() {
    }
}
