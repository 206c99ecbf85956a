package org.gearshift.translator.x86.decode;

/**
 * Instructions with a VEX prefix on vector registers: AVX, AVX2, F16C, FMA, and the forms of AES, CLMUL and GFNI (SDM vol. 2, tables ). Those of general
 * registers are with {@link IntegerOpcodes}. Notation: {@link OpcodeMaps}.
 */
final class VexOpcodes {
    static final String FLOAT = """
            NP VEX 0F 14 | VUNPCKLPS Vx,Hx,Wx
            66 VEX 0F 14 | VUNPCKLPD Vx,Hx,Wx
            NP VEX 0F 15 | VUNPCKHPS Vx,Hx,Wx
            66 VEX 0F 15 | VUNPCKHPD Vx,Hx,Wx
            F3 VEX 0F 2A | VCVTSI2SS Vdq,Hdq,Ey
            F2 VEX 0F 2A | VCVTSI2SD Vdq,Hdq,Ey
            F3 VEX 0F 2C | VCVTTSS2SI Gy,Wd
            F2 VEX 0F 2C | VCVTTSD2SI Gy,Wq
            F3 VEX 0F 2D | VCVTSS2SI Gy,Wd
            F2 VEX 0F 2D | VCVTSD2SI Gy,Wq
            NP VEX 0F 2E | VUCOMISS Vdq,Wd
            66 VEX 0F 2E | VUCOMISD Vdq,Wq
            NP VEX 0F 2F | VCOMISS Vdq,Wd
            66 VEX 0F 2F | VCOMISD Vdq,Wq
            NP VEX 0F 50 | VMOVMSKPS Gy,Ux
            66 VEX 0F 50 | VMOVMSKPD Gy,Ux
            NP VEX 0F 51 | VSQRTPS Vx,Wx
            66 VEX 0F 51 | VSQRTPD Vx,Wx
            F3 VEX 0F 51 | VSQRTSS Vdq,Hdq,Wd
            F2 VEX 0F 51 | VSQRTSD Vdq,Hdq,Wq
            NP VEX 0F 52 | VRSQRTPS Vx,Wx
            F3 VEX 0F 52 | VRSQRTSS Vdq,Hdq,Wd
            NP VEX 0F 53 | VRCPPS Vx,Wx
            F3 VEX 0F 53 | VRCPSS Vdq,Hdq,Wd
            NP VEX 0F 54 | VANDPS Vx,Hx,Wx
            66 VEX 0F 54 | VANDPD Vx,Hx,Wx
            NP VEX 0F 55 | VANDNPS Vx,Hx,Wx
            66 VEX 0F 55 | VANDNPD Vx,Hx,Wx
            NP VEX 0F 56 | VORPS Vx,Hx,Wx
            66 VEX 0F 56 | VORPD Vx,Hx,Wx
            NP VEX 0F 57 | VXORPS Vx,Hx,Wx
            66 VEX 0F 57 | VXORPD Vx,Hx,Wx
            NP VEX 0F 58 | VADDPS Vx,Hx,Wx
            66 VEX 0F 58 | VADDPD Vx,Hx,Wx
            F3 VEX 0F 58 | VADDSS Vdq,Hdq,Wd
            F2 VEX 0F 58 | VADDSD Vdq,Hdq,Wq
            NP VEX 0F 59 | VMULPS Vx,Hx,Wx
            66 VEX 0F 59 | VMULPD Vx,Hx,Wx
            F3 VEX 0F 59 | VMULSS Vdq,Hdq,Wd
            F2 VEX 0F 59 | VMULSD Vdq,Hdq,Wq
            NP VEX 0F 5A | VCVTPS2PD Vx,Wxh
            66 VEX 0F 5A | VCVTPD2PS Vdq,Wx
            F3 VEX 0F 5A | VCVTSS2SD Vdq,Hdq,Wd
            F2 VEX 0F 5A | VCVTSD2SS Vdq,Hdq,Wq
            NP VEX 0F 5B | VCVTDQ2PS Vx,Wx
            66 VEX 0F 5B | VCVTPS2DQ Vx,Wx
            F3 VEX 0F 5B | VCVTTPS2DQ Vx,Wx
            NP VEX 0F 5C | VSUBPS Vx,Hx,Wx
            66 VEX 0F 5C | VSUBPD Vx,Hx,Wx
            F3 VEX 0F 5C | VSUBSS Vdq,Hdq,Wd
            F2 VEX 0F 5C | VSUBSD Vdq,Hdq,Wq
            NP VEX 0F 5D | VMINPS Vx,Hx,Wx
            66 VEX 0F 5D | VMINPD Vx,Hx,Wx
            F3 VEX 0F 5D | VMINSS Vdq,Hdq,Wd
            F2 VEX 0F 5D | VMINSD Vdq,Hdq,Wq
            NP VEX 0F 5E | VDIVPS Vx,Hx,Wx
            66 VEX 0F 5E | VDIVPD Vx,Hx,Wx
            F3 VEX 0F 5E | VDIVSS Vdq,Hdq,Wd
            F2 VEX 0F 5E | VDIVSD Vdq,Hdq,Wq
            NP VEX 0F 5F | VMAXPS Vx,Hx,Wx
            66 VEX 0F 5F | VMAXPD Vx,Hx,Wx
            F3 VEX 0F 5F | VMAXSS Vdq,Hdq,Wd
            F2 VEX 0F 5F | VMAXSD Vdq,Hdq,Wq
            66 VEX 0F 7C | VHADDPD Vx,Hx,Wx
            F2 VEX 0F 7C | VHADDPS Vx,Hx,Wx
            66 VEX 0F 7D | VHSUBPD Vx,Hx,Wx
            F2 VEX 0F 7D | VHSUBPS Vx,Hx,Wx
            NP VEX 0F AE /2 | VLDMXCSR Md | L0
            NP VEX 0F AE /3 | VSTMXCSR Md | L0
            NP VEX 0F C2 | VCMPPS Vx,Hx,Wx,Iu
            66 VEX 0F C2 | VCMPPD Vx,Hx,Wx,Iu
            F3 VEX 0F C2 | VCMPSS Vdq,Hdq,Wd,Iu
            F2 VEX 0F C2 | VCMPSD Vdq,Hdq,Wq,Iu
            NP VEX 0F C6 | VSHUFPS Vx,Hx,Wx,Iu
            66 VEX 0F C6 | VSHUFPD Vx,Hx,Wx,Iu
            66 VEX 0F D0 | VADDSUBPD Vx,Hx,Wx
            F2 VEX 0F D0 | VADDSUBPS Vx,Hx,Wx
            66 VEX 0F E6 | VCVTTPD2DQ Vdq,Wx
            F3 VEX 0F E6 | VCVTDQ2PD Vx,Wxh
            F2 VEX 0F E6 | VCVTPD2DQ Vdq,Wx
            66 VEX 0F 38 0C | VPERMILPS Vx,Hx,Wx | W0
            66 VEX 0F 38 0D | VPERMILPD Vx,Hx,Wx | W0
            66 VEX 0F 38 0E | VTESTPS Vx,Wx | W0
            66 VEX 0F 38 0F | VTESTPD Vx,Wx | W0
            66 VEX 0F 38 18 | VBROADCASTSS Vx,Md | W0
            66 VEX 0F 38 18 | VBROADCASTSS Vx,Ud | W0 AVX2
            66 VEX 0F 38 19 | VBROADCASTSD Vqq,Mq | W0 L1
            66 VEX 0F 38 19 | VBROADCASTSD Vqq,Uq | W0 L1 AVX2
            66 VEX 0F 38 1A | VBROADCASTF128 Vqq,Mdq | W0 L1
            66 VEX 0F 38 2C | VMASKMOVPS Vx,Hx,Mx | W0
            66 VEX 0F 38 2D | VMASKMOVPD Vx,Hx,Mx | W0
            66 VEX 0F 38 2E | VMASKMOVPS Mx,Hx,Vx | W0
            66 VEX 0F 38 2F | VMASKMOVPD Mx,Hx,Vx | W0
            66 VEX 0F 3A 04 | VPERMILPS Vx,Wx,Iu | W0
            66 VEX 0F 3A 05 | VPERMILPD Vx,Wx,Iu | W0
            66 VEX 0F 3A 06 | VPERM2F128 Vqq,Hqq,Wqq,Iu | W0 L1
            66 VEX 0F 3A 08 | VROUNDPS Vx,Wx,Iu
            66 VEX 0F 3A 09 | VROUNDPD Vx,Wx,Iu
            66 VEX 0F 3A 0A | VROUNDSS Vdq,Hdq,Wd,Iu
            66 VEX 0F 3A 0B | VROUNDSD Vdq,Hdq,Wq,Iu
            66 VEX 0F 3A 0C | VBLENDPS Vx,Hx,Wx,Iu
            66 VEX 0F 3A 0D | VBLENDPD Vx,Hx,Wx,Iu
            66 VEX 0F 3A 17 | VEXTRACTPS Ed,Vdq,Iu | L0
            66 VEX 0F 3A 18 | VINSERTF128 Vqq,Hqq,Wdq,Iu | W0 L1
            66 VEX 0F 3A 19 | VEXTRACTF128 Wdq,Vqq,Iu | W0 L1
            66 VEX 0F 3A 21 | VINSERTPS Vdq,Hdq,Wd,Iu | L0
            66 VEX 0F 3A 40 | VDPPS Vx,Hx,Wx,Iu
            66 VEX 0F 3A 41 | VDPPD Vdq,Hdq,Wdq,Iu | L0
            66 VEX 0F 3A 4A | VBLENDVPS Vx,Hx,Wx,Lx | W0
            66 VEX 0F 3A 4B | VBLENDVPD Vx,Hx,Wx,Lx | W0
            """;

