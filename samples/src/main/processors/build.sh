#!/bin/sh
# Builds the checks of several processors: build.sh OUTPUT. Needs gcc with -m32 and binutils; the result does not depend on where it is built.
set -eu
out=${1:?where to write the image}
case $out in /*) ;; *) out=$PWD/$out ;; esac
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-m32 -march=i686 -O2 -std=gnu11 -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables
  -fno-strict-aliasing -fcf-protection=none -fno-tree-loop-distribute-patterns -mno-sse -mno-mmx -Wall -Wextra -Werror"
objects=
for source in *.S *.c; do
  # shellcheck disable=SC2086
  gcc $flags -c "$source" -o "$work/${source%.*}.o"
  objects="$objects $work/${source%.*}.o"
done
# shellcheck disable=SC2086
ld -m elf_i386 --build-id=none -z noexecstack --no-warn-rwx-segments -T processors.ld $objects -o "$work/processors"
cp "$work/processors" "$out"
