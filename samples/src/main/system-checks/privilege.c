/* What a privilege level may execute, control registers, model-specific registers, fast system calls: SDM vol. 2 under each; vol. 3A chapter 2. */
#include "paging.h"

/* ---- instructions for ring 0 ---- */

#define ROWS \
    ROW(lgdt, "lgdt (%edi)") ROW(lidt, "lidt (%esi)") ROW(lmsw, "lmsw %ax") ROW(clts, "clts") ROW(to_cr0, "movl %eax, %cr0") \
    ROW(from_cr0, "movl %cr0, %ecx") ROW(to_cr2, "movl %ecx, %cr2") ROW(from_cr2, "movl %cr2, %ecx") ROW(to_cr3, "movl %ecx, %cr3") \
    ROW(from_cr3, "movl %cr3, %ecx") ROW(to_cr4, "movl %ecx, %cr4") ROW(from_cr4, "movl %cr4, %ecx") ROW(to_dr0, "movl %ecx, %dr0") \
    ROW(from_dr0, "movl %dr0, %ecx") ROW(to_dr6, "movl %ecx, %dr6") ROW(from_dr7, "movl %dr7, %ecx") ROW(invlpg, "invlpg (%edi)") \
    ROW(wbinvd, "wbinvd") ROW(invd, "invd") ROW(rdmsr, "movl $0x174, %ecx; rdmsr") ROW(wrmsr, "movl $0x174, %ecx; xorl %eax, %eax; wrmsr") \
    ROW(lldt, "lldt %cx") ROW(mov_lmsw_memory, "lmsw (%ebx)")

#define ROW(name, text) SNIPPET(p_##name, text);
ROWS
#undef ROW

static struct __attribute__((packed)) {
    u16 limit;
    u32 base;
} own_gdt, own_idt;

static void kernel_only(void)
{
    static const struct {
        const char *name, *code;
    } rows[] = {
#define ROW(name, text) {#name, p_##name},
        ROWS
#undef ROW
    };
    __asm__ volatile("sgdt %0; sidt %1" : "=m"(own_gdt), "=m"(own_idt));
    for (u32 i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check("kernel.%s", rows[i].name);
        for (u32 ring = 0; ring < 4; ring++) {
            struct state s = ring_state(ring, rows[i].code);
            s.edi = (u32)&own_gdt;
            s.esi = (u32)&own_idt;
            s.eax = read_cr0();
            s.ebx = (u32)&s.eax;
            tag("ring %u", ring);
            if (ring)
                ended(run(&s), GP, 0, rows[i].code, rows[i].code == p_rdmsr ? 5 : rows[i].code == p_wrmsr ? 7 : 0);
            else
                finished(run(&s));
        }
    }
    check("kernel.hlt");
    SNIPPET(halt, "hlt");
    for (u32 ring = 1; ring < 4; ring++) {
        struct state s = ring_state(ring, halt);
        ended(run(&s), GP, 0, halt, 0);
    }
}

/* ---- what UMIP and TSD take away ---- */

SNIPPET(u_sgdt, "sgdt (%edi)");
SNIPPET(u_sidt, "sidt (%edi)");
SNIPPET(u_sldt, "sldt %ecx");
SNIPPET(u_str, "str %ecx");
SNIPPET(u_smsw, "smsw %ecx");
SNIPPET(u_sldt_memory, "sldt (%edi)");
SNIPPET(u_str_memory, "str (%edi)");
SNIPPET(u_smsw_memory, "smsw (%edi)");
LOW_SNIPPET(u_sgdt_v86, "sgdtl (%si)");
LOW_SNIPPET(u_smsw_v86, "smsw %ax");
SNIPPET(t_rdtsc, "rdtsc");
SNIPPET(t_rdpmc, "movl $0x12345, %ecx; rdpmc");

