# what: openssl: digests and message authentication codes (all of them in the long run)
# slice: short
# packages: openssl libssl3
. programs/prelude
export OPENSSL_CONF=/dev/null OPENSSL_MODULES=$libraries/ossl-modules
openssl() { run usr/bin/openssl "$@"; }
digests="md5 sha1 sha256 sha512 sha3-256 blake2b512 sm3 ripemd160"
[ -z "$LONG" ] || digests="$digests sha224 sha384 sha512-224 sha512-256 sha3-224 sha3-384 sha3-512 shake128 shake256 blake2s256 md5-sha1"
for d in $digests; do
    openssl dgst -$d programs/data
done
for d in md4 whirlpool; do
    openssl dgst -provider legacy -provider default -$d programs/data
done
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
mac() { openssl mac "$@" < programs/data; }
mac -digest SHA256 -macopt hexkey:$key HMAC
mac -macopt hexkey:$key POLY1305
[ -n "$LONG" ] || exit 0
mac -digest SHA3-512 -macopt hexkey:$key HMAC
mac -cipher AES-256-CBC -macopt hexkey:$key CMAC
mac -cipher AES-256-GCM -macopt hexkey:$key -macopt hexiv:000102030405060708090a0b GMAC
mac -macopt hexkey:$key KMAC128
mac -macopt hexkey:$key KMAC256
mac -macopt hexkey:000102030405060708090a0b0c0d0e0f SIPHASH
mac -macopt hexkey:$key BLAKE2BMAC
mac -macopt hexkey:$key BLAKE2SMAC
