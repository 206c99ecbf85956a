/* What signals tell of the code. */
static volatile uint64_t serial, serial_at_tick;
static struct {
    uint32_t vector;
    uint64_t error, address, ip;
} fault;
#ifdef RECODING
/* What the instruction at each offset in CODE has become, 0 if there is none; an offset in RECODED_CODE plus 1. */
static uint32_t place[CODE_BYTES + 1];
#endif

void on_fault(void);
void on_tick(void);

/* The state in a signal frame. Offsets are those of the kernel's ABI (arch/x86/include/uapi/asm/sigcontext.h). */
#ifdef __x86_64__
struct context {
    uint64_t flags, link, stack[3];
    uint64_t r8_to_r15[8], di, si, bp, bx, dx, ax, cx, sp, ip, eflags;
    uint16_t cs, gs, fs, ss;
    uint64_t err, trapno, oldmask, cr2;
    uint8_t *fpstate;
};
#define FX_IN_FPSTATE 0
#else
struct context_body {
    uint16_t gs, gsh, fs, fsh, es, esh, ds, dsh;
    uint32_t di, si, bp, sp, bx, dx, cx, ax, trapno, err, ip;
    uint16_t cs, csh;
    uint32_t eflags, sp_at_signal;
    uint16_t ss, ssh;
    uint8_t *fpstate;
    uint32_t oldmask, cr2;
};
struct context {
    uint32_t flags, link, stack[3];
    struct context_body body;
};
#define FX_IN_FPSTATE 112
#endif

static void keep_registers(const void *context) {
#ifdef __x86_64__
    const struct context *c = context;
    registers[0] = c->ax;
    registers[1] = c->cx;
    registers[2] = c->dx;
    registers[3] = c->bx;
    registers[4] = c->sp;
    registers[5] = c->bp;
    registers[6] = c->si;
    registers[7] = c->di;
    for (int i = 0; i < 8; i++) {
        registers[8 + i] = c->r8_to_r15[i];
    }
#else
    const struct context_body *c = context;
    registers[0] = c->ax;
    registers[1] = c->cx;
    registers[2] = c->dx;
    registers[3] = c->bx;
    registers[4] = c->sp;
    registers[5] = c->bp;
    registers[6] = c->si;
    registers[7] = c->di;
#endif
    flags_word = c->eflags;
    fault.vector = c->trapno;
    fault.error = c->err;
    fault.address = c->cr2;
    fault.ip = c->ip;
#ifdef RECODING
    fault.address &= FOUR_GIB - 1;
#endif
#ifdef EMULATED
    /* QEMU's frames have no FXSAVE image, and the handler begins with other state. */
    memset(fp_out, 0, sizeof fp_out);
    return;
#endif
    if (with_fp && c->fpstate) {
        memcpy(fp_out, c->fpstate + FX_IN_FPSTATE, have_avx ? YMM_OFFSET + YMM_BYTES : FX_BYTES);
    }
}

#ifdef __x86_64__
#ifdef RECODING
#define EXECUTED RECODED_CODE
#define EXECUTED_BYTES RECODED_BYTES
#else
#define EXECUTED CODE
#define EXECUTED_BYTES CODE_BYTES
#endif
#define PAGE_FAULT 14

void on_fault_64(int signal, void *info, struct context *c) __asm__("on_fault");
void on_fault_64(int signal, void *info, struct context *c) {
    (void)signal;
    (void)info;
#ifdef RECODING
    uint64_t offset = c->ip - CODE;
    if (c->trapno == PAGE_FAULT && c->cr2 == c->ip && offset <= CODE_BYTES && place[offset] != 0) {
        c->ip = RECODED_CODE + place[offset] - 1;
        return;
    }
#endif
    keep_registers(c);
    leave_guest(FAULT);
}

void on_tick_64(int signal, void *info, const struct context *c) __asm__("on_tick");
void on_tick_64(int signal, void *info, const struct context *c) {
    (void)signal;
    (void)info;
    if (c->ip - EXECUTED < EXECUTED_BYTES) {
        if (serial_at_tick == serial) {
            keep_registers(c);
            leave_guest(TIMEOUT);
        }
        serial_at_tick = serial;
    }
}
#else
#ifdef EMULATED
#define SI_CODE 2
#define FPE_INTDIV 1
#define SEGV_ACCERR 2
#define SI_KERNEL 0x80

/* QEMU's frames lack the vector. INTO and BOUND look like general protection here. */
static uint32_t vector_of(int signal, int code) {
    switch (signal) {
    case SIGFPE:
        return code == FPE_INTDIV ? 0 : 16;
    case SIGTRAP:
        return code == SI_KERNEL ? 3 : 1;
    case SIGILL:
        return 6;
    case SIGBUS:
        return 12;
    default:
        return code <= SEGV_ACCERR ? 14 : 13;
    }
}
#endif

void on_fault_32(int signal, void *info, const struct context *c) __asm__("on_fault");
void on_fault_32(int signal, void *info, const struct context *c) {
    keep_registers(&c->body);
#ifdef EMULATED
    fault.vector = vector_of(signal, ((const int *)info)[SI_CODE]);
#else
    (void)signal;
    (void)info;
#endif
    leave_guest(FAULT);
}

void on_tick_32(int signal, struct context_body body) __asm__("on_tick");
void on_tick_32(int signal, struct context_body body) {
    (void)signal;
    if (body.ip - CODE < CODE_BYTES) {
        if (serial_at_tick == serial) {
            keep_registers(&body);
            leave_guest(TIMEOUT);
        }
        serial_at_tick = serial;
    }
}
#endif

static void handle(int signal, void *entry, int information) {
    struct {
        word handler, flags, restorer;
        uint64_t mask;
    } action = {(word)entry, SA_RESTORER | SA_ONSTACK | SA_NODEFER | (information ? SA_SIGINFO : 0), (word)restorer, 0};
    if (system_call(SYS_sigaction, signal, (long)&action, 0, 8, 0, 0) != 0) {
        die(4);
    }
}
