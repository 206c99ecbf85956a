package org.gearshift.translator.x86.decode;

/** MMX, SSE to SSE4.2, AES, CLMUL, GFNI and SHA (SDM vol. 2, tables ), a table for each CPUID feature flag. Notation: {@link OpcodeMaps}. */
final class SimdOpcodes {
    static final String MMX = """
            NP 0F 60 | PUNPCKLBW Pq,Qd
            NP 0F 61 | PUNPCKLWD Pq,Qd
            NP 0F 62 | PUNPCKLDQ Pq,Qd
            NP 0F 63 | PACKSSWB Pq,Qq
            NP 0F 64 | PCMPGTB Pq,Qq
            NP 0F 65 | PCMPGTW Pq,Qq
            NP 0F 66 | PCMPGTD Pq,Qq
            NP 0F 67 | PACKUSWB Pq,Qq
            NP 0F 68 | PUNPCKHBW Pq,Qq
            NP 0F 69 | PUNPCKHWD Pq,Qq
            NP 0F 6A | PUNPCKHDQ Pq,Qq
            NP 0F 6B | PACKSSDW Pq,Qq
            NP 0F 6E | MOVD Pq,Ed | W0
            NP 0F 6E | MOVQ Pq,Eq | W1
            NP 0F 6F | MOVQ Pq,Qq
            NP 0F 71 /2 | PSRLW Nq,Iu
            NP 0F 71 /4 | PSRAW Nq,Iu
            NP 0F 71 /6 | PSLLW Nq,Iu
            NP 0F 72 /2 | PSRLD Nq,Iu
            NP 0F 72 /4 | PSRAD Nq,Iu
            NP 0F 72 /6 | PSLLD Nq,Iu
            NP 0F 73 /2 | PSRLQ Nq,Iu
            NP 0F 73 /6 | PSLLQ Nq,Iu
            NP 0F 74 | PCMPEQB Pq,Qq
            NP 0F 75 | PCMPEQW Pq,Qq
            NP 0F 76 | PCMPEQD Pq,Qq
            NP 0F 77 | EMMS
            NP 0F 7E | MOVD Ed,Pq | W0
            NP 0F 7E | MOVQ Eq,Pq | W1
            NP 0F 7F | MOVQ Qq,Pq
            NP 0F D1 | PSRLW Pq,Qq
            NP 0F D2 | PSRLD Pq,Qq
            NP 0F D3 | PSRLQ Pq,Qq
            NP 0F D5 | PMULLW Pq,Qq
            NP 0F D8 | PSUBUSB Pq,Qq
            NP 0F D9 | PSUBUSW Pq,Qq
            NP 0F DB | PAND Pq,Qq
            NP 0F DC | PADDUSB Pq,Qq
            NP 0F DD | PADDUSW Pq,Qq
            NP 0F DF | PANDN Pq,Qq
            NP 0F E1 | PSRAW Pq,Qq
            NP 0F E2 | PSRAD Pq,Qq
            NP 0F E5 | PMULHW Pq,Qq
            NP 0F E8 | PSUBSB Pq,Qq
            NP 0F E9 | PSUBSW Pq,Qq
            NP 0F EB | POR Pq,Qq
            NP 0F EC | PADDSB Pq,Qq
            NP 0F ED | PADDSW Pq,Qq
            NP 0F EF | PXOR Pq,Qq
            NP 0F F1 | PSLLW Pq,Qq
            NP 0F F2 | PSLLD Pq,Qq
            NP 0F F3 | PSLLQ Pq,Qq
            NP 0F F5 | PMADDWD Pq,Qq
            NP 0F F8 | PSUBB Pq,Qq
            NP 0F F9 | PSUBW Pq,Qq
            NP 0F FA | PSUBD Pq,Qq
            NP 0F FC | PADDB Pq,Qq
            NP 0F FD | PADDW Pq,Qq
            NP 0F FE | PADDD Pq,Qq
            """;

