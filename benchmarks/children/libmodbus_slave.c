/* A slave as libmodbus's manual writes one, but for the answers: DEVICE UNIT BYTE_TIMEOUT_MICROSECONDS.
 *
 * Prints the library's version once it listens, then each request that the library hands to it, in hexadecimal.
 */

#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    modbus_t *line = modbus_new_rtu(arguments[1], 38400, 'N', 8, 1);
    if (line == NULL || modbus_set_slave(line, atoi(arguments[2])) == -1 ||
        modbus_set_byte_timeout(line, 0, (uint32_t) atol(arguments[3])) == -1 || modbus_connect(line) == -1) {
        fprintf(stderr, "%s\n", modbus_strerror(errno));
        return 1;
    }
    puts(LIBMODBUS_VERSION_STRING);
    fflush(stdout);
    for (;;) {
        uint8_t frame[MODBUS_RTU_MAX_ADU_LENGTH];
        int length = modbus_receive(line, frame);
        if (length == -1 && (errno == EIO || errno == EBADF || errno == ECONNRESET))
            return 0;
        if (length <= 0)
            continue; /* a wrong checksum, half a frame, or not for us */
        for (int n = 0; n < length; n++)
            printf("%02x", frame[n]);
        puts("");
        fflush(stdout);
    }
}
