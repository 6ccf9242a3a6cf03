/* A question is a small machine: STARTTLS, hello, flight; then a verdict on what came of it. */
#include "probe/ask.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/deadline.h"
#include "base/visible.h"
#include "probe/dial.h"

void answer_release(struct answer *a)
{
    flight_release(&a->flight);
    *a = (struct answer)ANSWER_INIT;
}

void ask_release(struct ask *q)
{
    starttls_release(&q->talk);
    buf_release(&q->out);
    answer_release(&q->answer);
    *q = (struct ask)ASK_INIT;
}

int ask_begin(struct ask *q, const char *starttls, const struct hello *hello,
              struct buf *out, struct err *err)
{
    ask_release(q);
    q->hello = hello;
    q->talking = starttls != NULL;
    if (hello_write(hello, &q->out, err) < 0)
        return -1;
    if (starttls)
        return starttls_begin(&q->talk, starttls, hello->name, out, err);
    buf_addb(out, bytes_buf(&q->out));
    return 0;
}

bool answer_is_busy(const char *why)
{
    static const char *const words[] = {"421", "* BYE", "[SYS/TEMP]", "[IN-USE]",
                                        "[LOGIN-DELAY]"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strstr(why, words[i]))
            return true;
    return false;
}

/* --- verdicts -------------------------------------------------------------------------------- */

static bool conclude(struct ask *q, enum ask_verdict verdict, enum ask_cause cause)
{
    q->answer.verdict = verdict;
    q->answer.cause = cause;
    q->done = true;
    return true;
}

static bool PRINTF(3, 4)
    inconclusive(struct ask *q, enum ask_cause cause, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(q->answer.why, sizeof q->answer.why, fmt, ap);
    va_end(ap);
    return conclude(q, ASK_INCONCLUSIVE, cause);
}

/* Alerts that are an answer to what was offered. Others tell of a server in trouble, or one that
 * did not understand the question. Ref: RFC 8446 6.2, RFC 7507 3 */
static bool is_refusal(unsigned alert)
{
    switch (alert) {
    case 40: /* handshake_failure */
    case 70: /* protocol_version */
    case 71: /* insufficient_security */
    case 86: /* inappropriate_fallback */
        return true;
    default:
        return false;
    }
}

/* NO_CIPHER is the one error with which SSLv2 answers to an offer ("The SSL Protocol" 2.2). */
static bool judge_ssl2_error(struct ask *q)
{
    unsigned error = q->answer.flight.alert;
    bool wanted = q->hello->max == PROTOCOL_SSL2;
    inconclusive(q, wanted ? ASK_ALERT : ASK_BROKEN, "error %u of SSLv2", error);
    if (wanted && error == 1)
        q->answer.verdict = ASK_REFUSED;
    return true;
}

static bool judge_alert(struct ask *q)
{
    const struct flight *f = &q->answer.flight;
    if (f->version == protocol_info(PROTOCOL_SSL2)->wire)
        return judge_ssl2_error(q);
    const char *name = flight_alert_name(f->alert);
    const char *after = f->hello  ? " after the server's hello"
                        : f->amid ? " amid the server's hello"
                                  : "";
    if (f->alert == 0)
        return inconclusive(q, ASK_CLOSED, "closed by the server (close_notify)%s",
                            after);
    inconclusive(q, ASK_ALERT, "alert %u (%s)%s", f->alert, name, after);
    if (!f->hello && !f->amid && is_refusal(f->alert))
        q->answer.verdict = ASK_REFUSED;
    return true;
}

static bool is_offered(const struct hello *h, const struct flight *f)
{
    if (h->max == PROTOCOL_SSL2)
        return f->version == protocol_info(PROTOCOL_SSL2)->wire;
    if (f->version > protocol_info(h->max)->wire ||
        f->version == protocol_info(PROTOCOL_SSL2)->wire)
        return false;
    if (h->max >= PROTOCOL_TLS1_3 && f->version < protocol_info(h->min)->wire)
        return false;
    return ids_has(h->suites, f->suite);
}

/* RFC 8446 4.1.4, 4.2.8. Before TLS 1.3 there are servers that do not care what was offered. */
static bool is_group_offered(const struct hello *h, const struct flight *f)
{
    if (f->version != protocol_info(PROTOCOL_TLS1_3)->wire || f->group == 0)
        return true;
    return h->groups && ids_has(h->groups, f->group);
}