static void reading_tables(void)
{
    static const struct {
        const char *name, *code;
    } rows[] = {
        {"sgdt", u_sgdt}, {"sidt", u_sidt}, {"sldt", u_sldt}, {"str", u_str}, {"smsw", u_smsw}, {"sldt.memory", u_sldt_memory},
        {"str.memory", u_str_memory}, {"smsw.memory", u_smsw_memory},
    };
    gdt[LDT >> 3] = descriptor((u32)ldt, sizeof ldt - 1, PRESENT | LDT_TYPE, 0);
    load_ldt(LDT);
    for (u32 i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int memory = i < 2 || i > 4;
        for (u32 umip = 0; umip <= (u32)has_umip(); umip++) {
            check("%s%s", rows[i].name, umip ? ".umip" : "");
            write_cr4(umip ? CR4_UMIP : 0);
            for (u32 ring = 0; ring < 4; ring++) {
                fill(scratch, 0x5a, 16);
                struct state s = ring_state(ring, rows[i].code);
                s.edi = (u32)scratch;
                s.ecx = 0x12345678;
                tag("ring %u", ring);
                const struct outcome *o = run(&s);
                if (umip && ring) {
                    ended(o, GP, 0, rows[i].code, 0);
                    same("memory", 0x5a5a5a5a, *(u32 *)scratch);
                    continue;
                }
                finished(o);
                u32 got = memory ? *(u32 *)scratch : o->ecx;
                switch (i) {
                case 0:
                    same("limit", own_gdt.limit, *(u16 *)scratch), same("base", own_gdt.base, *(u32 *)(scratch + 2));
                    same("behind", 0x5a, scratch[6]);
                    break;
                case 1:
                    same("limit", own_idt.limit, *(u16 *)scratch), same("base", own_idt.base, *(u32 *)(scratch + 2));
                    break;
                case 2:
                    same("ldtr", LDT, got & 0xffff);
                    break;
                case 3:
                    same("tr", TSS_MAIN, got & 0xffff);
                    break;
                case 4:
                    same("cr0", read_cr0() & 0xffff, got & 0xffff);
                    break;
                default:
                    /* 16 bits, whatever the operand size. */
                    same("memory", 0x5a5a0000 | (i == 5 ? LDT : i == 6 ? TSS_MAIN : read_cr0() & 0xffff), got);
                }
            }
        }
    }
    if (has_umip()) {
        check("v86.umip");
        write_cr4(CR4_UMIP);
        struct state s = v86_state(u_sgdt_v86, 3);
        s.esi = 0x6000;
        ended(run(&s), GP, 0, u_sgdt_v86, 0);
        s = v86_state(u_smsw_v86, 3);
        ended(run(&s), GP, 0, u_smsw_v86, 0);
    }
    check("rdtsc");
    for (u32 n = 0; n < 8; n++) {
        u32 ring = n & 3, tsd = n >> 2;
        write_cr4(tsd ? CR4_TSD : 0);
        struct state s = ring_state(ring, t_rdtsc);
        tag("ring %u tsd %u", ring, tsd);
        if (ring && tsd)
            ended(run(&s), GP, 0, t_rdtsc, 0);
        else
            finished(run(&s));
    }
    check("rdpmc");
    for (u32 n = 0; n < 8; n++) {
        u32 ring = n & 3, pce = n >> 2;
        write_cr4(pce ? 0x100 : 0);
        struct state s = ring_state(ring, t_rdpmc);
        tag("ring %u pce %u", ring, pce);
        /* There is no such counter. */
        ended(run(&s), GP, 0, t_rdpmc, 5);
    }
    write_cr4(0);
    load_ldt(0);
}

/* LGDT and LIDT: a 16-bit operand size leaves 24 bits of base. */
SNIPPET(lgdt_word, "lgdtw (%edi); sgdt (%esi); lgdt (%ebx)");
SNIPPET(lidt_word, "lidtw (%edi); sidt (%esi); lidt (%ebx)");
SNIPPET(lgdt_long, "lgdt (%edi); sgdt (%esi); lgdt (%ebx)");

