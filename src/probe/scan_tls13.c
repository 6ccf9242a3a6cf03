/*
 * TLS 1.3, by empty key_shares: each HelloRetryRequest names a suite and a group, which have
 * nothing to do with each other there (RFC 8446 1.2, 4.1.1), so both are taken out of the next
 * offer. A refusal then says only that one of the two is used up: the last word on suites is a
 * refusal with every group on offer, and on groups one with every suite that is accepted.
 */
#include <stdlib.h>
#include <string.h>

#include "probe/offer.h"
#include "probe/signatures.h"

struct tls13 {
    struct scanner *s;
    struct scan_version *found;
    struct question all;       /* everything */
    struct ids suites, groups; /* not seen yet */
};

static void take(struct tls13 *t, const struct flight *f)
{
    ids_add(&t->found->suites, f->suite);
    ids_remove(&t->suites, f->suite);
    ids_remove(&t->groups, f->group);
    order_watch(t->found, &t->all.suites);
    scanner_note(t->s, f);
}

/* A guess that only saves a question: whoever has all three rarely has more. */
static bool looks_complete(const struct ids *suites)
{
    return ids_has(suites, 0x1301) && ids_has(suites, 0x1302) && ids_has(suites, 0x1303);
}

static void find_suites(struct tls13 *t)
{
    bool pairs = true;
    for (;;) {
        CLEANUP(answer_release) struct answer a = ANSWER_INIT;
        struct question q = t->all;
        bool order = order_is_in_question(t->found);
        q.suites = t->suites;
        if (order)
            order_offer(t->found, &q.suites);
        pairs = pairs && t->groups.count && (order || !looks_complete(&t->found->suites));
        if (pairs)
            q.groups = t->groups;
        else
            for (size_t i = 0; i < t->found->groups.count; i++)
                ids_to_end(&q.groups, t->found->groups.items[i]);
        scanner_ask(t->s, &q, "further suites of TLSv1.3", &a);
        if (a.verdict == ASK_ACCEPTED && order)
            order_learn(t->found, a.flight.suite);
        if (a.verdict == ASK_ACCEPTED)
            take(t, &a.flight);
        else if (a.verdict == ASK_REFUSED && pairs)
            pairs = false;
        else if (a.verdict == ASK_REFUSED && order)
            break;
        else
            return;
    }
    scanner_unsure(t->s, "further suites of TLSv1.3", SCAN_FICKLE);
}

static void find_groups(struct tls13 *t)
{
    for (;;) {
        CLEANUP(answer_release) struct answer a = ANSWER_INIT;
        struct question q = t->all;
        q.suites = t->found->suites;
        q.groups = t->groups;
        scanner_ask(t->s, &q, "further groups of TLSv1.3", &a);
        if (a.verdict != ASK_ACCEPTED)
            return;
        take(t, &a.flight);
    }
}

/* False: the version is not there, or nobody knows. */
static bool find_first(struct tls13 *t)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    scanner_ask(t->s, &t->all, "TLSv1.3", &a);
    if (a.verdict == ASK_REFUSED)
        t->found->supported = SCAN_NO;
    if (a.verdict != ASK_ACCEPTED)
        return false;
    take(t, &a.flight);
    return true;
}

void scan_tls13(struct scanner *s, const struct flight *first)
{
    struct tls13 t = {.s = s, .found = &s->scan->versions[PROTOCOL_TLS1_3]};
    question_all(PROTOCOL_TLS1_3, &t.all);
    t.suites = t.all.suites;
    t.groups = t.all.groups;
    if (first)
        take(&t, first);
    else if (!find_first(&t))
        return;
    t.found->supported = SCAN_YES;
    find_suites(&t);
    find_groups(&t);
}

/* --- signatures ------------------------------------------------------------------------------ */

static void note_handshake(void *ctx, struct handshake_result *r)
{
    scanner_note_handshake(ctx, r);
}

/* Suites with both kinds of key work: then TLS 1.2 has shown every certificate. */
static bool has_both_keys(const struct scan *scan)
{
    char space[OFFER_NAME_SPACE];
    bool rsa = false, ecdsa = false;
    for (unsigned v = PROTOCOL_SSL3; v <= PROTOCOL_TLS1_2; v++)
        for (size_t i = 0; i < scan->versions[v].suites.count; i++) {
            const char *name = offer_suite_name(scan->versions[v].suites.items[i], space);
            ecdsa = ecdsa || strstr(name, "_ECDSA_");
            rsa = rsa || strstr(name, "_RSA_");
        }
    return rsa && ecdsa;
}

/* Does it sign with what no certificate that was seen can sign with? */
static bool hides_certificates(const struct signatures *g)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    const struct scan *scan = g->s->scan;
    struct ids left, seen = IDS_INIT;
    if (scan->certificate_count == 0)
        return true;
    for (size_t i = 0; i < scan->certificate_count; i++)
        signatures_of(&scan->certificates[i], &seen);
    signatures_all(&left);
    ids_remove_all(&left, &seen);
    if (left.count == 0 || has_both_keys(scan))
        return false;
    signatures_ask(g, &left, &a);
    return a.verdict == ASK_ACCEPTED;
}

void scan_tls13_signatures(struct scanner *s)
{
    struct ids all;
    struct signatures g = {.s = s,
                           .groups = &s->scan->versions[PROTOCOL_TLS1_3].groups,
                           .about = "certificates and signature schemes of TLSv1.3",
                           .seen = note_handshake,
                           .ctx = s};
    signatures_all(&all);
    if (s->scan->versions[PROTOCOL_TLS1_3].supported == SCAN_YES && !s->lost &&
        hides_certificates(&g))
        free(signatures_walk(&g, &all)); /* why nobody knows is on the list */
}