static bool judge_hello(struct ask *q)
{
    const struct flight *f = &q->answer.flight;
    if (!is_offered(q->hello, f))
        return inconclusive(
            q, ASK_BROKEN, "the server chose version 0x%04x, suite 0x%04x: never offered",
            f->version, f->suite);
    if (!is_group_offered(q->hello, f))
        return inconclusive(q, ASK_BROKEN, "the server chose group 0x%04x: never offered",
                            f->group);
    return conclude(q, ASK_ACCEPTED, ASK_NO_CAUSE);
}

static bool judge(struct ask *q)
{
    switch (q->answer.flight.state) {
    case FLIGHT_READING:
        return false;
    case FLIGHT_COMPLETE:
    case FLIGHT_RETRY:
        return judge_hello(q);
    case FLIGHT_ALERT:
        return judge_alert(q);
    case FLIGHT_BROKEN:
        return inconclusive(q, ASK_BROKEN, "%s", q->answer.flight.why);
    }
    return false;
}

/* --- the machine ----------------------------------------------------------------------------- */

static bool feed_starttls(struct ask *q, struct bytes in, struct buf *out)
{
    enum starttls_state state = starttls_feed(&q->talk, in, out);
    if (state == STARTTLS_TALKING)
        return false;
    q->answer.no_starttls = state == STARTTLS_NOT_OFFERED || state == STARTTLS_REFUSED;
    if (state != STARTTLS_READY)
        return inconclusive(q, ASK_STARTTLS, "STARTTLS: %s", q->talk.why);
    q->talking = false;
    buf_addb(out, bytes_buf(&q->out));
    return false;
}

bool ask_feed(struct ask *q, struct bytes in, struct buf *out)
{
    if (q->done)
        return true;
    if (q->talking)
        return feed_starttls(q, in, out);
    flight_feed(&q->answer.flight, in);
    return judge(q);
}

void ask_end(struct ask *q, enum wire_end end)
{
    static const enum ask_cause causes[] = {[WIRE_OK] = ASK_BROKEN,
                                            [WIRE_CLOSED] = ASK_CLOSED,
                                            [WIRE_RESET] = ASK_RESET,
                                            [WIRE_TIMED_OUT] = ASK_TIMED_OUT,
                                            [WIRE_FAILED] = ASK_BROKEN};
    const struct flight *f = &q->answer.flight;
    if (q->done)
        return;
    if (q->talking)
        inconclusive(q, end == WIRE_TIMED_OUT ? ASK_TIMED_OUT : ASK_STARTTLS,
                     "%s before TLS was agreed on", wire_end_text(end));
    else
        inconclusive(q, causes[end], "%s%s", wire_end_text(end),
                     f->hello    ? " after the server's hello"
                     : f->in.len ? " in the middle of an answer"
                                 : "");
}

/* --- over a wire ----------------------------------------------------------------------------- */

#define READ_SIZE ((size_t)16 << 10)

static void talk(struct ask *q, struct wire *w, struct buf *out)
{
    CLEANUP(buf_release) struct buf in = BUF_INIT;
    for (;;) {
        enum wire_end sent = wire_write(w, bytes_buf(out));
        buf_clear(out);
        buf_clear(&in);
        /* A server that refuses early may have answered before it stopped to listen. */
        enum wire_end end = wire_read(w, READ_SIZE, &in);
        if (end == WIRE_OK && ask_feed(q, bytes_buf(&in), out))
            return;
        if (end != WIRE_OK || sent == WIRE_TIMED_OUT) {
            ask_end(q, end != WIRE_OK ? end : sent);
            return;
        }
    }
}

int ask(const struct endpoint *endpoint, const struct hello *hello, int deadline_ms,
        struct answer *ret, struct err *err)
{
    CLEANUP(ask_release) struct ask q = ASK_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    CLEANUP(wire_release) struct wire w = WIRE_INIT;
    struct err unreachable = ERR_INIT;
    if (ask_begin(&q, endpoint->starttls, hello, &out, err) < 0)
        return -1;
    if (dial(endpoint, deadline_in(deadline_ms), &w, &unreachable) == 0) {
        talk(&q, &w, &out);
    } else if (unreachable.kind == ERR_INPUT) {
        *err = unreachable;
        return -1;
    } else {
        inconclusive(&q, ASK_CONNECT, "%s", unreachable.text);
    }
    *ret = q.answer;
    q.answer = (struct answer)ANSWER_INIT;
    return 0;
}
