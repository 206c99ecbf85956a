# what: openssl: RSA, ECDSA and Ed25519 signatures made and verified, ECDH and X25519 secrets, with fixed keys (more curves in the long run)
# slice: long
# packages: openssl libssl3
. programs/prelude
export OPENSSL_CONF=/dev/null
openssl() { run usr/bin/openssl "$@"; }
curves=p256
digests=sha256
if [ -n "$LONG" ]; then
    curves="p256 p384 p521"
    digests="sha1 sha256 sha512"
    openssl rsa -in programs/rsa.pem -check -noout
    openssl rsa -in programs/rsa.pem -text -noout
fi
for k in rsa $curves ed25519 x25519; do
    openssl pkey -in programs/$k.pem -pubout -out tmp/$k.pub
    cat tmp/$k.pub
done
for d in $digests; do
    openssl dgst -$d -sign programs/rsa.pem -out tmp/signature programs/data
    sha256sum < tmp/signature
    openssl dgst -$d -verify tmp/rsa.pub -signature tmp/signature programs/data
done
openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sign programs/rsa.pem -out tmp/signature programs/data
openssl dgst -sha256 -sigopt rsa_padding_mode:pss -verify tmp/rsa.pub -signature tmp/signature programs/data
echo a secret > tmp/message
openssl pkeyutl -encrypt -pubin -inkey tmp/rsa.pub -in tmp/message -out tmp/encrypted
openssl pkeyutl -decrypt -inkey programs/rsa.pem -in tmp/encrypted
for k in $curves; do
    openssl dgst -sha384 -sign programs/$k.pem -out tmp/signature programs/data
    openssl dgst -sha384 -verify tmp/$k.pub -signature tmp/signature programs/data
    openssl pkeyutl -derive -inkey programs/$k.pem -peerkey tmp/$k.pub | sha256sum
done
openssl pkeyutl -sign -rawin -inkey programs/ed25519.pem -in programs/data -out tmp/signature
sha256sum < tmp/signature
openssl pkeyutl -verify -rawin -pubin -inkey tmp/ed25519.pub -in programs/data -sigfile tmp/signature
openssl pkeyutl -derive -inkey programs/x25519.pem -peerkey tmp/x25519.pub | sha256sum
