# what: bc and dc: pi, e, roots, logarithms and Bessel functions to hundreds of digits
# slice: long
# packages: bc dc libreadline8 libtinfo6
. programs/prelude
run usr/bin/bc -l <<END
scale = 150
4 * a(1)
e(1)
l(10)
s(2) ^ 2 + c(2) ^ 2
j(1, 3)
sqrt(2)
2 ^ 521 - 1
(3 ^ 400 - 1) % (2 ^ 127 - 1)
obase = 16
1 / 7
END
run usr/bin/dc <<END
200 k 2 v p
[la1+dsa*pla25>y]sy 0sa1 lyx
7 300 10 22 ^ 9 - | p
END
