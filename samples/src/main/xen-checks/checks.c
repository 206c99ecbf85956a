/*
 * Asks a hypervisor for what a 64-bit domain may and may not do, and prints each answer: "c NAME RESULT". The same file runs under Xen and here; answers.txt is what Xen 4.17 says.
 * Numbers in names are those of the public headers.
 */
#include "../kernel/kernel.h"

enum {
    SET_GDT = 2, SET_CALLBACKS = 4, SET_DEBUGREG = 8, GET_DEBUGREG = 9, UPDATE_DESCRIPTOR = 10, MEMORY_OP = 12, MULTICALL = 13, CONSOLE_IO = 18, GRANT_TABLE_OP = 20,
    VM_ASSIST = 21, UPDATE_VA_MAPPING_OTHERDOMAIN = 22, VCPU_OP = 24, SET_SEGMENT_BASE = 25, NMI_OP = 28, SYSCTL = 35, DOMCTL = 36
};
#define SELF ((u64)DOMID_SELF)
#define DOMID_IO 0x7ff1ull
#define DOMID_XEN 0x7ff2ull
#define NOWHERE 0x7fff0000ull /* not mapped */

volatile struct shared_info shared;
u64 *frame_list;
static u64 page[8][512] __attribute__((aligned(4096)));
static u64 own_id;

struct frame *trap(struct frame *f)
{
    print("trap ");
    print_unsigned((u32)f->vector);
    print(" at ");
    print_hex((u32)f->pc);
    print("\n");
    halt_forever();
    return f;
}

static void answer(const char *name, long result)
{
    print("c ");
    print(name);
    print(" ");
    if (result < 0) {
        print("-");
        result = -result;
    }
    print_unsigned((u32)result);
    print("\n");
}

static u64 frame(const void *p) { return frame_list[(u64)p >> 12]; }
static u64 at(const void *p) { return frame(p) << 12 | ((u64)p & 4095); }

/* The tables that the builder has made: one to one below 1 GiB. */
static u64 *table_of(u64 entry) { return (u64 *)(machine_to_physical[entry >> 12 & 0xffffffffffull] << 12); }
static u64 *root(void) { return (u64 *)start_info->tables; }
static u64 *level1(const void *p) { return table_of(table_of(table_of(root()[0])[0])[(u64)p >> 21]); }
static u64 xen_frame(void) { return root()[256] >> 12 & 0xffffffffffull; }

static long map(u64 va, u64 entry, u64 flags) { return hypercall(UPDATE_VA_MAPPING, va, entry, flags, 0); }
static long remap(int n, u64 flags) { return map((u64)page[n], frame(page[n]) << 12 | flags, 2); }

struct extended { u32 command, pad; u64 first, second; };
static long mmuext(u32 command, u64 first, u64 second)
{
    struct extended e = { command, 0, first, second };
    return hypercall(MMUEXT_OP, (u64)&e, 1, 0, SELF);
}

static long mmu_update(u64 pointer, u64 value, u64 who)
{
    u64 request[2] = { pointer, value };
    return hypercall(MMU_UPDATE, (u64)request, 1, 0, who);
}

static void mappings(void)
{
    u64 va = (u64)page[0];
    answer("map.rw", remap(0, 3));
    answer("map.ro", remap(0, 1));
    answer("map.table-rw", map(va, frame(level1(page)) << 12 | 3, 2));
    answer("map.table-ro", map(va, frame(level1(page)) << 12 | 1, 2));
    answer("map.root-rw", map(va, frame(root()) << 12 | 3, 2));
    answer("map.xen-ro", map(va, xen_frame() << 12 | 1, 2));
    answer("map.xen-rw", map(va, xen_frame() << 12 | 3, 2));
    answer("map.no-memory", map(va, 1ull << 38 | 1, 2));
    answer("map.not-present", map(va, xen_frame() << 12, 2));
    answer("map.again", remap(0, 3));
    answer("map.pcd", remap(0, 0x13));
    answer("map.pwt", remap(0, 0xb));
    answer("map.pat", remap(0, 0x83));
    answer("map.global", remap(0, 0x103));
    answer("map.available-9-11", remap(0, 0xe03));
    answer("map.bit-52", remap(0, 1ull << 52 | 3));
    answer("map.bit-58", remap(0, 1ull << 58 | 3));
    answer("map.bit-62", remap(0, 1ull << 62 | 3));
    answer("map.nx", remap(0, 1ull << 63 | 3));
    answer("map.back", remap(0, 3));
    answer("map.hole", map(0xffff800000000000ull, 0, 2));
    answer("map.hole-end", map(0xffff87fffffff000ull, 0, 2));
    answer("map.not-canonical", map(1ull << 50, 0, 2));
    answer("map.no-table", map(1ull << 46, 0, 2));
    answer("map.no-flush", map(va, at(page[0]) | 3, 0));
    answer("map.flush-local", map(va, at(page[0]) | 3, 1));
    answer("map.flush-all", map(va, at(page[0]) | 3, 1 | 4));
    answer("map.flush-type-3", map(va, at(page[0]) | 3, 3));
    static u64 mask = 1;
    answer("map.flush-mask", map(va, at(page[0]) | 3, 2 | (u64)&mask));
    answer("map.flush-mask-nowhere", map(va, at(page[0]) | 3, 2 | NOWHERE));
    answer("map.other-self", hypercall(UPDATE_VA_MAPPING_OTHERDOMAIN, va, at(page[0]) | 3, 2, SELF));
    answer("map.other-own-number", hypercall(UPDATE_VA_MAPPING_OTHERDOMAIN, va, at(page[0]) | 3, 2, own_id));
    answer("map.other-0", hypercall(UPDATE_VA_MAPPING_OTHERDOMAIN, va, at(page[0]) | 3, 2, 0));
    answer("map.other-99", hypercall(UPDATE_VA_MAPPING_OTHERDOMAIN, va, at(page[0]) | 3, 2, 99));
    answer("map.other-io", hypercall(UPDATE_VA_MAPPING_OTHERDOMAIN, va, at(page[0]) | 3, 2, DOMID_IO));
    answer("map.other-xen", hypercall(UPDATE_VA_MAPPING_OTHERDOMAIN, va, at(page[0]) | 3, 2, DOMID_XEN));
}

