# what: openssl: ciphers, there and back (in all modes in the long run)
# slice: long
# packages: openssl libssl3
. programs/prelude
export OPENSSL_CONF=/dev/null OPENSSL_MODULES=$libraries/ossl-modules
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
head -c 30000 programs/data > tmp/plain
enc() { run usr/bin/openssl enc -provider legacy -provider default "$@" -iv 0f1e2d3c4b5a69788796a5b4c3d2e1f0 2>&1; }
check() {
    enc -e -$1 -K $2 -in tmp/plain -out tmp/cipher
    enc -d -$1 -K $2 -in tmp/cipher -out tmp/back
    echo "$1 $(sha256sum < tmp/cipher) $(cmp tmp/plain tmp/back && echo back)"
}
if [ -z "$LONG" ]; then
    for c in aes-128-cbc aes-128-ctr camellia-128-cfb aria-128-cbc sm4-ofb bf-cbc cast5-cbc rc4; do
        check $c $(printf %.32s $key)
    done
    check aes-256-cbc $key
    check chacha20 $key
    check des-ede3-cbc $(printf %.48s $key)
    exit 0
fi
for c in aes-128 aes-192 aes-256 aria-128 aria-256 camellia-128 camellia-256; do
    bits=${c#*-}
    for m in cbc cfb cfb8 ctr ecb ofb; do
        check $c-$m $(printf %.$((bits / 4))s $key)
    done
done
check chacha20 $key
for m in cbc cfb ctr ecb ofb; do
    check sm4-$m $(printf %.32s $key)
done
for c in des-ede3-cbc des-ede3-cfb des-ede3-ecb des-ede3-ofb; do
    check $c $(printf %.48s $key)
done
for c in bf-cbc cast5-cbc rc4 seed-cbc; do
    check $c $(printf %.32s $key)
done
