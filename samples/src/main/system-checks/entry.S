/* Multiboot header, entry, and the two halves of a probe: into any processor state, and out of it through a handler. */
        .section .multiboot, "a"
        .align 4
        .long 0x1badb002, 3, -(0x1badb002 + 3)

        .equ CODE0, 0x08
        .equ DATA0, 0x10

        .text
        .globl _start
_start: movl $boot_stack_top, %esp
        pushl $0
        popfl
        cld
        pushl %ebx
        pushl %eax
        call checks_main
1:      cli
        hlt
        jmp 1b

/* load_tables(): GDTR, IDTR, and the segment registers of the checks themselves. */
        .globl load_tables
load_tables:
        lgdt gdt_pointer
        lidt idt_pointer
        ljmp $CODE0, $1f
1:      movw $DATA0, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %fs
        movw %ax, %gs
        movw %ax, %ss
        ret

/*
 * launch(esp, ss): loads the registers that lie on that stack (struct state) and goes there with IRET. It returns when record() has
 * what a handler found.
 */
        .globl launch
launch: pushal
        movl %esp, launcher_esp
        lss 36(%esp), %esp
        popal
        popl %gs
        popl %fs
        popl %es
        popl %ds
        iretl

/* One stub a vector, 16 bytes apart. Interrupt gates lead here, so that nothing comes in between. */
        .align 16
        .globl stubs
stubs:
        .set n, 0
        .rept 256
        .align 16
        pushl $n
        jmp arrived
        .set n, n + 1
        .endr

/*
 * The registers go onto the stack in use, whatever it is, and record() takes them from there. It returns 0 if the probe is over, else
 * the interrupted code goes on.
 */
arrived:
        pushfl
        cld
        pushal
        movl %ds, %eax
        pushl %eax
        movl %es, %eax
        pushl %eax
        movl %fs, %eax
        pushl %eax
        movl %gs, %eax
        pushl %eax
        movl $DATA0, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %esp, %ecx
        movl %ss, %edx
        movl %eax, %ss
        movl $handler_stack_top, %esp
        pushl %edx
        pushl %ecx
        call record
        testl %eax, %eax
        jz 1f
        lss (%esp), %esp
        popl %gs
        popl %fs
        popl %es
        popl %ds
        popal
        addl $8, %esp
        iretl
1:      movl launcher_esp, %esp
        popal
        ret

/* Where a double fault goes that no stack is left for: a task of its own. Its stack holds the error code. */
        .globl double_entry
double_entry:
        popl %eax
        pushl $2
        popfl
        movl $handler_stack_top, %esp
        pushl %eax
        call record_double
        movl launcher_esp, %esp
        popal
        ret

        .data
        .align 4
launcher_esp:
        .long 0

        .bss
        .align 16
        .skip 16384
boot_stack_top:
        .skip 8192
        .globl handler_stack_top
handler_stack_top:
        .section .note.GNU-stack, "", @progbits
