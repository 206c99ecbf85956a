/*
 * A domain of two vCPUs, both of which run: the first takes bytes from outside and hands them on, the second mixes each with the time at which it came to it. The command line says where bytes come from: "keys N", that
 * many from the console; "answer PORT", the answer to a datagram that is sent to the gateway's PORT. What is printed at the end depends on what came, when, and on how the turns of both went.
 */
#include "kernel.h"

enum { GRANT_TABLE_OP = 20, VCPU_OP = 24 };
enum { VCPU_INITIALISE = 0, VCPU_UP = 1, VCPU_DOWN = 2, BIND_IPI = 7, SEND = 4, ALLOC_UNBOUND = 6, SETUP_TABLE = 2, POLL = 3 };
#define WAIT_NANOS 200000ull

volatile struct shared_info shared;
u64 *frame_list;

static volatile unsigned char queue[256];
static volatile u32 given, taken, finished, done;
static volatile u64 mixed, wakeups;
static u32 second_port;
static unsigned char second_stack[8192] __attribute__((aligned(16)));

struct frame *trap(struct frame *f)
{
    print("trap ");
    print_unsigned((u32)f->vector);
    print("\n");
    halt_forever();
    return f;
}

static u64 frame_of(const volatile void *p) { return frame_list[(u64)p >> 12]; }

static u64 now(void)
{
    u64 passed = time_stamp() - shared.tsc_timestamp;
    passed = shared.tsc_shift < 0 ? passed >> -shared.tsc_shift : passed << shared.tsc_shift;
    return shared.system_time + scale(passed, shared.tsc_to_system_mul);
}

/* Waits for an event on a port, not for long. */
static void wait(u32 port)
{
    struct { u64 ports; u32 count, pad; u64 until; } poll = { (u64)&port, 1, 0, now() + WAIT_NANOS };
    hypercall(SCHED_OP, POLL, (u64)&poll, 0, 0);
    __asm__ volatile("lock btrq %1,%0" : "+m"(shared.pending[port / 64]) : "r"((u64)port % 64) : "memory");
}

static void notify(u32 port) { hypercall(EVENT_CHANNEL_OP, SEND, (u64)&port, 0, 0); }

static void give(unsigned char byte)
{
    while (given - taken == sizeof queue)
        wait(second_port);
    queue[given % sizeof queue] = byte;
    given++;
    notify(second_port);
}

static void second(void)
{
    u64 hash = 0xcbf29ce484222325ull, n = 0;
    while (!finished || taken != given) {
        if (taken == given) {
            n++;
            wait(second_port);
            continue;
        }
        hash = (hash ^ queue[taken % sizeof queue]) * 0x100000001b3ull + time_stamp();
        taken++;
    }
    mixed = hash;
    wakeups = n;
    done = 1;
    hypercall(VCPU_OP, VCPU_DOWN, 1, 0, 0);
}

/* struct vcpu_guest_context of arch-x86/xen.h, as far as it is not zero. */
static void start_second(void)
{
    static unsigned char context[5168] __attribute__((aligned(16)));
    struct { u32 vcpu, port; } ipi = { 1, 0 };
    hypercall(EVENT_CHANNEL_OP, BIND_IPI, (u64)&ipi, 0, 0);
    second_port = ipi.port;
    u64 *registers = (u64 *)(context + 520);
    *(u64 *)(context + 512) = 4; /* in the kernel */
    registers[16] = (u64)second;
    *(unsigned short *)&registers[17] = KERNEL_CODE;
    registers[18] = 0x1202;
    registers[19] = (u64)(second_stack + sizeof second_stack - 8);
    *(unsigned short *)&registers[20] = KERNEL_STACK_SELECTOR;
    *(u64 *)(context + 4976) = (u64)(second_stack + sizeof second_stack);
    *(u64 *)(context + 5008) = frame_list[start_info->tables >> 12] << 12;
    if (hypercall(VCPU_OP, VCPU_INITIALISE, 1, (u64)context, 0) || hypercall(VCPU_OP, VCPU_UP, 1, 0, 0))
        print("no second vCPU\n");
}

static void *mapped(u64 frame) { return (void *)(machine_to_physical[frame] << 12); }

/* io/console.h */
struct console { char in[1024], out[2048]; u32 in_cons, in_prod; };

static void keys(u32 count)
{
    volatile struct console *c = mapped(start_info->console_frame);
    while (count) {
        while (count && c->in_cons != c->in_prod) {
            give((unsigned char)c->in[c->in_cons % sizeof c->in]);
            c->in_cons++;
            count--;
        }
        wait(start_info->console_port);
    }
}

/* io/xs_wire.h */
struct store { unsigned char requests[1024], answers[1024]; u32 request_cons, request_prod, answer_cons, answer_prod; };

static void store_put(volatile struct store *s, const void *data, u32 n)
{
    for (u32 i = 0; i < n; i++)
        s->requests[s->request_prod++ % sizeof s->requests] = ((const unsigned char *)data)[i];
}

static u32 length(const char *s)
{
    u32 n = 0;
    while (s[n])
        n++;
    return n;
}

static void store_write(const char *name, const char *value)
{
    volatile struct store *s = mapped(start_info->store_frame);
    u32 before = s->answer_prod;
    u32 header[4] = { 11, 0, 0, length(name) + 1 + length(value) };
    store_put(s, header, sizeof header);
    store_put(s, name, length(name) + 1);
    store_put(s, value, length(value));
    notify(start_info->store_port);
    while (s->answer_prod - before < sizeof header + 3) /* "OK" and its end */
        wait(start_info->store_port);
    s->answer_cons = s->answer_prod;
}