static void pins(void)
{
    for (int i = 0; i < 512; i++)
        page[1][i] = page[2][i] = page[3][i] = 0;
    answer("pin.writable-as-l1", mmuext(0, frame(page[1]), 0));
    answer("pin.unpin-unpinned", mmuext(4, frame(page[1]), 0));
    remap(1, 1);
    answer("pin.l1", mmuext(0, frame(page[1]), 0));
    answer("pin.l1-again", mmuext(0, frame(page[1]), 0));
    answer("pin.l1-as-l2", mmuext(1, frame(page[1]), 0));
    answer("pin.l1-as-l4", mmuext(3, frame(page[1]), 0));
    answer("pin.map-rw", remap(1, 3));
    answer("pin.base-of-l1", mmuext(5, frame(page[1]), 0));
    answer("pin.user-base-of-l1", mmuext(15, frame(page[1]), 0));
    answer("pin.clear-page", mmuext(16, frame(page[1]), 0));
    answer("pin.copy-page-to", mmuext(17, frame(page[1]), frame(page[2])));
    answer("pin.update-entry", mmu_update(at(page[1]) + 8, at(page[2]) | 1, SELF));
    answer("pin.update-entry-rw", mmu_update(at(page[1]) + 16, at(page[2]) | 3, SELF));
    answer("pin.update-xen", mmu_update(at(page[1]) + 24, xen_frame() << 12 | 1, SELF));
    answer("pin.update-self-rw", mmu_update(at(page[1]) + 24, at(page[1]) | 3, SELF));
    answer("pin.update-self-ro", mmu_update(at(page[1]) + 24, at(page[1]) | 1, SELF));
    answer("pin.update-pcd", mmu_update(at(page[1]) + 24, at(page[2]) | 0x13, SELF));
    answer("pin.page-in-use-as-l1", mmuext(0, frame(page[2]), 0));
    answer("pin.unpin", mmuext(4, frame(page[1]), 0));
    answer("pin.unpin-again", mmuext(4, frame(page[1]), 0));
    answer("pin.map-rw-after", remap(1, 3));
    page[1][0] = xen_frame() << 12 | 1;
    remap(1, 1);
    answer("pin.l1-with-xen", mmuext(0, frame(page[1]), 0));
    remap(1, 3);
    page[1][0] = 1ull << 38 | 1;
    remap(1, 1);
    answer("pin.l1-with-no-memory", mmuext(0, frame(page[1]), 0));
    remap(1, 3);
    page[1][0] = frame(page[2]) << 12 | 0x83;
    remap(1, 1);
    answer("pin.l1-with-pat", mmuext(0, frame(page[1]), 0));
    remap(1, 3);
    page[1][0] = frame(root()) << 12 | 3;
    remap(1, 1);
    answer("pin.l1-with-writable-root", mmuext(0, frame(page[1]), 0));
    remap(1, 3);
    for (int i = 0; i < 512; i++)
        page[1][i] = 0;
    page[1][0] = frame(page[2]) << 12 | 7;
    remap(1, 1);
    answer("pin.l2-over-writable", mmuext(1, frame(page[1]), 0));
    remap(2, 1);
    answer("pin.l2", mmuext(1, frame(page[1]), 0));
    answer("pin.l2-large-page", mmu_update(at(page[1]) + 8, 0x83, SELF));
    answer("pin.l2-below-again", mmu_update(at(page[1]) + 8, at(page[2]) | 7, SELF));
    answer("pin.l2-below-l4", mmu_update(at(page[1]) + 16, at(root()) | 7, SELF));
    answer("pin.l2-below-xen", mmu_update(at(page[1]) + 16, xen_frame() << 12 | 7, SELF));
    answer("pin.unpin-l2", mmuext(4, frame(page[1]), 0));
    remap(1, 3);
    page[1][0] = 0;
    remap(1, 1);
    answer("pin.l3", mmuext(2, frame(page[1]), 0));
    answer("pin.unpin-l3", mmuext(4, frame(page[1]), 0));
    answer("pin.l4", mmuext(3, frame(page[1]), 0));
    answer("pin.l4-hole", mmu_update(at(page[1]) + 8 * 256, 0, SELF));
    answer("pin.l4-hole-end", mmu_update(at(page[1]) + 8 * 271, 0, SELF));
    answer("pin.l4-behind-hole", mmu_update(at(page[1]) + 8 * 272, 0, SELF));
    answer("pin.unpin-l4", mmuext(4, frame(page[1]), 0));
    answer("pin.xen", mmuext(0, xen_frame(), 0));
    answer("pin.no-memory", mmuext(0, 1ull << 26, 0));
    answer("pin.unpin-xen", mmuext(4, xen_frame(), 0));
    answer("pin.unpin-no-memory", mmuext(4, 1ull << 26, 0));
    answer("pin.base-xen", mmuext(5, xen_frame(), 0));
    answer("pin.base-no-memory", mmuext(5, 1ull << 26, 0));
    answer("pin.base-same", mmuext(5, frame(root()), 0));
    answer("pin.user-base-none", mmuext(15, 0, 0));
    remap(1, 3);
    remap(2, 3);
}

