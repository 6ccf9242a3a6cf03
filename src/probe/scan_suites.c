/*
 * Suites up to TLS 1.2, by elimination. What is taken out of the offer is the suite alone: the
 * answer to everything else is then exactly the next in the server's order.
 *
 * For TLS 1.2 each answer also shows a group and a signature scheme, and those that have been
 * seen ride out of the offer as well, to show others at no cost. That may hide suites: whoever
 * has no scheme left for RSA passes over the RSA suites. But the offers of groups and schemes only
 * shrink, so a kind of suite that has been passed over once is passed over until the end, and
 * shows up in the last question, which offers every group and scheme again. If one does, all that
 * came after the last suite of its kind is asked again, without riders.
 *
 * Groups seen otherwise go to the end of the offer, never out of it: a GnuTLS server without a
 * common finite-field group has no DHE suites.
 */
#include <stdio.h>
#include <string.h>

#include "policy/group.h"
#include "probe/offer.h"
#include "probe/scanner.h"

struct walk {
    struct scanner *s;
    struct scan_version *found;
    enum protocol version;
    struct question all;        /* everything, seen groups and schemes at the end */
    struct ids left;            /* suites not seen yet */
    struct ids groups, schemes; /* not ridden out */
    bool may_ride;              /* riders have not hidden anything yet */
    char about[48];
};

/* "TLS_ECDHE_RSA" of a suite's name: what decides which groups and schemes it needs. */
static bool same_kind(uint16_t a, uint16_t b)
{
    char space[2][OFFER_NAME_SPACE];
    const char *one = offer_suite_name(a, space[0]),
               *other = offer_suite_name(b, space[1]);
    const char *with = strstr(one, "_WITH_");
    size_t n = with ? (size_t)(with - one) : strlen(one);
    return strncmp(one, other, n) == 0 && strncmp(other + n, "_WITH_", 6) == 0;
}

/* --- riders ---------------------------------------------------------------------------------- */

static bool is_reduced(const struct walk *w)
{
    return w->groups.count < w->all.groups.count ||
           w->schemes.count < w->all.schemes.count;
}

/* Is there an elliptic curve besides `group` that TLS 1.3 has shown, and that is still offered? */
static bool has_spare_group(const struct walk *w, uint16_t group)
{
    const struct ids *tls13 = &w->s->scan->versions[PROTOCOL_TLS1_3].groups;
    for (size_t i = 0; i < tls13->count; i++) {
        const struct tls_group *g = group_by_id(tls13->items[i]);
        if (g && g->kind == GROUP_EC && g->id != group && ids_has(&w->groups, g->id))
            return true;
    }
    return false;
}

/* A server that follows the client shows others by itself once the seen ones stand at the end, and
 * one that has its own order of suites has one of the rest as well. A guess: it decides about the
 * number of questions only. */
static bool is_own_order(const struct walk *w)
{
    enum scan_order order = w->found->order;
    if (order == SCAN_ORDER_UNKNOWN)
        order = w->s->scan->versions[PROTOCOL_TLS1_3].order;
    return order == SCAN_ORDER_SERVER;
}

/* RFC 8422 5.1.1: an ECDSA certificate needs its curve among the groups. */
static void ride(struct walk *w, const struct flight *f)
{
    ids_to_end(&w->all.groups, f->group);
    ids_to_end(&w->all.schemes, f->scheme);
    ids_to_end(&w->groups, f->group);
    ids_to_end(&w->schemes, f->scheme);
    if (!w->may_ride || !is_own_order(w))
        return;
    ids_remove(&w->schemes, f->scheme);
    if (f->dh_bits == 0 && f->group != scanner_certificate_group(w->s) &&
        has_spare_group(w, f->group))
        ids_remove(&w->groups, f->group);
}

static void stop_riding(struct walk *w)
{
    w->may_ride = false;
    w->groups = w->all.groups;
    w->schemes = w->all.schemes;
}

/* --- the walk -------------------------------------------------------------------------------- */

