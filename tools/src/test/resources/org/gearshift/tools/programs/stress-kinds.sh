# what: stress-ng: other kinds with --verify: vectors, matrices, sorts, hashes, strings, bits, trees, compression
# slice: long
# packages: stress-ng libapparmor1 libbsd0 libmd0 libcrypt1 libegl1 libgbm1 libgles2 libglvnd0 libdrm2 libexpat1 libwayland-server0 libffi8 libxcb-randr0 libxcb1 libxau6 libxdmcp6 libjpeg62-turbo libjudydebian1 libkmod2 libzstd1 liblzma5 libssl3 libsctp1 libxxhash0 zlib1g
# packages-amd64: libipsec-mb1
. programs/prelude
for k in "vecmath 2" "vecwide 2" "matrix 4" "matrix-3d 2" "qsort 1" "bsearch 2" "heapsort 1" "mergesort 1" "radixsort 1" "shellsort 1" "hash 4" "str 4" "wcs 2" "tsearch 1" \
    "lsearch 1" "hsearch 2" "bitonicsort 1" "longjmp 20" "funccall 4" "funcret 4" "nop 4" "regs 4" "far-branch 2" "zlib 1" "crypt 2" "fp 2" "jpeg 1"; do
    set -- $k
    echo "$1"
    run usr/bin/stress-ng --$1 1 --$1-ops $2 --verify 2>&1 | sed 's/\[[0-9]*\] //; s/ in [0-9.]*s$//; s|matches [0-9]*/[0-9]*|matches|; s/^\(stress-ng: info:  hash: *[a-z0-9]*\) *[0-9.]*/\1/' | grep -v -E 'per (sec|ms|usec)|metrics'
done
