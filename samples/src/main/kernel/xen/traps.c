/* The trap table, the event callback and the timer, and where every trap arrives. */
#include "../kernel.h"

#define TIMER_NANOS 4000000ull /* 250 Hz */
#define MASKS_EVENTS 4u
#define KERNEL_CODE 0xe033u
#define KERNEL_STACK_SELECTOR 0xe02bu

extern void stub0(void), stub6(void), stub13(void), stub14(void), stub32(void), stub48(void), stub128(void);
extern char boot_stack_top[];

volatile u32 ticks;
volatile u32 soft_interrupts;

static u32 timer_port;
static u64 next_tick;

struct trap_info { u8 vector, flags; u16 cs; u64 address; };

void set_kernel_stack(u32 top)
{
    hypercall(STACK_SWITCH, KERNEL_STACK_SELECTOR, top, 0, 0);
}

static u64 system_time(void)
{
    u64 passed = time_stamp() - shared.tsc_timestamp;
    passed = shared.tsc_shift < 0 ? passed >> -shared.tsc_shift : passed << shared.tsc_shift;
    return shared.system_time + (u64)((unsigned __int128)passed * shared.tsc_to_system_mul >> 32);
}

static void arm_timer(void)
{
    u64 now = system_time();
    next_tick += TIMER_NANOS;
    if (next_tick < now)
        next_tick = now + TIMER_NANOS;
    hypercall(SET_TIMER_OP, next_tick, 0, 0, 0);
}

void traps_init(void)
{
    static const struct trap_info table[] = {
        { 0, MASKS_EVENTS, KERNEL_CODE, (u64)stub0 },
        { 6, MASKS_EVENTS, KERNEL_CODE, (u64)stub6 },
        { 13, MASKS_EVENTS, KERNEL_CODE, (u64)stub13 },
        { 14, MASKS_EVENTS, KERNEL_CODE, (u64)stub14 },
        { 48, MASKS_EVENTS | 1, KERNEL_CODE, (u64)stub48 },
        { 128, MASKS_EVENTS | 3, KERNEL_CODE, (u64)stub128 },
        { 0, 0, 0, 0 }
    };
    struct { u16 type, flags; u64 address; } callback = { 0, 0, (u64)stub32 };
    struct { u32 virq, vcpu, port; } timer = { 0, 0, 0 };
    u32 level = 1;
    hypercall(SET_TRAP_TABLE, (u64)table, 0, 0, 0);
    hypercall(CALLBACK_OP, 0, (u64)&callback, 0, 0);
    hypercall(PHYSDEV_OP, 6, (u64)&level, 0, 0); /* ports may be tried */
    set_kernel_stack((u32)boot_stack_top);
    hypercall(EVENT_CHANNEL_OP, 1, (u64)&timer, 0, 0);
    timer_port = timer.port;
    next_tick = system_time();
    arm_timer();
}

static void die(struct frame *f)
{
    print("kernel trap ");
    print_unsigned((u32)f->vector);
    print(" error ");
    print_hex((u32)f->error);
    print(" at ");
    print_hex((u32)f->pc);
    print(" address ");
    print_hex(fault_address());
    print("\n");
    halt_forever();
}

/* Takes what is pending; true if the timer was. */
static int events(void)
{
    int timer = 0;
    shared.upcall_pending = 0;
    shared.pending_sel = 0;
    for (u32 word = 0; word <= timer_port / 64; word++) {
        u64 pending = shared.pending[word];
        shared.pending[word] = 0;
        timer |= word == timer_port / 64 && (pending >> timer_port % 64 & 1);
    }
    return timer;
}

struct frame *trap(struct frame *f)
{
    switch (f->vector) {
    case 32:
        if (!events())
            return f;
        ticks++;
        arm_timer();
        return process_running() ? process_switch(f) : f;
    case 48:
        soft_interrupts++;
        return f;
    case 128:
        return process_trap(f);
    case 14:
        return process_page_fault(f, fault_address());
    default:
        die(f);
        return f;
    }
}
