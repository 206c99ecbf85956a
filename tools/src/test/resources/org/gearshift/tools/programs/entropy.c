/* Tells the kernel's random generator that it is seeded: programs would wait a second for it, in a machine without noise. */
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <sys/ioctl.h>

int main(void) {
    struct {
        struct rand_pool_info info;
        unsigned bits[16];
    } seed = {.info = {.entropy_count = 512, .buf_size = 64}};
    int f = open("/dev/random", O_WRONLY);
    if (f < 0 || ioctl(f, RNDADDENTROPY, &seed) != 0) {
        perror("entropy");
        return 1;
    }
    return 0;
}