    static final String MOVES = """
            NP VEX 0F 10 | VMOVUPS Vx,Wx
            66 VEX 0F 10 | VMOVUPD Vx,Wx
            F3 VEX 0F 10 | VMOVSS Vdq,Md
            F3 VEX 0F 10 | VMOVSS Vdq,Hdq,Udq
            F2 VEX 0F 10 | VMOVSD Vdq,Mq
            F2 VEX 0F 10 | VMOVSD Vdq,Hdq,Udq
            NP VEX 0F 11 | VMOVUPS Wx,Vx
            66 VEX 0F 11 | VMOVUPD Wx,Vx
            F3 VEX 0F 11 | VMOVSS Md,Vdq
            F3 VEX 0F 11 | VMOVSS Udq,Hdq,Vdq
            F2 VEX 0F 11 | VMOVSD Mq,Vdq
            F2 VEX 0F 11 | VMOVSD Udq,Hdq,Vdq
            NP VEX 0F 12 | VMOVLPS Vdq,Hdq,Mq | L0
            NP VEX 0F 12 | VMOVHLPS Vdq,Hdq,Udq | L0
            66 VEX 0F 12 | VMOVLPD Vdq,Hdq,Mq | L0
            F3 VEX 0F 12 | VMOVSLDUP Vx,Wx
            F2 VEX 0F 12 | VMOVDDUP Vdq,Wq | L0
            F2 VEX 0F 12 | VMOVDDUP Vqq,Wqq | L1
            NP VEX 0F 13 | VMOVLPS Mq,Vdq | L0
            66 VEX 0F 13 | VMOVLPD Mq,Vdq | L0
            NP VEX 0F 16 | VMOVHPS Vdq,Hdq,Mq | L0
            NP VEX 0F 16 | VMOVLHPS Vdq,Hdq,Udq | L0
            66 VEX 0F 16 | VMOVHPD Vdq,Hdq,Mq | L0
            F3 VEX 0F 16 | VMOVSHDUP Vx,Wx
            NP VEX 0F 17 | VMOVHPS Mq,Vdq | L0
            66 VEX 0F 17 | VMOVHPD Mq,Vdq | L0
            NP VEX 0F 28 | VMOVAPS Vx,Wx
            66 VEX 0F 28 | VMOVAPD Vx,Wx
            NP VEX 0F 29 | VMOVAPS Wx,Vx
            66 VEX 0F 29 | VMOVAPD Wx,Vx
            NP VEX 0F 2B | VMOVNTPS Mx,Vx
            66 VEX 0F 2B | VMOVNTPD Mx,Vx
            66 VEX 0F 6E | VMOVD Vdq,Ed | L0
            66 VEX 0F 6E | VMOVQ Vdq,Eq | W1 L0 o64
            66 VEX 0F 6F | VMOVDQA Vx,Wx
            F3 VEX 0F 6F | VMOVDQU Vx,Wx
            NP VEX 0F 77 | VZEROUPPER | L0
            NP VEX 0F 77 | VZEROALL | L1
            66 VEX 0F 7E | VMOVD Ed,Vdq | L0
            66 VEX 0F 7E | VMOVQ Eq,Vdq | W1 L0 o64
            F3 VEX 0F 7E | VMOVQ Vdq,Wq | L0
            66 VEX 0F 7F | VMOVDQA Wx,Vx
            F3 VEX 0F 7F | VMOVDQU Wx,Vx
            66 VEX 0F D6 | VMOVQ Wq,Vdq | L0
            66 VEX 0F E7 | VMOVNTDQ Mx,Vx
            F2 VEX 0F F0 | VLDDQU Vx,Mx
            """;

