/* Console: the ring that the domain shares with the monitor (io/console.h); and the end. */
#include "../kernel.h"

struct ring {
    char in[1024], out[2048];
    u32 in_cons, in_prod, out_cons, out_prod;
};

struct start_info *start_info;
static volatile struct ring *ring;

void console_flush(void)
{
    u32 port = start_info->console_port;
    hypercall(EVENT_CHANNEL_OP, 4, (word_t)&port, 0, 0);
}

void put(char c)
{
    while (ring->out_prod - ring->out_cons >= sizeof ring->out)
        console_flush();
    ring->out[ring->out_prod & (sizeof ring->out - 1)] = c;
    __asm__ volatile("" ::: "memory");
    ring->out_prod++;
}

void console_init(u32 info)
{
    start_info = (struct start_info *)info;
    ring = (volatile struct ring *)((u32)machine_to_physical[start_info->console_frame] << 12);
}

const char *command_line(u32 info)
{
    (void)info;
    return start_info->command_line;
}

void power_off(void)
{
    u32 reason = 0;
    print("power off\n");
    hypercall(SCHED_OP, 2, (word_t)&reason, 0, 0);
    halt_forever();
}