static void extended_operations(void)
{
    static u64 mask = 1;
    answer("ext.flush-local", mmuext(6, 0, 0));
    answer("ext.invlpg-local", mmuext(7, (u64)page, 0));
    answer("ext.flush-multi", mmuext(8, 0, (u64)&mask));
    answer("ext.flush-multi-nowhere", mmuext(8, 0, NOWHERE));
    answer("ext.invlpg-multi", mmuext(9, (u64)page, (u64)&mask));
    answer("ext.invlpg-multi-nowhere", mmuext(9, (u64)page, NOWHERE));
    answer("ext.flush-all", mmuext(10, 0, 0));
    answer("ext.invlpg-all", mmuext(11, (u64)page, 0));
    answer("ext.flush-cache", mmuext(12, 0, 0));
    answer("ext.ldt-none", mmuext(13, 0, 0));
    answer("ext.ldt-unaligned", mmuext(13, 8, 1));
    answer("ext.ldt-large", mmuext(13, (u64)page[3], 8193));
    answer("ext.ldt-hole", mmuext(13, 0xffff800000000000ull, 1));
    answer("ext.14", mmuext(14, 0, 0));
    answer("ext.clear-page", mmuext(16, frame(page[3]), 0));
    answer("ext.clear-xen", mmuext(16, xen_frame(), 0));
    answer("ext.copy-page", mmuext(17, frame(page[3]), frame(page[4])));
    answer("ext.copy-from-xen", mmuext(17, frame(page[3]), xen_frame()));
    answer("ext.copy-to-xen", mmuext(17, xen_frame(), frame(page[3])));
    answer("ext.copy-from-table", mmuext(17, frame(page[3]), frame(root())));
    answer("ext.flush-cache-global", mmuext(18, 0, 0));
    answer("ext.mark-super", mmuext(19, 0, 0));
    answer("ext.unmark-super", mmuext(20, 0, 0));
    answer("ext.21", mmuext(21, 0, 0));
    struct extended e = { 6, 0, 0, 0 };
    u32 done = 77;
    answer("ext.none", hypercall(MMUEXT_OP, (u64)&e, 0, (u64)&done, SELF));
    answer("ext.none-done", done);
    answer("ext.nowhere", hypercall(MMUEXT_OP, NOWHERE, 1, (u64)&done, SELF));
    answer("ext.done-nowhere", hypercall(MMUEXT_OP, (u64)&e, 1, NOWHERE, SELF));
    answer("ext.own-number", hypercall(MMUEXT_OP, (u64)&e, 1, 0, own_id));
    answer("ext.domain-0", hypercall(MMUEXT_OP, (u64)&e, 1, 0, 0));
    answer("ext.domain-99", hypercall(MMUEXT_OP, (u64)&e, 1, 0, 99));
    answer("ext.domain-io", hypercall(MMUEXT_OP, (u64)&e, 1, 0, DOMID_IO));
}