    static final String SSE = """
            NP 0F 10 | MOVUPS Vdq,Wdq
            F3 0F 10 | MOVSS Vdq,Wd
            NP 0F 11 | MOVUPS Wdq,Vdq
            F3 0F 11 | MOVSS Wd,Vdq
            NP 0F 12 | MOVLPS Vdq,Mq
            NP 0F 12 | MOVHLPS Vdq,Udq
            NP 0F 13 | MOVLPS Mq,Vdq
            NP 0F 14 | UNPCKLPS Vdq,Wdq
            NP 0F 15 | UNPCKHPS Vdq,Wdq
            NP 0F 16 | MOVHPS Vdq,Mq
            NP 0F 16 | MOVLHPS Vdq,Udq
            NP 0F 17 | MOVHPS Mq,Vdq
            NP 0F 28 | MOVAPS Vdq,Wdq
            NP 0F 29 | MOVAPS Wdq,Vdq
            NP 0F 2A | CVTPI2PS Vdq,Qq
            F3 0F 2A | CVTSI2SS Vdq,Ey
            NP 0F 2B | MOVNTPS Mdq,Vdq
            NP 0F 2C | CVTTPS2PI Pq,Wq
            F3 0F 2C | CVTTSS2SI Gy,Wd
            NP 0F 2D | CVTPS2PI Pq,Wq
            F3 0F 2D | CVTSS2SI Gy,Wd
            NP 0F 2E | UCOMISS Vdq,Wd
            NP 0F 2F | COMISS Vdq,Wd
            NP 0F 50 | MOVMSKPS Gy,Udq
            NP 0F 51 | SQRTPS Vdq,Wdq
            F3 0F 51 | SQRTSS Vdq,Wd
            NP 0F 52 | RSQRTPS Vdq,Wdq
            F3 0F 52 | RSQRTSS Vdq,Wd
            NP 0F 53 | RCPPS Vdq,Wdq
            F3 0F 53 | RCPSS Vdq,Wd
            NP 0F 54 | ANDPS Vdq,Wdq
            NP 0F 55 | ANDNPS Vdq,Wdq
            NP 0F 56 | ORPS Vdq,Wdq
            NP 0F 57 | XORPS Vdq,Wdq
            NP 0F 58 | ADDPS Vdq,Wdq
            F3 0F 58 | ADDSS Vdq,Wd
            NP 0F 59 | MULPS Vdq,Wdq
            F3 0F 59 | MULSS Vdq,Wd
            NP 0F 5C | SUBPS Vdq,Wdq
            F3 0F 5C | SUBSS Vdq,Wd
            NP 0F 5D | MINPS Vdq,Wdq
            F3 0F 5D | MINSS Vdq,Wd
            NP 0F 5E | DIVPS Vdq,Wdq
            F3 0F 5E | DIVSS Vdq,Wd
            NP 0F 5F | MAXPS Vdq,Wdq
            F3 0F 5F | MAXSS Vdq,Wd
            NP 0F 70 | PSHUFW Pq,Qq,Iu
            NP 0F C2 | CMPPS Vdq,Wdq,Iu
            F3 0F C2 | CMPSS Vdq,Wd,Iu
            NP 0F C4 | PINSRW Pq,Rd,Iu
            NP 0F C4 | PINSRW Pq,Mw,Iu
            NP 0F C5 | PEXTRW Gd,Nq,Iu
            NP 0F C6 | SHUFPS Vdq,Wdq,Iu
            NP 0F D7 | PMOVMSKB Gy,Nq
            NP 0F DA | PMINUB Pq,Qq
            NP 0F DE | PMAXUB Pq,Qq
            NP 0F E0 | PAVGB Pq,Qq
            NP 0F E3 | PAVGW Pq,Qq
            NP 0F E4 | PMULHUW Pq,Qq
            NP 0F E7 | MOVNTQ Mq,Pq
            NP 0F EA | PMINSW Pq,Qq
            NP 0F EE | PMAXSW Pq,Qq
            NP 0F F6 | PSADBW Pq,Qq
            NP 0F F7 | MASKMOVQ Pq,Nq
            """;

