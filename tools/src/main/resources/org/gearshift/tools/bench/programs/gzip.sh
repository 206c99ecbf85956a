# what: gzip -9, four megabytes of text again and again
# packages: gzip
begin gzip
i=$(scaled 18)
while [ $i -gt 0 ]; do
    /bin/gzip -9 -n -c < text > /tmp/packed || failed gzip
    i=$((i - 1))
done
end gzip /tmp/packed
