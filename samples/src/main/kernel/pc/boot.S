/* Multiboot header, entry, interrupt stubs and the way back from them. */
        .section .multiboot, "a"
        .align 4
        .long 0x1badb002, 3, -(0x1badb002 + 3)

        .text
        .globl _start
_start: movl $boot_stack_top, %esp
        pushl $0
        popfl
        pushl %ebx
        pushl %eax
        call kernel_main
1:      cli
        hlt
        jmp 1b

/* Reloads the segment registers after the kernel's own GDT is in force. */
        .globl reload_segments
reload_segments:
        ljmp $0x08, $1f
1:      movw $0x10, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %fs
        movw %ax, %gs
        movw %ax, %ss
        ret

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
        stub 8 1
        stub 13 1
        stub 14 1
        stub 32 0
        stub 39 0
        stub 48 0
        stub 128 0

/* Builds struct frame (kernel.h), calls trap(frame), and returns through the frame that it gives back: a context switch is another frame. */
common: pushal
        pushl %ds
        pushl %es
        movl $0x10, %eax
        movl %eax, %ds
        movl %eax, %es
        cld
        pushl %esp
        call trap
        movl %eax, %esp
        .globl leave_kernel
leave_kernel:
        popl %es
        popl %ds
        popal
        addl $8, %esp
        iret

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
