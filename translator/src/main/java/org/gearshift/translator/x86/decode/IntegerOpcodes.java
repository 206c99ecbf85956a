package org.gearshift.translator.x86.decode;

/** General-purpose instructions (SDM vol. 2, appendix A, tables ). Notation: {@link OpcodeMaps}. */
final class IntegerOpcodes {
    static final String ARITHMETIC = """
            00 | ADD Eb,Gb | lock
            01 | ADD Ev,Gv | lock
            02 | ADD Gb,Eb
            03 | ADD Gv,Ev
            04 | ADD AL,Ib
            05 | ADD vAX,Iz
            08 | OR Eb,Gb | lock
            09 | OR Ev,Gv | lock
            0A | OR Gb,Eb
            0B | OR Gv,Ev
            0C | OR AL,Ib
            0D | OR vAX,Iz
            10 | ADC Eb,Gb | lock
            11 | ADC Ev,Gv | lock
            12 | ADC Gb,Eb
            13 | ADC Gv,Ev
            14 | ADC AL,Ib
            15 | ADC vAX,Iz
            18 | SBB Eb,Gb | lock
            19 | SBB Ev,Gv | lock
            1A | SBB Gb,Eb
            1B | SBB Gv,Ev
            1C | SBB AL,Ib
            1D | SBB vAX,Iz
            20 | AND Eb,Gb | lock
            21 | AND Ev,Gv | lock
            22 | AND Gb,Eb
            23 | AND Gv,Ev
            24 | AND AL,Ib
            25 | AND vAX,Iz
            28 | SUB Eb,Gb | lock
            29 | SUB Ev,Gv | lock
            2A | SUB Gb,Eb
            2B | SUB Gv,Ev
            2C | SUB AL,Ib
            2D | SUB vAX,Iz
            30 | XOR Eb,Gb | lock
            31 | XOR Ev,Gv | lock
            32 | XOR Gb,Eb
            33 | XOR Gv,Ev
            34 | XOR AL,Ib
            35 | XOR vAX,Iz
            38 | CMP Eb,Gb
            39 | CMP Ev,Gv
            3A | CMP Gb,Eb
            3B | CMP Gv,Ev
            3C | CMP AL,Ib
            3D | CMP vAX,Iz
            27 | DAA | i64
            2F | DAS | i64
            37 | AAA | i64
            3F | AAS | i64
            D4 | AAM Iu | i64
            D5 | AAD Iu | i64
            40+r | INC Zv | i64
            48+r | DEC Zv | i64
            69 | IMUL Gv,Ev,Iz
            6B | IMUL Gv,Ev,Is
            80 /0 | ADD Eb,Ib | lock
            80 /1 | OR Eb,Ib | lock
            80 /2 | ADC Eb,Ib | lock
            80 /3 | SBB Eb,Ib | lock
            80 /4 | AND Eb,Ib | lock
            80 /5 | SUB Eb,Ib | lock
            80 /6 | XOR Eb,Ib | lock
            80 /7 | CMP Eb,Ib
            81 /0 | ADD Ev,Iz | lock
            81 /1 | OR Ev,Iz | lock
            81 /2 | ADC Ev,Iz | lock
            81 /3 | SBB Ev,Iz | lock
            81 /4 | AND Ev,Iz | lock
            81 /5 | SUB Ev,Iz | lock
            81 /6 | XOR Ev,Iz | lock
            81 /7 | CMP Ev,Iz
            82 /0 | ADD Eb,Ib | lock i64
            82 /1 | OR Eb,Ib | lock i64
            82 /2 | ADC Eb,Ib | lock i64
            82 /3 | SBB Eb,Ib | lock i64
            82 /4 | AND Eb,Ib | lock i64
            82 /5 | SUB Eb,Ib | lock i64
            82 /6 | XOR Eb,Ib | lock i64
            82 /7 | CMP Eb,Ib | i64
            83 /0 | ADD Ev,Is | lock
            83 /1 | OR Ev,Is | lock
            83 /2 | ADC Ev,Is | lock
            83 /3 | SBB Ev,Is | lock
            83 /4 | AND Ev,Is | lock
            83 /5 | SUB Ev,Is | lock
            83 /6 | XOR Ev,Is | lock
            83 /7 | CMP Ev,Is
            84 | TEST Eb,Gb
            85 | TEST Ev,Gv
            A8 | TEST AL,Ib
            A9 | TEST vAX,Iz
            F6 /0 | TEST Eb,Ib
            F6 /1 | TEST Eb,Ib
            F6 /2 | NOT Eb | lock
            F6 /3 | NEG Eb | lock
            F6 /4 | MUL Eb
            F6 /5 | IMUL Eb
            F6 /6 | DIV Eb
            F6 /7 | IDIV Eb
            F7 /0 | TEST Ev,Iz
            F7 /1 | TEST Ev,Iz
            F7 /2 | NOT Ev | lock
            F7 /3 | NEG Ev | lock
            F7 /4 | MUL Ev
            F7 /5 | IMUL Ev
            F7 /6 | DIV Ev
            F7 /7 | IDIV Ev
            FE /0 | INC Eb | lock
            FE /1 | DEC Eb | lock
            FF /0 | INC Ev | lock
            FF /1 | DEC Ev | lock
            0F AF | IMUL Gv,Ev
            0F C0 | XADD Eb,Gb | lock
            0F C1 | XADD Ev,Gv | lock
            66 0F 38 F6 | ADCX Gy,Ey | ADX
            F3 0F 38 F6 | ADOX Gy,Ey | ADX
            """;

