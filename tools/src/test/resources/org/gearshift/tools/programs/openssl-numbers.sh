# what: openssl: primality of large numbers, key derivation, password hashes (more of each in the long run)
# slice: long
# packages: openssl libssl3
. programs/prelude
export OPENSSL_CONF=/dev/null
openssl() { run usr/bin/openssl "$@"; }
kdf() { openssl kdf -keylen 48 "$@"; }
openssl prime 170141183460469231731687303715884105727 170141183460469231731687303715884105725 2147483647 4294967297
kdf -kdfopt digest:SHA2-256 -kdfopt pass:secret -kdfopt salt:salt -kdfopt iter:20 PBKDF2
openssl passwd -1 -salt abcdefgh secret
[ -n "$LONG" ] || exit 0
openssl prime \
    6864797660130609714981900799081393217269435300143305409394463459185543183397656052122559640661454554977296311391480858037121987999716643812574028291115057151
openssl prime -hex FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF
kdf -kdfopt digest:SHA2-256 -kdfopt key:secret -kdfopt salt:salt -kdfopt info:label HKDF
kdf -kdfopt digest:SHA2-512 -kdfopt pass:secret -kdfopt salt:salt -kdfopt iter:500 PBKDF2
kdf -kdfopt pass:secret -kdfopt salt:salt -kdfopt n:256 -kdfopt r:8 -kdfopt p:2 SCRYPT
openssl passwd -apr1 -salt abcdefgh secret
openssl passwd -5 -salt abcdefgh secret
openssl base64 -in programs/data | sha256sum