    static final String SSE2 = """
            66 0F 10 | MOVUPD Vdq,Wdq
            F2 0F 10 | MOVSD_SSE Vdq,Wq
            66 0F 11 | MOVUPD Wdq,Vdq
            F2 0F 11 | MOVSD_SSE Wq,Vdq
            66 0F 12 | MOVLPD Vdq,Mq
            66 0F 13 | MOVLPD Mq,Vdq
            66 0F 14 | UNPCKLPD Vdq,Wdq
            66 0F 15 | UNPCKHPD Vdq,Wdq
            66 0F 16 | MOVHPD Vdq,Mq
            66 0F 17 | MOVHPD Mq,Vdq
            66 0F 28 | MOVAPD Vdq,Wdq
            66 0F 29 | MOVAPD Wdq,Vdq
            66 0F 2A | CVTPI2PD Vdq,Qq
            F2 0F 2A | CVTSI2SD Vdq,Ey
            66 0F 2B | MOVNTPD Mdq,Vdq
            66 0F 2C | CVTTPD2PI Pq,Wdq
            F2 0F 2C | CVTTSD2SI Gy,Wq
            66 0F 2D | CVTPD2PI Pq,Wdq
            F2 0F 2D | CVTSD2SI Gy,Wq
            66 0F 2E | UCOMISD Vdq,Wq
            66 0F 2F | COMISD Vdq,Wq
            66 0F 50 | MOVMSKPD Gy,Udq
            66 0F 51 | SQRTPD Vdq,Wdq
            F2 0F 51 | SQRTSD Vdq,Wq
            66 0F 54 | ANDPD Vdq,Wdq
            66 0F 55 | ANDNPD Vdq,Wdq
            66 0F 56 | ORPD Vdq,Wdq
            66 0F 57 | XORPD Vdq,Wdq
            66 0F 58 | ADDPD Vdq,Wdq
            F2 0F 58 | ADDSD Vdq,Wq
            66 0F 59 | MULPD Vdq,Wdq
            F2 0F 59 | MULSD Vdq,Wq
            NP 0F 5A | CVTPS2PD Vdq,Wq
            66 0F 5A | CVTPD2PS Vdq,Wdq
            F3 0F 5A | CVTSS2SD Vdq,Wd
            F2 0F 5A | CVTSD2SS Vdq,Wq
            NP 0F 5B | CVTDQ2PS Vdq,Wdq
            66 0F 5B | CVTPS2DQ Vdq,Wdq
            F3 0F 5B | CVTTPS2DQ Vdq,Wdq
            66 0F 5C | SUBPD Vdq,Wdq
            F2 0F 5C | SUBSD Vdq,Wq
            66 0F 5D | MINPD Vdq,Wdq
            F2 0F 5D | MINSD Vdq,Wq
            66 0F 5E | DIVPD Vdq,Wdq
            F2 0F 5E | DIVSD Vdq,Wq
            66 0F 5F | MAXPD Vdq,Wdq
            F2 0F 5F | MAXSD Vdq,Wq
            66 0F 60 | PUNPCKLBW Vdq,Wdq
            66 0F 61 | PUNPCKLWD Vdq,Wdq
            66 0F 62 | PUNPCKLDQ Vdq,Wdq
            66 0F 63 | PACKSSWB Vdq,Wdq
            66 0F 64 | PCMPGTB Vdq,Wdq
            66 0F 65 | PCMPGTW Vdq,Wdq
            66 0F 66 | PCMPGTD Vdq,Wdq
            66 0F 67 | PACKUSWB Vdq,Wdq
            66 0F 68 | PUNPCKHBW Vdq,Wdq
            66 0F 69 | PUNPCKHWD Vdq,Wdq
            66 0F 6A | PUNPCKHDQ Vdq,Wdq
            66 0F 6B | PACKSSDW Vdq,Wdq
            66 0F 6C | PUNPCKLQDQ Vdq,Wdq
            66 0F 6D | PUNPCKHQDQ Vdq,Wdq
            66 0F 6E | MOVD Vdq,Ed | W0
            66 0F 6E | MOVQ Vdq,Eq | W1
            66 0F 6F | MOVDQA Vdq,Wdq
            F3 0F 6F | MOVDQU Vdq,Wdq
            66 0F 70 | PSHUFD Vdq,Wdq,Iu
            F3 0F 70 | PSHUFHW Vdq,Wdq,Iu
            F2 0F 70 | PSHUFLW Vdq,Wdq,Iu
            66 0F 71 /2 | PSRLW Udq,Iu
            66 0F 71 /4 | PSRAW Udq,Iu
            66 0F 71 /6 | PSLLW Udq,Iu
            66 0F 72 /2 | PSRLD Udq,Iu
            66 0F 72 /4 | PSRAD Udq,Iu
            66 0F 72 /6 | PSLLD Udq,Iu
            66 0F 73 /2 | PSRLQ Udq,Iu
            66 0F 73 /3 | PSRLDQ Udq,Iu
            66 0F 73 /6 | PSLLQ Udq,Iu
            66 0F 73 /7 | PSLLDQ Udq,Iu
            66 0F 74 | PCMPEQB Vdq,Wdq
            66 0F 75 | PCMPEQW Vdq,Wdq
            66 0F 76 | PCMPEQD Vdq,Wdq
            66 0F 7E | MOVD Ed,Vdq | W0
            66 0F 7E | MOVQ Eq,Vdq | W1
            F3 0F 7E | MOVQ Vdq,Wq
            66 0F 7F | MOVDQA Wdq,Vdq
            F3 0F 7F | MOVDQU Wdq,Vdq
            66 0F C2 | CMPPD Vdq,Wdq,Iu
            F2 0F C2 | CMPSD_SSE Vdq,Wq,Iu
            NP 0F C3 | MOVNTI My,Gy
            66 0F C4 | PINSRW Vdq,Rd,Iu
            66 0F C4 | PINSRW Vdq,Mw,Iu
            66 0F C5 | PEXTRW Gd,Udq,Iu
            66 0F C6 | SHUFPD Vdq,Wdq,Iu
            66 0F D1 | PSRLW Vdq,Wdq
            66 0F D2 | PSRLD Vdq,Wdq
            66 0F D3 | PSRLQ Vdq,Wdq
            NP 0F D4 | PADDQ Pq,Qq
            66 0F D4 | PADDQ Vdq,Wdq
            66 0F D5 | PMULLW Vdq,Wdq
            66 0F D6 | MOVQ Wq,Vdq
            F3 0F D6 | MOVQ2DQ Vdq,Nq
            F2 0F D6 | MOVDQ2Q Pq,Udq
            66 0F D7 | PMOVMSKB Gy,Udq
            66 0F D8 | PSUBUSB Vdq,Wdq
            66 0F D9 | PSUBUSW Vdq,Wdq
            66 0F DA | PMINUB Vdq,Wdq
            66 0F DB | PAND Vdq,Wdq
            66 0F DC | PADDUSB Vdq,Wdq
            66 0F DD | PADDUSW Vdq,Wdq
            66 0F DE | PMAXUB Vdq,Wdq
            66 0F DF | PANDN Vdq,Wdq
            66 0F E0 | PAVGB Vdq,Wdq
            66 0F E1 | PSRAW Vdq,Wdq
            66 0F E2 | PSRAD Vdq,Wdq
            66 0F E3 | PAVGW Vdq,Wdq
            66 0F E4 | PMULHUW Vdq,Wdq
            66 0F E5 | PMULHW Vdq,Wdq
            66 0F E6 | CVTTPD2DQ Vdq,Wdq
            F3 0F E6 | CVTDQ2PD Vdq,Wq
            F2 0F E6 | CVTPD2DQ Vdq,Wdq
            66 0F E7 | MOVNTDQ Mdq,Vdq
            66 0F E8 | PSUBSB Vdq,Wdq
            66 0F E9 | PSUBSW Vdq,Wdq
            66 0F EA | PMINSW Vdq,Wdq
            66 0F EB | POR Vdq,Wdq
            66 0F EC | PADDSB Vdq,Wdq
            66 0F ED | PADDSW Vdq,Wdq
            66 0F EE | PMAXSW Vdq,Wdq
            66 0F EF | PXOR Vdq,Wdq
            66 0F F1 | PSLLW Vdq,Wdq
            66 0F F2 | PSLLD Vdq,Wdq
            66 0F F3 | PSLLQ Vdq,Wdq
            NP 0F F4 | PMULUDQ Pq,Qq
            66 0F F4 | PMULUDQ Vdq,Wdq
            66 0F F5 | PMADDWD Vdq,Wdq
            66 0F F6 | PSADBW Vdq,Wdq
            66 0F F7 | MASKMOVDQU Vdq,Udq
            66 0F F8 | PSUBB Vdq,Wdq
            66 0F F9 | PSUBW Vdq,Wdq
            66 0F FA | PSUBD Vdq,Wdq
            NP 0F FB | PSUBQ Pq,Qq
            66 0F FB | PSUBQ Vdq,Wdq
            66 0F FC | PADDB Vdq,Wdq
            66 0F FD | PADDW Vdq,Wdq
            66 0F FE | PADDD Vdq,Wdq
            """;

