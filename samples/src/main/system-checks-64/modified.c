/* Code that changes, by its own address and by others of the same memory: SDM vol. 3A section 8.1.3. */
#include "machine.h"

SNIPPET(m_next, "movb $0x05, 1f+1(%rip); jmp 2f; 2: nop; 1: movb $0x01, %al");
void checks_modified64(void)
{
    check("next");
    for (u32 alias = 0; alias < 3; alias++) {
        for (u32 time = 0; time < 40; time++) {
            /* MOV EAX, n; INT3 at one address, changed through another. */
            u8 *code = scratch + 0x100;
            u32 n = 0x1000 * alias + time;
            code[0] = 0xb8;
            u8 *volatile through = alias == 0 ? code : alias == 1 ? (u8 *)AT(3, code) : (u8 *)(HIGH + (u64)code);
            copy(through + 1, &n, 4);
            code[5] = 0xcc;
            struct state s = ring_state(alias == 1 ? 0 : 3, code);
            tag("alias %u time %u", alias, time);
            const struct outcome *o = run(&s);
            finished(o);
            same("eax", n, o->rax);
        }
    }
    check("itself");
    struct state s = ring_state(0, m_next);
    const struct outcome *o = run(&s);
    finished(o);
    same("al", 5, o->rax & 0xff);
}
