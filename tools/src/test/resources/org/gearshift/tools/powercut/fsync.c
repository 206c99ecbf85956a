/*
 * The init of a Linux guest that appends records to a file and calls fsync after each. "S N" on the console: records 1 to N are stored.
 * A record is 1,000 bytes: N, then bytes that follow from N.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    int file = open("/records", O_CREAT | O_WRONLY | O_APPEND, 0644);
    for (unsigned n = 1; file >= 0; n++) {
        unsigned char record[1000];
        memcpy(record, &n, 4);
        for (unsigned i = 4; i < sizeof record; i++) record[i] = (unsigned char)(n * 31 + i);
        if (write(file, record, sizeof record) != sizeof record || fsync(file) != 0) break;
        printf("S %u\n", n);
        fflush(stdout);
    }
    perror("E");
    for (;;) pause();
}