/* io/ring.h, io/netif.h */
struct ring { u32 request_prod, request_event, response_prod, response_event; u32 pad[12]; unsigned char entries[4032]; };
static volatile struct ring tx __attribute__((aligned(4096))), rx __attribute__((aligned(4096)));
static unsigned char grants[4096] __attribute__((aligned(4096)));
static unsigned char out[4096] __attribute__((aligned(4096))), in[4096] __attribute__((aligned(4096)));
enum { TX_GRANT = 8, RX_GRANT, OUT_GRANT, IN_GRANT };

static void grant(u32 reference, const volatile void *page)
{
    volatile u32 *entry = (volatile u32 *)(grants + 8 * reference);
    entry[1] = (u32)frame_of(page);
    entry[0] = 1; /* to domain 0, for reading and writing */
}

static void decimal(u32 v, char *text)
{
    char back[10];
    int n = 0;
    do {
        back[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    while (n)
        *text++ = back[--n];
    *text = 0;
}

static u32 connect(void)
{
    u64 frame = 0;
    struct { unsigned short domain; u32 count; int status; u32 pad; u64 frames; } table = { DOMID_SELF, 1, 0, 0, (u64)&frame };
    hypercall(GRANT_TABLE_OP, SETUP_TABLE, (u64)&table, 1, 0);
    hypercall(UPDATE_VA_MAPPING, (u64)grants, frame << 12 | 3, 2, 0);
    grant(TX_GRANT, &tx);
    grant(RX_GRANT, &rx);
    grant(OUT_GRANT, out);
    grant(IN_GRANT, in);
    struct { unsigned short domain, remote; u32 port; } channel = { DOMID_SELF, 0, 0 };
    hypercall(EVENT_CHANNEL_OP, ALLOC_UNBOUND, (u64)&channel, 0, 0);
    char port[11];
    decimal(channel.port, port);
    store_write("device/vif/0/tx-ring-ref", "8");
    store_write("device/vif/0/rx-ring-ref", "9");
    store_write("device/vif/0/event-channel", port);
    store_write("device/vif/0/request-rx-copy", "1");
    store_write("device/vif/0/state", "4");
    return channel.port;
}

/* A datagram from 10.0.2.15 to 10.0.2.2, for everybody on the wire; returns how long its frame is. */
static u32 datagram(u32 port)
{
    static const unsigned char head[] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 1, 0x08, 0x00,
        0x45, 0, 0, 31, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 2, 15, 10, 0, 2, 2,
        0x0f, 0xa0, 0, 0, 0, 11, 0, 0, 'a', 's', 'k'
    };
    copy(out, head, sizeof head);
    u32 sum = 0;
    for (int i = 14; i < 34; i += 2)
        sum += (u32)out[i] << 8 | out[i + 1];
    sum = ~((sum & 0xffff) + (sum >> 16));
    out[24] = (unsigned char)(sum >> 8);
    out[25] = (unsigned char)sum;
    out[36] = (unsigned char)(port >> 8);
    out[37] = (unsigned char)port;
    return sizeof head;
}

static void receive_into(u32 n)
{
    volatile u32 *entry = (volatile u32 *)(rx.entries + 8 * (n % 256));
    entry[0] = n;
    entry[1] = IN_GRANT;
    __asm__ volatile("" ::: "memory");
    rx.request_prod = n + 1;
}

static void answer(u32 to)
{
    u32 port = connect();
    u32 received = 0;
    tx.response_event = rx.response_event = 1;
    receive_into(0);
    volatile u32 *entry = (volatile u32 *)tx.entries;
    entry[0] = OUT_GRANT;
    entry[1] = 0;
    entry[2] = datagram(to) << 16;
    __asm__ volatile("" ::: "memory");
    tx.request_prod = 1;
    notify(port);
    for (;;) {
        while (rx.response_prod == received)
            wait(port);
        volatile unsigned short *r = (volatile unsigned short *)(rx.entries + 8 * (received % 256));
        unsigned char *f = in + r[1];
        received++;
        if (f[12] == 8 && f[13] == 0 && f[23] == 17) {
            u32 n = ((u32)f[38] << 8 | f[39]) - 8;
            print("answer of ");
            print_unsigned(n);
            print(" bytes\n");
            for (u32 i = 0; i < n; i++)
                give(f[42 + i]);
            return;
        }
        rx.response_event = received + 1;
        receive_into(received);
        notify(port);
    }
}

static u32 number(const char *s)
{
    u32 v = 0;
    for (; *s; s++)
        v = *s >= '0' && *s <= '9' ? 10 * v + (u32)(*s - '0') : v;
    return v;
}

void kernel_main(u32 magic, u32 info)
{
    (void)magic;
    console_init(info);
    frame_list = (u64 *)start_info->frames;
    hypercall(UPDATE_VA_MAPPING, (u64)&shared, start_info->shared_info | 3, 2, 0);
    start_second();
    print("ready\n");
    if (start_info->command_line[0] == 'k')
        keys(number(start_info->command_line));
    else
        answer(number(start_info->command_line));
    finished = 1;
    while (!done)
        wait(second_port);
    print("taken ");
    print_unsigned(taken);
    print(", the second waited ");
    print_unsigned((u32)wakeups);
    print(" times: ");
    print_hex((u32)(mixed >> 32));
    print_hex((u32)mixed);
    print("\n");
    power_off();
}