static void table_registers(void)
{
    static struct __attribute__((packed)) {
        u16 limit;
        u32 base;
    } given = {0x4321, 0xab123456}, got;
    static const struct {
        const char *name, *code;
        u32 base;
    } rows[] = {{"lgdt.16", lgdt_word, 0x123456}, {"lidt.16", lidt_word, 0x123456}, {"lgdt.32", lgdt_long, 0xab123456}};
    for (u32 i = 0; i < 3; i++) {
        check("%s", rows[i].name);
        struct state s = ring_state(0, rows[i].code);
        s.edi = (u32)&given, s.esi = (u32)&got, s.ebx = i == 1 ? (u32)&own_idt : (u32)&own_gdt;
        finished(run(&s));
        same("limit", given.limit, got.limit);
        same("base", rows[i].base, got.base);
    }
}

/* ---- control registers ---- */

SNIPPET(write_cr0_ecx, "movl %ecx, %cr0");
SNIPPET(write_cr4_ecx, "movl %ecx, %cr4");
SNIPPET(lmsw_cx, "lmsw %cx");

static void control_register_0(void)
{
    static const struct {
        const char *name;
        u32 value;
        int refused;
    } rows[] = {
        {"nw.without.cd", CR0_PE | CR0_ET | CR0_NW, 1}, {"cd", CR0_PE | CR0_ET | CR0_CD, 0},
        {"cd.nw", CR0_PE | CR0_ET | CR0_CD | CR0_NW, 0}, {"ne", CR0_PE | CR0_ET | CR0_NE, 0}, {"mp.em.ts", CR0_PE | CR0_ET | 0xe, 0},
        {"wp.am", CR0_PE | CR0_ET | CR0_WP | CR0_AM, 0}, {"all.but.pg", 0x7fffffff & ~0x1ffaffc0u, 0},
    };
    for (u32 i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check("cr0.%s", rows[i].name);
        struct state s = ring_state(0, write_cr0_ecx);
        s.ecx = rows[i].value;
        const struct outcome *o = run(&s);
        u32 now = read_cr0();
        write_cr0(CR0_PE | CR0_ET);
        if (rows[i].refused)
            ended(o, GP, 0, write_cr0_ecx, 0), same("cr0", CR0_PE | CR0_ET, now);
        else
            finished(o), same("cr0", rows[i].value, now);
    }
    check("cr0.et");
    write_cr0(CR0_PE);
    same("cr0", CR0_PE | CR0_ET, read_cr0());
    check("cr0.reserved");
    write_cr0(CR0_PE | CR0_ET | 0x1ffaffc0);
    same("cr0", CR0_PE | CR0_ET, read_cr0());
    /* LMSW sets PE, never clears it, and reaches MP, EM and TS besides. */
    check("lmsw");
    for (u32 value = 0; value < 16; value++) {
        write_cr0(CR0_PE | CR0_ET | CR0_NE | CR0_WP | (value & 1 ? 0 : 0xe));
        struct state s = ring_state(0, lmsw_cx);
        s.ecx = 0xfff0 | value;
        tag("%x", value);
        finished(run(&s));
        same("cr0", CR0_PE | CR0_ET | CR0_NE | CR0_WP | value, read_cr0());
    }
    write_cr0(CR0_PE | CR0_ET);
    check("clts");
    write_cr0(CR0_PE | CR0_ET | CR0_TS | CR0_EM);
    __asm__ volatile("clts");
    same("cr0", CR0_PE | CR0_ET | CR0_EM, read_cr0());
    write_cr0(CR0_PE | CR0_ET);
    check("cr2.cr3");
    write_cr2(0xdeadbeef);
    same("cr2", 0xdeadbeef, read_cr2());
    write_cr3(0x12345fff);
    same("cr3", 0x12345000, read_cr3() & 0xfffff000);
    write_cr3(0);
}

static u32 cpuid_bit(u32 leaf, u32 reg, u32 bit)
{
    u32 r[4];
    cpuid(leaf & 0x80000000, r);
    if (leaf > r[0])
        return 0;
    cpuid(leaf, r);
    return r[reg] >> bit & 1;
}

