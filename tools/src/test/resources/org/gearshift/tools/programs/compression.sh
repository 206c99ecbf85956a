# what: gzip, bzip2, xz, zstd: compressed bytes, and there and back
# slice: short i386
# packages: gzip bzip2 libbz2-1.0 xz-utils liblzma5 zstd libzstd1 liblz4-1 zlib1g
. programs/prelude
check() {
    program=$1
    shift
    run $program "$@" -c < programs/data > tmp/packed
    run $program -d -c < tmp/packed > tmp/back
    echo "$program $* $(wc -c < tmp/packed) $(sha256sum < tmp/packed) $(cmp tmp/back programs/data && echo back)"
}
check bin/gzip -n -9
check bin/bzip2 -9
check usr/bin/xz -T1 -0
check usr/bin/zstd --single-thread -q -3
[ -n "$LONG" ] || exit 0
check bin/gzip -n -1
check bin/bzip2 -1
check usr/bin/xz -T1 -6
check usr/bin/xz -T1 --check=sha256 --x86 --lzma2=preset=3
check usr/bin/zstd --single-thread -q -1
check usr/bin/zstd --single-thread -q -12
