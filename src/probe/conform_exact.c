/*
 * What must be there, and in which order. What was picked is taken out of the offer until all of
 * the policy was seen, so that a server that has it all costs no last refusal; proof that there is
 * nothing else is the negations' business.
 */
#include <stdio.h>
#include <string.h>

#include "probe/conform_check.h"
#include "probe/offer.h"

struct walk {
    struct conform_check *c;
    enum protocol version;
    struct ids seen, left, groups; /* suites in the server's order, others; groups seen */
    char about[64];
    char *why; /* owned; NULL: nothing stayed unexplained */
};

/* --- suites ---------------------------------------------------------------------------------- */

/* Could it be served with the certificates that are there? */
static bool is_possible(const struct conform_check *c, uint16_t id)
{
    const struct suite *s = suite_by_id(id);
    if (!s || suite_is_tls13(s))
        return true;
    return c->has_key[s->auth == AUTH_ECDSA ? CONFORM_ECDSA : CONFORM_RSA];
}

/* In TLS 1.3 group and suite are picked apart: both are taken out, for as long as there are both. */
static void take(struct walk *w, struct question *q, const struct flight *f)
{
    ids_add(&w->seen, f->suite);
    ids_remove(&w->left, f->suite);
    if (f->group)
        ids_add(&w->groups, f->group);
    if (w->version == PROTOCOL_TLS1_3)
        ids_remove(&q->groups, f->group);
    else
        ids_to_end(&q->groups, f->group);
}

/* True: it goes on. */
static bool step(struct walk *w, struct question *q)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    q->suites = w->left;
    if (q->groups.count == 0)
        q->groups = w->c->groups;
    size_t offered = q->groups.count;
    scanner_ask(&w->c->s, q, w->about, &a);
    if (a.verdict == ASK_INCONCLUSIVE) {
        w->why = mem_strdup(a.why);
        return false;
    }
    if (a.verdict == ASK_ACCEPTED) {
        bool mine = a.flight.version == protocol_info(w->version)->wire;
        if (mine)
            take(w, q, &a.flight);
        return mine && w->left.count;
    }
    /* Refused: for the groups' sake, or in earnest. DHE with a prime of the server's own is not for
     * clients that offer those of RFC 7919. */
    if (w->version < PROTOCOL_TLS1_3)
        return offer_has_dh(&w->left) && offer_remove_finite_fields(&q->groups);
    if (offered == w->c->groups.count)
        return false;
    q->groups = w->c->groups;
    return true;
}

/* Offered everything, it has chosen what the policy likes best: so it would again. */
static bool first13_is_known(const struct walk *w)
{
    const struct flight *f = &w->c->first13;
    return f->hello && f->suite == w->left.items[0] && ids_has(&w->c->groups, f->group);
}

static void walk(struct walk *w)
{
    struct question q;
    bool tls13 = w->version == PROTOCOL_TLS1_3;
    conform_question(w->version, &q);
    w->left = tls13 ? w->c->suites13 : w->c->suites12;
    for (size_t i = w->left.count; i-- > 0;) {
        const struct suite *s = suite_by_id(w->left.items[i]);
        if (!is_possible(w->c, w->left.items[i]) ||
            (s && (s->min > w->version || s->max < w->version)))
            ids_remove(&w->left, w->left.items[i]);
    }
    if (tls13)
        q.groups = w->c->groups;
    if (tls13 && first13_is_known(w))
        take(w, &q, &w->c->first13);
    while (w->left.count && step(w, &q))
        continue;
}

static bool is_optional(const struct policy *p, uint16_t id)
{
    for (size_t i = 0; i < p->suite_count; i++)
        if (p->suites[i].suite->id == id)
            return p->suites[i].optional;
    for (size_t i = 0; i < p->suite13_count; i++)
        if (p->suites13[i].suite->id == id)
            return p->suites13[i].optional;
    return false;
}

static void judge_suites(const struct walk *w)
{
    CLEANUP(buf_release) struct buf missing = BUF_INIT;
    char space[OFFER_NAME_SPACE];
    struct conform_item *item = conform_add(
        w->c, CONFORM_HAS_SUITES, CONFORM_YES, protocol_info(w->version)->name,
        mem_strdup("every suite of the profile that the certificates allow"));
    item->question = mem_strdup(w->about);
    for (size_t i = 0; i < w->left.count; i++)
        if (!is_optional(w->c->policy, w->left.items[i]))
            buf_addf(&missing, "%s%s", missing.len ? ", " : "",
                     offer_suite_name(w->left.items[i], space));
    if (w->why) {
        item->verdict = CONFORM_UNKNOWN;
        item->found = mem_strdup(w->why);
    } else if (missing.len) {
        item->verdict = CONFORM_NO;
        item->found = mem_printf("without %s", buf_str(&missing));
    }
}

static size_t place(const struct conform_check *c, enum protocol version, uint16_t id)
{
    return ids_at(version == PROTOCOL_TLS1_3 ? &c->suites13 : &c->suites12, id);
}

/* The other way round. Servers may prefer ChaCha20 for clients that put it first (no other suite
 * gets this), so it does not stand there if the rest can tell. */
