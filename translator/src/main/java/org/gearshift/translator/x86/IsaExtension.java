package org.gearshift.translator.x86;

/**
 * Parts of the instruction set that a processor may lack, by the names of their CPUID feature flags (SDM vol. 2, the column of each instruction's table; vol. 1,
 * chapters 5 and 21). An instruction of a part that is not there raises #UD, unless its bytes meant something else before.
 */
public enum IsaExtension {
    /** What every processor has: the 486's instructions, and those whose support the monitor decides when they are executed. */
    BASE,
    TSC, MSR, CX8, SEP, CMOV, CLFSH, MMX, FXSR, SSE, SSE2,
    SSE3, PCLMULQDQ, MONITOR, SSSE3, FMA, CX16, SSE4_1, SSE4_2, MOVBE, POPCNT, AES, XSAVE, AVX, F16C, RDRAND,
    FSGSBASE, BMI1, AVX2, BMI2, INVPCID, RDSEED, ADX, CLFLUSHOPT, CLWB, SHA, RDPID, GFNI, VAES, VPCLMULQDQ, MOVDIRI,
    XSAVEOPT, XSAVEC, SYSCALL, RDTSCP, LZCNT
}
