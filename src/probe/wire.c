/* Every call tries first and waits second, so that what is there already costs one system call. */
#include "probe/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/deadline.h"
#include "base/file.h"

#define CHUNK ((size_t)16 << 10)

void wire_release(struct wire *w)
{
    fd_close(&w->fd);
}

static enum wire_end wait_for(const struct wire *w, short events)
{
    struct pollfd set = {.fd = w->fd, .events = events};
    int n;
    do
        n = poll(&set, 1, deadline_left(w->deadline));
    while (n < 0 && errno == EINTR);
    return n > 0 ? WIRE_OK : n == 0 ? WIRE_TIMED_OUT : WIRE_FAILED;
}

static bool would_block(void)
{
    return errno == EAGAIN; /* on Linux the same as EWOULDBLOCK */
}

static enum wire_end end_of(int code)
{
    return code == ECONNRESET || code == EPIPE ? WIRE_RESET : WIRE_FAILED;
}

enum wire_end wire_read(struct wire *w, size_t max, struct buf *in)
{
    char chunk[CHUNK];
    for (;;) {
        ssize_t n = recv(w->fd, chunk, max < CHUNK ? max : CHUNK, 0);
        if (n > 0) {
            w->received += (size_t)n;
            if (w->received > WIRE_LIMIT) {
                errno = EMSGSIZE;
                return WIRE_FAILED;
            }
            buf_add(in, chunk, (size_t)n);
            return WIRE_OK;
        }
        if (n == 0)
            return WIRE_CLOSED;
        if (errno == EINTR)
            continue;
        enum wire_end end = would_block() ? wait_for(w, POLLIN) : end_of(errno);
        if (end != WIRE_OK)
            return end;
    }
}

enum wire_end wire_write(struct wire *w, struct bytes out)
{
    while (out.len) {
        ssize_t n = send(w->fd, out.data, out.len, MSG_NOSIGNAL);
        if (n > 0) {
            out.data += n;
            out.len -= (size_t)n;
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        enum wire_end end =
            n < 0 && !would_block() ? end_of(errno) : wait_for(w, POLLOUT);
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