    static final String SSE3 = """
            F2 0F F0 | LDDQU Vdq,Mdq
            F3 0F 12 | MOVSLDUP Vdq,Wdq
            F2 0F 12 | MOVDDUP Vdq,Wq
            F3 0F 16 | MOVSHDUP Vdq,Wdq
            66 0F 7C | HADDPD Vdq,Wdq
            F2 0F 7C | HADDPS Vdq,Wdq
            66 0F 7D | HSUBPD Vdq,Wdq
            F2 0F 7D | HSUBPS Vdq,Wdq
            66 0F D0 | ADDSUBPD Vdq,Wdq
            F2 0F D0 | ADDSUBPS Vdq,Wdq
            """;

    static final String SSSE3 = """
            NP 0F 38 00 | PSHUFB Pq,Qq
            66 0F 38 00 | PSHUFB Vdq,Wdq
            NP 0F 38 01 | PHADDW Pq,Qq
            66 0F 38 01 | PHADDW Vdq,Wdq
            NP 0F 38 02 | PHADDD Pq,Qq
            66 0F 38 02 | PHADDD Vdq,Wdq
            NP 0F 38 03 | PHADDSW Pq,Qq
            66 0F 38 03 | PHADDSW Vdq,Wdq
            NP 0F 38 04 | PMADDUBSW Pq,Qq
            66 0F 38 04 | PMADDUBSW Vdq,Wdq
            NP 0F 38 05 | PHSUBW Pq,Qq
            66 0F 38 05 | PHSUBW Vdq,Wdq
            NP 0F 38 06 | PHSUBD Pq,Qq
            66 0F 38 06 | PHSUBD Vdq,Wdq
            NP 0F 38 07 | PHSUBSW Pq,Qq
            66 0F 38 07 | PHSUBSW Vdq,Wdq
            NP 0F 38 08 | PSIGNB Pq,Qq
            66 0F 38 08 | PSIGNB Vdq,Wdq
            NP 0F 38 09 | PSIGNW Pq,Qq
            66 0F 38 09 | PSIGNW Vdq,Wdq
            NP 0F 38 0A | PSIGND Pq,Qq
            66 0F 38 0A | PSIGND Vdq,Wdq
            NP 0F 38 0B | PMULHRSW Pq,Qq
            66 0F 38 0B | PMULHRSW Vdq,Wdq
            NP 0F 38 1C | PABSB Pq,Qq
            66 0F 38 1C | PABSB Vdq,Wdq
            NP 0F 38 1D | PABSW Pq,Qq
            66 0F 38 1D | PABSW Vdq,Wdq
            NP 0F 38 1E | PABSD Pq,Qq
            66 0F 38 1E | PABSD Vdq,Wdq
            NP 0F 3A 0F | PALIGNR Pq,Qq,Iu
            66 0F 3A 0F | PALIGNR Vdq,Wdq,Iu
            """;

