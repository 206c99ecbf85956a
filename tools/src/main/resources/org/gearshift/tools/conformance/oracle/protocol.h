/* Where things are in memory, and what is said between the oracle and its parent. */
#include <stddef.h>
#include <stdint.h>

#define CODE 0x30000000ul
#define CODE_BYTES 0x2000ul
/* The same pages once more, to be written; within the part of the address space that is reserved for this image. */
#ifdef EMULATED
#define WRITABLE_CODE CODE
#else
#define WRITABLE_CODE 0x71800000ul
#endif
#define SCRATCH 0x2000f000ul
#define SCRATCH_BYTES 0x2000ul
#define RECODED_CODE 0x71a00000ul
#define WRITABLE_RECODED_CODE 0x71900000ul
#define RECODED_BYTES 0x10000ul
#define FOUR_GIB 0x100000000ul
#define PAGE 0x1000ul
#define LINE 64
#define BUFFER (8u << 20)
#define FX_BYTES 512
#define YMM_BYTES 256
#define YMM_OFFSET 576

/* General registers that the code has. */
#if defined(__x86_64__) && !defined(RECODING)
#define CODE_REGISTERS 16u
#else
#define CODE_REGISTERS 8u
#endif

#define WITH_FP 1
#define DONE 0
#define FAULT 1
#define TIMEOUT 2

enum { HAVE_AVX = 1 };

struct hello {
    uint32_t magic, features;
    uint16_t es, cs, ss, ds, fs, gs;
    /* Behind some bytes of stack that recoded code may use. */
    uint32_t spare_stack;
    /* Behind the code stands a jump through a pointer that is here. */
    uint64_t exit_pointer;
};

/* Followed by code_bytes of code (and, with RECODING, struct recoded), then FX_BYTES and YMM_BYTES if WITH_FP, then patches {uint32 offset, uint32 length, bytes}, each padded to 8. */
struct request {
    uint32_t flags, code_bytes, code_offset, patches;
    uint64_t registers[16];
    uint64_t eflags;
};

/* Followed by so many bytes of code, padded to 8, and so many pairs of offsets, padded to 8: of an instruction in CODE, and of what it has become. */
struct recoded {
    uint32_t bytes, places;
};

/* Followed by FX_BYTES and YMM_BYTES if WITH_FP, then lines {uint64 offset, LINE bytes} that differ from what the code found. */
struct result {
    uint32_t kind, vector, lines, flags;
    uint64_t error, address, ip;
    uint64_t registers[16];
    uint64_t eflags;
};

struct segment {
    uint32_t entry, base, limit, flags;
};
