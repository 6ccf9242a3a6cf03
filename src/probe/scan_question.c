/*
 * Asking so that the answer can be believed.
 *
 * A fatal alert is a refusal. Anything softer is asked again at once: an endpoint that drops each
 * n-th connection, whatever n > 1, cannot drop two in a row, so an answer now shows that it drops.
 * Then the control must be served, and then the question must fail once more. A connection that
 * ends before TLS has begun is no drop in this sense: so do limits of connections, and TLS is never
 * refused there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/fiber.h"
#include "probe/offer.h"
#include "probe/share.h"
#include "probe/scanner.h"

#define INAPPROPRIATE_FALLBACK 86 /* RFC 7507 3 */
#define CONTROL_TRIES          3
#define FIRST_TRIES            4
#define SILENCES               2
#define ROOM_TRIES             5
#define PAUSE_MS                                                                         \
    40 /* doubled each time: forking servers need it to count their children */

static const char *const http_protocols[] = {"h2", "http/1.1", NULL};

void question_all(enum protocol version, struct question *ret)
{
    *ret = (struct question){.min = version, .max = version};
    offer_suites(version, &ret->suites);
    offer_groups(version, &ret->groups);
    offer_schemes(&ret->schemes);
    ret->flags = HELLO_RENEGOTIATION | HELLO_EXTENDED_MASTER | HELLO_ENCRYPT_THEN_MAC |
                 HELLO_TICKET | HELLO_STAPLE;
    if (version < PROTOCOL_TLS1_3)
        ret->flags |= HELLO_COMPRESSION;
}

void question_everything(struct question *ret)
{
    struct question old;
    question_all(PROTOCOL_TLS1_3, ret);
    question_all(PROTOCOL_TLS1_2, &old);
    ret->min = PROTOCOL_TLS1;
    ret->flags = old.flags & ~(unsigned)HELLO_COMPRESSION;
    ids_add_all(&ret->suites, &old.suites);
    ids_add_all(&ret->groups, &old.groups);
}

void scanner_unsure(struct scanner *s, const char *about, const char *why)
{
    strv_take(&s->scan->inconclusive, mem_printf("%s: %s", about, why));
}

static void no_time(const struct scanner *s, struct answer *ret)
{
    snprintf(ret->why, sizeof ret->why,
             "no time left: all questions to an endpoint together may take %g s",
             s->options.total_ms / 1000.0);
}

void scanner_pace(struct scanner *s)
{
    s->deadline += pace_wait(s->options.pace);
    s->scan->connections++;
}

/* One connection; `ret` is replaced. */
static void ask_once(struct scanner *s, const struct question *q, struct answer *ret)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf key = BUF_INIT;
    struct hello_share share = {.group = q->share};
    struct ids all_schemes;
    offer_schemes(&all_schemes);
    struct hello h = {.min = q->min,
                      .max = q->max,
                      .suites = &q->suites,
                      .groups = &q->groups,
                      .schemes = &q->schemes,
                      .cert_schemes = q->any_chain ? &all_schemes : NULL,
                      .name = s->endpoint->name,
                      .alpn = q->alpn ? http_protocols : NULL,
                      .flags = q->flags,
                      .shares = &share,
                      .share_count = q->share && share_key(q->share, &key)};
    share.key = bytes_buf(&key);
    answer_release(ret);
    memcpy(h.random, s->random, sizeof h.random);
    if (deadline_left(s->deadline) == 0) {
        s->lost = true;
        no_time(s, ret);
        return;
    }
    scanner_pace(s);
    int left = deadline_left(s->deadline);
    if (ask(s->endpoint, &h,
            s->options.deadline_ms < left ? s->options.deadline_ms : left, ret, &err) < 0)
        snprintf(ret->why, sizeof ret->why, "%.200s", err.text);
}

/* Whether a control says anything about it: silence and nonsense are no refusals in any company. */
static bool could_be_refusal(const struct answer *a)
{
    switch (a->cause) {
    case ASK_ALERT:
    case ASK_CLOSED:
    case ASK_RESET:
        return !a->flight.hello;
    case ASK_NO_CAUSE:
    case ASK_TIMED_OUT:
    case ASK_CONNECT:
    case ASK_STARTTLS:
    case ASK_BROKEN:
        return false;
    }
    return false;
}

/* --- controls -------------------------------------------------------------------------------- */

/* The question with all that was accepted before offered as well. A server picks TLS 1.3 where it
 * can, and then needs what it accepts there. */
static struct question control_of(const struct scanner *s, const struct question *q)
{
    bool tls13 = q->max == PROTOCOL_TLS1_3 && s->has_control13;
    struct question c = tls13 ? s->control13 : s->control;
    if (q->max == PROTOCOL_SSL2)
        return c;
    c.min = q->min < c.min ? q->min : c.min;
    c.max = q->max > c.max ? q->max : c.max;
    ids_add_all(&c.suites, &q->suites);
    ids_add_all(&c.groups, &q->groups);
    ids_add_all(&c.schemes, &q->schemes);
    c.alpn = q->alpn;
    c.any_chain = q->any_chain;
    c.share = q->share;
    c.flags = q->flags & ~(unsigned)HELLO_FALLBACK;
    if (c.max >= PROTOCOL_TLS1_3)
        c.flags &= ~(unsigned)HELLO_COMPRESSION;
    return c;
}

