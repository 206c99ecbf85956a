/* PVH note, the way to 64-bit mode, interrupt stubs and the way back from them. */
        .section .note.Xen, "a"
        .long 4, 8, 18          /* PHYS32_ENTRY */
        .asciz "Xen"
        .quad _start

        .text
        .code32
        .globl _start
_start: cld
        movl $boot_level2, %edi /* the first gigabyte one to one, until the kernel has tables of its own */
        movl $0x83, %eax
1:      movl %eax, (%edi)
        addl $0x200000, %eax
        addl $8, %edi
        cmpl $boot_level2 + 4096, %edi
        jne 1b
        movl $boot_level2 + 3, boot_level3
        movl $boot_level3 + 3, boot_level4
        movl $boot_level4, %eax
        movl %eax, %cr3
        movl %cr4, %eax
        orl $0x20, %eax         /* PAE */
        movl %eax, %cr4
        movl $0xc0000080, %ecx  /* EFER */
        rdmsr
        orl $0x100, %eax        /* LME */
        wrmsr
        movl %cr0, %eax
        orl $0x80010000, %eax   /* PG, WP */
        movl %eax, %cr0
        lgdt boot_gdt_pointer
        ljmp $0x08, $2f

        .code64
2:      movl $boot_stack_top, %esp
        pushq $0
        popfq
        movl %ebx, %esi
        movl (%rbx), %edi       /* the start information's magic number */
        call kernel_main
3:      cli
        hlt
        jmp 3b

/* Reloads the segment registers after the kernel's own GDT is in force. */
        .globl reload_segments
reload_segments:
        popq %rdi
        pushq $0x08
        pushq %rdi
        movl $0x10, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %fs
        movl %eax, %gs
        movl %eax, %ss
        lretq

        .macro stub number, error
        .globl stub\number
stub\number:
        .if \error == 0
        pushq $0
        .endif
        pushq $\number
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
        iretq

/* enter_frame(frame): continues at a frame. */
        .globl enter_frame
enter_frame:
        movq %rdi, %rsp
        jmp leave_kernel

        .section .rodata
        .align 8
boot_gdt:
        .quad 0, 0x00af9a000000ffff, 0x00cf92000000ffff
boot_gdt_pointer:
        .word . - boot_gdt - 1
        .long boot_gdt

        .bss
        .align 4096
boot_level4:
        .skip 4096
boot_level3:
        .skip 4096
boot_level2:
        .skip 4096
        .skip 16384
        .globl boot_stack_top
boot_stack_top:
        .section .note.GNU-stack, "", @progbits
