#!/bin/sh
# Builds the checks of Xen's interface: build.sh OUTPUT. Needs gcc and binutils; the result does not depend on where it is built.
set -eu
out=${1:?where to write the kernel}
case $out in /*) ;; *) out=$PWD/$out ;; esac
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kernel=../kernel
flags="-O2 -std=gnu11 -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -I$kernel/xen -I$kernel
  -fno-strict-aliasing -fcf-protection=none -fno-tree-loop-distribute-patterns -fno-delete-null-pointer-checks -mno-sse -mno-mmx -Wall -Wextra -Werror
  -m64 -mno-red-zone -mno-80387 -Wno-int-to-pointer-cast -Wno-pointer-to-int-cast"
objects=
for source in $kernel/xen/boot.S notes.S $kernel/xen/console.c $kernel/print.c checks.c; do
  object=$work/$(basename "${source%.*}").o
  # shellcheck disable=SC2086
  gcc $flags -c "$source" -o "$object"
  objects="$objects $object"
done
# shellcheck disable=SC2086
ld -m elf_x86_64 --build-id=none -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments -T "$kernel/xen/kernel.ld" $objects -o "$work/kernel"
strip "$work/kernel"
cp "$work/kernel" "$out"
