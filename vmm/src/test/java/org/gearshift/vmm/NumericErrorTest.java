package org.gearshift.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** x87 exceptions as the first PCs report them, CR0.NE being clear: the processor waits before the next x87 instruction for IRQ 13 (SDM vol. 1 appendix D). */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NumericErrorTest {
    /**
     * Divides by zero twice. Each time the handler must find the waiting instruction's address on the stack, and that nothing behind it has run; it tells the processor to
     * ignore the error by a write to port F0h, so that the instruction goes on with the exception still pending.
     */
    private static final String PROGRAM = """
                           ; start:
            bc00000900     ; mov esp,0x90000
            bf68210000     ; mov edi,0x2168
            b881001000     ; mov eax,0x100081
            89c2           ; mov edx,eax
            668cc9         ; mov cx,cs
            0fb7c9         ; movzx ecx,cx
            c1e110         ; shl ecx,0x10
            0fb7c0         ; movzx eax,ax
            09c8           ; or eax,ecx
            ab             ; stos
            89d0           ; mov eax,edx
            66b8008e       ; mov ax,0x8e00
            ab             ; stos
            0f011d9d001000 ; lidtd ds:0x10009d
            b011           ; mov al,0x11
            e620           ; out 0x20,al
            e6a0           ; out 0xa0,al
            b020           ; mov al,0x20
            e621           ; out 0x21,al
            b028           ; mov al,0x28
            e6a1           ; out 0xa1,al
            b004           ; mov al,0x4
            e621           ; out 0x21,al
            b002           ; mov al,0x2
            e6a1           ; out 0xa1,al
            b001           ; mov al,0x1
            e621           ; out 0x21,al
            e6a1           ; out 0xa1,al
            b0fb           ; mov al,0xfb
            e621           ; out 0x21,al
            b0df           ; mov al,0xdf
            e6a1           ; out 0xa1,al
            0f20c0         ; mov eax,cr0
            83e0df         ; and eax,0xffffffdf
            0f22c0         ; mov cr0,eax
            fb             ; sti
            31ed           ; xor ebp,ebp
                           ; again:
            31db           ; xor ebx,ebx
            dbe3           ; fninit
            d92da3001000   ; fldcw WORD PTR ds:0x1000a3
            d9e8           ; fld1
            d835a5001000   ; fdiv DWORD PTR ds:0x1000a5
            43             ; inc ebx
                           ; wait:
            d9e8           ; fld1
            83fd02         ; cmp ebp,0x2
            72e6           ; jb 5e <again>
            dfe0           ; fnstsw ax
            2585000000     ; and eax,0x85
            e7f4           ; out 0xf4,eax
                           ; handler:
            45             ; inc ebp
            813c2471001000 ; cmp DWORD PTR [esp],0x100071
            750e           ; jne 99 <bad>
            83fb01         ; cmp ebx,0x1
            7509           ; jne 99 <bad>
            e6f0           ; out 0xf0,al
            b020           ; mov al,0x20
            e6a0           ; out 0xa0,al
            e620           ; out 0x20,al
            cf             ; iret
                           ; bad:
            b07f           ; mov al,0x7f
            e6f4           ; out 0xf4,al
            ff0700200000   ; the operand of lidt
            7b03           ; control word: all masked but division by zero
            00000000       ; zero
            """;
    /** ES and ZE of the status word, as the exit port's value. */
    private static final int PENDING = (0x84 << 1 | 1) & 0xff;

    private static String code(String program) {
        return program.lines().map(l -> l.replaceAll(";.*", "")).collect(Collectors.joining());
    }

    @Test
    void theProcessorWaitsForTheInterruptAndThenIgnoresTheError() throws Exception {
        assertEquals(PENDING, VmTest.load(code(PROGRAM)).run(100_000).exitCode());
    }

    @Test
    void withInterruptsOffItWaitsForever() throws Exception {
        assertEquals(VmOutcome.DEAD, VmTest.load(code(PROGRAM.replace("fb             ; sti", "90             ; nop"))).run(100_000).exitCode());
    }
}