void paging_without_protection(void)
{
    check("cr0.pg.without.pe");
    for (u32 n = 0; n < 4; n++) {
        struct state s = ring_state(0, write_cr0_ecx);
        s.ecx = CR0_PG | CR0_ET | (n & 1 ? CR0_WP : 0) | (n & 2 ? CR0_NE : 0);
        tag("%x", s.ecx);
        ended(run(&s), GP, 0, write_cr0_ecx, 0);
        same("cr0", CR0_PE | CR0_ET, read_cr0());
    }
}

/* Each bit of CR4 exists exactly if its feature is announced. */
static int cr4_bit_exists(u32 bit)
{
    static const struct {
        u8 leaf, reg, bit;
    } features[32] = {
        [0] = {1, 3, 1}, [1] = {1, 3, 1}, [2] = {1, 3, 4}, [3] = {1, 3, 2}, [4] = {1, 3, 3}, [5] = {1, 3, 6}, [6] = {1, 3, 7}, [7] = {1, 3, 13},
        [9] = {1, 3, 24}, [10] = {1, 3, 25}, [11] = {7, 2, 2}, [13] = {1, 2, 5}, [14] = {1, 2, 6}, [16] = {7, 1, 0}, [18] = {1, 2, 26},
        [20] = {7, 1, 7}, [21] = {7, 1, 20}, [22] = {7, 2, 3},
    };
    /* PCE is as old as RDPMC; bits without a row are reserved, or need 64-bit mode. */
    return bit == 8 || (features[bit].leaf && cpuid_bit(features[bit].leaf, features[bit].reg, features[bit].bit));
}

static void one_cr4_bit(u32 bit)
{
    struct state s = ring_state(0, write_cr4_ecx);
    s.ecx = 1u << bit;
    tag("bit %u", bit);
    const struct outcome *o = run(&s);
    u32 now = read_cr4();
    write_cr4(0);
    if (cr4_bit_exists(bit))
        finished(o), same("cr4", s.ecx, now);
    else
        ended(o, GP, 0, write_cr4_ecx, 0), same("cr4", 0, now);
}

void reserved_bits_of_cr4(void)
{
    check("cr4.reserved");
    for (u32 bit = 0; bit < 32; bit++)
        if (!cr4_bit_exists(bit))
            one_cr4_bit(bit);
}

static void control_register_4(void)
{
    check("cr4.announced");
    for (u32 bit = 0; bit < 32; bit++)
        if (cr4_bit_exists(bit))
            one_cr4_bit(bit);
    check("cr.absent");
    static const u8 codes[8][4] = {
        {0x0f, 0x22, 0xc8, 0xcc}, {0x0f, 0x20, 0xc8, 0xcc}, {0x0f, 0x22, 0xe8, 0xcc}, {0x0f, 0x20, 0xe8, 0xcc},
        {0x0f, 0x22, 0xf0, 0xcc}, {0x0f, 0x20, 0xf0, 0xcc}, {0x0f, 0x22, 0xf8, 0xcc}, {0x0f, 0x20, 0xf8, 0xcc},
    };
    for (u32 i = 0; i < 8; i++) {
        copy(scratch, codes[i], 4);
        struct state s = ring_state(0, scratch);
        tag("code %x %x", codes[i][1], codes[i][2]);
        ended(run(&s), UD, 0, (const char *)scratch, 0);
    }
}

/* ---- model-specific registers ---- */

SNIPPET(read_msr, "rdmsr");
SNIPPET(write_msr, "wrmsr");