    static final String SSE4_1 = """
            66 0F 38 10 | PBLENDVB Vdq,Wdq,XMM0
            66 0F 38 14 | BLENDVPS Vdq,Wdq,XMM0
            66 0F 38 15 | BLENDVPD Vdq,Wdq,XMM0
            66 0F 38 17 | PTEST Vdq,Wdq
            66 0F 38 20 | PMOVSXBW Vdq,Wq
            66 0F 38 21 | PMOVSXBD Vdq,Wd
            66 0F 38 22 | PMOVSXBQ Vdq,Ww
            66 0F 38 23 | PMOVSXWD Vdq,Wq
            66 0F 38 24 | PMOVSXWQ Vdq,Wd
            66 0F 38 25 | PMOVSXDQ Vdq,Wq
            66 0F 38 28 | PMULDQ Vdq,Wdq
            66 0F 38 29 | PCMPEQQ Vdq,Wdq
            66 0F 38 2A | MOVNTDQA Vdq,Mdq
            66 0F 38 2B | PACKUSDW Vdq,Wdq
            66 0F 38 30 | PMOVZXBW Vdq,Wq
            66 0F 38 31 | PMOVZXBD Vdq,Wd
            66 0F 38 32 | PMOVZXBQ Vdq,Ww
            66 0F 38 33 | PMOVZXWD Vdq,Wq
            66 0F 38 34 | PMOVZXWQ Vdq,Wd
            66 0F 38 35 | PMOVZXDQ Vdq,Wq
            66 0F 38 38 | PMINSB Vdq,Wdq
            66 0F 38 39 | PMINSD Vdq,Wdq
            66 0F 38 3A | PMINUW Vdq,Wdq
            66 0F 38 3B | PMINUD Vdq,Wdq
            66 0F 38 3C | PMAXSB Vdq,Wdq
            66 0F 38 3D | PMAXSD Vdq,Wdq
            66 0F 38 3E | PMAXUW Vdq,Wdq
            66 0F 38 3F | PMAXUD Vdq,Wdq
            66 0F 38 40 | PMULLD Vdq,Wdq
            66 0F 38 41 | PHMINPOSUW Vdq,Wdq
            66 0F 3A 08 | ROUNDPS Vdq,Wdq,Iu
            66 0F 3A 09 | ROUNDPD Vdq,Wdq,Iu
            66 0F 3A 0A | ROUNDSS Vdq,Wd,Iu
            66 0F 3A 0B | ROUNDSD Vdq,Wq,Iu
            66 0F 3A 0C | BLENDPS Vdq,Wdq,Iu
            66 0F 3A 0D | BLENDPD Vdq,Wdq,Iu
            66 0F 3A 0E | PBLENDW Vdq,Wdq,Iu
            66 0F 3A 14 | PEXTRB Rd,Vdq,Iu
            66 0F 3A 14 | PEXTRB Mb,Vdq,Iu
            66 0F 3A 15 | PEXTRW Rd,Vdq,Iu
            66 0F 3A 15 | PEXTRW Mw,Vdq,Iu
            66 0F 3A 16 | PEXTRD Ed,Vdq,Iu | W0
            66 0F 3A 16 | PEXTRQ Eq,Vdq,Iu | W1
            66 0F 3A 17 | EXTRACTPS Ed,Vdq,Iu
            66 0F 3A 20 | PINSRB Vdq,Rd,Iu
            66 0F 3A 20 | PINSRB Vdq,Mb,Iu
            66 0F 3A 21 | INSERTPS Vdq,Wd,Iu
            66 0F 3A 22 | PINSRD Vdq,Ed,Iu | W0
            66 0F 3A 22 | PINSRQ Vdq,Eq,Iu | W1
            66 0F 3A 40 | DPPS Vdq,Wdq,Iu
            66 0F 3A 41 | DPPD Vdq,Wdq,Iu
            66 0F 3A 42 | MPSADBW Vdq,Wdq,Iu
            """;

