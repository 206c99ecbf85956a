/* What Xen's tools want to know besides the notes of ../kernel/xen/boot.S. */
        .section .note.Xen, "a"
        .macro text type, value
        .long 4, 2f - 1f, \type
        .asciz "Xen"
1:      .asciz "\value"
2:      .balign 4
        .endm
        text 5, "xen-3.0"       /* XEN_VERSION */
        text 6, "gearshift"     /* GUEST_OS */
        text 8, "generic"       /* LOADER */
        .section .note.GNU-stack, "", @progbits
