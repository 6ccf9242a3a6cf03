/*
 * The machine that drives a dialogue, step by step. It sees bytes only: where a reply ends and
 * what it means is the table's business.
 */
#include "probe/starttls.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/visible.h"
#include "probe/starttls_dialogue.h"

#define SHOWN 150 /* bytes of what the server said, in `why` */

static const struct starttls_dialogue *const dialogues[] = {
    &starttls_ftp,   &starttls_imap,        &starttls_ldap,       &starttls_lmtp,
    &starttls_mysql, &starttls_pop3,        &starttls_postgres,   &starttls_sieve,
    &starttls_smtp,  &starttls_xmpp_client, &starttls_xmpp_server};

void starttls_release(struct starttls *s)
{
    buf_release(&s->in);
    *s = (struct starttls)STARTTLS_INIT;
}

int starttls_begin(struct starttls *s, const char *protocol, const char *name,
                   struct buf *out, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(dialogues); i++) {
        if (strcmp(dialogues[i]->protocol, protocol) != 0)
            continue;
        starttls_release(s);
        s->dialogue = dialogues[i];
        s->state = STARTTLS_TALKING;
        if (s->dialogue->open)
            return s->dialogue->open(name, out, err);
        buf_addb(out, s->dialogue->opening);
        return 0;
    }
    return err_set(err, ERR_INPUT, "'%s' is no protocol that has STARTTLS", protocol);
}

/* What an end means, before the server's own words. */
static const char *meaning(enum starttls_state state)
{
    switch (state) {
    case STARTTLS_NOT_OFFERED:
        return "not offered: ";
    case STARTTLS_REFUSED:
        return "refused when asked: ";
    case STARTTLS_TURNED_AWAY:
        return "turned away: ";
    case STARTTLS_TALKING:
    case STARTTLS_READY:
    case STARTTLS_DROPPED:
        break;
    case STARTTLS_BROKEN:
        return "not as the protocol has it: ";
    }
    return "";
}

static void say_why(struct starttls *s, const char *what, struct bytes said)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (s->dialogue->describe)
        s->dialogue->describe(said, &text);
    else
        visible_add(&text, bytes_trim(said));
    CLEANUP(mem_freep) char *shown = visible_cut(bytes_buf(&text), SHOWN);
    snprintf(s->why, sizeof s->why, "%s%s", what, shown);
}

static void end(struct starttls *s, enum starttls_state state, const char *what,
                struct bytes said)
{
    s->state = state;
    if (state != STARTTLS_READY)
        say_why(s, what, said);
    buf_release(&s->in);
}

/* The reply is done with; what came behind it stays. */
static void next_step(struct starttls *s, size_t reply, struct buf *out)
{
    buf_addb(out, s->dialogue->steps[s->step++].say);
    s->scan = (struct starttls_scan){.at = 0};
    memmove(s->in.data, s->in.data + reply, s->in.len - reply + 1);
    s->in.len -= reply;
}

static void ready(struct starttls *s, const struct starttls_step *step, struct buf *out)
{
    buf_addb(out, step->say);
    end(s, STARTTLS_READY, "", BYTES(""));
}

/* Judges one reply; false when there is none to judge. */
static bool take_reply(struct starttls *s, struct buf *out)
{
    const struct starttls_step *step = &s->dialogue->steps[s->step];
    struct bytes all = bytes_buf(&s->in);
    size_t n = step->frame(step, all, &s->scan);
    if (n == 0 && all.len <= STARTTLS_REPLY_LIMIT)
        return false;
    if (n == STARTTLS_NO_REPLY) {
        end(s, STARTTLS_BROKEN, "no answer of this protocol: ", all);
        return true;
    }
    if (n == 0 || n > STARTTLS_REPLY_LIMIT) {
        end(s, STARTTLS_BROKEN, "an endless answer: ", all);
        return true;
    }
    struct bytes more = {.data = all.data + n, .len = all.len - n};
    enum starttls_state state =
        step->judge(step, (struct bytes){.data = all.data, .len = n}, &s->unlisted);
    if (state == STARTTLS_REFUSED && s->unlisted)
        state = STARTTLS_NOT_OFFERED;
    bool out_of_turn =
        state == STARTTLS_READY || (state == STARTTLS_TALKING && !s->dialogue->news);
    if (more.len && out_of_turn)
        end(s, STARTTLS_BROKEN, "the server speaks out of turn: ", more);
    else if (state == STARTTLS_TALKING)
        next_step(s, n, out);
    else if (state == STARTTLS_READY)
        ready(s, step, out);
    else
        end(s, state, meaning(state), (struct bytes){.data = all.data, .len = n});
    return true;
}

enum starttls_state starttls_feed(struct starttls *s, struct bytes in, struct buf *out)
{
    if (s->state != STARTTLS_TALKING)
        return s->state;
    buf_addb(&s->in, in);
    while (s->state == STARTTLS_TALKING && take_reply(s, out))
        continue;
    return s->state;
}

/* --- over a wire ----------------------------------------------------------------------------- */

/* What arrives between the consent and our ClientHello was not meant for TLS. */
static bool speaks_early(const struct wire *w)
{
    char c;
    return recv(w->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static enum wire_end talk(struct wire *w, struct starttls *s, struct buf *out)
{
    CLEANUP(buf_release) struct buf in = BUF_INIT;
    do {
        enum wire_end end = wire_write(w, bytes_buf(out));
        buf_clear(out);
        buf_clear(&in);
        if (end == WIRE_OK)
            end = wire_read(w, STARTTLS_REPLY_LIMIT, &in);
        if (end != WIRE_OK)
            return end;
    } while (starttls_feed(s, bytes_buf(&in), out) == STARTTLS_TALKING);
    return WIRE_OK;
}

enum starttls_state starttls_run(struct wire *w, const char *protocol, const char *name,
                                 char **why)
{
    CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    *why = NULL;
    if (starttls_begin(&s, protocol, name, &out, &err) < 0) {
        *why = mem_strdup(err.text);
        return STARTTLS_BROKEN;
    }
    enum wire_end end = talk(w, &s, &out);
    if (end == WIRE_OK && s.state == STARTTLS_READY && speaks_early(w)) {
        *why = mem_strdup("the server speaks between its consent and TLS");
        return STARTTLS_BROKEN;
    }
    if (end == WIRE_OK && s.state == STARTTLS_READY)
        end = wire_write(w, bytes_buf(&out));
    if (end != WIRE_OK) {
        *why = mem_printf("%s before TLS was agreed on", wire_end_text(end));
        return STARTTLS_DROPPED;
    }
    if (s.state != STARTTLS_READY)
        *why = mem_strdup(s.why);
    return s.state;
}
