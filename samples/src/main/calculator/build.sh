#!/bin/sh
# Builds the calculator: build.sh OUTPUT. Needs gcc with -m32 and binutils; the result does not depend on where it is built.
set -eu
out=${1:?where to write the kernel}
case $out in /*) ;; *) out=$PWD/$out ;; esac
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -m32 -march=i686 -O2 -std=gnu11 -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
  -fno-tree-loop-distribute-patterns -mno-sse -mno-mmx -Wall -Wextra -Werror -Wno-main -c calculator.c -o "$work/calculator.o"
ld -m elf_i386 --build-id=none -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments -T calculator.ld "$work/calculator.o" -o "$work/kernel"
strip "$work/kernel"
cp "$work/kernel" "$out"