    static final String SHIFTS_AND_BITS = """
            C0 /0 | ROL Eb,Iu
            C0 /1 | ROR Eb,Iu
            C0 /2 | RCL Eb,Iu
            C0 /3 | RCR Eb,Iu
            C0 /4 | SHL Eb,Iu
            C0 /5 | SHR Eb,Iu
            C0 /6 | SHL Eb,Iu
            C0 /7 | SAR Eb,Iu
            C1 /0 | ROL Ev,Iu
            C1 /1 | ROR Ev,Iu
            C1 /2 | RCL Ev,Iu
            C1 /3 | RCR Ev,Iu
            C1 /4 | SHL Ev,Iu
            C1 /5 | SHR Ev,Iu
            C1 /6 | SHL Ev,Iu
            C1 /7 | SAR Ev,Iu
            D0 /0 | ROL Eb,1
            D0 /1 | ROR Eb,1
            D0 /2 | RCL Eb,1
            D0 /3 | RCR Eb,1
            D0 /4 | SHL Eb,1
            D0 /5 | SHR Eb,1
            D0 /6 | SHL Eb,1
            D0 /7 | SAR Eb,1
            D1 /0 | ROL Ev,1
            D1 /1 | ROR Ev,1
            D1 /2 | RCL Ev,1
            D1 /3 | RCR Ev,1
            D1 /4 | SHL Ev,1
            D1 /5 | SHR Ev,1
            D1 /6 | SHL Ev,1
            D1 /7 | SAR Ev,1
            D2 /0 | ROL Eb,CL
            D2 /1 | ROR Eb,CL
            D2 /2 | RCL Eb,CL
            D2 /3 | RCR Eb,CL
            D2 /4 | SHL Eb,CL
            D2 /5 | SHR Eb,CL
            D2 /6 | SHL Eb,CL
            D2 /7 | SAR Eb,CL
            D3 /0 | ROL Ev,CL
            D3 /1 | ROR Ev,CL
            D3 /2 | RCL Ev,CL
            D3 /3 | RCR Ev,CL
            D3 /4 | SHL Ev,CL
            D3 /5 | SHR Ev,CL
            D3 /6 | SHL Ev,CL
            D3 /7 | SAR Ev,CL
            0F A3 | BT Ev,Gv
            0F A4 | SHLD Ev,Gv,Iu
            0F A5 | SHLD Ev,Gv,CL
            0F AB | BTS Ev,Gv | lock
            0F AC | SHRD Ev,Gv,Iu
            0F AD | SHRD Ev,Gv,CL
            0F B3 | BTR Ev,Gv | lock
            0F BA /4 | BT Ev,Iu
            0F BA /5 | BTS Ev,Iu | lock
            0F BA /6 | BTR Ev,Iu | lock
            0F BA /7 | BTC Ev,Iu | lock
            0F BB | BTC Ev,Gv | lock
            F3 0F B8 | POPCNT Gv,Ev | POPCNT
            0F BC | BSF Gv,Ev
            F3 0F BC | TZCNT Gv,Ev | BMI1
            0F BD | BSR Gv,Ev
            F3 0F BD | LZCNT Gv,Ev | LZCNT
            0F 90+cc | SETCC Eb
            F2 0F 38 F0 | CRC32 Gy,Eb | SSE4_2
            F2 0F 38 F1 | CRC32 Gy,Ev | SSE4_2
            NP VEX 0F 38 F2 | ANDN Gy,By,Ey | L0 BMI1
            NP VEX 0F 38 F3 /1 | BLSR By,Ey | L0 BMI1
            NP VEX 0F 38 F3 /2 | BLSMSK By,Ey | L0 BMI1
            NP VEX 0F 38 F3 /3 | BLSI By,Ey | L0 BMI1
            NP VEX 0F 38 F5 | BZHI Gy,Ey,By | L0 BMI2
            F3 VEX 0F 38 F5 | PEXT Gy,By,Ey | L0 BMI2
            F2 VEX 0F 38 F5 | PDEP Gy,By,Ey | L0 BMI2
            F2 VEX 0F 38 F6 | MULX Gy,By,Ey | L0 BMI2
            NP VEX 0F 38 F7 | BEXTR Gy,Ey,By | L0 BMI1
            66 VEX 0F 38 F7 | SHLX Gy,Ey,By | L0 BMI2
            F3 VEX 0F 38 F7 | SARX Gy,Ey,By | L0 BMI2
            F2 VEX 0F 38 F7 | SHRX Gy,Ey,By | L0 BMI2
            F2 VEX 0F 3A F0 | RORX Gy,Ey,Iu | L0 BMI2
            """;

