# what: perl: floating-point functions and formats, integer conversions, pack, sort, regular expressions, hashes
# slice: short i386
# packages: perl-base libcrypt1
. programs/prelude
cat > tmp/program <<'END'
my $x = 0.37;
for my $i (1 .. 40) {
    $x = $i % 2 ? $x * 3.7 * (1 - $x) : sqrt($x) / 1.3;
    printf "%.17g %a %d %e\n", $x, $x, $x * 1e9, $x * 10 ** ($i * 7 - 140);
    printf "%.14g %.14g %.14g %.14g %.14g\n", sin($x * $i), cos($x * $i), atan2($x, $i), exp($x), log($x + $i);
}
printf "%s %s %s %s\n", 9**9**9, -9**9**9, 9**9**9 / 9**9**9, 1e308 * 10;
printf "%s\n", join ",", map { int } (1e15 + 0.3, -1e15 - 0.7, 4294967295.9, -2147483648.5);
print unpack("H*", pack("dfqNnvVw", 1 / 3, 1 / 3, -5, 0xdeadbeef, 0x1234, 0x1234, 0xdeadbeef, 300000)), "\n";
my ($s, @l) = (12345);
for (1 .. 3000) {
    $s = ($s * 1103515245 + 12345) & 0x7fffffff;
    push @l, $s;
}
print join(" ", (sort { $a <=> $b } @l)[0 .. 9]), " ", join(" ", (reverse sort @l)[0 .. 9]), "\n";
my %count;
open my $f, "<", "programs/data";
while (<$f>) {
    $count{lc $1}++ while /\b([a-z]{2,5})\b/gi;
    s/(\d+) of (\d+)/$2 - $1/e;
    $sum += length;
}
print "$sum ", join(" ", map { "$_=$count{$_}" } (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 5]), "\n";
END
run usr/bin/perl tmp/program
