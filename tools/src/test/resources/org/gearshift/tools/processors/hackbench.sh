# Groups of 40 tasks that send each other messages: processes over sockets, threads over pipes. It fails if one is lost.
hackbench -g $CPUS -l $HACKBENCH_LOOPS || exit 1
hackbench -g $CPUS -l $HACKBENCH_LOOPS -T -p
