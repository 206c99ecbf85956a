/* What is executed where something other than an exception handler is to be reached; any ring. */
        .section .snippets, "ax"
        .globl landing_place
landing_place:
        int $0x30

        .section .low, "awx"
        .globl low_landing
low_landing:
        int $0x30
        .section .note.GNU-stack, "", @progbits
