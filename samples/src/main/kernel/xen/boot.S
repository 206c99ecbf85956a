/* Xen notes, entry, trap stubs and the way back from them. */
        .section .note.Xen, "a"
        .macro note type, value
        .long 4, 8, \type
        .asciz "Xen"
        .quad \value
        .endm
        note 1, _start          /* ENTRY */
        note 3, 0               /* VIRT_BASE */
        note 4, 0               /* PADDR_OFFSET */

        .text
        .globl _start
_start: cld
        movl $boot_stack_top, %esp
        movl (%rsi), %edi       /* start_info: its first four characters stand for the boot protocol's number */
        call kernel_main
1:      jmp 1b

/* The hypervisor's frame: rcx, r11, the error code if there is one, rip, cs, rflags, rsp, ss. */
        .macro stub number, error
        .globl stub\number
stub\number:
        popq %rcx
        popq %r11
        .if \error == 0
        pushq $0
        .endif
        pushq $\number
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
common: pushq %rax
        pushq %rcx
        pushq %rdx
        pushq %rbx
        pushq %rbp
        pushq %rsi
        pushq %rdi
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        cld
        movq %rsp, %rdi
        call trap
        movq %rax, %rsp
leave_kernel:
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rdi
        popq %rsi
        popq %rbp
        popq %rbx
        popq %rdx
        popq %rcx
        popq %rax
        addq $16, %rsp
        pushq $0                /* not a system call's frame */
        pushq %rcx
        pushq %r11
        pushq %rax
        movl $23, %eax          /* iret */
        syscall

/* enter_frame(frame): continues at a frame. */
        .globl enter_frame
enter_frame:
        movq %rdi, %rsp
        jmp leave_kernel

        .bss
        .align 16
        .skip 16384
        .globl boot_stack_top
boot_stack_top:
        .section .note.GNU-stack, "", @progbits