static void updates(void)
{
    u64 nothing = at(page[5]);
    answer("update.memory", mmu_update(nothing, 5, SELF));
    answer("update.memory-seen", (long)page[5][0]);
    answer("update.machphys", mmu_update(nothing | 1, machine_to_physical[frame(page[5])], SELF));
    answer("update.machphys-xen", mmu_update(xen_frame() << 12 | 1, 1, SELF));
    answer("update.machphys-no-memory", mmu_update(1ull << 38 | 1, 1, SELF));
    answer("update.preserve-memory", mmu_update(nothing | 2, 6, SELF));
    answer("update.type-3", mmu_update(nothing | 3, 7, SELF));
    answer("update.type-3-seen", (long)page[5][0]);
    answer("update.unaligned", mmu_update(nothing + 4, 7, SELF));
    answer("update.xen", mmu_update(xen_frame() << 12, 0, SELF));
    answer("update.no-memory", mmu_update(1ull << 38, 0, SELF));
    answer("update.own-number", mmu_update(nothing, 0, own_id));
    answer("update.domain-0", mmu_update(nothing, 0, 0));
    answer("update.domain-99", mmu_update(nothing, 0, 99));
    answer("update.domain-io", mmu_update(nothing, 0, DOMID_IO));
    answer("update.entry-none-io", mmu_update(at(&level1(page[5])[(u64)page[5] >> 12 & 511]), nothing, DOMID_IO));
    answer("update.entry-io", mmu_update(at(&level1(page[5])[(u64)page[5] >> 12 & 511]), nothing | 3, DOMID_IO));
    answer("update.entry-self", mmu_update(at(&level1(page[5])[(u64)page[5] >> 12 & 511]), nothing | 3, SELF));
    answer("update.domain-xen", mmu_update(nothing, 0, DOMID_XEN));
    answer("update.table-owner-99", mmu_update(nothing, 0, SELF | 100 << 16));
    answer("update.table-owner-own-number", mmu_update(nothing, 0, SELF | (own_id + 1) << 16));
    answer("update.table-owner-0", mmu_update(nothing, 0, SELF | 1 << 16));
    answer("update.table-owner-self", mmu_update(nothing, 0, SELF | (SELF + 1) << 16));
    u32 done = 77;
    answer("update.nowhere", hypercall(MMU_UPDATE, NOWHERE, 1, (u64)&done, SELF));
    answer("update.nowhere-done", done);
    u64 requests[6] = { nothing, 1, xen_frame() << 12, 0, nothing, 2 };
    answer("update.second-fails", hypercall(MMU_UPDATE, (u64)requests, 3, (u64)&done, SELF));
    answer("update.second-fails-done", done);
}

static long descriptor(u64 d) { return hypercall(UPDATE_DESCRIPTOR, at(page[6]), d, 0, 0); }

static void descriptors(void)
{
    for (int i = 0; i < 512; i++)
        page[6][i] = 0;
    u64 frames[16] = { frame(page[6]) };
    answer("gdt.writable", hypercall(SET_GDT, (u64)frames, 8, 0, 0));
    remap(6, 1);
    answer("gdt.set", hypercall(SET_GDT, (u64)frames, 8, 0, 0));
    answer("gdt.map-rw", remap(6, 3));
    answer("gdt.as-table", mmuext(0, frame(page[6]), 0));
    answer("gdt.none", descriptor(0));
    answer("gdt.code-64", descriptor(0x00af9b000000ffffull));
    answer("gdt.code-64-seen", (long)(page[6][0] >> 40 & 0xff));
    answer("gdt.data-ring-3", descriptor(0x00cff3000000ffffull));
    answer("gdt.not-accessed", descriptor(0x00cff2000000ffffull));
    answer("gdt.not-accessed-seen", (long)(page[6][0] >> 40 & 0xff));
    answer("gdt.ldt", descriptor(0x0000820000000067ull));
    answer("gdt.task-state", descriptor(0x0000890000000067ull));
    answer("gdt.call-gate", descriptor(0x0000ec00e0331000ull));
    answer("gdt.call-gate-bad-code", descriptor(0x0000ec00e0081000ull));
    answer("gdt.interrupt-gate", descriptor(0x0000ee00e0331000ull));
    answer("gdt.type-0-present", descriptor(0x0000e00000000000ull));
    answer("gdt.type-0-present-seen", (long)(page[6][0] >> 40 & 0xff));
    answer("gdt.not-present", descriptor(0x00004200deadbeefull));
    answer("gdt.unaligned", hypercall(UPDATE_DESCRIPTOR, at(page[6]) + 4, 0, 0, 0));
    answer("gdt.xen", hypercall(UPDATE_DESCRIPTOR, xen_frame() << 12, 0, 0, 0));
    answer("gdt.in-memory", hypercall(UPDATE_DESCRIPTOR, at(page[5]), 0, 0, 0));
    answer("gdt.in-table", hypercall(UPDATE_DESCRIPTOR, at(level1(page)), 0, 0, 0));
    answer("gdt.7168", hypercall(SET_GDT, NOWHERE, 7168, 0, 0));
    answer("gdt.7169", hypercall(SET_GDT, NOWHERE, 7169, 0, 0));
    frames[0] = xen_frame();
    answer("gdt.xen-frame", hypercall(SET_GDT, (u64)frames, 8, 0, 0));
    answer("gdt.empty", hypercall(SET_GDT, (u64)frames, 0, 0, 0));
    answer("gdt.map-rw-after", remap(6, 3));
}

static long memory(u32 command, u64 list, u64 count, u32 order, u32 who)
{
    struct { u64 list, count; u32 order, flags; u16 who; } r = { list, count, order, 0, (u16)who };
    return hypercall(MEMORY_OP, command, (u64)&r, 0, 0);
}

