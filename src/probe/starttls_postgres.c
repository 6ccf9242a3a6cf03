/*
 * PostgreSQL (its manual, "SSL Session Encryption" and "Message Formats"): SSLRequest is answered
 * with one byte, S or N. An error instead comes from a server that has no process to spare, or from one
 * that is older than SSLRequest. Whoever says S cannot refuse afterwards.
 */
#include <string.h>

#include "base/visible.h"
#include "probe/cursor.h"
#include "probe/starttls_dialogue.h"

/* The text of an error before version 3 of the protocol ends in NUL; later a length comes first,
 * which is so much smaller than 2^24 that it begins with NUL. */
static size_t frame_postgres(const struct starttls_step *step, struct bytes in,
                             struct starttls_scan *scan)
{
    (void)step;
    if (in.len == 0)
        return 0;
    if (in.data[0] == 'S' || in.data[0] == 'N')
        return 1;
    if (in.data[0] != 'E')
        return STARTTLS_NO_REPLY;
    if (in.len > 1 && in.data[1] != '\0') {
        size_t from = scan->at > 1 ? scan->at : 1;
        const char *end = memchr(in.data + from, '\0', in.len - from);
        scan->at = in.len;
        return end ? (size_t)(end - in.data) + 1 : 0;
    }
    struct cursor c = {.left = {.data = in.data + 1, .len = in.len - 1}};
    size_t zero, length;
    if (!cursor_number(&c, 1, &zero) || !cursor_number(&c, 3, &length))
        return 0;
    if (length < 5 || length > STARTTLS_REPLY_LIMIT)
        return STARTTLS_NO_REPLY;
    return in.len - 1 < length ? 0 : length + 1;
}

/* A field of an error of version 3: a letter, and text up to NUL. Empty: there is none. */
static struct bytes field(struct bytes reply, char letter)
{
    struct cursor c = {.left = reply};
    struct bytes text = BYTES("");
    if (reply.len < 6 || reply.data[1] != '\0' || !cursor_skip(&c, 5))
        return text;
    while (c.left.len && c.left.data[0] != '\0') {
        const char *end = memchr(c.left.data, '\0', c.left.len);
        size_t n = end ? (size_t)(end - c.left.data) : c.left.len;
        if (c.left.data[0] == letter)
            return (struct bytes){.data = c.left.data + 1, .len = n - 1};
        cursor_skip(&c, end ? n + 1 : n);
    }
    return text;
}

/* SQLSTATE 0A000 and 08P01: SSLRequest is no message that it knows. */
static bool knows_no_request(struct bytes reply)
{
    struct bytes state = field(reply, 'C');
    return bytes_is(state, "0A000") || bytes_is(state, "08P01");
}

static enum starttls_state judge_postgres(const struct starttls_step *step,
                                          struct bytes reply, bool *unlisted)
{
    (void)unlisted;
    if (reply.data[0] == 'S')
        return STARTTLS_READY;
    if (reply.data[0] == 'N' || knows_no_request(reply))
        return STARTTLS_NOT_OFFERED;
    return step->otherwise;
}

static void describe(struct bytes reply, struct buf *out)
{
    struct bytes message = field(reply, 'M');
    if (message.len == 0 && reply.len > 1 && reply.data[0] == 'E' && reply.data[1])
        message = (struct bytes){.data = reply.data + 1, .len = reply.len - 1};
    while (message.len && (message.data[message.len - 1] == '\0' ||
                           message.data[message.len - 1] == '\n'))
        message.len--;
    visible_add(out, message.len ? message : reply);
}

static const struct starttls_step steps[] = {
    {.frame = frame_postgres, .judge = judge_postgres, .otherwise = STARTTLS_TURNED_AWAY},
};

const struct starttls_dialogue starttls_postgres = {
    .protocol = "postgres",
    .opening = STARTTLS_SAY("\x00\x00\x00\x08\x04\xd2\x16\x2f"),
    .steps = steps,
    .describe = describe,
};
