/*
 * TCP to a numeric address. Names are not resolved: where a service listens is known, and a
 * resolver would be one more thing that can hang or lie.
 */
#include "probe/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/deadline.h"
#include "base/fiber.h"

static void free_addresses(struct addrinfo **list)
{
    if (*list)
        freeaddrinfo(*list);
}

static int resolve(const struct endpoint *e, struct addrinfo **ret, struct err *err)
{
    char port[8] = "";
    if (e->port == 0 || e->port > 65535)
        return err_set(err, ERR_INPUT, "%u is no TCP port", e->port);
    snprintf(port, sizeof port, "%u", e->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    if (!e->address || getaddrinfo(e->address, port, &hints, ret) != 0)
        return err_set(err, ERR_INPUT, "'%s' is no numeric address",
                       e->address ? e->address : "");
    return 0;
}

/* Waits until connect(2) has come to its end: 0, or its errno. */
static int outcome(int fd, int64_t deadline)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int code = 0;
    socklen_t size = sizeof code;
    int n = fiber_poll(&p, deadline_left(deadline));
    if (n == 0)
        return ETIMEDOUT;
    if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0)
        return errno;
    return code;
}

/* Towards a port of this host on which nobody listens, the kernel may give the client that very
 * port, and the connection reaches itself. */
static bool reaches_itself(int fd)
{
    struct sockaddr_storage here = {0}, there = {0};
    socklen_t n = sizeof here, m = sizeof there;
    return getsockname(fd, (struct sockaddr *)&here, &n) == 0 &&
           getpeername(fd, (struct sockaddr *)&there, &m) == 0 && n == m &&
           memcmp(&here, &there, n) == 0;
}

/* 0, or errno. */
static int connect_to(int fd, const struct addrinfo *to, int64_t deadline)
{
    if (connect(fd, to->ai_addr, to->ai_addrlen) < 0) {
        int code = errno == EINPROGRESS || errno == EINTR ? outcome(fd, deadline) : errno;
        if (code)
            return code;
    }
    if (reaches_itself(fd))
        return ECONNREFUSED;
    int on = 1;
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ? errno : 0;
}

int dial(const struct endpoint *endpoint, int64_t deadline, struct wire *ret,
         struct err *err)
{
    CLEANUP(free_addresses) struct addrinfo *to = NULL;
    CLEANUP(wire_release) struct wire w = WIRE_INIT;
    if (resolve(endpoint, &to, err) < 0)
        return -1;
    w.deadline = deadline;
    w.fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int code = w.fd < 0 ? errno : connect_to(w.fd, to, deadline);
    if (code)
        return err_sys(err, code, "connect to %s port %u", endpoint->address,
                       endpoint->port);
    *ret = w;
    w.fd = -1;
    return 0;
}

bool endpoint_listens(const struct endpoint *endpoint, int deadline_ms)
{
    CLEANUP(wire_release) struct wire w = WIRE_INIT;
    struct err err = ERR_INIT;
    return dial(endpoint, deadline_in(deadline_ms), &w, &err) == 0;
}