static void reservations(void)
{
    u64 list[2] = { xen_frame(), 1ull << 26 };
    u16 who = DOMID_SELF;
    answer("memory.decrease-xen", memory(1, (u64)list, 1, 0, DOMID_SELF));
    answer("memory.decrease-no-memory", memory(1, (u64)(list + 1), 1, 0, DOMID_SELF));
    answer("memory.decrease-0", memory(1, (u64)list, 1, 0, 0));
    answer("memory.decrease-99", memory(1, (u64)list, 1, 0, 99));
    answer("memory.decrease-own-number", memory(1, (u64)list, 0, 0, (u32)own_id));
    answer("memory.populate-order-20", memory(6, (u64)list, 1, 20, DOMID_SELF));
    answer("memory.populate-0", memory(6, (u64)list, 1, 0, 0));
    answer("memory.populate-none", memory(6, (u64)list, 0, 0, DOMID_SELF));
    answer("memory.nowhere", hypercall(MEMORY_OP, 1, NOWHERE, 0, 0));
    answer("memory.current-other", hypercall(MEMORY_OP, 3, (u64)&who, 0, 0) > 0);
    who = 0;
    answer("memory.current-0", hypercall(MEMORY_OP, 3, (u64)&who, 0, 0));
    who = 99;
    answer("memory.current-99", hypercall(MEMORY_OP, 3, (u64)&who, 0, 0));
    answer("memory.63", hypercall(MEMORY_OP, 63, (u64)list, 0, 0));
    answer("memory.add-to-physmap-nowhere", hypercall(MEMORY_OP, 7, NOWHERE, 0, 0));
    struct { u16 who, size; u32 space; u64 index, frame; } add = { DOMID_SELF, 0, 0, 0, 5 };
    answer("memory.add-to-physmap", hypercall(MEMORY_OP, 7, (u64)&add, 0, 0));
}

static void channels(void)
{
    struct { u16 domain, remote; u32 port; } unbound = { DOMID_SELF, 0, 0 };
    struct { u32 virq, vcpu, port; } virq = { 0, 0, 0 };
    struct { u32 vcpu, port; } ipi = { 0, 0 };
    struct { u16 remote, pad; u32 remote_port, local; } between = { 0, 0, 1, 0 };
    u32 port;
    answer("channel.unbound-for-0", hypercall(EVENT_CHANNEL_OP, 6, (u64)&unbound, 0, 0));
    u32 first = unbound.port;
    answer("channel.send-unbound", hypercall(EVENT_CHANNEL_OP, 4, (u64)&first, 0, 0));
    unbound.domain = 0;
    answer("channel.unbound-of-0", hypercall(EVENT_CHANNEL_OP, 6, (u64)&unbound, 0, 0));
    unbound.domain = 99;
    answer("channel.unbound-of-99", hypercall(EVENT_CHANNEL_OP, 6, (u64)&unbound, 0, 0));
    answer("channel.virq-timer", hypercall(EVENT_CHANNEL_OP, 1, (u64)&virq, 0, 0));
    u32 timer = virq.port;
    answer("channel.virq-timer-again", hypercall(EVENT_CHANNEL_OP, 1, (u64)&virq, 0, 0));
    answer("channel.send-virq", hypercall(EVENT_CHANNEL_OP, 4, (u64)&timer, 0, 0));
    virq.virq = 24;
    answer("channel.virq-24", hypercall(EVENT_CHANNEL_OP, 1, (u64)&virq, 0, 0));
    virq.virq = 1;
    virq.vcpu = 9;
    answer("channel.virq-vcpu-9", hypercall(EVENT_CHANNEL_OP, 1, (u64)&virq, 0, 0));
    virq.virq = 3;
    answer("channel.virq-global-vcpu-9", hypercall(EVENT_CHANNEL_OP, 1, (u64)&virq, 0, 0));
    answer("channel.ipi", hypercall(EVENT_CHANNEL_OP, 7, (u64)&ipi, 0, 0));
    answer("channel.send-ipi", hypercall(EVENT_CHANNEL_OP, 4, (u64)&ipi.port, 0, 0));
    struct { u32 port, vcpu; } move = { ipi.port, 0 };
    answer("channel.move-ipi", hypercall(EVENT_CHANNEL_OP, 8, (u64)&move, 0, 0));
    move.port = first;
    answer("channel.move-unbound", hypercall(EVENT_CHANNEL_OP, 8, (u64)&move, 0, 0));
    move.vcpu = 9;
    answer("channel.move-vcpu-9", hypercall(EVENT_CHANNEL_OP, 8, (u64)&move, 0, 0));
    move.port = 4000;
    move.vcpu = 0;
    answer("channel.move-none", hypercall(EVENT_CHANNEL_OP, 8, (u64)&move, 0, 0));
    ipi.vcpu = 9;
    answer("channel.ipi-vcpu-9", hypercall(EVENT_CHANNEL_OP, 7, (u64)&ipi, 0, 0));
    answer("channel.between-0-port-1", hypercall(EVENT_CHANNEL_OP, 0, (u64)&between, 0, 0));
    between.remote = 99;
    answer("channel.between-99", hypercall(EVENT_CHANNEL_OP, 0, (u64)&between, 0, 0));
    struct { u16 domain, pad; u32 port, status, vcpu, rest[2]; } status = { DOMID_SELF, 0, first, 0, 0, { 0, 0 } };
    answer("channel.status", hypercall(EVENT_CHANNEL_OP, 5, (u64)&status, 0, 0));
    answer("channel.status-kind", status.status);
    status.port = 5000;
    answer("channel.status-5000", hypercall(EVENT_CHANNEL_OP, 5, (u64)&status, 0, 0));
    status.domain = 0;
    answer("channel.status-of-0", hypercall(EVENT_CHANNEL_OP, 5, (u64)&status, 0, 0));
    answer("channel.close", hypercall(EVENT_CHANNEL_OP, 3, (u64)&first, 0, 0));
    answer("channel.close-again", hypercall(EVENT_CHANNEL_OP, 3, (u64)&first, 0, 0));
    answer("channel.send-closed", hypercall(EVENT_CHANNEL_OP, 4, (u64)&first, 0, 0));
    port = 0;
    answer("channel.close-0", hypercall(EVENT_CHANNEL_OP, 3, (u64)&port, 0, 0));
    answer("channel.send-0", hypercall(EVENT_CHANNEL_OP, 4, (u64)&port, 0, 0));
    port = 5000;
    answer("channel.close-5000", hypercall(EVENT_CHANNEL_OP, 3, (u64)&port, 0, 0));
    answer("channel.unmask-closed", hypercall(EVENT_CHANNEL_OP, 9, (u64)&first, 0, 0));
    answer("channel.unmask-5000", hypercall(EVENT_CHANNEL_OP, 9, (u64)&port, 0, 0));
    answer("channel.nowhere", hypercall(EVENT_CHANNEL_OP, 4, NOWHERE, 0, 0));
    answer("channel.14", hypercall(EVENT_CHANNEL_OP, 14, (u64)&port, 0, 0));
}

