/* The command line: words NAME=VALUE. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "verdicts.h"

/* 0 if there is none. */
extern const char *command_line;
/* The value of name=...; 0 if it is not there. */
const char *option(const char *name);
/* Whether a word is one of a comma-separated list. */
int listed(const char *list, const char *word);
/* The number at p; another one if p is 0. */
u32 number(const char *p, u32 otherwise);

#endif
