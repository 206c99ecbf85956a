# what: python3's own tests of numbers: math, cmath, float, complex, struct, fractions, powers, strings to floats
# slice: long
# machine: amd64
# packages: python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libpython3.11-testsuite:all libexpat1 zlib1g libbz2-1.0 liblzma5 libssl3 libffi8
. programs/prelude
# Times and the place of the tree are taken out, and the order is that of the names. Tests that need a thread limit, a network or a second processor are not among these.
export PYTHONHOME=usr PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
for t in math cmath float complex strtod struct fractions pow unary numeric_tower; do
    [ -f usr/lib/python3.11/test/test_$t.py ] || continue
    echo "test_$t"
    run usr/bin/python3.11 -m unittest -v test.test_$t 2>&1 | sed 's/ in [0-9.]*s$//; s/ object at 0x[0-9a-f]*//; s|^/.*/usr/lib/|/usr/lib/|' | grep -v -E 'Warning|warn'
done