    /** With 256 bits these need AVX2. */
    static final String INTEGER = """
            66 VEX 0F 60 | VPUNPCKLBW Vx,Hx,Wx
            66 VEX 0F 61 | VPUNPCKLWD Vx,Hx,Wx
            66 VEX 0F 62 | VPUNPCKLDQ Vx,Hx,Wx
            66 VEX 0F 63 | VPACKSSWB Vx,Hx,Wx
            66 VEX 0F 64 | VPCMPGTB Vx,Hx,Wx
            66 VEX 0F 65 | VPCMPGTW Vx,Hx,Wx
            66 VEX 0F 66 | VPCMPGTD Vx,Hx,Wx
            66 VEX 0F 67 | VPACKUSWB Vx,Hx,Wx
            66 VEX 0F 68 | VPUNPCKHBW Vx,Hx,Wx
            66 VEX 0F 69 | VPUNPCKHWD Vx,Hx,Wx
            66 VEX 0F 6A | VPUNPCKHDQ Vx,Hx,Wx
            66 VEX 0F 6B | VPACKSSDW Vx,Hx,Wx
            66 VEX 0F 6C | VPUNPCKLQDQ Vx,Hx,Wx
            66 VEX 0F 6D | VPUNPCKHQDQ Vx,Hx,Wx
            66 VEX 0F 70 | VPSHUFD Vx,Wx,Iu
            F3 VEX 0F 70 | VPSHUFHW Vx,Wx,Iu
            F2 VEX 0F 70 | VPSHUFLW Vx,Wx,Iu
            66 VEX 0F 71 /2 | VPSRLW Hx,Ux,Iu
            66 VEX 0F 71 /4 | VPSRAW Hx,Ux,Iu
            66 VEX 0F 71 /6 | VPSLLW Hx,Ux,Iu
            66 VEX 0F 72 /2 | VPSRLD Hx,Ux,Iu
            66 VEX 0F 72 /4 | VPSRAD Hx,Ux,Iu
            66 VEX 0F 72 /6 | VPSLLD Hx,Ux,Iu
            66 VEX 0F 73 /2 | VPSRLQ Hx,Ux,Iu
            66 VEX 0F 73 /3 | VPSRLDQ Hx,Ux,Iu
            66 VEX 0F 73 /6 | VPSLLQ Hx,Ux,Iu
            66 VEX 0F 73 /7 | VPSLLDQ Hx,Ux,Iu
            66 VEX 0F 74 | VPCMPEQB Vx,Hx,Wx
            66 VEX 0F 75 | VPCMPEQW Vx,Hx,Wx
            66 VEX 0F 76 | VPCMPEQD Vx,Hx,Wx
            66 VEX 0F C4 | VPINSRW Vdq,Hdq,Rd,Iu | L0
            66 VEX 0F C4 | VPINSRW Vdq,Hdq,Mw,Iu | L0
            66 VEX 0F C5 | VPEXTRW Gd,Udq,Iu | L0
            66 VEX 0F D1 | VPSRLW Vx,Hx,Wdq
            66 VEX 0F D2 | VPSRLD Vx,Hx,Wdq
            66 VEX 0F D3 | VPSRLQ Vx,Hx,Wdq
            66 VEX 0F D4 | VPADDQ Vx,Hx,Wx
            66 VEX 0F D5 | VPMULLW Vx,Hx,Wx
            66 VEX 0F D7 | VPMOVMSKB Gy,Ux
            66 VEX 0F D8 | VPSUBUSB Vx,Hx,Wx
            66 VEX 0F D9 | VPSUBUSW Vx,Hx,Wx
            66 VEX 0F DA | VPMINUB Vx,Hx,Wx
            66 VEX 0F DB | VPAND Vx,Hx,Wx
            66 VEX 0F DC | VPADDUSB Vx,Hx,Wx
            66 VEX 0F DD | VPADDUSW Vx,Hx,Wx
            66 VEX 0F DE | VPMAXUB Vx,Hx,Wx
            66 VEX 0F DF | VPANDN Vx,Hx,Wx
            66 VEX 0F E0 | VPAVGB Vx,Hx,Wx
            66 VEX 0F E1 | VPSRAW Vx,Hx,Wdq
            66 VEX 0F E2 | VPSRAD Vx,Hx,Wdq
            66 VEX 0F E3 | VPAVGW Vx,Hx,Wx
            66 VEX 0F E4 | VPMULHUW Vx,Hx,Wx
            66 VEX 0F E5 | VPMULHW Vx,Hx,Wx
            66 VEX 0F E8 | VPSUBSB Vx,Hx,Wx
            66 VEX 0F E9 | VPSUBSW Vx,Hx,Wx
            66 VEX 0F EA | VPMINSW Vx,Hx,Wx
            66 VEX 0F EB | VPOR Vx,Hx,Wx
            66 VEX 0F EC | VPADDSB Vx,Hx,Wx
            66 VEX 0F ED | VPADDSW Vx,Hx,Wx
            66 VEX 0F EE | VPMAXSW Vx,Hx,Wx
            66 VEX 0F EF | VPXOR Vx,Hx,Wx
            66 VEX 0F F1 | VPSLLW Vx,Hx,Wdq
            66 VEX 0F F2 | VPSLLD Vx,Hx,Wdq
            66 VEX 0F F3 | VPSLLQ Vx,Hx,Wdq
            66 VEX 0F F4 | VPMULUDQ Vx,Hx,Wx
            66 VEX 0F F5 | VPMADDWD Vx,Hx,Wx
            66 VEX 0F F6 | VPSADBW Vx,Hx,Wx
            66 VEX 0F F7 | VMASKMOVDQU Vdq,Udq | L0
            66 VEX 0F F8 | VPSUBB Vx,Hx,Wx
            66 VEX 0F F9 | VPSUBW Vx,Hx,Wx
            66 VEX 0F FA | VPSUBD Vx,Hx,Wx
            66 VEX 0F FB | VPSUBQ Vx,Hx,Wx
            66 VEX 0F FC | VPADDB Vx,Hx,Wx
            66 VEX 0F FD | VPADDW Vx,Hx,Wx
            66 VEX 0F FE | VPADDD Vx,Hx,Wx
            66 VEX 0F 38 00 | VPSHUFB Vx,Hx,Wx
            66 VEX 0F 38 01 | VPHADDW Vx,Hx,Wx
            66 VEX 0F 38 02 | VPHADDD Vx,Hx,Wx
            66 VEX 0F 38 03 | VPHADDSW Vx,Hx,Wx
            66 VEX 0F 38 04 | VPMADDUBSW Vx,Hx,Wx
            66 VEX 0F 38 05 | VPHSUBW Vx,Hx,Wx
            66 VEX 0F 38 06 | VPHSUBD Vx,Hx,Wx
            66 VEX 0F 38 07 | VPHSUBSW Vx,Hx,Wx
            66 VEX 0F 38 08 | VPSIGNB Vx,Hx,Wx
            66 VEX 0F 38 09 | VPSIGNW Vx,Hx,Wx
            66 VEX 0F 38 0A | VPSIGND Vx,Hx,Wx
            66 VEX 0F 38 0B | VPMULHRSW Vx,Hx,Wx
            66 VEX 0F 38 17 | VPTEST Vx,Wx | AVX
            66 VEX 0F 38 1C | VPABSB Vx,Wx
            66 VEX 0F 38 1D | VPABSW Vx,Wx
            66 VEX 0F 38 1E | VPABSD Vx,Wx
            66 VEX 0F 38 20 | VPMOVSXBW Vx,Wxh
            66 VEX 0F 38 21 | VPMOVSXBD Vx,Wxq
            66 VEX 0F 38 22 | VPMOVSXBQ Vx,Wxe
            66 VEX 0F 38 23 | VPMOVSXWD Vx,Wxh
            66 VEX 0F 38 24 | VPMOVSXWQ Vx,Wxq
            66 VEX 0F 38 25 | VPMOVSXDQ Vx,Wxh
            66 VEX 0F 38 28 | VPMULDQ Vx,Hx,Wx
            66 VEX 0F 38 29 | VPCMPEQQ Vx,Hx,Wx
            66 VEX 0F 38 2A | VMOVNTDQA Vx,Mx
            66 VEX 0F 38 2B | VPACKUSDW Vx,Hx,Wx
            66 VEX 0F 38 30 | VPMOVZXBW Vx,Wxh
            66 VEX 0F 38 31 | VPMOVZXBD Vx,Wxq
            66 VEX 0F 38 32 | VPMOVZXBQ Vx,Wxe
            66 VEX 0F 38 33 | VPMOVZXWD Vx,Wxh
            66 VEX 0F 38 34 | VPMOVZXWQ Vx,Wxq
            66 VEX 0F 38 35 | VPMOVZXDQ Vx,Wxh
            66 VEX 0F 38 37 | VPCMPGTQ Vx,Hx,Wx
            66 VEX 0F 38 38 | VPMINSB Vx,Hx,Wx
            66 VEX 0F 38 39 | VPMINSD Vx,Hx,Wx
            66 VEX 0F 38 3A | VPMINUW Vx,Hx,Wx
            66 VEX 0F 38 3B | VPMINUD Vx,Hx,Wx
            66 VEX 0F 38 3C | VPMAXSB Vx,Hx,Wx
            66 VEX 0F 38 3D | VPMAXSD Vx,Hx,Wx
            66 VEX 0F 38 3E | VPMAXUW Vx,Hx,Wx
            66 VEX 0F 38 3F | VPMAXUD Vx,Hx,Wx
            66 VEX 0F 38 40 | VPMULLD Vx,Hx,Wx
            66 VEX 0F 38 41 | VPHMINPOSUW Vdq,Wdq | L0
            66 VEX 0F 3A 0E | VPBLENDW Vx,Hx,Wx,Iu
            66 VEX 0F 3A 0F | VPALIGNR Vx,Hx,Wx,Iu
            66 VEX 0F 3A 14 | VPEXTRB Rd,Vdq,Iu | L0
            66 VEX 0F 3A 14 | VPEXTRB Mb,Vdq,Iu | L0
            66 VEX 0F 3A 15 | VPEXTRW Rd,Vdq,Iu | L0
            66 VEX 0F 3A 15 | VPEXTRW Mw,Vdq,Iu | L0
            66 VEX 0F 3A 16 | VPEXTRD Ed,Vdq,Iu | L0
            66 VEX 0F 3A 16 | VPEXTRQ Eq,Vdq,Iu | W1 o64 L0
            66 VEX 0F 3A 20 | VPINSRB Vdq,Hdq,Rd,Iu | L0
            66 VEX 0F 3A 20 | VPINSRB Vdq,Hdq,Mb,Iu | L0
            66 VEX 0F 3A 22 | VPINSRD Vdq,Hdq,Ed,Iu | L0
            66 VEX 0F 3A 22 | VPINSRQ Vdq,Hdq,Eq,Iu | W1 o64 L0
            66 VEX 0F 3A 42 | VMPSADBW Vx,Hx,Wx,Iu
            66 VEX 0F 3A 4C | VPBLENDVB Vx,Hx,Wx,Lx | W0
            66 VEX 0F 3A 60 | VPCMPESTRM Vdq,Wdq,Iu | L0
            66 VEX 0F 3A 61 | VPCMPESTRI Vdq,Wdq,Iu | L0
            66 VEX 0F 3A 62 | VPCMPISTRM Vdq,Wdq,Iu | L0
            66 VEX 0F 3A 63 | VPCMPISTRI Vdq,Wdq,Iu | L0
            """;