static void model_specific(void)
{
    static const u32 unknown[] = {0x12345678, 0x3ffff, 0x40000fff, 0xc0010fff, 0xdeadbeef};
    check("msr.unknown.read");
    for (u32 i = 0; i < 5; i++) {
        struct state s = ring_state(0, read_msr);
        s.ecx = unknown[i];
        tag("%x", unknown[i]);
        ended(run(&s), GP, 0, read_msr, 0);
    }
    check("msr.unknown.write");
    for (u32 i = 0; i < 5; i++) {
        struct state s = ring_state(0, write_msr);
        s.ecx = unknown[i];
        tag("%x", unknown[i]);
        ended(run(&s), GP, 0, write_msr, 0);
    }
    check("msr.sysenter");
    for (u32 n = 0x174; n <= 0x176; n++) {
        wrmsr(n, 0x89abcdef & (n == 0x174 ? 0xffff : ~0u));
        same("value", 0x89abcdef & (n == 0x174 ? 0xffff : ~0u), (u32)rdmsr(n));
        wrmsr(n, 0);
    }
    check("msr.efer.reserved");
    for (u32 bit = 0; has_nx() && bit < 64; bit++) {
        if (bit == 0 || bit == 8 || bit == 10 || bit == 11 || bit == 14)
            continue;
        struct state s = ring_state(0, write_msr);
        s.ecx = EFER;
        s.eax = bit < 32 ? 1u << bit : 0;
        s.edx = bit < 32 ? 0 : 1u << (bit - 32);
        /* SVME, FFXSR and the like are somebody else's. */
        if (bit == 12 || bit == 13 || bit == 15 || bit == 18 || bit == 20 || bit == 21)
            continue;
        tag("bit %u", bit);
        ended(run(&s), GP, 0, write_msr, 0);
    }
    if (!has_nx())
        same("no EFER", 0, 0);
    check("msr.pat");
    if (cpuid_bit(1, 3, 16)) {
        struct state s = ring_state(0, write_msr);
        s.ecx = 0x277;
        s.eax = 0x00070406, s.edx = 0x00070406;
        finished(run(&s));
        for (u32 type = 2; type < 256; type = type == 3 ? 8 : type * 2 - (type == 2)) {
            s.eax = 0x00070006 | type << 8;
            tag("type %x", type);
            ended(run(&s), GP, 0, write_msr, 0);
        }
    } else {
        same("no PAT", 0, 0);
    }
}

/* ---- POPF, PUSHF, CLI, STI by level and IOPL ---- */

SNIPPET(popf_long, "popfl");
SNIPPET(popf_word, "popfw");
SNIPPET(pushf_long, "pushfl; popl %eax");
SNIPPET(cli_code, "cli");
SNIPPET(sti_code, "sti");

static void flag_changes(void)
{
    for (u32 cpl = 0; cpl < 4; cpl++) {
        for (u32 wide = 0; wide < 2; wide++) {
            check("popf%s.ring%u", wide ? "l" : "w", cpl);
            for (u32 n = 0; n < 4 * 64; n++) {
                u32 iopl = n & 3;
                struct state s = ring_state(cpl, wide ? popf_long : popf_word);
                s.eflags |= F_IOPL(iopl) | (n & 4 ? F_IF | F_CF : 0) | (n & 8 ? F_AC | F_ID : 0);
                u32 image = (n & 16 ? F_IF | F_ZF | F_NT : 0) | (n & 32 ? F_IOPL(3) | F_AC : 0) | (n & 64 ? F_ID | F_DF | F_OF : 0)
                    | (n & 128 ? F_VM | F_RF : 0);
                *(u32 *)s.esp = image;
                u32 changed = 0xcd5 | F_NT | F_AC | F_ID | (cpl <= iopl ? F_IF : 0) | (cpl == 0 ? F_IOPL(3) : 0);
                if (!wide)
                    changed &= 0xffff;
                tag("iopl %u eflags %x image %x", iopl, s.eflags, image);
                const struct outcome *o = run(&s);
                if (finished(o))
                    same("eflags", (s.eflags & ~changed) | (image & changed), o->eflags), same("esp", s.esp + (wide ? 4 : 2), o->esp);
            }
        }
        check("pushf.ring%u", cpl);
        for (u32 n = 0; n < 32; n++) {
            struct state s = ring_state(cpl, pushf_long);
            s.eflags |= F_IOPL(n & 3) | (n & 4 ? F_IF : 0) | (n & 8 ? F_AC | F_CF : 0) | (n & 16 ? F_ID | F_DF | F_RF : 0);
            tag("eflags %x", s.eflags);
            const struct outcome *o = run(&s);
            finished(o);
            same("image", s.eflags & ~F_RF, o->eax);
        }
        check("cli.sti.ring%u", cpl);
        for (u32 n = 0; n < 16; n++) {
            u32 iopl = n & 3;
            struct state s = ring_state(cpl, n & 8 ? sti_code : cli_code);
            s.eflags |= F_IOPL(iopl) | (n & 4 ? F_IF : 0);
            tag("iopl %u %s", iopl, n & 8 ? "sti" : "cli");
            const struct outcome *o = run(&s);
            if (cpl > iopl) {
                ended(o, GP, 0, (const char *)s.eip, 0);
                same("eflags", s.eflags, o->eflags & ~F_RF);
            } else {
                finished(o);
                same("eflags", (s.eflags & ~F_IF) | (n & 8 ? F_IF : 0), o->eflags);
            }
        }
    }
}

