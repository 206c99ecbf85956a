# what: perl: words of a text counted, sorted, matched and replaced
# packages: perl-base libcrypt1
cat > /tmp/program.pl <<'END'
use strict;
local $/;
open(my $file, "<", "text") or die;
my $text = substr(<$file>, 0, 1 << 19);
my ($sum, $last) = (0, "");
for my $round (1 .. $ARGV[0]) {
    my %count;
    $count{lc $1}++ while $text =~ /([a-z]\w*)/gi;
    my @most = (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 30];
    (my $changed = $text) =~ s/\b(\w)(\w+)(ing|ed)\b/$1 . reverse($2) . $3/ge;
    my $runs = () = $changed =~ /(?:[aeiou][^aeiou\s]){3,}/g;
    $sum += length($changed) + $runs;
    $last = join ",", map { sprintf "%s=%d", $_, $count{$_} } @most;
    $sum = ($sum * 31 + unpack("%32C*", $last)) % 1000003;
}
print "$sum $last\n";
END
begin perl
/usr/bin/perl /tmp/program.pl $(scaled 25) > /tmp/out 2>&1 || failed perl
end perl /tmp/out
