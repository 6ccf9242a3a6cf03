/*
 * One request, one head of an answer (RFC 9112). Interim answers (1xx) are passed over; the body
 * is not read. A head is refused rather than repaired, but for lines that end in a bare line feed
 * (2.2) and folded ones (5.2), which every client reads.
 */
#include "probe/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/visible.h"
#include "probe/dial.h"
#include "probe/tls.h"

#define DEADLINE_MS 10000
#define HEAD_LIMIT  ((size_t)64 << 10)
#define FIELD_LIMIT ((size_t)8 << 10) /* of a request's path and host */

void http_release(struct http_response *r)
{
    free(r->location);
    strv_release(&r->hsts);
    *r = (struct http_response)HTTP_INIT;
}

/* --- the answer ------------------------------------------------------------------------------ */

/* Length of the head at the beginning of `in`, its empty line included; 0: there is more to come. */
static size_t head_length(struct bytes in)
{
    struct bytes rest = in, line;
    while (bytes_next_line(&rest, &line)) {
        if (line.data[line.len - 1] != '\n')
            return 0;
        if (bytes_is(line, "\n") || bytes_is(line, "\r\n"))
            return in.len - rest.len;
    }
    return 0;
}

/* Without its end; CR and LF only. */
static struct bytes strip_end(struct bytes line)
{
    if (line.len && line.data[line.len - 1] == '\n')
        line.len--;
    if (line.len && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK"; the reason may be missing, with the space before it or without. */
static int parse_status(struct bytes line, int *ret)
{
    if (!bytes_starts(line, "HTTP/1.") || line.len < 12 || !is_digit(line.data[7]) ||
        line.data[8] != ' ' || line.data[9] < '1' || line.data[9] > '5' ||
        !is_digit(line.data[10]) || !is_digit(line.data[11]) ||
        (line.len > 12 && line.data[12] != ' '))
        return -1;
    *ret = (line.data[9] - '0') * 100 + (line.data[10] - '0') * 10 + line.data[11] - '0';
    return 0;
}

static bool is_token(struct bytes s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] <= ' ' || s.data[i] > '~' ||
            strchr("\"(),/:;<=>?@[\\]{}", s.data[i]))
            return false;
    return s.len > 0;
}

static bool is_value(struct bytes s)
{
    for (size_t i = 0; i < s.len; i++)
        if (((unsigned char)s.data[i] < ' ' && s.data[i] != '\t') || s.data[i] == 0x7f)
            return false;
    return true;
}

static int take_field(struct bytes field, struct http_response *r)
{
    const char *colon = field.len ? memchr(field.data, ':', field.len) : NULL;
    if (!colon)
        return -1;
    size_t n = (size_t)(colon - field.data);
    struct bytes name = {.data = field.data, .len = n};
    struct bytes value =
        bytes_trim((struct bytes){.data = colon + 1, .len = field.len - n - 1});
    if (!is_token(name) || !is_value(value))
        return -1;
    if (!r->location && bytes_eq_nocase(name, BYTES("location")))
        r->location = visible(value);
    if (bytes_eq_nocase(name, BYTES("strict-transport-security")))
        strv_take(&r->hsts, bytes_dup(value));
    return 0;
}

static bool continues(struct bytes rest)
{
    return rest.len && (rest.data[0] == ' ' || rest.data[0] == '\t');
}

/* Takes one field, the lines that continue it joined by a space. */
static void next_field(struct bytes *rest, struct bytes line, struct buf *out)
{
    buf_clear(out);
    buf_addb(out, strip_end(line));
    while (continues(*rest) && bytes_next_line(rest, &line)) {
        buf_addc(out, ' ');
        buf_addb(out, bytes_trim(strip_end(line)));
    }
}

static int parse(struct bytes head, struct http_response *r)
{
    CLEANUP(buf_release) struct buf field = BUF_INIT;
    struct bytes rest = head, line;
    if (head_length(head) != head.len || !bytes_next_line(&rest, &line) ||
        parse_status(strip_end(line), &r->status) < 0)
        return -1;
    while (bytes_next_line(&rest, &line) && strip_end(line).len) {
        if (continues(line))
            return -1; /* of nothing */
        next_field(&rest, line, &field);
        if (take_field(bytes_buf(&field), r) < 0)
            return -1;
    }
    return 0;
}

int http_parse(struct bytes head, struct http_response *ret, struct err *err)
{
    CLEANUP(http_release) struct http_response r = HTTP_INIT;
    if (head.len > HEAD_LIMIT || parse(head, &r) < 0) {
        CLEANUP(mem_freep) char *shown = visible_cut(head, 80);
        return err_set(err, ERR_INPUT, "not HTTP: '%s'", shown);
    }
    *ret = r;
    r = (struct http_response)HTTP_INIT;
    return 0;
}

/* --- the request ----------------------------------------------------------------------------- */

