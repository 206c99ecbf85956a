/* How probes end: usual comparisons. */
#include "machine.h"

int ended(const struct outcome *o, u32 vector, u32 error, const char *snippet, u32 offset)
{
    u32 expected = vector << 24 | (error & 0xffffff), got = o->vector << 24 | (o->error & 0xffffff);
    if (!same("vector.error", expected, got))
        return 0;
    return same("eip", (u32)snippet + offset, o->eip);
}

int finished(const struct outcome *o)
{
    return same("vector.error", BP << 24, o->vector << 24 | o->error);
}

int landed(const struct outcome *o, u16 cs)
{
    return same("vector.error", LANDED << 24, o->vector << 24 | o->error) && same("eip", LANDING + 2, o->eip) && same("cs", cs, o->cs & 0xffff);
}

int arrived_low(const struct outcome *o, u32 ring)
{
    return same("vector.error", LANDED << 24, o->vector << 24 | o->error) && same("eip", (u32)low_landing + 2, o->eip)
        && same("cs", TARGET | ring, o->cs & 0xffff);
}

u32 element(u32 at, u32 n, u32 bytes)
{
    return bytes == 2 ? ((u16 *)at)[n] : ((u32 *)at)[n];
}
