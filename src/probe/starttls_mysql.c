/*
 * MySQL and MariaDB (MySQL's "Connection Phase Packets"): the server greets with what it can, the
 * client answers that it wants TLS, and goes on with TLS at once: there is no consent to wait for, and
 * so no refusal. An error instead of a greeting ends the connection.
 */
#include <string.h>

#include "base/visible.h"
#include "probe/cursor.h"
#include "probe/starttls_dialogue.h"

#define HEADER     4 /* bytes: a length of 3, little end first, and a number */
#define CLIENT_SSL 0x0800

enum { GREETING_9 = 9, GREETING_10 = 10, GREETING_ERROR = 0xff };

static unsigned byte_at(struct bytes b, size_t i)
{
    return (unsigned char)b.data[i];
}

static size_t frame_mysql(const struct starttls_step *step, struct bytes in,
                          struct starttls_scan *scan)
{
    (void)step;
    (void)scan;
    if (in.len < HEADER)
        return 0;
    size_t length = byte_at(in, 0) | byte_at(in, 1) << 8 | byte_at(in, 2) << 16;
    if (length == 0 || length > STARTTLS_REPLY_LIMIT - HEADER || byte_at(in, 3) != 0)
        return STARTTLS_NO_REPLY;
    if (in.len == HEADER)
        return 0;
    unsigned kind = byte_at(in, HEADER);
    if (kind != GREETING_9 && kind != GREETING_10 && kind != GREETING_ERROR)
        return STARTTLS_NO_REPLY;
    return in.len < HEADER + length ? 0 : HEADER + length;
}

struct greeting {
    unsigned kind;
    struct bytes version;
    unsigned capabilities; /* the lower half */
    unsigned code;         /* of an error */
    struct bytes text;     /* of an error */
};

/* Protocol 10: version up to NUL, thread (4), scramble (8), filler (1), capabilities (2). */
static bool read_version10(struct cursor *c, struct greeting *ret)
{
    const char *end = memchr(c->left.data, '\0', c->left.len);
    struct bytes two;
    if (!end || !cursor_take(c, (size_t)(end - c->left.data), &ret->version) ||
        !cursor_skip(c, 1 + 4 + 8 + 1) || !cursor_take(c, 2, &two))
        return false;
    ret->capabilities = byte_at(two, 0) | byte_at(two, 1) << 8;
    return true;
}

/* A number of two bytes, and text; later servers put "#" and five letters between. */
static bool read_error(struct cursor *c, struct greeting *ret)
{
    struct bytes two;
    if (!cursor_take(c, 2, &two))
        return false;
    ret->code = byte_at(two, 0) | byte_at(two, 1) << 8;
    if (bytes_starts(c->left, "#"))
        cursor_skip(c, 6);
    ret->text = c->left;
    return true;
}

static bool read_greeting(struct bytes reply, struct greeting *ret)
{
    struct cursor c = {.left = reply};
    uint8_t kind;
    *ret = (struct greeting){.kind = 0};
    if (!cursor_skip(&c, HEADER) || !cursor_u8(&c, &kind))
        return false;
    ret->kind = kind;
    if (kind == GREETING_ERROR)
        return read_error(&c, ret);
    return kind == GREETING_9 || read_version10(&c, ret);
}

static enum starttls_state judge_mysql(const struct starttls_step *step,
                                       struct bytes reply, bool *unlisted)
{
    struct greeting g;
    (void)unlisted;
    if (!read_greeting(reply, &g))
        return STARTTLS_BROKEN;
    if (g.kind == GREETING_ERROR)
        return step->otherwise;
    return g.capabilities & CLIENT_SSL ? STARTTLS_READY : STARTTLS_NOT_OFFERED;
}

static void describe(struct bytes reply, struct buf *out)
{
    struct greeting g;
    if (!read_greeting(reply, &g)) {
        visible_add(out, reply);
    } else if (g.kind == GREETING_ERROR) {
        buf_addf(out, "error %u: ", g.code);
        visible_add(out, bytes_trim(g.text));
    } else {
        buf_addf(out, "protocol %u, version ", g.kind);
        visible_add(out, g.version);
        buf_addf(out, ", capabilities 0x%04x", g.capabilities);
    }
}

/* Capabilities LONG_PASSWORD, PROTOCOL_41, SSL, SECURE_CONNECTION and PLUGIN_AUTH; packets up to
 * 16 MiB; UTF-8; 23 bytes of nothing. */
#define REQUEST                                                                          \
    "\x20\x00\x00\x01"                                                                   \
    "\x01\x8a\x08\x00"                                                                   \
    "\x00\x00\x00\x01"                                                                   \
    "\x21"                                                                               \
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"                                   \
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

static const struct starttls_step steps[] = {
    {.frame = frame_mysql,
     .judge = judge_mysql,
     .say = STARTTLS_SAY(REQUEST),
     .otherwise = STARTTLS_TURNED_AWAY},
};

const struct starttls_dialogue starttls_mysql = {
    .protocol = "mysql", .steps = steps, .describe = describe};
