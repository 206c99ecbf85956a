/* User processes: own address spaces, round-robin under the timer, a handful of system calls, memory on demand. */
#include "kernel.h"

#define PROCESSES 4
#define KERNEL_STACK (2 * PAGE)

extern char user_load[], user_size[];
extern void enter_frame(struct frame *f);

struct process {
    u32 directory;
    u32 stack;      /* lowest address of the kernel stack */
    struct frame *frame;
    int live;
};

static struct process table[PROCESSES];
static struct process *current;
static int live_count;
static u32 demand_faults;
static u32 switches;
static void *finished_stack[5]; /* where processes_run waits, __builtin_setjmp's layout */

static void process_create(int number)
{
    struct process *p = &table[number];
    p->directory = space_create();
    for (u32 a = 0; a < (u32)user_size; a += PAGE) {
        u32 page = page_alloc();
        copy((void *)page, user_load + a, PAGE);
        set_page_entry(page_entry(p->directory, USER_BASE + a, 1), page | PRESENT | WRITABLE | USER);
    }
    set_page_entry(page_entry(p->directory, USER_STACK_TOP - PAGE, 1), page_alloc() | PRESENT | WRITABLE | USER);
    p->stack = page_alloc();
    struct frame *f = (struct frame *)(p->stack + PAGE) - 1;
    f->es = f->ds = 0x23;
    f->eip = USER_BASE;
    f->cs = 0x1b;
    f->eflags = 0x202;
    f->esp = USER_STACK_TOP - 16;
    f->ss = 0x23;
    f->eax = (u32)number;
    p->frame = f;
    p->live = 1;
    live_count++;
}

static struct frame *run(struct process *p)
{
    if (p != current) {
        switches++;
        current = p;
        load_address_space(p->directory);
    }
    set_kernel_stack(p->stack + PAGE);
    return p->frame;
}

static struct process *next(void)
{
    int n = (int)(current - table);
    for (int i = 1; i <= PROCESSES; i++) {
        struct process *p = &table[(n + i) % PROCESSES];
        if (p->live)
            return p;
    }
    return 0;
}

int process_running(void)
{
    return live_count > 0;
}

struct frame *process_switch(struct frame *f)
{
    current->frame = f;
    return run(next());
}

static struct frame *process_exit(void)
{
    load_address_space(kernel_directory);
    space_destroy(current->directory);
    current->live = 0;
    live_count--;
    struct process *p = next();
    if (p)
        return run(p);
    __builtin_longjmp(finished_stack, 1);
}

static u32 write_user(u32 text, u32 length)
{
    if (text < USER_BASE || text + length > USER_STACK_TOP || length > 256)
        return (u32)-1;
    for (u32 i = 0; i < length; i++) {
        char c[2] = { ((const char *)text)[i], 0 };
        print(c);
    }
    return length;
}

static u32 unmap(u32 address)
{
    u32 *e = page_entry(current->directory, address, 0);
    if (!e || !(*e & PRESENT) || address < USER_HEAP)
        return (u32)-1;
    page_free(*e & ~(PAGE - 1));
    set_page_entry(e, 0);
    flush_page(address);
    return 0;
}

struct frame *process_trap(struct frame *f)
{
    switch (f->eax) {
    case CALL_EXIT:
        return process_exit();
    case CALL_WRITE:
        f->eax = write_user(f->ebx, f->ecx);
        return f;
    case CALL_GETPID:
        f->eax = (u32)(current - table);
        return f;
    case CALL_YIELD:
        f->eax = 0;
        return process_switch(f);
    case CALL_TICKS:
        f->eax = ticks;
        return f;
    case CALL_UNMAP:
        f->eax = unmap(f->ebx);
        return f;
    case CALL_FORK_LIKE:
        space_destroy(space_copy(current->directory));
        f->eax = 0;
        return f;
    default:
        f->eax = (u32)-1;
        return f;
    }
}

/* Memory on demand: the stack's and the heap's first touch. Anything else ends the machine with a message. */
struct frame *process_page_fault(struct frame *f, u32 address)
{
    if (!(f->cs & 3) || f->error & 1 || address < USER_HEAP) {
        print("page fault at ");
        print_hex(f->eip);
        print(" address ");
        print_hex(address);
        print("\n");
        halt_forever();
    }
    demand_faults++;
    set_page_entry(page_entry(current->directory, address, 1), page_alloc() | PRESENT | WRITABLE | USER);
    return f;
}

void processes_run(void)
{
    u32 before = pages_in_use;
    current = &table[PROCESSES - 1];
    for (int i = 0; i < PROCESSES; i++)
        process_create(i);
    if (!__builtin_setjmp(finished_stack))
        enter_frame(run(&table[0]));
    for (int i = 0; i < PROCESSES; i++)
        page_free(table[i].stack);
    print(switches >= PROCESSES ? "processes: all finished" : "processes: too few switches");
    print(pages_in_use == before ? ", no page lost" : ", pages lost");
    print(demand_faults ? ", memory on demand works\n" : ", no page fault seen\n");
}