    static final String AVX2 = """
            66 VEX 0F 38 16 | VPERMPS Vqq,Hqq,Wqq | W0 L1
            66 VEX 0F 38 36 | VPERMD Vqq,Hqq,Wqq | W0 L1
            66 VEX 0F 38 45 | VPSRLVD Vx,Hx,Wx | W0
            66 VEX 0F 38 45 | VPSRLVQ Vx,Hx,Wx | W1
            66 VEX 0F 38 46 | VPSRAVD Vx,Hx,Wx | W0
            66 VEX 0F 38 47 | VPSLLVD Vx,Hx,Wx | W0
            66 VEX 0F 38 47 | VPSLLVQ Vx,Hx,Wx | W1
            66 VEX 0F 38 58 | VPBROADCASTD Vx,Wd | W0
            66 VEX 0F 38 59 | VPBROADCASTQ Vx,Wq | W0
            66 VEX 0F 38 5A | VBROADCASTI128 Vqq,Mdq | W0 L1
            66 VEX 0F 38 78 | VPBROADCASTB Vx,Wb | W0
            66 VEX 0F 38 79 | VPBROADCASTW Vx,Ww | W0
            66 VEX 0F 38 8C | VPMASKMOVD Vx,Hx,Mx | W0
            66 VEX 0F 38 8C | VPMASKMOVQ Vx,Hx,Mx | W1
            66 VEX 0F 38 8E | VPMASKMOVD Mx,Hx,Vx | W0
            66 VEX 0F 38 8E | VPMASKMOVQ Mx,Hx,Vx | W1
            66 VEX 0F 38 90 | VPGATHERDD Vx,Xx,Hx | W0
            66 VEX 0F 38 90 | VPGATHERDQ Vx,Xdq,Hx | W1
            66 VEX 0F 38 91 | VPGATHERQD Vdq,Xx,Hdq | W0
            66 VEX 0F 38 91 | VPGATHERQQ Vx,Xx,Hx | W1
            66 VEX 0F 38 92 | VGATHERDPS Vx,Xx,Hx | W0
            66 VEX 0F 38 92 | VGATHERDPD Vx,Xdq,Hx | W1
            66 VEX 0F 38 93 | VGATHERQPS Vdq,Xx,Hdq | W0
            66 VEX 0F 38 93 | VGATHERQPD Vx,Xx,Hx | W1
            66 VEX 0F 3A 00 | VPERMQ Vqq,Wqq,Iu | W1 L1
            66 VEX 0F 3A 01 | VPERMPD Vqq,Wqq,Iu | W1 L1
            66 VEX 0F 3A 02 | VPBLENDD Vx,Hx,Wx,Iu | W0
            66 VEX 0F 3A 38 | VINSERTI128 Vqq,Hqq,Wdq,Iu | W0 L1
            66 VEX 0F 3A 39 | VEXTRACTI128 Wdq,Vqq,Iu | W0 L1
            66 VEX 0F 3A 46 | VPERM2I128 Vqq,Hqq,Wqq,Iu | W0 L1
            """;

