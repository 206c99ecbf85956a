/* Console on the first serial port, polled. */
#include "kernel.h"

#define COM1 0x3f8

void console_init(void)
{
    out8(COM1 + 1, 0);
    out8(COM1 + 3, 0x80);
    out8(COM1, 1);
    out8(COM1 + 1, 0);
    out8(COM1 + 3, 3);
    out8(COM1 + 2, 7);
    out8(COM1 + 4, 3);
}

static void put(char c)
{
    while (!(in8(COM1 + 5) & 0x20))
        ;
    out8(COM1, (u8)c);
}

void print(const char *s)
{
    for (; *s; s++) {
        if (*s == '\n')
            put('\r');
        put(*s);
    }
}

void print_unsigned(u32 v)
{
    char text[11];
    int i = 10;
    text[i] = 0;
    do {
        text[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    print(text + i);
}

void print_hex(u32 v)
{
    char text[9];
    for (int i = 0; i < 8; i++)
        text[i] = "0123456789abcdef"[v >> (28 - 4 * i) & 15];
    text[8] = 0;
    print(text);
}
