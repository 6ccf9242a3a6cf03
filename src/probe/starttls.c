/*
 * A dialogue is a row of what we say and a judge of what we hear; after the last row TLS begins. A judge
 * looks at the beginning of what has arrived and says: not complete yet (nothing used), good (so many
 * bytes used), or how it ended.
 *
 * Not handled: IMAP literals in answers (no server sends one here), LDAP referrals.
 */
#include "probe/starttls.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/visible.h"

struct starttls_dialogue {
    const char *name;
    size_t steps;
    const struct bytes *says; /* one for each step; empty: the server speaks first */
    enum starttls_state (*judge)(struct starttls *s, struct bytes in, size_t *used);
};

void starttls_release(struct starttls *s)
{
    buf_release(&s->in);
}

static enum starttls_state end(struct starttls *s, enum starttls_state state,
                               const char *what, struct bytes said)
{
    CLEANUP(mem_freep) char *shown = visible_cut(bytes_trim(said), 120);
    snprintf(s->why, sizeof s->why, "%s%s%.130s", what, said.len ? ": " : "", shown);
    return state;
}

static const struct bytes nothing = {.data = "", .len = 0};

/* A whole line, its end included; empty when it is not complete. */
static struct bytes line_at(struct bytes in, size_t begin)
{
    const char *end_of =
        begin < in.len ? memchr(in.data + begin, '\n', in.len - begin) : NULL;
    if (!end_of)
        return nothing;
    return (struct bytes){.data = in.data + begin,
                          .len = (size_t)(end_of - in.data) + 1 - begin};
}

static bool starts_nocase(struct bytes b, const char *prefix)
{
    size_t n = strlen(prefix);
    return b.len >= n && strncasecmp(b.data, prefix, n) == 0;
}

/* Is `word` among the words of a line? */
static bool has_word(struct bytes line, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= line.len; i++) {
        bool begins = i == 0 || line.data[i - 1] == ' ' || line.data[i - 1] == '-';
        bool ends = i + n == line.len || strchr(" \r\n", line.data[i + n]);
        if (begins && ends && strncasecmp(line.data + i, word, n) == 0)
            return true;
    }
    return false;
}

/* --- SMTP: RFC 5321 4.2, RFC 3207 ------------------------------------------------------------ */

static bool is_code(struct bytes line)
{
    for (size_t i = 0; i < 3; i++)
        if (line.len < 4 || line.data[i] < '0' || line.data[i] > '9')
            return false;
    return strchr(" -\r\n", line.data[3]) != NULL;
}

static enum starttls_state judge_smtp_code(struct starttls *s, struct bytes last,
                                           bool offered)
{
    bool good = last.data[0] == '2';
    if (s->step == 2)
        return good ? STARTTLS_TALKING
                    : end(s, STARTTLS_REFUSED, "STARTTLS is refused", last);
    if (!good)
        return end(s, STARTTLS_BROKEN, s->step ? "EHLO is refused" : "no greeting", last);
    if (s->step == 1 && !offered)
        return end(s, STARTTLS_NOT_OFFERED, "STARTTLS is not offered", nothing);
    return STARTTLS_TALKING;
}

static enum starttls_state judge_smtp(struct starttls *s, struct bytes in, size_t *used)
{
    bool offered = false;
    struct bytes line = line_at(in, 0);
    for (size_t at = 0; line.len; line = line_at(in, at)) {
        if (!is_code(line))
            return end(s, STARTTLS_BROKEN, "this is not SMTP", line);
        at += line.len;
        offered = offered || (line.len > 4 &&
                              starts_nocase((struct bytes){line.data + 4, line.len - 4},
                                            "STARTTLS"));
        if (line.data[3] == '-')
            continue;
        *used = at;
        return judge_smtp_code(s, line, offered);
    }
    return STARTTLS_TALKING;
}

/* --- IMAP: RFC 9051 2.2, 6.2.1 --------------------------------------------------------------- */

static enum starttls_state judge_imap_greeting(struct starttls *s, struct bytes line)
{
    if (starts_nocase(line, "* OK"))
        return STARTTLS_TALKING;
    if (starts_nocase(line, "* PREAUTH"))
        return end(s, STARTTLS_NOT_OFFERED, "it logs in without asking", line);
    if (starts_nocase(line, "* BYE"))
        return end(s, STARTTLS_REFUSED, "it turns us away", line);
    return end(s, STARTTLS_BROKEN, "this is not IMAP", line);
}