static bool can_be_sent(const char *s)
{
    for (const char *c = s; *c; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return *s && strlen(s) <= FIELD_LIMIT;
}

/* An IPv6 address stands in brackets, and a port follows unless it is the scheme's own. */
static void add_host(const struct endpoint *e, const struct http_request *q,
                     struct buf *out)
{
    const char *host = q->host ? q->host : e->name ? e->name : e->address;
    bool bare = strchr(host, ':') && host[0] != '[' && !q->host;
    buf_addf(out, bare ? "[%s]" : "%s", host);
    if (!q->host && e->port != (q->tls ? 443U : 80U))
        buf_addf(out, ":%u", e->port);
}

static int make_request(const struct endpoint *e, const struct http_request *q,
                        struct buf *out, struct err *err)
{
    const char *host = q->host ? q->host : e->name ? e->name : e->address;
    bool known = strcmp(q->method, "HEAD") == 0 || strcmp(q->method, "GET") == 0;
    if (!known || q->path[0] != '/' || !can_be_sent(q->path) || !host ||
        !can_be_sent(host)) {
        CLEANUP(mem_freep) char *path = visible_cut(bytes_str(q->path), 80);
        CLEANUP(mem_freep) char *name = visible_cut(bytes_str(host), 80);
        return err_set(err, ERR_INPUT, "cannot ask '%s' by %s for '%s'", name, q->method,
                       path);
    }
    buf_addf(out, "%s %s HTTP/1.1\r\nHost: ", q->method, q->path);
    add_host(e, q, out);
    buf_adds(out, "\r\nUser-Agent: tlsharden/" TLSHARDEN_VERSION
                  "\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    return 0;
}

/* --- over the network ------------------------------------------------------------------------ */

struct channel {
    struct wire wire;
    SSL_CTX *ctx; /* NULL: clear text */
    struct tls tls;
};

#define CHANNEL_INIT                                                                     \
    {                                                                                    \
        .wire = WIRE_INIT, .ctx = NULL, .tls = TLS_INIT                                  \
    }

static void channel_release(struct channel *c)
{
    tls_release(&c->tls);
    tls_context_free(&c->ctx);
    wire_release(&c->wire);
}

static int failed(const struct channel *c, enum wire_end end, const char *when,
                  struct err *err)
{
    bool tls = end == WIRE_FAILED && c->tls.why[0];
    return err_set(err, ERR_SYSTEM, "%s: %s", when,
                   tls ? c->tls.why : wire_end_text(end));
}

static int channel_open(struct channel *c, const struct endpoint *e, bool tls,
                        int64_t deadline, struct err *err)
{
    if (tls) {
        c->ctx = tls_context();
        if (!c->ctx)
            return err_set(err, ERR_SYSTEM, "libssl gives no context");
        if (tls_begin(&c->tls, c->ctx, e, err) < 0)
            return -1;
    }
    if (dial(e, deadline, &c->wire, err) < 0)
        return -1;
    c->tls.wire = &c->wire;
    enum wire_end end = tls ? tls_connect(&c->tls) : WIRE_OK;
    return end == WIRE_OK ? 0 : failed(c, end, "TLS handshake", err);
}

static enum wire_end channel_write(struct channel *c, struct bytes out)
{
    return c->ctx ? tls_write(&c->tls, out) : wire_write(&c->wire, out);
}

static enum wire_end channel_read(struct channel *c, size_t max, struct buf *in)
{
    return c->ctx ? tls_read(&c->tls, max, in) : wire_read(&c->wire, max, in);
}

/* Reads one whole head into `in`, which may begin with a part of it already. */
static int read_head(struct channel *c, struct buf *in, size_t *ret, struct err *err)
{
    while ((*ret = head_length(bytes_buf(in))) == 0) {
        if (in->len >= HEAD_LIMIT)
            return err_set(err, ERR_SYSTEM, "the answer's head has no end");
        enum wire_end end = channel_read(c, HEAD_LIMIT - in->len, in);
        if (end != WIRE_OK)
            return failed(c, end, "no answer in HTTP", err);
    }
    return 0;
}

/* The first answer that is not an interim one. */
static int read_answer(struct channel *c, struct http_response *ret, struct err *err)
{
    CLEANUP(buf_release) struct buf in = BUF_INIT;
    buf_reserve(&in, 0);
    for (size_t n = 0;;) {
        if (read_head(c, &in, &n, err) < 0)
            return -1;
        struct err own = ERR_INIT;
        if (http_parse((struct bytes){.data = in.data, .len = n}, ret, &own) < 0)
            return err_set(err, ERR_SYSTEM, "%s", own.text);
        if (ret->status >= 200 || ret->status == 101)
            return 0;
        http_release(ret);
        memmove(in.data, in.data + n, in.len - n + 1);
        in.len -= n;
    }
}

static int ask(struct channel *c, struct bytes request, struct http_response *ret,
               struct err *err)
{
    enum wire_end end = channel_write(c, request);
    if (end != WIRE_OK)
        return failed(c, end, "send the request", err);
    return read_answer(c, ret, err);
}

int http_ask(const struct endpoint *endpoint, const struct http_request *request,
             struct http_response *ret, struct err *err)
{
    int ms = request->deadline_ms > 0 ? request->deadline_ms : DEADLINE_MS;
    int64_t deadline = deadline_in(ms);
    CLEANUP(channel_release) struct channel c = CHANNEL_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    CLEANUP(http_release) struct http_response r = HTTP_INIT;
    if (make_request(endpoint, request, &out, err) < 0)
        return -1;
    if (channel_open(&c, endpoint, request->tls, deadline, err) < 0 ||
        ask(&c, bytes_buf(&out), &r, err) < 0)
        return err_context(err, "%s port %u", endpoint->address, endpoint->port);
    *ret = r;
    r = (struct http_response)HTTP_INIT;
    return 0;
}
