/* Every privileged operation of the sample kernel, for a 32-bit paravirtual Xen domain: the kernel in ring 1, three-level page tables. ../xen/machine.h is the same for a 64-bit one. */
#ifndef MACHINE_H
#define MACHINE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef u32 word_t;

#define MACHINE_NAME "xen, 32-bit"
#define BOOT_PROTOCOL "Xen"
#define BOOT_MAGIC 0x2d6e6578u /* "xen-" */

/* What a trap leaves on the kernel stack, lowest address first. sp and ss are there only when it came from user mode. */
struct frame {
    u32 es, ds;
    u32 edi, esi, ebp, unused_esp, b, edx, c, a;
    u32 vector, error;
    u32 pc, cs, flags, sp, ss; /* above the 16 bits of cs: the mask of events */
};

#define KERNEL_CODE 0xe019u /* FLAT_RING1_CS */
#define KERNEL_STACK_SELECTOR 0xe021u
#define USER_CODE 0xe02bu /* FLAT_RING3_CS */
#define USER_STACK 0xe033u /* FLAT_RING3_DS */

static inline void frame_start(struct frame *f, u32 pc, u32 sp, u32 argument)
{
    f->es = f->ds = USER_STACK;
    f->pc = pc;
    f->cs = USER_CODE;
    f->flags = 0x202;
    f->sp = sp;
    f->ss = USER_STACK;
    f->a = argument;
}

enum {
    SET_TRAP_TABLE = 0, MMU_UPDATE = 1, STACK_SWITCH = 3, UPDATE_VA_MAPPING = 14, SET_TIMER_OP = 15, XEN_VERSION = 17, MMUEXT_OP = 26,
    SCHED_OP = 29, CALLBACK_OP = 30, EVENT_CHANNEL_OP = 32, PHYSDEV_OP = 33
};
#define DOMID_SELF 0x7ff0

static inline long hypercall(u32 number, word_t a, word_t b, word_t c, word_t d)
{
    long result;
    __asm__ volatile("int $0x82" : "=a"(result), "+b"(a), "+c"(b), "+d"(c), "+S"(d) : "0"(number) : "memory");
    return result;
}

static inline void set_timer(u64 deadline) { hypercall(SET_TIMER_OP, (u32)deadline, (u32)(deadline >> 32), 0, 0); }

/* The domain's shared page: vcpu_info of its one vCPU, event channels. A whole page, since it is mapped over one. */
struct __attribute__((aligned(4096))) shared_info {
    u8 upcall_pending, upcall_mask;
    u32 pending_sel, cr2, unused[5];
    u32 time_version, pad;
    u64 tsc_timestamp, system_time;
    u32 tsc_to_system_mul;
    signed char tsc_shift;
    u8 rest[0x800 - 61];
    u32 pending[32], mask[32];
};
extern volatile struct shared_info shared;

/* Bits 32 and up of a product. */
static inline u64 scale(u64 a, u32 b) { return (u64)(u32)(a >> 32) * b + ((u64)(u32)a * b >> 32); }

struct trap_info { u8 vector, flags; u16 cs; u32 address; };
struct callback { u16 type, flags; u32 cs, address; };
static inline struct callback callback(void (*handler)(void)) { return (struct callback){ 0, 0, KERNEL_CODE, (u32)handler }; }

static inline u8 in8(u16 port) { u8 v; __asm__ volatile("inb %1,%0" : "=a"(v) : "Nd"(port)); return v; }
static inline u64 time_stamp(void) { u64 t; __asm__ volatile("rdtsc" : "=A"(t)); return t; }

static inline void interrupts_off(void) { shared.upcall_mask = 1; }
static inline void interrupts_on(void)
{
    shared.upcall_mask = 0;
    if (shared.upcall_pending)
        hypercall(XEN_VERSION, 0, 0, 0, 0); /* the event is delivered on the way back */
}
static inline void wait_for_interrupt(void) { hypercall(SCHED_OP, 1, 0, 0, 0); interrupts_off(); }
static inline void halt_forever(void)
{
    u32 crashed = 3;
    for (;;)
        hypercall(SCHED_OP, 2, (u32)&crashed, 0, 0);
}

static inline u32 fault_address(void) { return shared.cr2; }

/* An entry of the lowest page tables: machine frame, and what it allows. The kernel itself counts in frames of its own. */
typedef u64 entry_t;
extern u32 *frame_list;
#define machine_to_physical ((const u32 *)0xf5800000u)
static inline u64 machine_address(u32 address) { return (u64)frame_list[address >> 12] << 12 | (address & 4095); }
static inline entry_t entry(u32 page, u32 allows) { return machine_address(page) | allows; }
static inline u32 entry_page(entry_t e) { return machine_to_physical[e >> 12 & 0xffffffffu] << 12; }

/* paging.c: an entry of a table in use is changed by the hypervisor, one of a table that is being made by a store. */
void set_page_entry(entry_t *e, entry_t value);
void load_address_space(u32 directory);
static inline void add_mapping(entry_t *e, u32 address, entry_t value)
{
    (void)e;
    hypercall(UPDATE_VA_MAPPING, address, (u32)value, (u32)(value >> 32), 0);
}
static inline void change_mapping(entry_t *e, u32 address, entry_t value)
{
    (void)e;
    hypercall(UPDATE_VA_MAPPING, address, (u32)value, (u32)(value >> 32), 2); /* and flush that page here */
}

static inline void copy(void *to, const void *from, u32 n)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) :: "memory");
}
static inline void zero(void *to, u32 n)
{
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(0) : "memory");
}

/* struct start_info of xen.h, as far as it is used. */
struct start_info {
    char magic[32];
    u32 pages, shared_info, flags, store_frame, store_port, console_frame, console_port, tables, table_count, frames, module, module_length;
    char command_line[1024];
};
extern struct start_info *start_info;
#endif
