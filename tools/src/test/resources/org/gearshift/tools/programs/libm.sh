# what: the C library's mathematical functions in float, double and long double, all rounding modes, as x87 and as SSE2 code
# slice: short
# packages: libc6
# builds-i386: libm-x87 -march=i686 -mfpmath=387 libm.c
# builds-i386: libm-sse -march=i686 -msse2 -mfpmath=sse libm.c
# builds-amd64: libm-x87 -mfpmath=387 libm.c
# builds-amd64: libm-sse libm.c
# prepares: programs/libm-x87 record programs/libm.results
. programs/prelude
# The quotient that QEMU's FPREM1 leaves in the condition codes is not the processor's.
[ -n "$BESIDE_QEMU" ] && left_out=remquo || left_out=nothing
for p in libm-x87 libm-sse; do
    echo $p
    $EMULATOR programs/$p exact > tmp/exact
    while read -r line; do
        [ "${line% *}" = $left_out ] || echo "$line"
    done < tmp/exact
    $EMULATOR programs/$p check programs/libm.results
done
