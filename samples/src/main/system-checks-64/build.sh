#!/bin/sh
# Builds the system checks of 64-bit mode: build.sh OUTPUT. Needs gcc and binutils; the result does not depend on where it is built.
set -eu
out=${1:?where to write the image}
case $out in /*) ;; *) out=$PWD/$out ;; esac
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-m64 -march=x86-64 -mno-red-zone -mcmodel=small -O2 -std=gnu11 -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables
  -fno-strict-aliasing -fcf-protection=none -fno-tree-loop-distribute-patterns -fno-delete-null-pointer-checks -fno-toplevel-reorder
  -mno-sse -mno-mmx -Wall -Wextra -Werror"
objects=
for source in *.S *.c ../system-checks/verdicts.c ../system-checks/options.c; do
  name=$(basename "${source%.*}")
  # shellcheck disable=SC2086
  gcc $flags -c "$source" -o "$work/$name.o"
  objects="$objects $work/$name.o"
done
# shellcheck disable=SC2086
ld -m elf_x86_64 --build-id=none -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments -T checks.ld $objects -o "$work/checks"
# Multiboot loaders take 32-bit images; the code in it is what it is.
objcopy -O elf32-i386 "$work/checks" "$out"