    static final String F16C = """
            66 VEX 0F 38 13 | VCVTPH2PS Vx,Wxh | W0
            66 VEX 0F 3A 1D | VCVTPS2PH Wxh,Vx,Iu | W0
            """;

    static final String FMA = """
            66 VEX 0F 38 96 | VFMADDSUB132PS Vx,Hx,Wx | W0
            66 VEX 0F 38 96 | VFMADDSUB132PD Vx,Hx,Wx | W1
            66 VEX 0F 38 97 | VFMSUBADD132PS Vx,Hx,Wx | W0
            66 VEX 0F 38 97 | VFMSUBADD132PD Vx,Hx,Wx | W1
            66 VEX 0F 38 98 | VFMADD132PS Vx,Hx,Wx | W0
            66 VEX 0F 38 98 | VFMADD132PD Vx,Hx,Wx | W1
            66 VEX 0F 38 99 | VFMADD132SS Vdq,Hdq,Wd | W0
            66 VEX 0F 38 99 | VFMADD132SD Vdq,Hdq,Wq | W1
            66 VEX 0F 38 9A | VFMSUB132PS Vx,Hx,Wx | W0
            66 VEX 0F 38 9A | VFMSUB132PD Vx,Hx,Wx | W1
            66 VEX 0F 38 9B | VFMSUB132SS Vdq,Hdq,Wd | W0
            66 VEX 0F 38 9B | VFMSUB132SD Vdq,Hdq,Wq | W1
            66 VEX 0F 38 9C | VFNMADD132PS Vx,Hx,Wx | W0
            66 VEX 0F 38 9C | VFNMADD132PD Vx,Hx,Wx | W1
            66 VEX 0F 38 9D | VFNMADD132SS Vdq,Hdq,Wd | W0
            66 VEX 0F 38 9D | VFNMADD132SD Vdq,Hdq,Wq | W1
            66 VEX 0F 38 9E | VFNMSUB132PS Vx,Hx,Wx | W0
            66 VEX 0F 38 9E | VFNMSUB132PD Vx,Hx,Wx | W1
            66 VEX 0F 38 9F | VFNMSUB132SS Vdq,Hdq,Wd | W0
            66 VEX 0F 38 9F | VFNMSUB132SD Vdq,Hdq,Wq | W1
            66 VEX 0F 38 A6 | VFMADDSUB213PS Vx,Hx,Wx | W0
            66 VEX 0F 38 A6 | VFMADDSUB213PD Vx,Hx,Wx | W1
            66 VEX 0F 38 A7 | VFMSUBADD213PS Vx,Hx,Wx | W0
            66 VEX 0F 38 A7 | VFMSUBADD213PD Vx,Hx,Wx | W1
            66 VEX 0F 38 A8 | VFMADD213PS Vx,Hx,Wx | W0
            66 VEX 0F 38 A8 | VFMADD213PD Vx,Hx,Wx | W1
            66 VEX 0F 38 A9 | VFMADD213SS Vdq,Hdq,Wd | W0
            66 VEX 0F 38 A9 | VFMADD213SD Vdq,Hdq,Wq | W1
            66 VEX 0F 38 AA | VFMSUB213PS Vx,Hx,Wx | W0
            66 VEX 0F 38 AA | VFMSUB213PD Vx,Hx,Wx | W1
            66 VEX 0F 38 AB | VFMSUB213SS Vdq,Hdq,Wd | W0
            66 VEX 0F 38 AB | VFMSUB213SD Vdq,Hdq,Wq | W1
            66 VEX 0F 38 AC | VFNMADD213PS Vx,Hx,Wx | W0
            66 VEX 0F 38 AC | VFNMADD213PD Vx,Hx,Wx | W1
            66 VEX 0F 38 AD | VFNMADD213SS Vdq,Hdq,Wd | W0
            66 VEX 0F 38 AD | VFNMADD213SD Vdq,Hdq,Wq | W1
            66 VEX 0F 38 AE | VFNMSUB213PS Vx,Hx,Wx | W0
            66 VEX 0F 38 AE | VFNMSUB213PD Vx,Hx,Wx | W1
            66 VEX 0F 38 AF | VFNMSUB213SS Vdq,Hdq,Wd | W0
            66 VEX 0F 38 AF | VFNMSUB213SD Vdq,Hdq,Wq | W1
            66 VEX 0F 38 B6 | VFMADDSUB231PS Vx,Hx,Wx | W0
            66 VEX 0F 38 B6 | VFMADDSUB231PD Vx,Hx,Wx | W1
            66 VEX 0F 38 B7 | VFMSUBADD231PS Vx,Hx,Wx | W0
            66 VEX 0F 38 B7 | VFMSUBADD231PD Vx,Hx,Wx | W1
            66 VEX 0F 38 B8 | VFMADD231PS Vx,Hx,Wx | W0
            66 VEX 0F 38 B8 | VFMADD231PD Vx,Hx,Wx | W1
            66 VEX 0F 38 B9 | VFMADD231SS Vdq,Hdq,Wd | W0
            66 VEX 0F 38 B9 | VFMADD231SD Vdq,Hdq,Wq | W1
            66 VEX 0F 38 BA | VFMSUB231PS Vx,Hx,Wx | W0
            66 VEX 0F 38 BA | VFMSUB231PD Vx,Hx,Wx | W1
            66 VEX 0F 38 BB | VFMSUB231SS Vdq,Hdq,Wd | W0
            66 VEX 0F 38 BB | VFMSUB231SD Vdq,Hdq,Wq | W1
            66 VEX 0F 38 BC | VFNMADD231PS Vx,Hx,Wx | W0
            66 VEX 0F 38 BC | VFNMADD231PD Vx,Hx,Wx | W1
            66 VEX 0F 38 BD | VFNMADD231SS Vdq,Hdq,Wd | W0
            66 VEX 0F 38 BD | VFNMADD231SD Vdq,Hdq,Wq | W1
            66 VEX 0F 38 BE | VFNMSUB231PS Vx,Hx,Wx | W0
            66 VEX 0F 38 BE | VFNMSUB231PD Vx,Hx,Wx | W1
            66 VEX 0F 38 BF | VFNMSUB231SS Vdq,Hdq,Wd | W0
            66 VEX 0F 38 BF | VFNMSUB231SD Vdq,Hdq,Wq | W1
            """;

    /** With 256 bits these need VAES. */
    static final String AES = """
            66 VEX 0F 38 DB | VAESIMC Vdq,Wdq | L0
            66 VEX 0F 38 DC | VAESENC Vx,Hx,Wx
            66 VEX 0F 38 DD | VAESENCLAST Vx,Hx,Wx
            66 VEX 0F 38 DE | VAESDEC Vx,Hx,Wx
            66 VEX 0F 38 DF | VAESDECLAST Vx,Hx,Wx
            66 VEX 0F 3A DF | VAESKEYGENASSIST Vdq,Wdq,Iu | L0
            """;

    /** With 256 bits VPCLMULQDQ is needed. */
    static final String PCLMULQDQ = """
            66 VEX 0F 3A 44 | VPCLMULQDQ Vx,Hx,Wx,Iu
            """;

    static final String GFNI = """
            66 VEX 0F 38 CF | VGF2P8MULB Vx,Hx,Wx | W0
            66 VEX 0F 3A CE | VGF2P8AFFINEQB Vx,Hx,Wx,Iu | W1
            66 VEX 0F 3A CF | VGF2P8AFFINEINVQB Vx,Hx,Wx,Iu | W1
            """;

    private VexOpcodes() {
    }
}