    static final String TRANSFER = """
            06 | PUSH ES | i64 d64
            07 | POP ES | i64 d64
            0E | PUSH CS | i64 d64
            16 | PUSH SS | i64 d64
            17 | POP SS | i64 d64
            1E | PUSH DS | i64 d64
            1F | POP DS | i64 d64
            50+r | PUSH Zv | d64
            58+r | POP Zv | d64
            60 | PUSHA | i64
            61 | POPA | i64
            63 | MOVSXD Gv,Ez | o64
            68 | PUSH Iz | d64
            6A | PUSH Is | d64
            86 | XCHG Eb,Gb | lock
            87 | XCHG Ev,Gv | lock
            88 | MOV Eb,Gb
            89 | MOV Ev,Gv
            8A | MOV Gb,Eb
            8B | MOV Gv,Ev
            8C | MOV Rv,Sw
            8C | MOV Mw,Sw
            8E | MOV Sw,Ew | nocs
            8D | LEA Gv,M
            8F /0 | POP Ev | d64
            90+r | XCHG Zv,vAX
            98 | CBW
            99 | CWD
            9C | PUSHF | d64
            9D | POPF | d64
            9E | SAHF
            9F | LAHF
            A0 | MOV AL,Ob
            A1 | MOV vAX,Ov
            A2 | MOV Ob,AL
            A3 | MOV Ov,vAX
            A4 | MOVS | rep e8
            A5 | MOVS | rep ev
            A6 | CMPS | repz e8
            A7 | CMPS | repz ev
            AA | STOS | rep e8
            AB | STOS | rep ev
            AC | LODS | rep e8
            AD | LODS | rep ev
            AE | SCAS | repz e8
            AF | SCAS | repz ev
            B0+r | MOV Zb,Ib
            B8+r | MOV Zv,Iv
            C4 | LES Gv,Mp | i64
            C5 | LDS Gv,Mp | i64
            C6 /0 | MOV Eb,Ib
            C7 /0 | MOV Ev,Iz
            D6 | SALC | i64
            D7 | XLAT
            0F 40+cc | CMOVCC Gv,Ev | CMOV
            0F A0 | PUSH FS | d64
            0F A1 | POP FS | d64
            0F A8 | PUSH GS | d64
            0F A9 | POP GS | d64
            0F B0 | CMPXCHG Eb,Gb | lock
            0F B1 | CMPXCHG Ev,Gv | lock
            0F B2 | LSS Gv,Mp
            0F B4 | LFS Gv,Mp
            0F B5 | LGS Gv,Mp
            0F B6 | MOVZX Gv,Eb
            0F B7 | MOVZX Gv,Ew
            0F BE | MOVSX Gv,Eb
            0F BF | MOVSX Gv,Ew
            0F C7 /1 | CMPXCHG8B Mq | lock W0 CX8
            0F C7 /1 | CMPXCHG16B Mdq | lock W1 CX16
            0F C8+r | BSWAP Zv
            NFx 0F 38 F0 | MOVBE Gv,Mv | MOVBE
            NFx 0F 38 F1 | MOVBE Mv,Gv | MOVBE
            66 0F 38 F8 | MOVDIR64B Ga,M
            NP 0F 38 F9 | MOVDIRI My,Gy | MOVDIRI
            """;

