# What processors do to each other: locks, wake-ups, shared counters, mappings that change, pages that move, code that is rewritten.
for s in atomic futex mutex sem lockbus tlb-shootdown membarrier switch pipe fork vm mmapfixed madvise icache; do
    echo $s
    stress-ng --$s $CPUS --verify --metrics-brief --timeout 4s --vm-bytes 16M || exit 1
done
