#!/bin/sh
# Builds the benchmark program for Linux guests: build.sh OUTPUT. Needs gcc and binutils; the result does not depend on where it is built.
set -eu
out=${1:?where to write the program}
case $out in /*) ;; *) out=$PWD/$out ;; esac
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -m64 -O2 -std=gnu11 -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none -fno-ident \
  -fno-tree-loop-distribute-patterns -mgeneral-regs-only -mno-red-zone -Wall -Wextra -Werror -c benchmark.c -o "$work/benchmark.o"
ld -m elf_x86_64 --build-id=none -z noexecstack -static "$work/benchmark.o" -o "$work/benchmark"
strip -R .comment -R .note.gnu.property "$work/benchmark"
cp "$work/benchmark" "$out"
