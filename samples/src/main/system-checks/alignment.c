/* Alignment checking: SDM vol. 3A section 6.15, "Interrupt 17", and table 6-7. */
#include "paging.h"


#define ROWS \
    ROW(mov1, "movb (%edi), %al", 1, 0) ROW(mov2, "movw (%edi), %ax", 2, 0) ROW(mov4, "movl (%edi), %eax", 4, 0) \
    ROW(store2, "movw %ax, (%edi)", 2, 0) ROW(store4, "movl %eax, (%edi)", 4, 0) ROW(add4, "addl %eax, (%edi)", 4, 0) \
    ROW(lock_add4, "lock addl %eax, (%edi)", 4, 0) ROW(xchg2, "xchgw %ax, (%edi)", 2, 0) ROW(cmpxchg8, "cmpxchg8b (%edi)", 8, 0) \
    ROW(bts4, "btsl $3, (%edi)", 4, 0) ROW(bt_far, "btl %ecx, (%edi)", 4, 0) ROW(push_memory, "pushl (%edi)", 4, 0) \
    ROW(pop_memory, "popl (%edi)", 4, 0) ROW(call_memory, "call *(%edi)", 4, 0) ROW(bound4, "boundl %eax, (%edi)", 4, 0) \
    ROW(bound2, "boundw %ax, (%edi)", 2, 0) ROW(les6, "lesl (%edi), %eax", 4, 0) ROW(les4, "lesw (%edi), %ax", 2, 0) \
    ROW(ljmp6, "ljmp *(%edi)", 4, 0) ROW(mov_segment, "movw (%edi), %es", 2, 0) ROW(lar2, "lar (%edi), %eax", 2, 0) ROW(verr2, "verr (%edi)", 2, 0) \
    ROW(movs4, "movsl", 4, 0) ROW(movs2, "movsw", 2, 0) ROW(movs1, "movsb", 1, 0) ROW(stos4, "stosl", 4, 0) ROW(lods2, "movl %edi, %esi; lodsw", 2, 2) \
    ROW(cmps4, "cmpsl", 4, 0) ROW(scas4, "scasl", 4, 0) ROW(rep_movs4, "movl $2, %ecx; rep movsl", 4, 5) \
    ROW(flds4, "flds (%edi)", 4, 0) ROW(fldl8, "fldl (%edi)", 8, 0) ROW(fldt10, "fldt (%edi)", 8, 0) ROW(fstpt10, "fldz; fstpt (%edi)", 8, 2) \
    ROW(fstpl8, "fldz; fstpl (%edi)", 8, 2) ROW(fild2, "filds (%edi)", 2, 0) ROW(fild8, "fildll (%edi)", 8, 0) ROW(fbld10, "fbld (%edi)", 8, 0) \
    ROW(fnstcw2, "fnstcw (%edi)", 2, 0) ROW(fnstenv28, "fnstenv (%edi)", 4, 0) ROW(fnsave108, "fnsave (%edi)", 4, 0) \
    ROW(fldenv28, "fldenv (%edi)", 4, 0) ROW(movq8, "movq (%edi), %mm0", 8, 0)
#define STACK_ROWS \
    ROW(push4, "movl %edi, %esp; pushl %eax", 4, 2) ROW(push2, "movl %edi, %esp; pushw %ax", 2, 2) ROW(pop4, "movl %edi, %esp; popl %eax", 4, 2) \
    ROW(pusha4, "movl %edi, %esp; pushal", 4, 2) ROW(popa4, "movl %edi, %esp; popal", 4, 2) ROW(enter4, "movl %edi, %esp; enter $4, $0", 4, 2) \
    ROW(leave4, "movl %edi, %ebp; leave", 4, 2) ROW(call4, "movl %edi, %esp; call 1f; 1:", 4, 2) ROW(ret4, "movl %edi, %esp; ret", 4, 2) \
    ROW(pushf4, "movl %edi, %esp; pushfl", 4, 2)

#define ROW(name, text, bytes, offset) SNIPPET(a_##name, text);
ROWS STACK_ROWS
#undef ROW