    static final String CONTROL = """
            62 | BOUND Gv,Ma | i64
            70+cc | JCC Jb | f64
            9A | CALL_FAR Ap | i64
            C2 | RET Iw | f64
            C3 | RET | f64
            C8 | ENTER Iw,Iu | d64
            C9 | LEAVE | d64
            CA | RET_FAR Iw
            CB | RET_FAR
            CC | INT3
            CD | INT Iu
            CE | INTO | i64
            CF | IRET
            E0 | LOOPNE Jb | f64
            E1 | LOOPE Jb | f64
            E2 | LOOP Jb | f64
            E3 | JCXZ Jb | f64
            E8 | CALL Jz | f64
            E9 | JMP Jz | f64
            EA | JMP_FAR Ap | i64
            EB | JMP Jb | f64
            F1 | INT1
            F5 | CMC
            F8 | CLC
            F9 | STC
            FC | CLD
            FD | STD
            FF /2 | CALL Ev | f64
            FF /3 | CALL_FAR Mp
            FF /4 | JMP Ev | f64
            FF /5 | JMP_FAR Mp
            FF /6 | PUSH Ev | d64
            C6 F8 | XABORT Iu
            C7 F8 | XBEGIN Jz
            0F 0B | UD2
            0F 80+cc | JCC Jz | f64
            0F A2 | CPUID
            0F B9 | UD1 Gv,Ev
            0F FF | UD0 Gv,Ev
            NFx 0F C7 /6 | RDRAND Rv | RDRAND
            NFx 0F C7 /7 | RDSEED Rv | RDSEED
            F3 0F C7 /7 | RDPID Rn | RDPID
            """;

    /** NOPs, hints and what the architecture made of their opcodes since. */
    static final String HINTS = """
            90 | NOP | B0
            F3 90 | PAUSE | B0
            0F 0D | PREFETCH M
            0F 0D | NOP Rv
            0F 0D /1 | PREFETCHW M
            0F 0D /2 | PREFETCHWT1 M
            0F 18 | NOP Ev
            0F 18 /0 | PREFETCHNTA M
            0F 18 /1 | PREFETCHT0 M
            0F 18 /2 | PREFETCHT1 M
            0F 18 /3 | PREFETCHT2 M
            0F 19 | NOP Ev
            0F 1A | NOP Ev
            0F 1B | NOP Ev
            0F 1C | NOP Ev
            NP 0F 1C /0 | CLDEMOTE M
            0F 1D | NOP Ev
            0F 1E | NOP Ev
            F3 0F 1E /1 | RDSSP Ry
            F3 0F 1E FA | ENDBR64
            F3 0F 1E FB | ENDBR32
            0F 1F | NOP Ev
            NP 0F AE /7 | CLFLUSH M | CLFSH
            66 0F AE /7 | CLFLUSHOPT M | CLFLUSHOPT
            66 0F AE /6 | CLWB M | CLWB
            NP 0F AE /5 reg | LFENCE | SSE2
            NP 0F AE /6 reg | MFENCE | SSE2
            NP 0F AE /7 reg | SFENCE | SSE
            66 0F AE /6 | TPAUSE Ry
            F2 0F AE /6 | UMWAIT Ry
            F3 0F AE /6 | UMONITOR Ra
            F3 0F AE /4 | PTWRITE Ey
            NP 0F 01 E8 | SERIALIZE
            """;

    private IntegerOpcodes() {
    }
}