struct grant_map { u64 host; u32 flags, reference; u16 domain; short status; u32 handle; u64 bus; };
static long grant_map(u64 host, u32 flags, u32 reference, u32 domain)
{
    struct grant_map m = { host, flags, reference, (u16)domain, 99, 0, 0 };
    long rc = hypercall(GRANT_TABLE_OP, 0, (u64)&m, 1, 0);
    return rc ? rc - 1000 : m.status;
}

static long grant_copy(u64 from, u32 from_domain, u64 to, u32 to_domain, u32 offset, u32 length, u32 flags)
{
    struct { u64 from; u16 domain, offset; u32 pad; u64 to; u16 to_domain, to_offset; u32 pad2; u16 length, flags; short status; } c
            = { from, (u16)from_domain, (u16)offset, 0, to, (u16)to_domain, 0, 0, (u16)length, (u16)flags, 99 };
    long rc = hypercall(GRANT_TABLE_OP, 5, (u64)&c, 1, 0);
    return rc ? rc - 1000 : c.status;
}

static void grants(void)
{
    struct { u16 domain, pad; u32 now, most; short status; } size = { DOMID_SELF, 0, 0, 0, 99 };
    struct { u16 domain, pad; u32 count; short status, pad2; u32 pad3; u64 list; } setup = { DOMID_SELF, 0, 1, 99, 0, 0, (u64)page[7] };
    struct { u64 host, bus; u32 handle; short status; } unmap = { (u64)page[7], 0, 5, 99 };
    u32 version = 1;
    answer("grant.version-1", hypercall(GRANT_TABLE_OP, 8, (u64)&version, 1, 0));
    version = 3;
    answer("grant.version-3", hypercall(GRANT_TABLE_OP, 8, (u64)&version, 1, 0));
    answer("grant.size", hypercall(GRANT_TABLE_OP, 6, (u64)&size, 1, 0));
    answer("grant.size-status", size.status);
    size.domain = 0;
    answer("grant.size-of-0", hypercall(GRANT_TABLE_OP, 6, (u64)&size, 1, 0));
    answer("grant.size-of-0-status", size.status);
    size.domain = 99;
    answer("grant.size-of-99", hypercall(GRANT_TABLE_OP, 6, (u64)&size, 1, 0));
    answer("grant.size-of-99-status", size.status);
    answer("grant.setup", hypercall(GRANT_TABLE_OP, 2, (u64)&setup, 1, 0));
    answer("grant.setup-status", setup.status);
    setup.count = 1000;
    answer("grant.setup-1000", hypercall(GRANT_TABLE_OP, 2, (u64)&setup, 1, 0));
    answer("grant.setup-1000-status", setup.status);
    setup.count = 1;
    setup.domain = 0;
    answer("grant.setup-of-0", hypercall(GRANT_TABLE_OP, 2, (u64)&setup, 1, 0));
    answer("grant.setup-of-0-status", setup.status);
    answer("grant.map-99", grant_map((u64)page[7], 2, 8, 99));
    answer("grant.map-0", grant_map((u64)page[7], 2, 400, 0));
    answer("grant.map-0-5000", grant_map((u64)page[7], 2, 5000000, 0));
    answer("grant.map-0-no-table", grant_map(1ull << 46, 2, 400, 0));
    answer("grant.map-no-flags", grant_map((u64)page[7], 0, 8, 99));
    answer("grant.unmap-bad-handle", hypercall(GRANT_TABLE_OP, 1, (u64)&unmap, 1, 0));
    answer("grant.unmap-bad-handle-status", unmap.status);
    answer("grant.copy-self", grant_copy(frame(page[4]), DOMID_SELF, frame(page[5]), DOMID_SELF, 0, 64, 0));
    answer("grant.copy-long", grant_copy(frame(page[4]), DOMID_SELF, frame(page[5]), DOMID_SELF, 4000, 200, 0));
    answer("grant.copy-to-table", grant_copy(frame(page[4]), DOMID_SELF, frame(root()), DOMID_SELF, 0, 64, 0));
    answer("grant.copy-from-xen", grant_copy(xen_frame(), DOMID_SELF, frame(page[5]), DOMID_SELF, 0, 64, 0));
    answer("grant.copy-frame-of-0", grant_copy(frame(page[4]), 0, frame(page[5]), DOMID_SELF, 0, 64, 0));
    answer("grant.copy-grant-of-99", grant_copy(8, 99, frame(page[5]), DOMID_SELF, 0, 64, 1));
    answer("grant.copy-grant-of-0", grant_copy(400, 0, frame(page[5]), DOMID_SELF, 0, 64, 1));
    answer("grant.none", hypercall(GRANT_TABLE_OP, 0, NOWHERE, 0, 0));
    answer("grant.nowhere", hypercall(GRANT_TABLE_OP, 0, NOWHERE, 1, 0));
    answer("grant.50", hypercall(GRANT_TABLE_OP, 50, (u64)&size, 1, 0));
}