/* Alignment is checked in user mode with CR0.AM; a hosted program has an operating system that has set it. */
static void checking(int on)
{
    write_cr0(CR0_PE | CR0_ET | (on ? CR0_AM : 0));
}

static void accesses(void)
{
    static const struct {
        const char *name, *code;
        u32 bytes, offset;
    } rows[] = {
#define ROW(name, text, bytes, offset) {#name, a_##name, bytes, offset},
        ROWS STACK_ROWS
#undef ROW
    };
    for (u32 i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check("%s", rows[i].name);
        for (u32 k = 0; k < 9; k++) {
            checking(1);
            __asm__ volatile("fninit");
            fill(scratch, 0, 512);
            u32 at = (u32)scratch + 256 + k;
            /* What jumps and segment loads find. */
            if (rows[i].code == a_ret4 || rows[i].code == a_ljmp6 || rows[i].code == a_call_memory)
                *(u32 *)at = LANDING, *(u16 *)(at + 4) = CODE(3);
            if (rows[i].code == a_fldenv28)
                *(u32 *)at = 0x37f, *(u32 *)(at + 8) = 0xffff;
            struct state s = ring_state(3, rows[i].code);
            s.eflags |= F_AC;
            s.edi = at;
            s.esi = (u32)scratch;
            tag("offset %u", k);
            const struct outcome *o = run(&s);
            if (k % rows[i].bytes)
                ended(o, AC, 0, rows[i].code, rows[i].offset);
            else
                same("vector", LANDED, o->vector == BP ? LANDED : o->vector);
        }
        checking(0);
    }
}

static void bases(void)
{
    /* The linear address counts. */
    check("base");
    for (u32 k = 0; k < 8; k++) {
        checking(1);
        gdt[SLOT(0) >> 3] = descriptor((u32)scratch + k, 0xfffff, PRESENT | DPL(3) | DATA_RW, GRANULAR | BIG);
        struct state s = ring_state(3, a_mov4);
        s.ds = SLOT(0) | 3;
        s.eflags |= F_AC;
        s.edi = 3;
        tag("base %u", k);
        if ((k + 3) & 3)
            ended(run(&s), AC, 0, a_mov4, 0);
        else
            finished(run(&s));
        checking(0);
    }
}

#ifdef HOSTED

void checks_alignment(void)
{
    accesses();
    bases();
}

#else

LOW_SNIPPET(low_load, "movl (%si), %eax");

static void conditions(void)
{
    /* Only with CR0.AM, EFLAGS.AC, at ring 3. */
    check("conditions");
    for (u32 n = 0; n < 16; n++) {
        u32 ring = n & 3, am = n >> 2 & 1, ac = n >> 3;
        checking((int)am);
        struct state s = ring_state(ring, a_mov4);
        s.edi = (u32)scratch + 1;
        s.eflags |= ac ? F_AC : 0;
        tag("ring %u am %u ac %u", ring, am, ac);
        if (ring == 3 && am && ac)
            ended(run(&s), AC, 0, a_mov4, 0);
        else
            finished(run(&s));
        checking(0);
    }
    check("v86");
        for (u32 k = 0; k < 5; k++) {
        checking(1);
        struct state s = v86_state(low_load, 0);
        s.eflags |= F_AC;
        s.esi = 0x6000 + k;
        tag("offset %u", k);
        if (k & 3)
            ended(run(&s), AC, 0, low_load, 0);
        else
            finished(run(&s));
        checking(0);
    }
    /* A misaligned access of a missing page, and one beyond a limit: limit, alignment, page in this order. */
    check("order");
    tables_build(TWO_LEVEL, 1);
    paging_on(CR0_AM, CR4_PSE);
    map(TEST, 0, 0);
    struct state s = ring_state(3, a_mov4);
    s.eflags |= F_AC;
    s.edi = TEST + 1;
    ended(run(&s), AC, 0, a_mov4, 0);
    s.edi = TEST + 4;
    ended(run(&s), PF, E_U, a_mov4, 0);
    paging_off();
}

void checks_alignment(void)
{
    accesses();
    bases();
    conditions();
}

#endif
