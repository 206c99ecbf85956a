/* Multiboot header, the way into 64-bit mode, and the two halves of a probe: into any processor state, and out of it through a handler. */
#include "layout.h"

        .section .multiboot, "a"
        .align 4
        .long 0x1badb002, 3, -(0x1badb002 + 3)

/* Long mode, with everything mapped as layout.h says: SDM vol. 3A section 9.8.5. */
        .text
        .code32
        .globl _start
_start: movl $boot_stack_top, %esp
        pushl $0
        popfl
        movl %eax, %esi
        movl $boot_gdt_pointer, %eax
        lgdt (%eax)
        movl $CR4_PAE, %eax
        movl %eax, %cr4
        movl $page_maps, %eax
        movl %eax, %cr3
        movl $EFER, %ecx
        rdmsr
        orl $EFER_LME, %eax
        wrmsr
        movl %cr0, %eax
        orl $CR0_PG, %eax
        movl %eax, %cr0
        ljmp $CODE0, $1f
        .code64
1:      xorl %eax, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %fs
        movl %eax, %gs
        movl %eax, %ss
        movl %esi, %edi
        movl %ebx, %esi
        cld
        call checks_main
1:      cli
        hlt
        jmp 1b

/*
 * launch(state): loads the registers of a struct state (machine.h) and goes there with IRET. It returns when record() has what a handler found. FS and GS
 * are loaded unless null: that could clear their bases.
 */
        .globl launch
launch: pushq %rbx
        pushq %rbp
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        movq %rsp, launcher_rsp
        movq %rdi, %rsp
        popq %rax
        testl %eax, %eax
        jz 1f
        movl %eax, %gs
1:      popq %rax
        testl %eax, %eax
        jz 1f
        movl %eax, %fs
1:      popq %rax
        movl %eax, %es
        popq %rax
        movl %eax, %ds
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
        popq %rdx
        popq %rcx
        popq %rbx
        popq %rax
        iretq

/* One stub a vector, 16 bytes apart. Interrupt gates lead here, so that nothing comes in between. */
        .align 16
        .globl stubs
stubs:
        .set n, 0
        .rept 256
        .align 16
        pushq $n
        jmp arrived
        .set n, n + 1
        .endr

/* The registers go onto the stack in use, whatever it is; record() takes them from there. It returns 0 if the probe is over, else the interrupted code goes on. */
arrived:
        pushfq
        cld
        pushq %rax
        pushq %rbx
        pushq %rcx
        pushq %rdx
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
        movl %ds, %eax
        pushq %rax
        movl %es, %eax
        pushq %rax
        movl %fs, %eax
        pushq %rax
        movl %gs, %eax
        pushq %rax
        movl %ss, %eax
        pushq %rax
        movq %rsp, %rdi
        movq $handler_stack_top, %rsp
        pushq %rdi
        pushq %rdi
        call record
        popq %rsp
        testl %eax, %eax
        jz 1f
        addq $40, %rsp
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
        popq %rdx
        popq %rcx
        popq %rbx
        popq %rax
        addq $16, %rsp
        iretq
1:      movq launcher_rsp, %rsp
        xorl %eax, %eax
        movl %eax, %ss
        movl %eax, %ds
        movl %eax, %es
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbp
        popq %rbx
        ret

/* What is executed where something other than an exception handler is to be reached; any ring, any width of code. */
        .section .snippets, "ax"
        .globl landing_place
        .align 16
landing_place:
        int $LANDED

        .section .rodata
        .align 8
boot_gdt:
        .quad 0, 0x00af9b000000ffff
boot_gdt_pointer:
        .word 15
        .long boot_gdt

/* Page tables: SDM vol. 3A section 4.5. Ring 0 has memory at 0 and at HIGH, ring 3 at USER; the local APIC is where it always is. */
        .data
        .align 4096
        .globl page_maps
page_maps:
        .quad pointers_low + 7
        .fill TEST_PML4 - 1, 8, 0
        .globl test_pml4e
test_pml4e:
        .quad 0
        .fill 510 - TEST_PML4, 8, 0
        .quad pointers_high + 3
pointers_low:
        .quad directory_supervisor + 3, directory_user + 7, 0, directory_apic + 3
        .fill 508, 8, 0
pointers_high:
        .fill 510, 8, 0
        .quad directory_supervisor + 3, 0
directory_supervisor:
        .set n, 0
        .rept 16
        .quad n * 0x200000 + 0x83
        .set n, n + 1
        .endr
        .fill 496, 8, 0
directory_user:
        .set n, 0
        .rept 16
        .quad n * 0x200000 + 0x87
        .set n, n + 1
        .endr
        .fill 496, 8, 0
directory_apic:
        .fill 503, 8, 0
        .quad 0xfee00000 + 0x9b
        .fill 8, 8, 0
launcher_rsp:
        .quad 0

        .bss
        .align 16
        .skip 16384
boot_stack_top:
        .skip 16384
        .globl handler_stack_top
handler_stack_top:
        .section .note.GNU-stack, "", @progbits