static void reverse(struct ids *suites)
{
    struct ids others = *suites;
    char space[OFFER_NAME_SPACE];
    ids_reverse(suites);
    for (size_t i = suites->count; i-- > 0;)
        if (strstr(offer_suite_name(suites->items[i], space), "CHACHA20"))
            ids_remove(&others, suites->items[i]);
    for (size_t i = 0; i < suites->count && others.count >= 2;) {
        if (ids_has(&others, suites->items[i]))
            break;
        ids_to_end(suites, suites->items[i]);
    }
}

/* The offers have the policy's order, so a server that follows the client would seem to share it:
 * the order is asked about once, the other way round. */
static void judge_order(struct walk *w)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct question q;
    if (!w->c->policy->server_preference || w->seen.count < 2 || w->why)
        return;
    conform_question(w->version, &q);
    q.suites = w->seen;
    reverse(&q.suites);
    scanner_ask(&w->c->s, &q, "the order of suites", &a);
    struct conform_item *item =
        conform_add(w->c, CONFORM_ORDER, CONFORM_YES, protocol_info(w->version)->name,
                    mem_strdup("the profile's order of suites"));
    if (a.verdict != ASK_ACCEPTED) {
        item->verdict = CONFORM_UNKNOWN;
        item->found = mem_strdup(a.why);
        return;
    }
    char one[OFFER_NAME_SPACE], other[OFFER_NAME_SPACE];
    if (a.flight.suite != w->seen.items[0]) {
        item->verdict = CONFORM_NO;
        item->found = mem_strdup("the client's order");
        return;
    }
    for (size_t i = 1; i < w->seen.count; i++)
        if (place(w->c, w->version, w->seen.items[i - 1]) >
            place(w->c, w->version, w->seen.items[i])) {
            item->verdict = CONFORM_NO;
            item->found =
                mem_printf("%s before %s", offer_suite_name(w->seen.items[i - 1], one),
                           offer_suite_name(w->seen.items[i], other));
            return;
        }
}

/* --- groups ---------------------------------------------------------------------------------- */

static void judge_groups(struct walk *w)
{
    CLEANUP(buf_release) struct buf missing = BUF_INIT;
    const struct policy *p = w->c->policy;
    struct question q;
    char about[64];
    bool more = true, unsure = false;
    CLEANUP(mem_freep) char *why = NULL;
    snprintf(about, sizeof about, "groups of %s", protocol_info(w->version)->name);
    conform_question(w->version, &q);
    q.suites = w->seen;
    q.groups = w->c->groups;
    ids_remove_all(&q.groups, &w->groups);
    while (more && q.groups.count) {
        CLEANUP(answer_release) struct answer a = ANSWER_INIT;
        scanner_ask(&w->c->s, &q, about, &a);
        more = a.verdict == ASK_ACCEPTED && ids_remove(&q.groups, a.flight.group);
        unsure = a.verdict == ASK_INCONCLUSIVE;
        if (unsure)
            why = mem_strdup(a.why);
    }
    struct conform_item *item = conform_add(w->c, CONFORM_HAS_GROUPS, CONFORM_YES,
                                            protocol_info(w->version)->name,
                                            mem_strdup("every group of the profile"));
    item->question = mem_strdup(about);
    for (size_t i = 0; i < p->group_count; i++)
        if (!p->groups[i].optional && ids_has(&q.groups, p->groups[i].group->id))
            buf_addf(&missing, "%s%s", missing.len ? ", " : "", p->groups[i].group->name);
    if (unsure) {
        item->verdict = CONFORM_UNKNOWN;
        item->found = mem_strdup(why);
    } else if (missing.len) {
        item->verdict = CONFORM_NO;
        item->found = mem_printf("without %s", buf_str(&missing));
    }
}

/* --- versions -------------------------------------------------------------------------------- */

static void judge_version(const struct walk *w)
{
    const char *name = protocol_info(w->version)->name;
    bool optional = !w->c->rules->required &&
                    protocol_in(w->c->policy->optional_protocols, w->version);
    if (w->seen.count == 0 && optional && !w->why)
        return;
    struct conform_item *item = conform_add(w->c, CONFORM_HAS_VERSIONS, CONFORM_YES, name,
                                            mem_printf("%s works", name));
    item->question = mem_strdup(w->about);
    if (w->seen.count)
        return;
    item->verdict = w->why ? CONFORM_UNKNOWN : CONFORM_NO;
    item->found = mem_strdup(w->why ? w->why : "it is refused");
}

static void exact_version(struct conform_check *c, enum protocol version)
{
    struct walk w = {.c = c, .version = version};
    snprintf(w.about, sizeof w.about, "suites of %s", protocol_info(version)->name);
    walk(&w);
    judge_version(&w);
    if (w.seen.count) {
        c->served[version] = true;
        judge_suites(&w);
        judge_order(&w);
        if (version == PROTOCOL_TLS1_3)
            judge_groups(&w);
    }
    mem_freep(&w.why);
}

void conform_exact(struct conform_check *c)
{
    unsigned wanted = c->rules->required ? c->rules->required : c->policy->protocols;
    for (unsigned v = PROTOCOL_TLS1; v <= PROTOCOL_TLS1_3; v++)
        if (protocol_in(wanted, (enum protocol)v))
            exact_version(c, (enum protocol)v);
}
