/* A TCP server of holding registers for many connections, as libmodbus's own example writes one: PORT. */

#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>

enum { REGISTERS = 6100, WAITING = 16 };

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    modbus_t *server = modbus_new_tcp("127.0.0.1", atoi(arguments[1]));
    modbus_mapping_t *registers = modbus_mapping_new(0, 0, REGISTERS, 0);
    int listener = server == NULL ? -1 : modbus_tcp_listen(server, WAITING);
    if (listener == -1 || registers == NULL) {
        fprintf(stderr, "%s\n", modbus_strerror(errno));
        return 1;
    }
    fd_set open, ready;
    int highest = listener;
    FD_ZERO(&open);
    FD_SET(listener, &open);
    for (;;) {
        ready = open;
        if (select(highest + 1, &ready, NULL, NULL, NULL) == -1)
            return 1;
        for (int one = 0; one <= highest; one++) {
            uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];
            if (!FD_ISSET(one, &ready))
                continue;
            if (one == listener) {
                int accepted = modbus_tcp_accept(server, &listener);
                if (accepted != -1) {
                    FD_SET(accepted, &open);
                    highest = accepted > highest ? accepted : highest;
                }
                continue;
            }
            modbus_set_socket(server, one);
            int length = modbus_receive(server, request);
            if (length > 0)
                modbus_reply(server, request, length, registers);
            else if (length == -1) {
                close(one);
                FD_CLR(one, &open);
            }
        }
    }
}
