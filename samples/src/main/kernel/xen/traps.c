/* The trap table, the event callback and the timer, and where every trap arrives. */
#include "../kernel.h"

#define TIMER_NANOS 4000000ull /* 250 Hz */
#define MASKS_EVENTS 4u
#define WORD_BITS (8 * sizeof(word_t))

extern void stub0(void), stub6(void), stub13(void), stub14(void), stub32(void), stub48(void), stub128(void);
extern char boot_stack_top[];

volatile u32 ticks;
volatile u32 soft_interrupts;

static u32 timer_port;
static u64 next_tick;

void set_kernel_stack(u32 top)
{
    hypercall(STACK_SWITCH, KERNEL_STACK_SELECTOR, top, 0, 0);
}

static u64 system_time(void)
{
    u64 passed = time_stamp() - shared.tsc_timestamp;
    passed = shared.tsc_shift < 0 ? passed >> -shared.tsc_shift : passed << shared.tsc_shift;
    return shared.system_time + scale(passed, shared.tsc_to_system_mul);
}

static void arm_timer(void)
{
    u64 now = system_time();
    next_tick += TIMER_NANOS;
    if (next_tick < now)
        next_tick = now + TIMER_NANOS;
    set_timer(next_tick);
}

void traps_init(void)
{
    static const struct trap_info table[] = {
        { 0, MASKS_EVENTS, KERNEL_CODE, (word_t)stub0 },
        { 6, MASKS_EVENTS, KERNEL_CODE, (word_t)stub6 },
        { 13, MASKS_EVENTS, KERNEL_CODE, (word_t)stub13 },
        { 14, MASKS_EVENTS, KERNEL_CODE, (word_t)stub14 },
        { 48, MASKS_EVENTS | 1, KERNEL_CODE, (word_t)stub48 },
        { 128, MASKS_EVENTS | 3, KERNEL_CODE, (word_t)stub128 },
        { 0, 0, 0, 0 }
    };
    struct callback events = callback(stub32);
    struct { u32 virq, vcpu, port; } timer = { 0, 0, 0 };
    u32 level = 1;
    hypercall(SET_TRAP_TABLE, (word_t)table, 0, 0, 0);
    hypercall(CALLBACK_OP, 0, (word_t)&events, 0, 0);
    hypercall(PHYSDEV_OP, 6, (word_t)&level, 0, 0); /* ports may be tried */
    set_kernel_stack((u32)boot_stack_top);
    hypercall(EVENT_CHANNEL_OP, 1, (word_t)&timer, 0, 0);
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
    for (u32 word = 0; word <= timer_port / WORD_BITS; word++) {
        word_t pending = shared.pending[word];
        shared.pending[word] = 0;
        timer |= word == timer_port / WORD_BITS && (pending >> timer_port % WORD_BITS & 1);
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
