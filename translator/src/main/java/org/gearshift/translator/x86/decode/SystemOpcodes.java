package org.gearshift.translator.x86.decode;

/** System instructions, ports, extended state and virtualization (SDM vol. 2, tables; vol. 3). Notation: {@link OpcodeMaps}. */
final class SystemOpcodes {
    static final String PORTS_AND_FLAGS = """
            6C | INS | rep e8
            6D | INS | rep ez
            6E | OUTS | rep e8
            6F | OUTS | rep ez
            E4 | IN AL,Iu
            E5 | IN zAX,Iu
            E6 | OUT Iu,AL
            E7 | OUT Iu,zAX
            EC | IN AL,DX
            ED | IN zAX,DX
            EE | OUT DX,AL
            EF | OUT DX,zAX
            F4 | HLT
            FA | CLI
            FB | STI
            """;

    static final String SYSTEM = """
            63 | ARPL Ew,Gw | i64
            0F 00 /0 | SLDT Rv
            0F 00 /0 | SLDT Mw
            0F 00 /1 | STR Rv
            0F 00 /1 | STR Mw
            0F 00 /2 | LLDT Ew
            0F 00 /3 | LTR Ew
            0F 00 /4 | VERR Ew
            0F 00 /5 | VERW Ew
            0F 01 /0 | SGDT Ms | f64
            0F 01 /1 | SIDT Ms | f64
            0F 01 /2 | LGDT Ms | f64
            0F 01 /3 | LIDT Ms | f64
            0F 01 /4 | SMSW Rv
            0F 01 /4 | SMSW Mw
            0F 01 /6 | LMSW Ew
            0F 01 /7 | INVLPG M
            NP 0F 01 C8 | MONITOR | MONITOR
            NP 0F 01 C9 | MWAIT | MONITOR
            NP 0F 01 CA | CLAC
            NP 0F 01 CB | STAC
            NP 0F 01 D0 | XGETBV | XSAVE
            NP 0F 01 D1 | XSETBV | XSAVE
            NP 0F 01 EE | RDPKRU
            NP 0F 01 EF | WRPKRU
            0F 01 F8 | SWAPGS | o64
            0F 01 F9 | RDTSCP | RDTSCP
            NP 0F 01 FA | MONITORX
            NP 0F 01 FB | MWAITX
            NFx 0F 01 FC | CLZERO
            0F 02 | LAR Gv,Ew
            0F 03 | LSL Gv,Ew
            0F 05 | SYSCALL | o64 SYSCALL
            0F 06 | CLTS
            0F 07 | SYSRET | o64 SYSCALL
            0F 08 | INVD
            0F 09 | WBINVD
            F3 0F 09 | WBNOINVD
            0F 20 | MOV Rn,Cn | mod3 f64
            0F 21 | MOV Rn,Dn | mod3 f64
            0F 22 | MOV Cn,Rn | mod3 f64
            0F 23 | MOV Dn,Rn | mod3 f64
            0F 30 | WRMSR | MSR
            0F 31 | RDTSC | TSC
            0F 32 | RDMSR | MSR
            0F 33 | RDPMC
            0F 34 | SYSENTER | SEP
            0F 35 | SYSEXIT | SEP
            0F 37 | GETSEC
            0F AA | RSM
            66 0F 38 82 | INVPCID Gn,Mdq | INVPCID
            """;

    static final String EXTENDED_STATE = """
            NP 0F AE /0 | FXSAVE M | FXSR
            NP 0F AE /1 | FXRSTOR M | FXSR
            NP 0F AE /2 | LDMXCSR Md | SSE
            NP 0F AE /3 | STMXCSR Md | SSE
            NP 0F AE /4 | XSAVE M | XSAVE
            NP 0F AE /5 | XRSTOR M | XSAVE
            NP 0F AE /6 | XSAVEOPT M | XSAVEOPT
            NP 0F C7 /3 | XRSTORS M
            NP 0F C7 /4 | XSAVEC M | XSAVEC
            NP 0F C7 /5 | XSAVES M
            F3 0F AE /0 | RDFSBASE Ry | o64 FSGSBASE
            F3 0F AE /1 | RDGSBASE Ry | o64 FSGSBASE
            F3 0F AE /2 | WRFSBASE Ry | o64 FSGSBASE
            F3 0F AE /3 | WRGSBASE Ry | o64 FSGSBASE
            """;

    static final String VIRTUALIZATION = """
            NP 0F 01 C0 | ENCLV
            NP 0F 01 C1 | VMCALL
            NP 0F 01 C2 | VMLAUNCH
            NP 0F 01 C3 | VMRESUME
            NP 0F 01 C4 | VMXOFF
            NP 0F 01 C5 | PCONFIG
            NP 0F 01 CF | ENCLS
            NP 0F 01 D4 | VMFUNC
            NP 0F 01 D5 | XEND
            NP 0F 01 D6 | XTEST
            NP 0F 01 D7 | ENCLU
            0F 01 D8 | VMRUN
            0F 01 D9 | VMMCALL
            0F 01 DA | VMLOAD
            0F 01 DB | VMSAVE
            0F 01 DC | STGI
            0F 01 DD | CLGI
            0F 01 DE | SKINIT
            0F 01 DF | INVLPGA
            NP 0F 78 | VMREAD En,Gn | f64
            NP 0F 79 | VMWRITE Gn,En | f64
            NP 0F C7 /6 | VMPTRLD Mq
            66 0F C7 /6 | VMCLEAR Mq
            F3 0F C7 /6 | VMXON Mq
            NP 0F C7 /7 | VMPTRST Mq
            66 0F 38 80 | INVEPT Gn,Mdq
            66 0F 38 81 | INVVPID Gn,Mdq
            F3 0F 01 /5 | RSTORSSP Mq
            F3 0F 01 E8 | SETSSBSY
            F3 0F 01 EA | SAVEPREVSSP
            F3 0F AE /5 | INCSSP Ry
            F3 0F AE /6 | CLRSSBSY Mq
            66 0F 38 F5 | WRUSS My,Gy
            NP 0F 38 F6 | WRSS My,Gy
            """;

    private SystemOpcodes() {
    }
}