    static final String SSE4_2 = """
            66 0F 38 37 | PCMPGTQ Vdq,Wdq
            66 0F 3A 60 | PCMPESTRM Vdq,Wdq,Iu
            66 0F 3A 61 | PCMPESTRI Vdq,Wdq,Iu
            66 0F 3A 62 | PCMPISTRM Vdq,Wdq,Iu
            66 0F 3A 63 | PCMPISTRI Vdq,Wdq,Iu
            """;

    static final String AES = """
            66 0F 38 DB | AESIMC Vdq,Wdq
            66 0F 38 DC | AESENC Vdq,Wdq
            66 0F 38 DD | AESENCLAST Vdq,Wdq
            66 0F 38 DE | AESDEC Vdq,Wdq
            66 0F 38 DF | AESDECLAST Vdq,Wdq
            66 0F 3A DF | AESKEYGENASSIST Vdq,Wdq,Iu
            """;

    static final String PCLMULQDQ = """
            66 0F 3A 44 | PCLMULQDQ Vdq,Wdq,Iu
            """;

    static final String GFNI = """
            66 0F 38 CF | GF2P8MULB Vdq,Wdq
            66 0F 3A CE | GF2P8AFFINEQB Vdq,Wdq,Iu
            66 0F 3A CF | GF2P8AFFINEINVQB Vdq,Wdq,Iu
            """;

    static final String SHA = """
            NP 0F 38 C8 | SHA1NEXTE Vdq,Wdq
            NP 0F 38 C9 | SHA1MSG1 Vdq,Wdq
            NP 0F 38 CA | SHA1MSG2 Vdq,Wdq
            NP 0F 38 CB | SHA256RNDS2 Vdq,Wdq,XMM0
            NP 0F 38 CC | SHA256MSG1 Vdq,Wdq
            NP 0F 38 CD | SHA256MSG2 Vdq,Wdq
            NP 0F 3A CC | SHA1RNDS4 Vdq,Wdq,Iu
            """;

    private SimdOpcodes() {
    }
}
