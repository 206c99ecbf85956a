# what: stress-ng --cpu-method all --verify: each of its methods once
# slice: short i386
# packages: stress-ng libapparmor1 libbsd0 libmd0 libcrypt1 libegl1 libgbm1 libgles2 libglvnd0 libdrm2 libexpat1 libwayland-server0 libffi8 libxcb-randr0 libxcb1 libxau6 libxdmcp6 libjpeg62-turbo libjudydebian1 libkmod2 libzstd1 liblzma5 libssl3 libsctp1 libxxhash0 zlib1g
# packages-amd64: libipsec-mb1
# The process number and the time it took are taken out.
. programs/prelude
run usr/bin/stress-ng --cpu 1 --cpu-method all --cpu-ops 90 --verify 2>&1 | sed 's/\[[0-9]*\] //; s/ in [0-9.]*s$//'
