/* CRC-32 (polynomial of IEEE 802.3) and Adler-32 (RFC 1950) of pseudo-random bytes. */
#include "work.h"

uint64_t digest(uint32_t seed)
{
    uint32_t table[256], crc = -1, a = 1, b = 0;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
        table[i] = c;
    }
    for (int i = 0; i < 200000; i++) {
        unsigned char byte = next(&seed);
        crc = table[(crc ^ byte) & 0xff] ^ crc >> 8;
        a = (a + byte) % 65521;
        b = (b + a) % 65521;
    }
    return (uint64_t) ~crc << 32 | b << 16 | a;
}
