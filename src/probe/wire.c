/*
 * One TCP connection, non-blocking, waited for with poll(2) until its deadline. Bytes that have
 * arrived are delivered even when the deadline has passed; waiting for more is not.
 */
#include "probe/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/fiber.h"

void wire_release(struct wire *w)
{
    if (w->fd >= 0)
        close(w->fd);
    *w = (struct wire)WIRE_INIT;
}

static enum wire_end failed(int code)
{
    if (code == ECONNRESET || code == EPIPE)
        return WIRE_RESET;
    if (code == ETIMEDOUT)
        return WIRE_TIMED_OUT;
    errno = code;
    return WIRE_FAILED;
}

static enum wire_end await(const struct wire *w, short events)
{
    struct pollfd p = {.fd = w->fd, .events = events};
    int n = fiber_poll(&p, deadline_left(w->deadline));
    if (n < 0)
        return failed(errno);
    return n > 0 ? WIRE_OK : WIRE_TIMED_OUT;
}

/* After a call that gave -1: OK when it is worth another try. */
static enum wire_end try_again(const struct wire *w, short events)
{
    if (errno == EINTR)
        return WIRE_OK;
    if (errno == EAGAIN)
        return await(w, events);
    return failed(errno);
}

enum wire_end wire_read(struct wire *w, size_t max, struct buf *in)
{
    size_t left = WIRE_LIMIT - w->received;
    if (left == 0)
        return failed(EMSGSIZE);
    max = max < left ? max : left;
    buf_reserve(in, max);
    for (;;) {
        ssize_t n = recv(w->fd, in->data + in->len, max, 0);
        if (n > 0) {
            in->len += (size_t)n;
            in->data[in->len] = '\0';
            w->received += (size_t)n;
            return WIRE_OK;
        }
        if (n == 0)
            return WIRE_CLOSED;
        enum wire_end end = try_again(w, POLLIN);
        if (end != WIRE_OK)
            return end;
    }
}

enum wire_end wire_write(struct wire *w, struct bytes out)
{
    while (out.len) {
        ssize_t n = send(w->fd, out.data, out.len, MSG_NOSIGNAL);
        if (n >= 0) {
            out.data += n;
            out.len -= (size_t)n;
            continue;
        }
        enum wire_end end = try_again(w, POLLOUT);
        if (end != WIRE_OK)
            return end;
    }
    return WIRE_OK;
}

const char *wire_end_text(enum wire_end end)
{
    switch (end) {
    case WIRE_OK:
        return "ok";
    case WIRE_CLOSED:
        return "closed by the server";
    case WIRE_RESET:
        return "reset by the server";
    case WIRE_TIMED_OUT:
        return "timed out";
    case WIRE_FAILED:
        return strerror(errno);
    }
    return "";
}
