/* Multiboot header, entry, start-up code of the other processors, interrupt stubs. */
        .section .multiboot, "a"
        .align 4
        .long 0x1badb002, 3, -(0x1badb002 + 3)

        .text
        .globl _start
_start: movl $stacks + 0x4000, %esp
        pushl $0
        popfl
        cld
        pushl %ebx
        pushl %eax
        lgdt gdt_pointer
        ljmp $0x08, $1f
1:      movw $0x10, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        call processors_main
2:      cli
        hlt
        jmp 2b

/* Copied to START_UP, a multiple of 4 KiB below 1 MiB: real mode, CS its segment. */
        .globl start_up, start_up_end
        .code16
start_up:
        cli
        movw %cs, %ax
        movw %ax, %ds
        lgdtl start_up_gdt_pointer - start_up
        movl %cr0, %eax
        orb $1, %al
        movl %eax, %cr0
        ljmpl $0x08, $start_up32
        .align 4
start_up_gdt_pointer:
        .word gdt_end - gdt - 1
        .long gdt
start_up_end:
        .code32
start_up32:
        movw $0x10, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        /* Each takes a number, and the stack that goes with it. */
        movl $1, %eax
        lock xaddl %eax, processors_started
        incl %eax
        movl %eax, %ecx
        incl %ecx
        shll $14, %ecx
        leal stacks(%ecx), %esp
        pushl %eax
        call processor_main
1:      cli
        hlt
        jmp 1b

        .align 8
gdt:    .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_end:
gdt_pointer:
        .word gdt_end - gdt - 1
        .long gdt

        .macro stub number, error
        .globl stub\number
stub\number:
        .if \error == 0
        pushl $0
        .endif
        pushl $\number
        jmp common
        .endm
        stub 2, 0
        stub 13, 1
        stub 14, 1
        stub 64, 0
        stub 65, 0
        stub 255, 0
common: pushal
        cld
        pushl %esp
        call interrupt
        addl $4, %esp
        popal
        addl $8, %esp
        iretl

        .bss
        .align 4096
        .globl stacks
stacks: .skip 0x4000 * 33
