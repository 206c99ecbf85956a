/* Xen notes, entry, trap stubs and the way back from them. */
        .section .note.Xen, "a"
        .macro note type, value
        .long 4, 4, \type
        .asciz "Xen"
        .long \value
        .endm
        note 1, _start          /* ENTRY */
        note 3, 0               /* VIRT_BASE */
        note 4, 0               /* PADDR_OFFSET */
        .long 4, 4, 9           /* PAE_MODE */
        .asciz "Xen"
        .asciz "yes"

        .text
        .globl _start
_start: cld
        movl $boot_stack_top, %esp
        pushl %esi              /* start_info */
        pushl (%esi)            /* its first four characters stand for the boot protocol's number */
        call kernel_main
1:      jmp 1b

/* The hypervisor's frame: the error code if there is one, eip, cs, eflags, and from user mode esp, ss. */
        .macro stub number, error
        .globl stub\number
stub\number:
        .if \error == 0
        pushl $0
        .endif
        pushl $\number
        jmp common
        .endm

        stub 0 0
        stub 6 0
        stub 13 1
        stub 14 1
        stub 32 0
        stub 48 0
        stub 128 0

/* Builds struct frame (machine.h), calls trap(frame), and returns through the frame that it gives back: a context switch is another frame. */
common: pushal
        pushl %ds
        pushl %es
        movl $0xe021, %eax
        movl %eax, %ds
        movl %eax, %es
        cld
        pushl %esp
        call trap
        movl %eax, %esp
leave_kernel:
        popl %es
        popl %ds
        popal
        addl $8, %esp
        pushl %eax
        movl $23, %eax          /* iret */
        int $0x82

/* enter_frame(frame): continues at a frame. */
        .globl enter_frame
enter_frame:
        movl 4(%esp), %esp
        jmp leave_kernel

        .bss
        .align 16
        .skip 16384
        .globl boot_stack_top
boot_stack_top:
        .section .note.GNU-stack, "", @progbits
