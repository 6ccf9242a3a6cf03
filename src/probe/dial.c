/* Numeric addresses only: a name is looked up by whoever makes the endpoint. */
#include "probe/dial.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/file.h"

static void info_release(struct addrinfo **info)
{
    if (*info)
        freeaddrinfo(*info);
}

static int wait_connected(int fd, int64_t deadline)
{
    struct pollfd set = {.fd = fd, .events = POLLOUT};
    int n;
    do
        n = poll(&set, 1, deadline_left(deadline));
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n == 0 ? ETIMEDOUT : errno;
    int code = 0;
    socklen_t size = sizeof code;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0 ? errno : code;
}

int dial(const struct endpoint *e, int64_t deadline, struct wire *ret, struct err *err)
{
    CLEANUP(info_release) struct addrinfo *info = NULL;
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM};
    char port[16];
    snprintf(port, sizeof port, "%u", e->port);
    if (e->port == 0 || e->port > 65535 || !e->address ||
        getaddrinfo(e->address, port, &hints, &info) != 0)
        return err_set(err, ERR_INPUT, "'%s' port %u is no numeric address",
                       e->address ? e->address : "", e->port);
    CLEANUP(fd_close)
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(err, errno, "create socket");
    int code = 0;
    if (connect(fd, info->ai_addr, info->ai_addrlen) < 0)
        code =
            errno == EINPROGRESS || errno == EINTR ? wait_connected(fd, deadline) : errno;
    if (code)
        return err_sys(err, code, "connect to %s port %u", e->address, e->port);
    *ret = (struct wire){.fd = fd, .deadline = deadline};
    fd = -1;
    return 0;
}

bool endpoint_listens(const struct endpoint *e, int deadline_ms)
{
    CLEANUP(wire_release) struct wire w = WIRE_INIT;
    struct err ignored = ERR_INIT;
    return dial(e, deadline_in(deadline_ms), &w, &ignored) == 0;
}
