# what: pari-gp: number theory, transcendental functions, linear algebra and roots to hundreds of digits
# slice: long
# packages: pari-gp libpari-gmp-tls8 libgmp10 libreadline8 libtinfo6 libx11-6 libxcb1 libxau6 libxdmcp6 libbsd0 libmd0
. programs/prelude
cat > tmp/program <<'END'
default(realprecision, 120);
print(Pi, " ", exp(1), " ", zeta(3), " ", gamma(1/3), " ", besselj(2, 5.5), " ", lngamma(10.1));
print(factor(2^97 - 1), " ", factorint(10^40 + 7), " ", isprime(2^127 - 1), " ", nextprime(10^50));
print(polroots(x^7 - 3*x + 1));
print(matdet(matrix(12, 12, i, j, 1 / (i + j - 1))), " ", lindep([Pi, Pi^2, 1, 3 * Pi + 2]));
print(intnum(t = 0, 1, sin(t^2)), " ", sumalt(n = 1, (-1)^n / n), " ", solve(t = 1, 2, t^3 - 2));
print(ellap(ellinit([0, 0, 1, -7, 6]), 10007), " ", quadclassunit(-10007).no, " ", znprimroot(10007));
print(bestappr(Pi, 10^12), " ", contfrac(sqrt(7), 20), " ", bernfrac(60), " ", numbpart(300));
default(realprecision, 19);
print(vector(20, k, sin(k * 1.) * sqrt(k)));
END
run usr/bin/gp -q -f tmp/program < /dev/null