static void others(void)
{
    struct { u64 frame; u32 offset, pad; } info = { xen_frame(), 0, 0 };
    u64 address = NOWHERE;
    answer("vcpu.is-up", hypercall(VCPU_OP, 3, 0, 0, 0));
    answer("vcpu.is-up-9", hypercall(VCPU_OP, 3, 9, 0, 0));
    answer("vcpu.up", hypercall(VCPU_OP, 1, 0, 0, 0));
    answer("vcpu.initialise", hypercall(VCPU_OP, 0, 0, (u64)page[7], 0));
    answer("vcpu.info-xen", hypercall(VCPU_OP, 10, 0, (u64)&info, 0));
    info.frame = frame(page[5]);
    info.offset = 4090;
    answer("vcpu.info-crosses", hypercall(VCPU_OP, 10, 0, (u64)&info, 0));
    answer("vcpu.runstate-nowhere", hypercall(VCPU_OP, 4, 0, NOWHERE, 0));
    answer("vcpu.time-area-nowhere", hypercall(VCPU_OP, 13, 0, (u64)&address, 0));
    answer("vcpu.runstate-area-nowhere", hypercall(VCPU_OP, 5, 0, (u64)&address, 0));
    answer("vcpu.periodic-short", hypercall(VCPU_OP, 6, 0, (u64)&info.pad, 0));
    answer("vcpu.50", hypercall(VCPU_OP, 50, 0, 0, 0));
    answer("sched.50", hypercall(SCHED_OP, 50, (u64)page, 0, 0));
    answer("sched.nowhere", hypercall(SCHED_OP, 3, NOWHERE, 0, 0));
    answer("version.50", hypercall(XEN_VERSION, 50, (u64)page[7], 0, 0));
    answer("version.pagesize", hypercall(XEN_VERSION, 7, 0, 0, 0));
    answer("version.nowhere", hypercall(XEN_VERSION, 1, NOWHERE, 0, 0));
    answer("assist.50", hypercall(VM_ASSIST, 0, 50, 0, 0));
    answer("assist.writable-tables", hypercall(VM_ASSIST, 0, 2, 0, 0));
    answer("assist.command-2", hypercall(VM_ASSIST, 2, 2, 0, 0));
    answer("base.4", hypercall(SET_SEGMENT_BASE, 4, 0, 0, 0));
    answer("base.not-canonical", hypercall(SET_SEGMENT_BASE, 0, 1ull << 50, 0, 0));
    answer("debug.get-4", hypercall(GET_DEBUGREG, 4, 0, 0, 0));
    answer("debug.get-8", hypercall(GET_DEBUGREG, 8, 0, 0, 0));
    answer("debug.set-0", hypercall(SET_DEBUGREG, 0, 0x1000, 0, 0));
    answer("debug.set-0-hole", hypercall(SET_DEBUGREG, 0, 0xffff800000000000ull, 0, 0));
    answer("debug.set-4", hypercall(SET_DEBUGREG, 4, 0, 0, 0));
    answer("debug.set-8", hypercall(SET_DEBUGREG, 8, 0, 0, 0));
    answer("debug.set-7-io", hypercall(SET_DEBUGREG, 7, 2 << 16 | 1, 0, 0));
    answer("debug.set-7-general-detect", hypercall(SET_DEBUGREG, 7, 1 << 13, 0, 0));
    struct { u8 vector, flags; u16 cs; u64 address; } traps[2] = { { 5, 0, 0xe033, 0xffff800000000000ull }, { 0, 0, 0, 0 } };
    answer("traps.hole", hypercall(SET_TRAP_TABLE, (u64)traps, 0, 0, 0));
    traps[0].address = 1ull << 50;
    answer("traps.not-canonical", hypercall(SET_TRAP_TABLE, (u64)traps, 0, 0, 0));
    answer("traps.nowhere", hypercall(SET_TRAP_TABLE, NOWHERE, 0, 0, 0));
    answer("callbacks.not-canonical", hypercall(SET_CALLBACKS, 1ull << 50, 0, 0, 0));
    answer("callbacks.hole", hypercall(SET_CALLBACKS, 0xffff800000000000ull, 0, 0, 0));
    struct { u16 type, flags; u32 pad; u64 address; } callback = { 0, 0, 0, 0xffff800000000000ull };
    answer("callback.hole", hypercall(CALLBACK_OP, 0, (u64)&callback, 0, 0));
    callback.address = 1ull << 50;
    answer("callback.not-canonical", hypercall(CALLBACK_OP, 0, (u64)&callback, 0, 0));
    callback.type = 6;
    answer("callback.type-6", hypercall(CALLBACK_OP, 0, (u64)&callback, 0, 0));
    callback.type = 0;
    answer("callback.unregister-event", hypercall(CALLBACK_OP, 1, (u64)&callback, 0, 0));
    answer("callback.command-2", hypercall(CALLBACK_OP, 2, (u64)&callback, 0, 0));
    u32 level = 4;
    answer("physdev.iopl-4", hypercall(PHYSDEV_OP, 6, (u64)&level, 0, 0));
    level = 1;
    answer("physdev.iopl-1", hypercall(PHYSDEV_OP, 6, (u64)&level, 0, 0));
    answer("physdev.50", hypercall(PHYSDEV_OP, 50, (u64)&level, 0, 0));
    static const struct { u64 handler, pad; } nmi = { 0x100000, 0 };
    answer("nmi.register", hypercall(NMI_OP, 0, (u64)&nmi, 0, 0));
    answer("nmi.register-nowhere", hypercall(NMI_OP, 0, NOWHERE, 0, 0));
    answer("nmi.unregister", hypercall(NMI_OP, 1, 0, 0, 0));
    answer("nmi.50", hypercall(NMI_OP, 50, 0, 0, 0));
    u32 operation[40] = { 0 };
    answer("sysctl.version-0", hypercall(SYSCTL, (u64)operation, 0, 0, 0));
    answer("domctl.version-0", hypercall(DOMCTL, (u64)operation, 0, 0, 0));
    answer("platform.version-0", hypercall(7, (u64)operation, 0, 0, 0));
    operation[1] = 0x15;
    answer("sysctl.version-21", hypercall(SYSCTL, (u64)operation, 0, 0, 0));
    answer("domctl.version-21", hypercall(DOMCTL, (u64)operation, 0, 0, 0));
    operation[1] = 0x03000001;
    answer("platform.version", hypercall(7, (u64)operation, 0, 0, 0));
    answer("platform.nowhere", hypercall(7, NOWHERE, 0, 0, 0));
    answer("sysctl.nowhere", hypercall(SYSCTL, NOWHERE, 0, 0, 0));
    answer("domctl.nowhere", hypercall(DOMCTL, NOWHERE, 0, 0, 0));
    answer("console.read", hypercall(CONSOLE_IO, 1, 1, (u64)page[7], 0));
    answer("console.5", hypercall(CONSOLE_IO, 5, 1, (u64)page[7], 0));
    answer("call.6-yield", hypercall(6, 0, 0, 0, 0));
    answer("call.6-9", hypercall(6, 9, 0, 0, 0));
    answer("call.45", hypercall(45, 0, 0, 0, 0));
    answer("call.63", hypercall(63, 0, 0, 0, 0));
    answer("call.1000", hypercall(1000, 0, 0, 0, 0));
    u64 calls[16] = { XEN_VERSION, 0, 7, 0, 0, 0, 0, 0, MULTICALL, 0, 0, 0, 0, 0, 0, 0 };
    answer("multi.two", hypercall(MULTICALL, (u64)calls, 2, 0, 0));
    answer("multi.first", (long)calls[1]);
    answer("multi.nested", (long)calls[9]);
    answer("multi.nowhere", hypercall(MULTICALL, NOWHERE, 1, 0, 0));
    answer("multi.none", hypercall(MULTICALL, NOWHERE, 0, 0, 0));
}

/* The domain's own number: what channels to oneself have in their status. */
static u64 number(void)
{
    struct { u16 domain, remote; u32 port; } unbound = { DOMID_SELF, DOMID_SELF, 0 };
    struct { u16 domain, pad; u32 port, status, vcpu; u16 remote, pad2; u32 more; } status = { DOMID_SELF, 0, 0, 0, 0, 0, 0, 0 };
    hypercall(EVENT_CHANNEL_OP, 6, (u64)&unbound, 0, 0);
    status.port = unbound.port;
    hypercall(EVENT_CHANNEL_OP, 5, (u64)&status, 0, 0);
    hypercall(EVENT_CHANNEL_OP, 3, (u64)&unbound.port, 0, 0);
    return status.remote;
}

void kernel_main(u32 magic, u32 info)
{
    (void)magic;
    console_init(info);
    frame_list = (u64 *)start_info->frames;
    own_id = number();
    print("checks begin\n");
    mappings();
    pins();
    extended_operations();
    updates();
    descriptors();
    reservations();
    channels();
    grants();
    others();
    print("checks end\n");
    power_off();
}
