# All its ways to keep a processor busy, one worker a processor, results verified.
stress-ng --cpu $CPUS --cpu-method all --verify --metrics-brief --timeout 60s
