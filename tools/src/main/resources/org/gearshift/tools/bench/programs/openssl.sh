# what: openssl speed: SHA-256, AES-128-CBC, RSA of 2,048 bits; it works for so many seconds and says how much it did
# packages: openssl libssl3
export OPENSSL_CONF=/dev/null
seconds=$(scaled 20)
# That what it computes is right is said by the digests of other commands.
/usr/bin/openssl dgst -sha256 < text > /tmp/sha256
/usr/bin/openssl enc -aes-128-cbc -K 000102030405060708090a0b0c0d0e0f -iv 0f0e0d0c0b0a09080706050403020100 < text | sha256sum > /tmp/aes
/usr/bin/openssl dgst -sha256 -sign key < text | sha256sum > /tmp/rsa
speed() {
    /usr/bin/openssl speed -mr -seconds $seconds "$@" 2>&1 | while read -r line; do
        case $line in
            +DT:sha256:*) begin openssl-sha256 ;;
            +DT:*) begin openssl-aes ;;
            +DTP:*private*) begin openssl-rsa-sign ;;
            +DTP:*) begin openssl-rsa-verify ;;
            +R:*:sha256:*) end openssl-sha256 /tmp/sha256 $(echo "$line" | cut -d : -f 2) ;;
            +R:*) end openssl-aes /tmp/aes $(echo "$line" | cut -d : -f 2) ;;
            +R1:*) end openssl-rsa-sign /tmp/rsa $(echo "$line" | cut -d : -f 2) ;;
            +R2:*) end openssl-rsa-verify /tmp/rsa $(echo "$line" | cut -d : -f 2) ;;
            *rror*) echo "@BAD openssl: $line" ;;
        esac
    done
}
speed -bytes 16384 sha256
speed -bytes 16384 -evp aes-128-cbc
speed rsa2048