static enum starttls_state judge_imap_tagged(struct starttls *s, struct bytes line,
                                             bool offered)
{
    bool good = starts_nocase((struct bytes){line.data + 3, line.len - 3}, "OK");
    if (s->step == 2)
        return good ? STARTTLS_TALKING
                    : end(s, STARTTLS_REFUSED, "STARTTLS is refused", line);
    if (!good)
        return end(s, STARTTLS_BROKEN, "CAPABILITY is refused", line);
    return offered ? STARTTLS_TALKING
                   : end(s, STARTTLS_NOT_OFFERED, "STARTTLS is not offered", nothing);
}

static enum starttls_state judge_imap(struct starttls *s, struct bytes in, size_t *used)
{
    bool offered = false;
    struct bytes line = line_at(in, 0);
    for (size_t at = 0; line.len; line = line_at(in, at)) {
        at += line.len;
        if (s->step == 0) {
            *used = at;
            return judge_imap_greeting(s, line);
        }
        if (starts_nocase(line, s->step == 1 ? "a1 " : "a2 ")) {
            *used = at;
            return judge_imap_tagged(s, line, offered);
        }
        if (starts_nocase(line, "* BYE"))
            return end(s, STARTTLS_REFUSED, "it turns us away", line);
        if (!starts_nocase(line, "* "))
            return end(s, STARTTLS_BROKEN, "this is not IMAP", line);
        offered = offered ||
                  (starts_nocase(line, "* CAPABILITY") && has_word(line, "STARTTLS"));
    }
    return STARTTLS_TALKING;
}

/* --- POP3: RFC 1939, RFC 2449, RFC 2595 4 ---------------------------------------------------- */

static enum starttls_state judge_capa(struct starttls *s, struct bytes in, size_t *used)
{
    bool offered = false;
    struct bytes line = line_at(in, 0);
    if (line.len && starts_nocase(line, "-ERR")) {
        *used = line.len; /* an old server need not know CAPA: it is asked all the same */
        return STARTTLS_TALKING;
    }
    for (size_t at = 0; line.len; line = line_at(in, at)) {
        at += line.len;
        offered = offered || has_word(line, "STLS");
        if (line.data[0] != '.')
            continue;
        *used = at;
        return offered ? STARTTLS_TALKING
                       : end(s, STARTTLS_NOT_OFFERED, "STLS is not offered", nothing);
    }
    return STARTTLS_TALKING;
}

static enum starttls_state judge_pop3(struct starttls *s, struct bytes in, size_t *used)
{
    struct bytes line = line_at(in, 0);
    if (!line.len)
        return STARTTLS_TALKING;
    bool good = starts_nocase(line, "+OK");
    if (!good && !starts_nocase(line, "-ERR"))
        return end(s, STARTTLS_BROKEN, "this is not POP3", line);
    if (s->step == 1)
        return judge_capa(s, in, used);
    *used = line.len;
    if (good)
        return STARTTLS_TALKING;
    return s->step == 0 ? end(s, STARTTLS_BROKEN, "no greeting", line)
                        : end(s, STARTTLS_REFUSED, "STLS is refused", line);
}

/* --- LDAP: RFC 4511 4.12, 4.14; X.690 8.1 ---------------------------------------------------- */

/* A BER element's tag and content at the start of `in`: bytes it takes, 0 when incomplete, -1 when
 * it is none that LDAP allows (RFC 4511 5.1: definite lengths). */
static long ber_take(struct bytes in, unsigned char *tag, struct bytes *content)
{
    if (in.len < 2)
        return 0;
    const unsigned char *b = (const unsigned char *)in.data;
    size_t len = b[1], head = 2;
    if (b[1] & 0x80) {
        size_t octets = b[1] & 0x7f;
        if (octets == 0 || octets > 4)
            return -1;
        if (in.len < 2 + octets)
            return 0;
        len = 0;
        for (size_t i = 0; i < octets; i++)
            len = len << 8 | b[2 + i];
        head += octets;
    }
    if (len > STARTTLS_REPLY_LIMIT)
        return -1;
    if (in.len < head + len)
        return 0;
    *tag = b[0];
    *content = (struct bytes){.data = in.data + head, .len = len};
    return (long)(head + len);
}

/* The next element within a content that is complete; false when it is not that tag. */
static bool ber_next(struct bytes *in, unsigned char wanted, struct bytes *content)
{
    unsigned char tag = 0;
    long n = ber_take(*in, &tag, content);
    if (n <= 0 || tag != wanted)
        return false;
    in->data += n;
    in->len -= (size_t)n;
    return true;
}