static void take(struct walk *w, const struct flight *f)
{
    ids_add(&w->found->suites, f->suite);
    ids_remove(&w->left, f->suite);
    order_watch(w->found, &w->all.suites);
    scanner_note(w->s, f);
    ride(w, f);
}

/* `suite` was passed over: what was seen since the last of its kind is put back. False: nothing
 * was, so it is the next after all. */
static bool go_back(struct walk *w, uint16_t suite)
{
    struct ids *seen = &w->found->suites;
    size_t before = seen->count;
    while (seen->count && !same_kind(suite, seen->items[seen->count - 1]))
        seen->count--;
    w->left = w->all.suites;
    ids_remove_all(&w->left, seen);
    return seen->count < before;
}

static bool ask_next(struct walk *w, struct answer *a)
{
    struct question q = w->all;
    q.suites = w->left;
    if (order_is_in_question(w->found)) {
        order_offer(w->found, &q.suites);
    } else {
        q.groups = w->groups;
        q.schemes = w->schemes;
    }
    q.alpn = w->s->options.alpn && w->found->suites.count == 0;
    scanner_ask(w->s, &q, w->about, a);
    return a->verdict == ASK_ACCEPTED &&
           a->flight.version == protocol_info(w->version)->wire;
}

/* A guess: two kinds of three suites, as TLS 1.3 has three. With one kind others often follow. */
static bool looks_complete(const struct walk *w)
{
    const struct ids *seen = &w->found->suites;
    if (seen->count < 6 || w->s->scan->versions[PROTOCOL_TLS1_3].suites.count != 3)
        return false;
    for (size_t i = 0; i < seen->count; i++) {
        size_t same = 0;
        for (size_t j = 0; j < seen->count; j++)
            same += same_kind(seen->items[i], seen->items[j]);
        if (same != 3)
            return false;
    }
    return true;
}

/* Where nothing more is expected the last question comes before the one that would lead up to it. True: that
 * was all. An answer is not used: it may have been passed over before. */
static bool is_complete(struct walk *w)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct question q = w->all;
    q.suites = w->left;
    scanner_ask(w->s, &q, w->about, &a);
    return a.verdict == ASK_REFUSED;
}

static void walk(struct walk *w)
{
    bool last_word = false, guessed = false;
    while (w->left.count) {
        if (!guessed && is_reduced(w) && !order_is_in_question(w->found) &&
            looks_complete(w)) {
            guessed = true;
            if (is_complete(w))
                return;
        }
        CLEANUP(answer_release) struct answer a = ANSWER_INIT;
        bool order = order_is_in_question(w->found), reduced = is_reduced(w) && !order;
        if (ask_next(w, &a)) {
            if (order && order_learn(w->found, a.flight.suite))
                continue;
            if (!last_word || !go_back(w, a.flight.suite))
                take(w, &a.flight);
            last_word = false;
        } else if (a.verdict == ASK_REFUSED && reduced) {
            stop_riding(w);
            last_word = true;
        } else {
            if (a.verdict == ASK_REFUSED && order)
                scanner_unsure(w->s, w->about, SCAN_FICKLE);
            return;
        }
    }
}

enum protocol scan_suites(struct scanner *s, enum protocol version)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct walk w = {.s = s,
                     .found = &s->scan->versions[version],
                     .version = version,
                     .may_ride = version == PROTOCOL_TLS1_2};
    question_all(version, &w.all);
    w.left = w.all.suites;
    w.groups = w.all.groups;
    w.schemes = w.all.schemes;
    snprintf(w.about, sizeof w.about, "%s", protocol_info(version)->name);
    if (!ask_next(&w, &a)) {
        const struct protocol_info *other = protocol_by_wire(a.flight.version);
        if (a.verdict == ASK_INCONCLUSIVE)
            return version;
        w.found->supported = SCAN_NO;
        return a.verdict == ASK_ACCEPTED && other ? other->id : PROTOCOL_SSL2;
    }
    w.found->supported = SCAN_YES;
    take(&w, &a.flight);
    snprintf(w.about, sizeof w.about, "further suites of %s",
             protocol_info(version)->name);
    walk(&w);
    return version;
}
