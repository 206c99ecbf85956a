/* What a multiboot loader leaves. */
#include "../kernel.h"

/* The multiboot information: its first word says which of the others are there. */
const char *command_line(u32 info)
{
    const u32 *words = (const u32 *)info;
    return words[0] & 4 ? (const char *)words[4] : 0;
}