/* ---- SYSENTER, SYSEXIT ---- */

SNIPPET(sysenter_code, "sysenter");
SNIPPET(sysexit_code, "sysexit");
LOW_SNIPPET(sysenter_v86, "sysenter");

static void fast_calls(void)
{
    if (!cpuid_bit(1, 3, 11)) {
        check("sysenter.absent");
        struct state s = ring_state(3, sysenter_code);
        ended(run(&s), UD, 0, sysenter_code, 0);
        return;
    }
    check("sysenter");
    wrmsr(0x174, 0x08);
    wrmsr(0x175, STACK_TOP(inner_stack[0]) - 0x100);
    wrmsr(0x176, LANDING);
    for (u32 n = 0; n < 4 * 8; n++) {
        struct state s = ring_state(n & 3, sysenter_code);
        s.eflags |= (n & 4 ? F_IF : 0) | (n & 8 ? F_CF | F_IOPL(3) : 0) | (n & 16 ? F_NT * ((n & 3) != 0) | F_AC : 0);
        tag("ring %u eflags %x", n & 3, s.eflags);
        const struct outcome *o = run(&s);
        if (!landed(o, 0x08))
            continue;
        same("esp", STACK_TOP(inner_stack[0]) - 0x100, o->esp);
        same("ss", 0x10, o->handler_ss);
        same("eflags", s.eflags & ~F_IF, o->eflags);
        same("ds", DATA(n & 3), o->ds);
    }
    check("sysenter.v86");
    struct state v = v86_state(sysenter_v86, 0);
    v.eflags |= F_IF;
    const struct outcome *o = run(&v);
    landed(o, 0x08);
    same("eflags", F_ONE, o->eflags);
    check("sysenter.cs.null");
    wrmsr(0x174, 0);
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = ring_state(ring, sysenter_code);
        ended(run(&s), GP, 0, sysenter_code, 0);
    }
    struct state x = ring_state(0, sysexit_code);
    ended(run(&x), GP, 0, sysexit_code, 0);
    check("sysexit");
    wrmsr(0x174, 0x08);
    for (u32 ring = 0; ring < 4; ring++) {
        struct state s = ring_state(ring, sysexit_code);
        s.edx = LANDING;
        s.ecx = STACK_TOP(probe_stack[3]) - 0x80;
        s.eflags |= F_CF | F_IF;
        tag("ring %u", ring);
        o = run(&s);
        if (ring) {
            ended(o, GP, 0, sysexit_code, 0);
            continue;
        }
        landed(o, 0x18 | 3);
        same("ss", 0x20 | 3, o->ss & 0xffff);
        same("esp", s.ecx, o->esp);
        same("eflags", s.eflags, o->eflags);
        same("ds", DATA(0), o->ds);
    }
    wrmsr(0x174, 0);
}

void checks_privilege(void)
{
    kernel_only();
    reading_tables();
    table_registers();
    control_register_0();
    control_register_4();
    model_specific();
    flag_changes();
    fast_calls();
}
