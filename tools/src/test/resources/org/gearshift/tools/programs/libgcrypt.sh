# what: libgcrypt: hmac256 of files, mpicalc on numbers of a thousand bits
# slice: long
# packages: libgcrypt20 libgcrypt20-dev libgpg-error0
. programs/prelude
run usr/bin/hmac256 secret programs/data programs/rsa.pem
run usr/bin/hmac256 "a key that is longer than one block of the hash function, which is sixty-four bytes" programs/data
a=0C90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245
b=0ADF85458A2BB4A9AAFDC5620273D3CF1D8B9C583CE2D3695A9E13641146433FBCC939DCE249B3EF97D2FE363630C75D8F681B202AEC4617AD3DF1ED5D5FD6561
m=0FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437
run usr/bin/mpicalc 2>&1 <<END
$a $b + p
$b $a - p
$a $b * p
$m $m * $a * $b * p
$m $m * $a * $b / p
$m $m * $a * $b % p
$a $b $m ^ p
$b $a $m ^ $a $b $m ^ * p
$a $b * $a $m * G p
$a $m I p
$a 64 < p
$a 25 > p
$a b p
07FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF P p
END
