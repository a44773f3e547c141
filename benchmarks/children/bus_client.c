/* A Modbus TCP client on plain sockets: PORT read|write CONNECTIONS REQUESTS SECONDS RATE ZONES.
 *
 * Asks for three registers of each zone in turn, with one request under way on each connection, until either limit is
 * reached: as fast as it is answered, or so many requests a second if RATE is not 0. Prints two doubles for each round
 * trip: when it was due (CLOCK_MONOTONIC), and how many seconds later its answer was there.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 64, UNIT = 240, FIRST = 100, COUNT = 3, PATIENCE = 10, WARM_UP = 200 };

struct connection {
    int socket;
    int under_way;
    double due;
    int received;
    unsigned char request[32], answer[64];
};

static struct connection connections[MOST];
static int opened, is_write, zones;
static unsigned long asked;

static void fail(const char *why)
{
    fprintf(stderr, "%s: %s\n", why, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

static void open_connection(struct connection *one, int port)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((unsigned short) port)};
    int yes = 1;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    one->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (one->socket < 0 || connect(one->socket, (struct sockaddr *) &place, sizeof place))
        fail("connect");
    setsockopt(one->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/* Every round over the zones writes other values than the one before: state 1 and 2, 19 and 21 °C, 20.5 and 20.6 °C. */
static const unsigned short words[2][COUNT] = {{1, 0x0C1A, 0x0C01}, {2, 0x076C, 0x0C06}};

static void put(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char) (value >> 8);
    at[1] = (unsigned char) value;
}

static void ask(struct connection *one, double due)
{
    unsigned char *request = one->request;
    int length = is_write ? 13 + 2 * COUNT : 12;
    const unsigned short *values = words[asked / (unsigned long) zones % 2];
    memset(request, 0, sizeof one->request);
    put(request, (unsigned) (asked & 0xFFFF));
    put(request + 4, (unsigned) length - 6);
    request[6] = UNIT;
    request[7] = is_write ? 16 : 3;
    put(request + 8, FIRST + 100 * (unsigned) (asked % (unsigned long) zones));
    put(request + 10, COUNT);
    if (is_write) {
        request[12] = 2 * COUNT;
        for (int n = 0; n < COUNT; n++)
            put(request + 13 + 2 * n, values[n]);
    }
    one->received = 0;
    one->under_way = 1;
    one->due = due;
    asked++;
    if (send(one->socket, request, (size_t) length, MSG_NOSIGNAL) != length)
        fail("send");
}

/* Take what has come; true when the answer is whole. */
static int answered(struct connection *one)
{
    int wanted = is_write ? 12 : 9 + 2 * COUNT;
    ssize_t came = recv(one->socket, one->answer + one->received, sizeof one->answer - (size_t) one->received, 0);
    if (came <= 0)
        fail("the server closed the connection");
    one->received += (int) came;
    if (one->received >= 8 && (memcmp(one->answer, one->request, 2) || one->answer[7] != one->request[7])) {
        fprintf(stderr, "not the answer: transaction %02x%02x, function %02x\n", one->answer[0], one->answer[1],
                one->answer[7]);
        exit(1);
    }
    return one->received >= wanted;
}

/* Measure; returns how many round trips that were. */
static long measure(long requests, double seconds, double rate, double *round_trips)
{
    struct pollfd polled[MOST];
    double began = now(), ends = began + seconds, moment = began;
    long issued = 0, done = 0;
    while (done < requests && (done < issued || done == 0 || moment < ends)) {
        struct timespec patience = {PATIENCE, 0};
        int is_early = 0;
        for (int n = 0; n < opened && !is_early; n++) {
            double due = rate > 0 ? began + (double) issued / rate : moment;
            if (connections[n].under_way || issued == requests || (issued > 0 && due >= ends))
                continue;
            is_early = due > moment;
            if (is_early)
                patience = (struct timespec){0, (long) ((due - moment) * 1e9) % 1000000000L};
            else
                ask(&connections[n], due), issued++, moment = now();
        }
        for (int n = 0; n < opened; n++)
            polled[n] = (struct pollfd){connections[n].socket, POLLIN, 0};
        int ready = ppoll(polled, (nfds_t) opened, &patience, NULL);
        moment = now();
        if (ready < 0 || (ready == 0 && !is_early && done < issued))
            fail("no answer for too long");
        for (int n = 0; n < opened; n++) {
            if (!(polled[n].revents && answered(&connections[n])))
                continue;
            connections[n].under_way = 0;
            round_trips[2 * done] = connections[n].due;
            round_trips[2 * done + 1] = now() - connections[n].due;
            done++;
        }
        if (ready == 0 && !is_early)
            break;
    }
    return done;
}

int main(int count, char **arguments)
{
    if (count != 8)
        return 2;
    is_write = strcmp(arguments[2], "write") == 0;
    opened = atoi(arguments[3]);
    zones = atoi(arguments[7]);
    long requests = atol(arguments[4]), most = requests > WARM_UP ? requests : WARM_UP;
    double *round_trips = malloc(sizeof(double) * 2 * (size_t) most);
    if (opened < 1 || opened > MOST || zones < 1 || requests < 1 || round_trips == NULL)
        return 2;
    for (int n = 0; n < opened; n++)
        open_connection(&connections[n], atoi(arguments[1]));
    measure(WARM_UP, 5, 0, round_trips);
    long done = measure(requests, atof(arguments[5]), atof(arguments[6]), round_trips);
    return fwrite(round_trips, 2 * sizeof(double), (size_t) done, stdout) != (size_t) done;
}
