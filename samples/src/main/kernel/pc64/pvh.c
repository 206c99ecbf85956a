/* What a PVH loader leaves. */
#include "../kernel.h"

/* struct hvm_start_info: magic number, version, flags and number of modules of 32 bits, then the addresses of their list and of the command line. */
const char *command_line(u32 info)
{
    return (const char *)((const u64 *)info)[3];
}
