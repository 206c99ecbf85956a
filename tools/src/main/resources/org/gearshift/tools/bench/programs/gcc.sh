# what: gcc -O2: the examples of zlib, compiled and assembled
# packages: gcc-12 cpp-12 binutils-TOOLS binutils-common libbinutils libgcc-12-dev libc6-dev linux-libc-dev zlib1g-dev libgcc-s1 libgmp10 libisl23 libmpc3 libmpfr6 libzstd1 zlib1g libstdc++6 libjansson4 libctf0 libctf-nobfd0
begin gcc
i=$(scaled 1)
while [ $i -gt 0 ]; do
    for f in examples/*.c; do
        # This one wants headers of zlib's that no package has.
        [ $f != examples/infcover.c ] || continue
        /usr/bin/gcc-12 -O2 -w -frandom-seed=1 -c $f -o /tmp/$(basename $f .c).o 2> /tmp/out || failed gcc
    done
    i=$((i - 1))
done
cat /tmp/*.o > /tmp/out
end gcc /tmp/out
rm -f /tmp/*.o
