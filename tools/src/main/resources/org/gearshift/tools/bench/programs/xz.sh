# what: xz -6, four megabytes of text again and again
# packages: xz-utils liblzma5
begin xz
i=$(scaled 2)
while [ $i -gt 0 ]; do
    /usr/bin/xz -T1 -6 -c < text > /tmp/packed || failed xz
    i=$((i - 1))
done
end xz /tmp/packed
