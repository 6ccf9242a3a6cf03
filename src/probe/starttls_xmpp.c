/*
 * XMPP (RFC 6120 4, 5): a stream is opened, the server answers with its own stream and the features
 * that it has there. Tags are told apart and counted; that is all the XML there is to read, since
 * what would need more is forbidden in a stream (11.1). Prefixes are not resolved.
 */
#include <string.h>

#include "base/visible.h"
#include "probe/starttls_dialogue.h"

#define DEPTH_LIMIT 32

enum tag_kind { TAG_OPEN, TAG_CLOSE, TAG_EMPTY };

struct tag {
    enum tag_kind kind;
    struct bytes name; /* without its prefix */
    struct bytes all;  /* from "<" to ">" */
};

/* --- tags ------------------------------------------------------------------------------------ */

/* Goes on to the end of the tag that scan->begun is the beginning of: 1; 0: there is more to come;
 * -1: it is none. */
static int scan_tag(struct bytes in, struct starttls_scan *scan)
{
    for (; scan->at < in.len; scan->at++) {
        char c = in.data[scan->at];
        if (scan->quote) {
            scan->quote = c == scan->quote ? '\0' : scan->quote;
        } else if (c == '"' || c == '\'') {
            scan->quote = c;
        } else if (c == '<' && scan->at > scan->begun) {
            return -1;
        } else if (c == '>') {
            scan->at++;
            return 1;
        }
    }
    return 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes local_name(struct bytes inner)
{
    size_t n = 0, begin = 0;
    while (n < inner.len && !is_space(inner.data[n]) && inner.data[n] != '/')
        if (inner.data[n++] == ':')
            begin = n;
    return (struct bytes){.data = inner.data + begin, .len = n - begin};
}

/* Comments, sections and instructions have no place in a stream; a declaration begins it. */
static bool read_tag(struct bytes all, struct tag *ret)
{
    struct bytes inner = {.data = all.data + 1, .len = all.len - 2};
    *ret = (struct tag){.kind = TAG_OPEN, .all = all};
    if (inner.len && inner.data[0] == '/') {
        ret->kind = TAG_CLOSE;
        inner.data++;
        inner.len--;
    } else if (inner.len && inner.data[inner.len - 1] == '/') {
        ret->kind = TAG_EMPTY;
    }
    ret->name = local_name(inner);
    return ret->name.len && ret->name.data[0] != '!' && ret->name.data[0] != '?';
}

/* The next tag: 1, 0 when there is more to come, or -1. Text has no place outside the elements of a
 * stream, and a declaration only before it. */
static int next_tag(struct bytes in, struct starttls_scan *scan, struct tag *ret)
{
    for (;;) {
        for (; scan->begun == scan->at && scan->at < in.len && in.data[scan->at] != '<';
             scan->begun = ++scan->at)
            if (scan->depth < 2 && !is_space(in.data[scan->at]))
                return -1;
        int found = scan_tag(in, scan);
        if (found <= 0)
            return found;
        struct bytes all = {.data = in.data + scan->begun, .len = scan->at - scan->begun};
        scan->begun = scan->at;
        if (scan->depth == 0 && bytes_starts(all, "<?xml "))
            continue;
        return read_tag(all, ret) ? 1 : -1;
    }
}

/* --- replies --------------------------------------------------------------------------------- */

/* What one tag does to the depth; false: it has no place here. The reply ends with it when the first
 * element within the stream does, or the stream itself. */
static bool step_over(const struct tag *tag, unsigned *depth, bool *ret_end)
{
    unsigned before = *depth;
    if (before == 0 && (tag->kind != TAG_OPEN || !bytes_is(tag->name, "stream")))
        return false;
    if (tag->kind == TAG_OPEN)
        ++*depth;
    if (tag->kind == TAG_CLOSE)
        --*depth;
    *ret_end = tag->kind != TAG_OPEN && *depth <= 1;
    return *depth <= DEPTH_LIMIT;
}

static size_t frame(struct bytes in, struct starttls_scan *scan)
{
    struct tag tag;
    bool end = false;
    int found = 0;
    while (!end && (found = next_tag(in, scan, &tag)) > 0)
        if (!step_over(&tag, &scan->depth, &end))
            return STARTTLS_NO_REPLY;
    if (found < 0)
        return STARTTLS_NO_REPLY;
    return end ? scan->at : 0;
}

/* White space may follow, up to where TLS is agreed on (5.3.3). */
static size_t frame_stream(const struct starttls_step *step, struct bytes in,
                           struct starttls_scan *scan)
{
    (void)step;
    size_t n = frame(in, scan);
    while (n && n != STARTTLS_NO_REPLY && n < in.len && is_space(in.data[n]))
        n++;
    return n;
}

/* The stream is open already. */
static size_t frame_element(const struct starttls_step *step, struct bytes in,
                            struct starttls_scan *scan)
{
    (void)step;
    if (scan->depth == 0)
        scan->depth = 1;
    return frame(in, scan);
}

/* The first element within the stream, and whether one of its children is `child`. `depth` is where
 * the reply begins. False: there is none. */
static bool find_element(struct bytes reply, unsigned depth, const char *child,
                         struct tag *ret, bool *ret_has)
{
    struct starttls_scan scan = {.depth = depth};
    struct tag tag;
    bool found = false, end = false;
    *ret_has = false;
    while (!end && next_tag(reply, &scan, &tag) > 0) {
        if (scan.depth == 1 && tag.kind != TAG_CLOSE) {
            *ret = tag;
            found = true;
        }
        if (scan.depth == 2 && tag.kind != TAG_CLOSE && child &&
            bytes_is(tag.name, child))
            *ret_has = true;
        if (!step_over(&tag, &scan.depth, &end))
            return false;
    }
    return found;
}

/* A stream without a version (4.7.5) says nothing yet: that is how servers begin one that they only
 * open to complain in it. */
static enum starttls_state judge_features(const struct starttls_step *step,
                                          struct bytes reply, bool *unlisted)
{
    struct tag first;
    bool offered;
    (void)unlisted;
    if (!find_element(reply, 0, step->offer, &first, &offered) ||
        bytes_is(first.name, "error"))
        return STARTTLS_TURNED_AWAY;
    if (!bytes_is(first.name, "features"))
        return STARTTLS_BROKEN;
    return offered ? STARTTLS_TALKING : STARTTLS_NOT_OFFERED;
}

static enum starttls_state judge_consent(const struct starttls_step *step,
                                         struct bytes reply, bool *unlisted)
{
    struct tag first;
    bool ignored;
    (void)unlisted;
    if (!find_element(reply, 1, NULL, &first, &ignored) || bytes_is(first.name, "error"))
        return STARTTLS_TURNED_AWAY;
    if (bytes_is(first.name, "proceed"))
        return STARTTLS_READY;
    return bytes_is(first.name, "failure") ? step->otherwise : STARTTLS_BROKEN;
}

/* The stream's own tag says nothing that anybody wants to read. */
static void describe(struct bytes reply, struct buf *out)
{
    struct tag first;
    bool ignored;
    if (find_element(reply, 0, NULL, &first, &ignored)) {
        size_t begun = (size_t)(first.all.data - reply.data);
        reply.data += begun;
        reply.len -= begun;
    }
    visible_add(out, bytes_trim(reply));
}

/* --- what we say ----------------------------------------------------------------------------- */

/* RFC 6120 4.7.2: a server that serves several domains needs to know which is meant. */
static int open_stream(const char *space, const char *name, struct buf *out,
                       struct err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-._:";
    if (name && name[strspn(name, letters)])
        return err_set(err, ERR_INPUT,
                       "a name with other than letters, digits, '-' and "
                       "'.' cannot be asked for in XMPP");
    buf_addf(out,
             "<?xml version='1.0'?><stream:stream xmlns='%s' "
             "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'",
             space);
    if (name)
        buf_addf(out, " to='%s'", name);
    buf_adds(out, ">");
    return 0;
}

static int open_client(const char *name, struct buf *out, struct err *err)
{
    return open_stream("jabber:client", name, out, err);
}

static int open_server(const char *name, struct buf *out, struct err *err)
{
    return open_stream("jabber:server", name, out, err);
}

static const struct starttls_step steps[] = {
    {.frame = frame_stream,
     .judge = judge_features,
     .offer = "starttls",
     .say = STARTTLS_SAY("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")},
    {.frame = frame_element, .judge = judge_consent, .otherwise = STARTTLS_REFUSED},
};

const struct starttls_dialogue starttls_xmpp_client = {
    .protocol = "xmpp-client", .open = open_client, .steps = steps, .describe = describe};
const struct starttls_dialogue starttls_xmpp_server = {
    .protocol = "xmpp-server", .open = open_server, .steps = steps, .describe = describe};
