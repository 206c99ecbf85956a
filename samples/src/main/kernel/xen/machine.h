/* Every privileged operation of the sample kernel, for a paravirtual Xen domain: 64-bit code, hypercalls. ../pc/machine.h is the same for a PC, ../xen32/machine.h for a 32-bit domain. */
#ifndef MACHINE_H
#define MACHINE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef u64 word_t;

#define MACHINE_NAME "xen"
#define BOOT_PROTOCOL "Xen"
#define BOOT_MAGIC 0x2d6e6578u /* "xen-" */

/* What a trap leaves on the kernel stack, lowest address first. */
struct frame {
    u64 r15, r14, r13, r12, r11, r10, r9, r8;
    u64 rdi, rsi, rbp, b, rdx, c, a;
    u64 vector, error;
    u64 pc, cs, flags, sp, ss;
};

#define KERNEL_CODE 0xe033u /* FLAT_KERNEL_CS64 */
#define KERNEL_STACK_SELECTOR 0xe02bu
#define USER_CODE 0xe033u /* FLAT_USER_CS64 */
#define USER_STACK 0xe02bu /* FLAT_USER_SS64 */

static inline void frame_start(struct frame *f, u32 pc, u32 sp, u32 argument)
{
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

static inline long hypercall(u32 number, u64 a, u64 b, u64 c, u64 d)
{
    long result;
    register u64 fourth __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(fourth) : "0"((u64)number) : "rcx", "r11", "r8", "memory");
    return result;
}

/* The domain's shared page: vcpu_info of its one vCPU, event channels. A whole page, since it is mapped over one. */
struct __attribute__((aligned(4096))) shared_info {
    u8 upcall_pending, upcall_mask;
    u64 pending_sel, cr2, unused;
    u32 time_version, pad;
    u64 tsc_timestamp, system_time;
    u32 tsc_to_system_mul;
    signed char tsc_shift;
    u8 rest[0x800 - 61];
    u64 pending[64], mask[64];
};
extern volatile struct shared_info shared;

static inline void set_timer(u64 deadline) { hypercall(SET_TIMER_OP, deadline, 0, 0, 0); }

/* Bits 32 and up of a product. */
static inline u64 scale(u64 a, u32 b) { return (u64)((unsigned __int128)a * b >> 32); }

struct trap_info { u8 vector, flags; u16 cs; u64 address; };
struct callback { u16 type, flags; u64 address; };
static inline struct callback callback(void (*handler)(void)) { return (struct callback){ 0, 0, (u64)handler }; }

static inline u8 in8(u16 port) { u8 v; __asm__ volatile("inb %1,%0" : "=a"(v) : "Nd"(port)); return v; }

static inline u64 time_stamp(void)
{
    u32 low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (u64)high << 32 | low;
}

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
        hypercall(SCHED_OP, 2, (u64)&crashed, 0, 0);
}

static inline u32 fault_address(void) { return (u32)shared.cr2; }

/* An entry of the lowest page tables: machine frame, and what it allows. The kernel itself counts in frames of its own. */
typedef u64 entry_t;
extern u64 *frame_list;
#define machine_to_physical ((const u64 *)0xffff800000000000ull)
static inline u64 machine_address(u32 address) { return frame_list[address >> 12] << 12 | (address & 4095); }
static inline entry_t entry(u32 page, u32 allows) { return machine_address(page) | allows; }
static inline u32 entry_page(entry_t e) { return (u32)machine_to_physical[e >> 12 & 0xffffffffffull] << 12; }

/* paging.c: an entry of a table in use is changed by the hypervisor, one of a table that is being made by a store. */
void set_page_entry(entry_t *e, entry_t value);
void load_address_space(u32 directory);
static inline void add_mapping(entry_t *e, u32 address, entry_t value)
{
    (void)e;
    hypercall(UPDATE_VA_MAPPING, address, value, 0, 0);
}
static inline void change_mapping(entry_t *e, u32 address, entry_t value)
{
    (void)e;
    hypercall(UPDATE_VA_MAPPING, address, value, 2, 0); /* and flush that page here */
}

static inline void copy(void *to, const void *from, u32 n)
{
    u64 count = n;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) :: "memory");
}
static inline void zero(void *to, u32 n)
{
    u64 count = n;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0) : "memory");
}

/* struct start_info of xen.h, as far as it is used. */
struct start_info {
    char magic[32];
    u64 pages, shared_info;
    u32 flags;
    u64 store_frame;
    u32 store_port;
    u64 console_frame;
    u32 console_port;
    u64 tables, table_count, frames, module, module_length;
    char command_line[1024];
};
extern struct start_info *start_info;
#endif
