# what: Crypto++: its own validation suite and test vectors
# slice: long
# packages: libcrypto++-utils libstdc++6 libgcc-s1
. programs/prelude
# What it says of time and of its random seed is taken out.
cd usr/share/crypto++
for f in aes sha2 sha3 hmac ccm gcm chacha salsa rsa_pkcs1_1_5 dsa cmac blake2b blake2s camellia serpent twofish whrlpool; do
    [ -f TestVectors/$f.txt ] || continue
    run $top/usr/bin/cryptest tv $f 2>&1 | grep -v -i -E 'seed|seconds|time'
done
