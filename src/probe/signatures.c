/* Handshakes for as long as they show something; then the hello that must be refused. */
#include "probe/signatures.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/deadline.h"
#include "policy/sigscheme.h"
#include "probe/offer.h"
#include "probe/share.h"

#define TRIES            3
#define RSA_PKCS1_SHA256 0x0401 /* signs certificates in TLS 1.3, never a handshake */

void signatures_all(struct ids *ret)
{
    size_t count;
    const struct sigscheme *table = sigscheme_table(&count);
    *ret = (struct ids)IDS_INIT;
    for (size_t i = 0; i < count; i++)
        if (table[i].tls13)
            ids_add(ret, table[i].id);
}

/* libcrypto's name of the key, and what the table of schemes calls it; those of Edwards curves are schemes. */
static bool can_sign(const char *key_type, const struct sigscheme *scheme)
{
    static const struct {
        const char *type, *key;
    } kinds[] = {{"RSA", "rsa"}, {"RSA-PSS", "rsa-pss"}, {"EC", "ecdsa"}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(key_type, kinds[i].type) == 0)
            return strcmp(scheme->key, kinds[i].key) == 0;
    return strcasecmp(key_type, scheme->name) == 0;
}

void signatures_of(const struct handshake_certificate *cert, struct ids *ret)
{
    size_t count;
    const struct sigscheme *table = sigscheme_table(&count);
    for (size_t i = 0; i < count; i++)
        if (cert->key_type && can_sign(cert->key_type, &table[i]))
            ids_add(ret, table[i].id);
}

static char *unsure(const struct signatures *g, const char *why)
{
    scanner_unsure(g->s, g->about, why);
    return mem_strdup(why);
}

/* --- hellos of our own ----------------------------------------------------------------------- */

/* One of the groups that it accepts for which keys can be made; 0: there is none. A server that likes best what
 * libcrypto does not know is asked what it likes of the rest. */
static uint16_t find_group(const struct signatures *g)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct question q;
    uint16_t known = share_group(g->groups);
    if (known)
        return known;
    question_all(PROTOCOL_TLS1_3, &q);
    for (size_t i = q.groups.count; i-- > 0;)
        if (!share_is_possible(q.groups.items[i]))
            ids_remove(&q.groups, q.groups.items[i]);
    scanner_ask(g->s, &q, g->about, &a);
    return a.verdict == ASK_ACCEPTED && share_is_possible(a.flight.group) ? a.flight.group
                                                                          : 0;
}

void signatures_ask(const struct signatures *g, const struct ids *schemes,
                    struct answer *ret)
{
    static const char why[] = "no key can be made for the groups that are accepted";
    struct question q;
    answer_release(ret);
    question_all(PROTOCOL_TLS1_3, &q);
    q.schemes = *schemes;
    q.any_chain = true;
    q.groups = (struct ids)IDS_INIT;
    q.share = find_group(g);
    if (q.share) {
        ids_add(&q.groups, q.share);
        scanner_ask(g->s, &q, g->about, ret);
    } else {
        snprintf(ret->why, sizeof ret->why, "%s", why);
        scanner_unsure(g->s, g->about, why);
    }
}

/* --- libssl's -------------------------------------------------------------------------------- */

/* With what only certificates are signed with as well, since libssl cannot tell these apart. */
static void offer(const struct ids *schemes, struct ids *ret)
{
    struct ids all, tls13;
    offer_schemes(&all);
    signatures_all(&tls13);
    ids_remove_all(&all, &tls13);
    *ret = *schemes;
    ids_add_all(ret, &all);
}

static bool is_dropped(const struct handshake_result *r)
{
    return r->cause == HANDSHAKE_CLOSED || r->cause == HANDSHAKE_RESET;
}

/* What libssl cannot ask is inconclusive. */
static void shake(struct scanner *s, const struct ids *schemes,
                  struct handshake_result *ret)
{
    struct ids offered;
    struct err err = ERR_INIT;
    bool dropped = is_dropped(ret);
    offer(schemes, &offered);
    handshake_release(ret);
    if (deadline_left(s->deadline) == 0) {
        ret->why = mem_strdup("no time left");
        return;
    }
    scanner_pace(s);
    int left = deadline_left(s->deadline);
    struct handshake_request request = {
        .min = 0x0304,
        .max = 0x0304,
        .schemes = &offered,
        .anchors = s->options.anchors,
        .deadline_ms = s->options.deadline_ms < left ? s->options.deadline_ms : left};
    if (handshake(s->endpoint, &request, ret, &err) < 0)
        ret->why = mem_strdup(err.text);
    s->drops = s->drops || (dropped && ret->verdict == HANDSHAKE_OK);
}

static void remove_seen(const struct signatures *g, uint16_t id, struct ids *left)
{
    const struct sigscheme *seen = sigscheme_by_id(id);
    ids_remove(left, id);
    if (!g->certificates || !seen || strncmp(seen->key, "rsa", 3) != 0)
        return;
    for (size_t i = left->count; i-- > 0;)
        if (strcmp(sigscheme_by_id(left->items[i])->key, seen->key) == 0)
            ids_remove(left, left->items[i]);
}

/* False: there is nothing new, and `got` says why. */
static bool see_more(const struct signatures *g, struct ids *left,
                     struct handshake_result *got)
{
    shake(g->s, left, got);
    if (is_dropped(got)) /* who drops each n-th, whatever n, does not drop two in a row */
        shake(g->s, left, got);
    if (got->verdict != HANDSHAKE_OK || !ids_has(left, got->scheme))
        return false;
    remove_seen(g, got->scheme, left);
    g->seen(g->ctx, got);
    return true;
}

/* --- both ------------------------------------------------------------------------------------ */

/* A hello of our own is accepted that libssl, with `got`, is not: perhaps everybody's is. */
static char *explain(const struct signatures *g, const struct handshake_result *got)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    CLEANUP(handshake_release) struct handshake_result control = HANDSHAKE_INIT;
    struct ids all, none = IDS_INIT;
    signatures_all(&all);
    ids_add(&none, RSA_PKCS1_SHA256);
    if (got->cause == HANDSHAKE_ALERT) {
        signatures_ask(g, &none, &a);
        shake(g->s, &all, &control);
        if (a.verdict == ASK_ACCEPTED && control.verdict == HANDSHAKE_OK)
            return NULL;
    }
    CLEANUP(mem_freep)
    char *why = mem_printf("a hello is accepted, but in a handshake: %s",
                           got->why ? got->why : "");
    return unsure(g, why);
}

char *signatures_walk(const struct signatures *g, const struct ids *schemes)
{
    CLEANUP(handshake_release) struct handshake_result got = HANDSHAKE_INIT;
    struct ids left = *schemes;
    for (int tries = 0; left.count;) {
        CLEANUP(answer_release) struct answer a = ANSWER_INIT;
        if (see_more(g, &left, &got)) {
            tries = 0;
            continue;
        }
        if (got.verdict == HANDSHAKE_OK)
            return unsure(g, "it signs with a scheme that was not offered");
        signatures_ask(g, &left, &a);
        if (a.verdict == ASK_REFUSED)
            return NULL;
        if (a.verdict == ASK_INCONCLUSIVE)
            return mem_strdup(a.why);
        if (got.cause == HANDSHAKE_ALERT || ++tries == TRIES)
            return explain(g, &got);
    }
    return NULL;
}
