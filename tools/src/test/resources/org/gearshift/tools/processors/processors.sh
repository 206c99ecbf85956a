# Every processor works when a program is told to use it, and takes interrupts of its timer.
[ "$(grep -c '^processor' /proc/cpuinfo)" = "$CPUS" ] || { cat /proc/cpuinfo; exit 1; }
n=0
while [ $n -lt $CPUS ]; do
    taskset -c $n sha256sum /bin/busybox > /tmp/sum$n &
    n=$((n + 1))
done
wait
[ "$(cat /tmp/sum* | sort | uniq -c | awk '{ print $1 }')" = "$CPUS" ] || { cat /tmp/sum*; exit 1; }
awk -v cpus=$CPUS '$1 == "LOC:" { for (i = 2; i < 2 + cpus; i++) if ($i == 0) exit 1 }' /proc/interrupts || { cat /proc/interrupts; exit 1; }
