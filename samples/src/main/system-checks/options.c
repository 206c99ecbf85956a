/* The command line. */
#include "options.h"

const char *command_line;

const char *option(const char *name)
{
    for (const char *c = command_line; c && *c; c++) {
        if (c != command_line && c[-1] != ' ')
            continue;
        const char *n = name, *p = c;
        while (*n && *p == *n)
            n++, p++;
        if (!*n && *p == '=')
            return p + 1;
    }
    return 0;
}

int listed(const char *list, const char *word)
{
    while (*list && *list != ' ') {
        const char *w = word;
        while (*w && *list == *w)
            list++, w++;
        if (!*w && (!*list || *list == ' ' || *list == ','))
            return 1;
        while (*list && *list != ' ' && *list != ',')
            list++;
        if (*list == ',')
            list++;
    }
    return 0;
}

u32 number(const char *p, u32 otherwise)
{
    if (!p)
        return otherwise;
    u32 v = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        v = v * 10 + (u32)(*p - '0');
    return v;
}
