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
        set_page_entry(page_entry(p->directory, USER_BASE + a, 1), entry(page, PRESENT | WRITABLE | USER));
    }
    set_page_entry(page_entry(p->directory, USER_STACK_TOP - PAGE, 1), entry(page_alloc(), PRESENT | WRITABLE | USER));
    p->stack = page_alloc();
    struct frame *f = (struct frame *)(p->stack + PAGE) - 1;
    frame_start(f, USER_BASE, USER_STACK_TOP - 16, (u32)number);
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
    entry_t *e = page_entry(current->directory, address, 0);
    if (!e || !(*e & PRESENT) || address < USER_HEAP)
        return (u32)-1;
    u32 page = entry_page(*e);
    change_mapping(e, address, 0);
    page_free(page);
    return 0;
}

struct frame *process_trap(struct frame *f)
{
    switch (f->a) {
    case CALL_EXIT:
        return process_exit();
    case CALL_WRITE:
        f->a = write_user(f->b, f->c);
        return f;
    case CALL_GETPID:
        f->a = (u32)(current - table);
        return f;
    case CALL_YIELD:
        f->a = 0;
        return process_switch(f);
    case CALL_TICKS:
        f->a = ticks;
        return f;
    case CALL_UNMAP:
        f->a = unmap(f->b);
        return f;
    case CALL_FORK_LIKE:
        space_destroy(space_copy(current->directory));
        f->a = 0;
        return f;
    case CALL_ROUNDS:
        f->a = rounds;
        return f;
    default:
        f->a = (u32)-1;
        return f;
    }
}

/* Memory on demand: the stack's and the heap's first touch. Anything else ends the machine with a message. */
struct frame *process_page_fault(struct frame *f, u32 address)
{
    if (!(f->cs & 3) || f->error & 1 || address < USER_HEAP) {
        print("page fault at ");
        print_hex(f->pc);
        print(" address ");
        print_hex(address);
        print("\n");
        halt_forever();
    }
    demand_faults++;
    /* It is about to be used, so that the processor need not come back to say so. */
    add_mapping(page_entry(current->directory, address, 1), address, entry(page_alloc(), PRESENT | WRITABLE | USER | ACCESSED | DIRTY));
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
