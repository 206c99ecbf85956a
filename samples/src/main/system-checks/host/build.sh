#!/bin/sh
# Builds the checks that need no privilege as a program of Linux: build.sh OUTPUT. Needs gcc and a C library for -m32.
set -eu
out=${1:?where to write the program}
case $out in /*) ;; *) out=$PWD/$out ;; esac
cd "$(dirname "$0")"
gcc -m32 -march=i686 -O2 -std=gnu11 -DHOSTED -fno-pic -no-pie -fno-stack-protector -fno-strict-aliasing -fcf-protection=none -mno-sse -mno-mmx \
  -z noexecstack -Wl,--no-warn-rwx-segments -Wall -Wextra -Werror host.c ../limits.c ../alignment.c ../endings.c ../verdicts.c ../landing.S -o "$out"