static enum starttls_state judge_ldap(struct starttls *s, struct bytes in, size_t *used)
{
    unsigned char tag = 0;
    struct bytes message, id, response, code, matched, said;
    long n = ber_take(in, &tag, &message);
    if (n == 0)
        return STARTTLS_TALKING;
    if (n < 0 || tag != 0x30 || !ber_next(&message, 0x02, &id) ||
        !ber_next(&message, 0x78, &response) || !ber_next(&response, 0x0a, &code) ||
        code.len != 1 || !ber_next(&response, 0x04, &matched) ||
        !ber_next(&response, 0x04, &said))
        return end(s, STARTTLS_BROKEN, "this is not LDAP's answer", nothing);
    if (id.len != 1)
        return end(s, STARTTLS_BROKEN, "an answer to nothing that was asked", nothing);
    if (id.data[0] == 0)
        return end(s, STARTTLS_REFUSED, "it turns us away", said);
    if (code.data[0] == 2 || code.data[0] == 53) /* protocolError, unwillingToPerform */
        return end(s, STARTTLS_NOT_OFFERED, "StartTLS is not offered", said);
    if (code.data[0] != 0)
        return end(s, STARTTLS_REFUSED, "StartTLS is refused", said);
    *used = (size_t)n;
    return STARTTLS_TALKING;
}

/* --- all of them ----------------------------------------------------------------------------- */

static const struct bytes says_smtp[] = {
    {"", 0}, {"EHLO tlsharden.invalid\r\n", 24}, {"STARTTLS\r\n", 10}};
static const struct bytes says_imap[] = {
    {"", 0}, {"a1 CAPABILITY\r\n", 15}, {"a2 STARTTLS\r\n", 13}};
static const struct bytes says_pop3[] = {{"", 0}, {"CAPA\r\n", 6}, {"STLS\r\n", 6}};
static const struct bytes says_ldap[] = {{"\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
                                          "1.3.6.1.4.1.1466.20037",
                                          31}};

static const struct starttls_dialogue dialogues[] = {
    {"imap", ARRAY_LEN(says_imap), says_imap, judge_imap},
    {"ldap", ARRAY_LEN(says_ldap), says_ldap, judge_ldap},
    {"pop3", ARRAY_LEN(says_pop3), says_pop3, judge_pop3},
    {"smtp", ARRAY_LEN(says_smtp), says_smtp, judge_smtp},
};

int starttls_begin(struct starttls *s, const char *protocol, struct buf *out,
                   struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(dialogues); i++) {
        if (strcmp(dialogues[i].name, protocol) != 0)
            continue;
        *s = (struct starttls){.dialogue = &dialogues[i]};
        buf_addb(out, s->dialogue->says[0]);
        return 0;
    }
    return err_set(err, ERR_INPUT, "there is no STARTTLS for '%s'", protocol);
}

/* What a reply was made of is done with. */
static void consume(struct starttls *s, size_t used)
{
    memmove(s->in.data, s->in.data + used, s->in.len - used);
    s->in.len -= used;
}

static enum starttls_state advance(struct starttls *s, struct buf *out)
{
    if (++s->step < s->dialogue->steps) {
        buf_addb(out, s->dialogue->says[s->step]);
        return STARTTLS_TALKING;
    }
    if (s->in.len)
        return end(s, STARTTLS_BROKEN, "it said more in clear text after its consent",
                   bytes_buf(&s->in));
    return STARTTLS_READY;
}

enum starttls_state starttls_feed(struct starttls *s, struct bytes in, struct buf *out)
{
    if (s->state != STARTTLS_TALKING)
        return s->state;
    if (s->in.len + in.len > STARTTLS_REPLY_LIMIT)
        return s->state = end(s, STARTTLS_BROKEN, "its reply has no end", nothing);
    buf_addb(&s->in, in);
    for (size_t used = 1; used && s->state == STARTTLS_TALKING;) {
        used = 0;
        s->state = s->dialogue->judge(s, bytes_buf(&s->in), &used);
        if (s->state != STARTTLS_TALKING || !used)
            continue;
        consume(s, used);
        s->state = advance(s, out);
    }
    return s->state;
}

static enum starttls_state dropped(enum wire_end how, char **why)
{
    *why = mem_printf("the dialogue before TLS was %s", wire_end_text(how));
    return STARTTLS_DROPPED;
}

enum starttls_state starttls_run(struct wire *w, const char *protocol, char **why)
{
    CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    *why = NULL;
    if (starttls_begin(&s, protocol, &out, &err) < 0) {
        *why = mem_strdup(err.text);
        return STARTTLS_BROKEN;
    }
    while (s.state == STARTTLS_TALKING) {
        CLEANUP(buf_release) struct buf in = BUF_INIT;
        enum wire_end how = wire_write(w, bytes_buf(&out));
        buf_clear(&out);
        if (how == WIRE_OK)
            how = wire_read(w, STARTTLS_REPLY_LIMIT, &in);
        if (how != WIRE_OK)
            return dropped(how, why);
        starttls_feed(&s, bytes_buf(&in), &out);
    }
    if (s.state != STARTTLS_READY)
        *why = mem_strdup(s.why);
    return s.state;
}
