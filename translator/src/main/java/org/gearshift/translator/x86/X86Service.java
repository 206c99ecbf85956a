package org.gearshift.translator.x86;

/**
 * What privileged and other sensitive instructions ask of the monitor: the number of an IR {@code vmcall} is the ordinal here.
 * Arguments are listed in order; I32 values arrive sign-extended. {@code next} is the pc after the instruction. A service checks
 * privilege and raises faults itself. Services marked <b>[exit]</b> set the pc slot themselves and the block ends with
 * EXIT_TO_STATE; after those marked <b>[ends]</b> the lifter ends the block with EXIT next, since mode, mapping or interrupt state
 * may have changed; the others return into the block.
 */
public enum X86Service {
    /** (vector, errorCode or -1): raises a fault at the current instruction. */
    RAISE,
    /** (mnemonic ordinal): #UD for an instruction the decoder knows and this processor does not have; logged once a mnemonic. */
    UNIMPLEMENTED,
    /** [exit] (kind, vector, next): software interrupt; kind 0 INT n, 1 INT3, 2 INTO (vector 4 if OF is set; vector 0: nothing but going on at next), 3 INT1. */
    INTERRUPT,
    /** [exit] (operandBits, length of the instruction): IRET. */
    IRET,
    /** [exit] (selector, offset, operandBits &lt;&lt; 32 | length of the instruction): far JMP. */
    FAR_JUMP,
    /** [exit] (selector, offset, operandBits &lt;&lt; 32 | length of the instruction): far CALL. */
    FAR_CALL,
    /** [exit] (operandBits, bytes): far RET, releasing bytes of parameters. */
    FAR_RETURN,
    /** [exit] (next): SYSENTER. */
    SYSENTER,
    /** [exit] (operandBits): SYSEXIT. */
    SYSEXIT,
    /** [exit] (next): SYSCALL. */
    SYSCALL,
    /** [exit] (operandBits): SYSRET. */
    SYSRET,
    /** [exit] (next): HLT; the vCPU is left waiting. */
    HLT,
    /** (segment number, selector): MOV/POP/Lxx to a segment register. Gives 1 if that has changed the mode, else 0. */
    LOAD_SEGMENT,
    /** [ends] (selector): LLDT, LTR. */
    LLDT,
    LTR,
    /** (): SLDT, STR value; (linear address is not passed: the lifter stores the result itself). Raises #UD outside protected mode. */
    SLDT,
    STR,
    /** [ends] (linear base, limit): LGDT, LIDT. CPL is checked by {@link #REQUIRE_CPL0} before the operand is read. */
    LGDT,
    LIDT,
    /** (): #GP(0) unless CPL is 0. */
    REQUIRE_CPL0,
    /** (): #GP(0) if CR4.UMIP and CPL is not 0. */
    REQUIRE_NO_UMIP,
    /** [ends] (register number, value); number 0, 2, 3, 4, 8. */
    WRITE_CR,
    /** (register number) -> value. */
    READ_CR,
    /** [ends] (register number, value). */
    WRITE_DR,
    /** (register number) -> value. */
    READ_DR,
    /** [ends] (): CLTS. */
    CLTS,
    /** [ends] (value): LMSW. */
    LMSW,
    /** (): SMSW -> CR0. */
    SMSW,
    /** [ends] (linear address). */
    INVLPG,
    /** [ends] (type, low and high half of the descriptor): INVPCID. */
    INVPCID,
    /** [ends] (): INVD (0), WBINVD (1) as first argument. */
    CACHE_CONTROL,
    /** [ends] (port, bits): -> value zero-extended. I/O permission is checked by the service. */
    IN,
    /** [ends] (port, value, bits). */
    OUT,
    /**
     * [ends] one step of INS: (port is DX) (bits, addressBits, next or 0): performs one element, with segment, permission and memory checks,
     * and updates (E)DI; with the second argument's bit 16 set (REP) also (E)CX, and stays at this pc while (E)CX is not 0. Sets the pc slot itself.
     */
    INS,
    /** [exit] the same for OUTS; bits 8..10 of the first argument hold the source segment number. INS and OUTS both end with EXIT_TO_STATE. */
    OUTS,
    /** (): CPUID on EAX, ECX into EAX, EBX, ECX, EDX. */
    CPUID,
    /** (): -> time-stamp counter; #GP by CR4.TSD. */
    RDTSC,
    /** (): RDTSCP -> counter; ECX is set by the service. */
    RDTSCP,
    /** (): -> counter ECX. */
    RDPMC,
    /** [ends] (): RDMSR into EDX:EAX, WRMSR from them, number in ECX. */
    RDMSR,
    WRMSR,
    /** (components in use): XGETBV -> the register that ECX numbers; [ends] (): XSETBV. */
    XGETBV,
    XSETBV,
    /** [ends] (): CLI or STI where CPL &gt; IOPL, or in V86 mode: virtual interrupt flag or #GP. Argument 1 for STI. */
    CLI_STI,
    /** (operandBits) -> EFLAGS image to push: PUSHF in V86 mode with IOPL &lt; 3. */
    PUSHF_V86,
    /** [ends] (value, operandBits): POPF, any mode. */
    POPF,
    /** (kind, selector) -> value: kind 0 LAR (access rights), 1 LSL (limit); bit 32 of the result set if the descriptor is accessible. */
    LAR_LSL,
    /** (kind, selector) -> 1 or 0: kind 0 VERR, 1 VERW. */
    VERR_VERW,
    /** [ends] (linear address): MONITOR. */
    MONITOR,
    /** [exit] (next): MWAIT. */
    MWAIT,
    /** [ends] (): SWAPGS. */
    SWAPGS,
    /** (kind): RDFSBASE 0, RDGSBASE 1 -> value; #UD by CR4.FSGSBASE. */
    READ_SEGMENT_BASE,
    /** [ends] (kind, value): WRFSBASE 0, WRGSBASE 1. */
    WRITE_SEGMENT_BASE,
    /** (operand bits): -> a random value, of which so many lower bits are used. RDRAND and RDSEED; there always is one. */
    RDRAND,
    /** [ends] (next): PAUSE in a spin loop. */
    PAUSE,
    /** (vector): x87 error reporting: an unmasked exception is pending before a waiting instruction. Returns if it is to be ignored. */
    X87_ERROR,
    /** (linear address, bytes): CLFLUSH and friends with a checked address. */
    CACHE_LINE,
    /** [exit] (next): VMCALL, VMMCALL and other instructions of a hypervisor. */
    HYPERCALL,
    /** [ends] (): CLAC, or STAC as first argument 1. */
    CLAC_STAC,
    /** (): an x87 exception is no longer pending; only where CR0.NE is clear. */
    X87_ERROR_GONE;

    private static final X86Service[] ALL = values();

    /** The service of a vmcall number. */
    public static X86Service of(int number) {
        return ALL[number];
    }
}