static bool is_served(struct scanner *s, const struct question *q, long tries)
{
    bool dropped = false;
    for (long i = 0; i < tries && !s->lost; i++) {
        CLEANUP(answer_release) struct answer a = ANSWER_INIT;
        ask_once(s, q, &a);
        if (a.verdict == ASK_ACCEPTED) {
            s->drops = s->drops || dropped;
            return true;
        }
        dropped = dropped || could_be_refusal(&a);
        fiber_sleep((int)(PAUSE_MS << i));
    }
    return false;
}

/* A server that has nothing of the question's version picks that version all the same: then what
 * was accepted before shows that it is still there, and there is no telling about the question. */
static bool control_is_served(struct scanner *s, const struct question *q)
{
    struct question c = control_of(s, q);
    if (is_served(s, &c, CONTROL_TRIES))
        return true;
    if (is_served(s, &s->control, CONTROL_TRIES))
        return false;
    s->drops = true;
    s->lost = true;
    return false;
}

/* A server that allows few connections at a time has not got round to the last ones' ends. Silence
 * and nonsense get one more chance only. */
static void wait_for_room(struct scanner *s, const struct question *q, struct answer *ret)
{
    for (long i = 0; i < ROOM_TRIES && !s->lost; i++) {
        bool full = ret->cause == ASK_STARTTLS || ret->cause == ASK_CONNECT;
        if (ret->verdict != ASK_INCONCLUSIVE || (i > 0 && !full))
            return;
        fiber_sleep((int)(PAUSE_MS << i));
        ask_once(s, q, ret);
    }
}

/* `ret` holds a soft answer to q. Makes it a refusal if it is one. */
static void insist(struct scanner *s, const struct question *q, const char *about,
                   struct answer *ret)
{
    bool in_tls = could_be_refusal(ret);
    ask_once(s, q, ret);
    if (ret->verdict != ASK_INCONCLUSIVE && in_tls)
        s->drops = true;
    if (ret->verdict != ASK_INCONCLUSIVE || !s->has_control)
        return;
    if (!could_be_refusal(ret)) {
        wait_for_room(s, q, ret);
        if (ret->verdict != ASK_INCONCLUSIVE || !could_be_refusal(ret))
            return;
    }
    if (!control_is_served(s, q))
        return;
    ask_once(s, q, ret);
    if (ret->verdict == ASK_INCONCLUSIVE && !could_be_refusal(ret))
        wait_for_room(s, q, ret);
    if (ret->verdict != ASK_INCONCLUSIVE)
        s->drops = true;
    else if (could_be_refusal(ret) && !s->drops) {
        ret->verdict = ASK_REFUSED;
        strv_add(&s->by_closing, about);
    }
}

/* Whoever stands in the way may refuse everything, but knows nothing of fallbacks. */
static bool is_at_work(const struct answer *a)
{
    return a->verdict == ASK_ACCEPTED ||
           (a->verdict == ASK_REFUSED && a->cause == ASK_ALERT &&
            a->flight.alert == INAPPROPRIATE_FALLBACK);
}

/* There is no control yet: all that can be done is to try again, patiently at first. */
static void ask_patiently(struct scanner *s, const struct question *q, struct answer *ret)
{
    long tries = s->scan->connections == 0 ? FIRST_TRIES : 2;
    ask_once(s, q, ret);
    for (long i = 1; i < tries && ret->verdict == ASK_INCONCLUSIVE && !s->lost &&
                     ret->cause != ASK_TIMED_OUT;
         i++) {
        bool in_tls = could_be_refusal(ret);
        fiber_sleep((int)(PAUSE_MS << i));
        ask_once(s, q, ret);
        if (ret->verdict != ASK_INCONCLUSIVE && in_tls)
            s->drops = true;
    }
    s->silences += ret->cause == ASK_TIMED_OUT;
    bool nobody = ret->cause == ASK_CONNECT || ret->cause == ASK_STARTTLS;
    if ((tries == FIRST_TRIES && nobody) || s->silences == SILENCES)
        s->lost = true;
}

void scanner_ask(struct scanner *s, const struct question *q, const char *about,
                 struct answer *ret)
{
    answer_release(ret);
    if (s->lost && !s->has_control && s->scan->inconclusive.count) {
        return; /* nobody was ever there, and that has been said */
    } else if (s->lost && deadline_left(s->deadline) == 0) {
        no_time(s, ret);
    } else if (s->lost) {
        snprintf(ret->why, sizeof ret->why, "the endpoint no longer answers");
    } else if (!s->has_control) {
        ask_patiently(s, q, ret);
    } else {
        ask_once(s, q, ret);
        if (ret->verdict == ASK_INCONCLUSIVE && !s->lost)
            insist(s, q, about, ret);
    }
    s->alive = is_at_work(ret);
    if (ret->verdict == ASK_INCONCLUSIVE)
        scanner_unsure(s, about, ret->why);
    if (ret->verdict == ASK_ACCEPTED && q->max != PROTOCOL_SSL2) {
        s->control = *q;
        s->has_control = true;
        if (ret->flight.version == protocol_info(PROTOCOL_TLS1_3)->wire) {
            s->control13 = *q;
            s->has_control13 = true;
        }
    }
}

void scanner_confirm(struct scanner *s, struct answer *ret)
{
    static const char about[] = "everything at once";
    struct question q;
    question_everything(&q);
    scanner_ask(s, &q, about, ret);
    /* A prime of the server's own may be all that works, and hidden behind the groups of RFC 7919. */
    if (ret->verdict == ASK_REFUSED && offer_remove_finite_fields(&q.groups))
        scanner_ask(s, &q, about, ret);
}
