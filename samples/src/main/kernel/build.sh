#!/bin/sh
# Builds the sample kernel: build.sh OUTPUT [pc|pc64|xen|xen32]. Needs gcc with -m32 and binutils; the result does not depend on where it is built.
set -eu
out=${1:?where to write the kernel}
machine=${2:-pc}
case $out in /*) ;; *) out=$PWD/$out ;; esac
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-O2 -std=gnu11 -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -I$machine
  -fno-strict-aliasing -fcf-protection=none -fno-tree-loop-distribute-patterns -fno-delete-null-pointer-checks -mno-sse -mno-mmx -Wall -Wextra -Werror"
wide="-m64 -mno-red-zone -mno-80387 -Wno-int-to-pointer-cast -Wno-pointer-to-int-cast"
case $machine in
  pc) format=elf_i386 own="pc/boot.S pc/serial.c pc/multiboot.c pc/tables.c pc/paging.c pc/traps.c pc/power.c"
    script=pc flags="$flags -m32 -march=i686" ;;
  # Everything lies below 4 GiB, so that addresses are kept in 32 bits as in 32-bit code.
  pc64) format=elf_x86_64 own="pc64/boot.S pc/serial.c pc64/pvh.c pc64/tables.c pc64/paging.c pc/traps.c pc/power.c"
    script=xen flags="$flags $wide" ;;
  xen) format=elf_x86_64 own="xen/boot.S xen/console.c xen/paging.c xen/traps.c"
    script=xen flags="$flags $wide" ;;
  xen32) format=elf_i386 own="xen32/boot.S xen/console.c xen32/paging.c xen/traps.c"
    script=xen flags="$flags -m32 -march=i686 -mno-80387" ;;
  *) echo "no such machine: $machine" >&2; exit 2 ;;
esac
objects=
for source in $own main.c print.c memory.c process.c user.c bench.c; do
  object=$work/$(echo "${source%.*}" | tr / -).o
  # shellcheck disable=SC2086
  gcc $flags -c "$source" -o "$object"
  objects="$objects $object"
done
# shellcheck disable=SC2086
ld -m "$format" --build-id=none -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments -T "$script/kernel.ld" $objects -o "$work/kernel"
strip "$work/kernel"
cp "$work/kernel" "$out"
