/* Verdicts on the first serial port: what checks say, in 32-bit and in 64-bit code. */
#ifndef VERDICTS_H
#define VERDICTS_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
/* A value in verdicts: as wide as a pointer. */
typedef unsigned long word;

#define WORDS(...) ((const word[]){__VA_ARGS__})
#define WITH_WORDS(f, format, ...) f(format, (const word[]){0, ##__VA_ARGS__} + 1)

/* Starts a check, whose verdict is printed when the next one starts; the group's totals are printed when the next group starts. */
void group(const char *name);
#ifdef __x86_64__
#define check(...) WITH_WORDS(check_values, __VA_ARGS__)
#else
void check(const char *format, ...);
#endif
/* Names the case that the next comparisons belong to. */
#ifdef __x86_64__
#define tag(...) WITH_WORDS(tag_values, __VA_ARGS__)
#else
void tag(const char *format, ...);
#endif
/* Compares, for the current check; 1 if equal. */
int same(const char *what, word expected, word got);
/* Counts a departure that has no numbers. */
void differs(const char *what);
/* Ends the last check and group, prints totals; the number of failed checks. */
u32 totals(void);
/* The same with an array of arguments: in 64-bit code an argument of a list may be narrower than a word. */
void check_values(const char *format, const word *values);
void tag_values(const char *format, const word *values);
void print_values(const char *format, const word *values);
/* While set, only failures are printed. */
extern int quiet;
/* For the test of the tests: if not 0, one comparison of so many in each check is given a wrong expectation. */
extern u32 spoil;
#ifdef __x86_64__
#define print(...) WITH_WORDS(print_values, __VA_ARGS__)
#else
void print(const char *format, ...);
#endif
/* Says why, and ends the run as failed. */
void fatal(const char *why);

#ifdef HOSTED
/* The serial port of a hosted program is its standard output. */
void out8(u16 port, u8 v);
u8 in8(u16 port);
#else
static inline void out8(u16 port, u8 v) { __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port)); }
static inline u8 in8(u16 port) { u8 v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port)); return v; }
#endif

#endif
