# what: nettle: digests, key derivation
# slice: long
# packages: nettle-bin libnettle8 libhogweed6 libgmp10
. programs/prelude
for a in md2 md4 md5 sha1 sha224 sha256 sha384 sha512 sha3_224 sha3_256 sha3_384 sha3_512 ripemd160 gosthash94 sm3; do
    run usr/bin/nettle-hash -a $a < programs/data
done
printf secret | run usr/bin/nettle-pbkdf2 -i 100 -l 48 salt
