/* fsync and fdatasync that take a second while the file named by SLOW_DISK exists: a disk that has worn out. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void take_time(void)
{
    const char *flag = getenv("SLOW_DISK");
    if (flag && access(flag, F_OK) == 0)
        usleep(1000000);
}

int fsync(int fd)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    take_time();
    return real(fd);
}

int fdatasync(int fd)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    take_time();
    return real(fd);
}
