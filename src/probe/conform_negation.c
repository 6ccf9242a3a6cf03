/*
 * Proof by negation. Versions are asked first from the policy's lowest downwards, in one hello: a
 * server answers with the highest that it has (RFC 5246 E.1). Suites are asked per version, since a
 * server picks the version before the suite; groups and schemes with suites that the policy
 * allows, so that nothing but the group or scheme can be the reason for a refusal.
 *
 * Whether a server has DHE depends on the groups that are offered (RFC 7919 4): one that has those of
 * the RFC only wants to see them, one that knows them and has a prime of its own must not use it for
 * a client that offers them and gets none. So the forbidden DHE suites are asked for a second time,
 * in the question about groups, which offers none of the RFC, or else in one of their own.
 *
 * An answer in another version than the question's says nothing about the question: whether that
 * version may be there is decided where versions are.
 */
#include <stdio.h>
#include <string.h>

#include "probe/conform_check.h"
#include "probe/offer.h"
#include "probe/signatures.h"

/* What of a question is taken out once it was picked. */
enum subject { SUITES, GROUPS, SCHEMES };

struct negation {
    struct conform_check *c;
    struct question q;
    enum protocol version;
    enum subject subject;
    uint16_t needed; /* a group that stays on offer and is no violation; 0: none */
    char about[64];
    const char *part;    /* of what is offered, for the item; "" */
    struct ids accepted; /* although forbidden */
    struct ids primes;   /* forbidden DHE suites that are offered beside the groups */
    struct ids primed;   /* of those, accepted */
};

/* --- one set --------------------------------------------------------------------------------- */

static uint16_t picked(const struct negation *n, const struct flight *f)
{
    switch (n->subject) {
    case SUITES:
        return f->suite;
    case GROUPS:
        return f->group;
    case SCHEMES:
        return f->scheme;
    }
    return 0;
}

static struct ids *offered(struct negation *n)
{
    switch (n->subject) {
    case SUITES:
        return &n->q.suites;
    case GROUPS:
        return &n->q.groups;
    case SCHEMES:
        return &n->q.schemes;
    }
    return &n->q.suites;
}

static bool is_allowed(const struct negation *n, uint16_t id)
{
    switch (n->subject) {
    case SUITES:
        return ids_has(&n->c->suites12, id) || ids_has(&n->c->suites13, id) ||
               ids_has(&n->c->accepted, id);
    case GROUPS:
        return ids_has(&n->c->groups, id);
    case SCHEMES:
        return ids_has(&n->c->schemes, id);
    }
    return false;
}

/* Allowed schemes are on offer for the sake of certificates that only they show. */
static void look_at_certificate(struct negation *n, const struct flight *f)
{
    const struct ids *signs = &n->c->signs;
    conform_flight_certificate(n->c, f);
    for (size_t i = 0; i < signs->count; i++)
        if (is_allowed(n, signs->items[i]) && signs->items[i] != f->scheme)
            ids_remove(&n->q.schemes, signs->items[i]);
}

/* True: something was accepted, which is taken down if it is forbidden. */
static bool ask_again(struct negation *n, struct answer *a)
{
    struct question q = n->q;
    if (n->needed)
        ids_add(&q.groups, n->needed);
    scanner_ask(&n->c->s, &q, n->about, a);
    if (a->verdict != ASK_ACCEPTED ||
        a->flight.version != protocol_info(n->version)->wire)
        return false;
    if (ids_remove(&n->primes, a->flight.suite)) {
        ids_remove(&n->q.suites, a->flight.suite);
        return ids_add(&n->primed, a->flight.suite);
    }
    uint16_t id = picked(n, &a->flight);
    if (n->subject == SCHEMES)
        look_at_certificate(n, &a->flight);
    if (ids_remove(offered(n), id))
        return is_allowed(n, id) || ids_add(&n->accepted, id);
    /* It does not keep to the offer: a violation unless that one is allowed anyway. */
    if (id != n->needed && !is_allowed(n, id))
        ids_add(&n->accepted, id);
    return false;
}

static const char *name_of(const struct negation *n, uint16_t id, char *space)
{
    switch (n->subject) {
    case SUITES:
        return offer_suite_name(id, space);
    case GROUPS:
        return offer_group_name(id, space);
    case SCHEMES:
        return offer_scheme_name(id, space);
    }
    return "";
}

static struct weakness weakness_of(const struct negation *n, const char *name)
{
    switch (n->subject) {
    case SUITES:
        return weakness_of_suite(name);
    case GROUPS:
        return weakness_of_group(name);
    case SCHEMES:
        return weakness_of_scheme(name);
    }
    return (struct weakness){.grade = WEAKNESS_NONE};
}

static void tell_accepted(const struct negation *n, struct conform_item *item)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    char space[OFFER_NAME_SPACE];
    for (size_t i = 0; i < n->accepted.count; i++) {
        const char *name = name_of(n, n->accepted.items[i], space);
        conform_grade(item, weakness_of(n, name));
        buf_addf(&text, "%s%s", i ? ", " : "", name);
    }
    item->verdict = CONFORM_NO;
    item->found = buf_take(&text);
}

static char *part_of(const struct negation *n)
{
    return mem_printf("%s%s", protocol_info(n->version)->name, n->part);
}

/* Adds the item; `a` is the last answer. An unexplained end after a violation leaves the violation: it
 * is incomplete, not uncertain. */
static void conclude(const struct negation *n, enum conform_rule rule,
                     const struct answer *a, char *expected)
{
    CLEANUP(mem_freep) char *part = part_of(n);
    struct conform_item *item = conform_add(n->c, rule, CONFORM_YES, part, expected);
    item->question = mem_strdup(n->about);
    if (n->accepted.count) {
        tell_accepted(n, item);
    } else if (a->verdict == ASK_INCONCLUSIVE) {
        item->verdict = CONFORM_UNKNOWN;
        item->found = mem_strdup(a->why);
    }
}

/* Asks until nothing more is accepted; `last` is the last answer. */
static void ask_all(struct negation *n, struct answer *last)
{
    last->verdict = ASK_REFUSED; /* if there is nothing to ask for */
    while (offered(n)->count && ask_again(n, last))
        continue;
}

static void negate(struct negation *n, enum conform_rule rule, char *expected)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    ask_all(n, &a);
    conclude(n, rule, &a, expected);
}

static void begin(struct negation *n, struct conform_check *c, enum protocol version,
                  enum subject subject, const char *what)
{
    *n = (struct negation){.c = c, .version = version, .subject = subject, .part = ""};
    conform_question(version, &n->q);
    snprintf(n->about, sizeof n->about, "%s of %s", what, protocol_info(version)->name);
}

/* --- versions -------------------------------------------------------------------------------- */

static char *versions_text(unsigned set)
{
    struct buf out = BUF_INIT;
    buf_adds(&out, "only ");
    for (unsigned v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++)
        if (protocol_in(set, (enum protocol)v))
            buf_addf(&out, "%s%s", out.len > 5 ? ", " : "",
                     protocol_info((enum protocol)v)->name);
    return buf_take(&out);
}

/* The version chosen when offered `version` and below; -1: none, -2: there is no telling. */
static int highest(struct conform_check *c, enum protocol version, const char *about,
                   char **why)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct question q;
    if (version == PROTOCOL_SSL2)
        q = (struct question){.min = PROTOCOL_SSL2, .max = PROTOCOL_SSL2};
    else
        conform_question(version, &q);
    scanner_ask(&c->s, &q, about, &a);
    const struct protocol_info *chosen = protocol_by_wire(a.flight.version);
    if (a.verdict == ASK_ACCEPTED && chosen)
        return (int)chosen->id;
    if (a.verdict == ASK_REFUSED)
        return -1;
    mem_freep(why);
    *why = mem_strdup(a.why);
    return -2;
}

static void judge_versions(struct conform_check *c, const char *about, unsigned accepted,
                           char *why)
{
    struct conform_item *item = conform_add(c, CONFORM_VERSIONS, CONFORM_YES, about,
                                            versions_text(c->policy->protocols));
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    item->question = mem_strdup(about);
    for (unsigned v = PROTOCOL_COUNT; v-- > 0;)
        if (protocol_in(accepted, (enum protocol)v)) {
            conform_grade(item, weakness_of_protocol((enum protocol)v));
            buf_addf(&text, "%s%s", text.len ? ", " : "",
                     protocol_info((enum protocol)v)->name);
        }
    if (accepted) {
        item->verdict = CONFORM_NO;
        conform_grade(item, (struct weakness){.grade = WEAKNESS_LOW}); /* a sound one */
        item->found = mem_printf("%s, too", buf_str(&text));
    } else if (why) {
        item->verdict = CONFORM_UNKNOWN;
        item->found = mem_strdup(why);
    }
}

static void versions_below(struct conform_check *c, enum protocol lowest)
{
    char about[32];
    CLEANUP(mem_freep) char *why = NULL;
    unsigned accepted = 0;
    int v = (int)lowest - 1;
    snprintf(about, sizeof about, "%s and below", protocol_info((enum protocol)v)->name);
    while (v >= PROTOCOL_SSL3) {
        int chosen = highest(c, (enum protocol)v, about, &why);
        if (chosen < 0 || chosen > v)
            break;
        accepted |= protocol_bit((enum protocol)chosen);
        v = chosen - 1;
    }
    judge_versions(c, about, accepted, why);
}

static void one_version(struct conform_check *c, enum protocol version)
{
    CLEANUP(mem_freep) char *why = NULL;
    const char *name = protocol_info(version)->name;
    int chosen = highest(c, version, name, &why);
    judge_versions(c, name, chosen == (int)version ? protocol_bit(version) : 0, why);
}

void conform_versions(struct conform_check *c)
{
    enum protocol low = protocol_lowest(c->policy->protocols),
                  high = protocol_highest(c->policy->protocols);
    if (low > PROTOCOL_SSL3)
        versions_below(c, low);
    if (low > PROTOCOL_SSL2)
        one_version(c, PROTOCOL_SSL2);
    for (unsigned v = high + 1; v <= PROTOCOL_TLS1_3; v++)
        one_version(c, (enum protocol)v);
}

/* --- suites ---------------------------------------------------------------------------------- */

void conform_forbidden_suites(struct conform_check *c)
{
    for (unsigned v = PROTOCOL_SSL3; v <= PROTOCOL_TLS1_3; v++) {
        struct negation n;
        if (!protocol_in(c->policy->protocols, (enum protocol)v))
            continue;
        begin(&n, c, (enum protocol)v, SUITES, "other suites");
        ids_remove_all(&n.q.suites, v == PROTOCOL_TLS1_3 ? &c->suites13 : &c->suites12);
        ids_remove_all(&n.q.suites, &c->accepted);
        negate(&n, CONFORM_SUITES, mem_strdup("only suites of the profile"));
        ids_add_all(&c->flagged, &n.accepted);
    }
}

/* --- DHE with a prime of the server's own ---------------------------------------------------- */

/* Forbidden suites with DHE that are not known to be accepted. */
static void forbidden_dhe(const struct conform_check *c, const struct ids *all,
                          struct ids *ret)
{
    *ret = (struct ids)IDS_INIT;
    for (size_t i = 0; i < all->count; i++)
        if (offer_exchange(all->items[i]) == OFFER_DH)
            ids_add(ret, all->items[i]);
    ids_remove_all(ret, &c->suites12);
    ids_remove_all(ret, &c->accepted);
    ids_remove_all(ret, &c->flagged);
}

static const char own_prime[] = ", primes of its own";

static void ask_primes(struct conform_check *c, enum protocol version)
{
    struct negation n;
    begin(&n, c, version, SUITES, "DHE suites with a prime of its own");
    n.part = own_prime;
    struct ids all = n.q.suites;
    forbidden_dhe(c, &all, &n.q.suites);
    offer_remove_finite_fields(&n.q.groups);
    if (n.q.suites.count)
        negate(&n, CONFORM_SUITES, mem_strdup("only suites of the profile"));
}

static void tell_primed(struct negation *n)
{
    struct negation told = *n;
    if (n->primed.count == 0)
        return;
    told.subject = SUITES;
    told.accepted = n->primed;
    told.part = own_prime;
    CLEANUP(mem_freep) char *part = part_of(&told);
    tell_accepted(&told, conform_add(n->c, CONFORM_SUITES, CONFORM_NO, part,
                                     mem_strdup("only suites of the profile")));
}

/* --- groups ---------------------------------------------------------------------------------- */

/* The policy's suites with elliptic curves, by preference those that ask nothing else of the
 * groups: an ECDSA certificate needs its own curve among them (RFC 8422 5.1.1). */
static void choose_suites(const struct conform_check *c, struct negation *n)
{
    enum conform_key key = c->has_key[CONFORM_RSA] ? CONFORM_RSA : CONFORM_ECDSA;
    conform_suites(c, n->version, key, &n->q.suites);
    for (size_t i = n->q.suites.count; i-- > 0;)
        if (offer_exchange(n->q.suites.items[i]) != OFFER_ECDH)
            ids_remove(&n->q.suites, n->q.suites.items[i]);
    if (key == CONFORM_RSA && n->q.suites.count == 0 && c->has_key[CONFORM_ECDSA])
        conform_suites(c, n->version, key = CONFORM_ECDSA, &n->q.suites);
    /* The server picks it only where it prefers it to all others, whoever asks. */
    if (key == CONFORM_ECDSA && c->curve && !ids_has(&n->q.groups, c->curve))
        n->needed = c->curve;
}

/* Groups up to TLS 1.2, and with them the DHE suites, unless an answer is certain for a needed curve:
 * it would hide them. True: those were asked for. */
static bool ask_old_groups(struct conform_check *c)
{
    struct negation n;
    if (c->policy->group_count == 0 ||
        !(c->has_key[CONFORM_RSA] || c->has_key[CONFORM_ECDSA]))
        return false;
    begin(&n, c, c->old, GROUPS, "other groups");
    struct ids all = n.q.suites;
    ids_remove_all(&n.q.groups, &c->groups);
    offer_remove_finite_fields(&n.q.groups);
    choose_suites(c, &n);
    if (n.q.suites.count == 0)
        return false;
    if (!n.needed) {
        forbidden_dhe(c, &all, &n.primes);
        ids_add_all(&n.q.suites, &n.primes);
    }
    negate(&n, CONFORM_GROUPS, mem_strdup("only groups of the profile"));
    tell_primed(&n);
    return !n.needed && n.q.groups.count;
}

void conform_forbidden_groups(struct conform_check *c)
{
    struct negation n;
    bool asked = c->has_old && ask_old_groups(c);
    for (unsigned v = PROTOCOL_SSL3; v <= PROTOCOL_TLS1_2; v++)
        if (protocol_in(c->policy->protocols, (enum protocol)v) &&
            !(asked && v == c->old))
            ask_primes(c, (enum protocol)v);
    if (c->policy->group_count == 0)
        return;
    if (protocol_in(c->policy->protocols, PROTOCOL_TLS1_3)) {
        begin(&n, c, PROTOCOL_TLS1_3, GROUPS, "other groups");
        ids_remove_all(&n.q.groups, &c->groups);
        n.q.suites = c->suites13;
        negate(&n, CONFORM_GROUPS, mem_strdup("only groups of the profile"));
    }
}

/* --- signature schemes ----------------------------------------------------------------------- */

/* Schemes that only a certificate can sign with that was not seen. */
static void unseen_schemes(const struct conform_check *c, struct ids *ret)
{
    signatures_all(ret);
    ids_remove_all(ret, &c->signs);
}

static void ask_schemes(struct negation *n, const struct ids *suites,
                        const struct ids *schemes, struct answer *last)
{
    n->q.suites = *suites;
    n->q.schemes = *schemes;
    for (size_t i = n->q.suites.count; i-- > 0;)
        if (!offer_is_signed(n->q.suites.items[i]))
            ids_remove(&n->q.suites, n->q.suites.items[i]);
    if (n->q.suites.count)
        ask_all(n, last);
}

/* Some servers choose suite and certificate before they look at schemes, and then give up amid their answer (JSSE): the
 * suites of one kind of key at a time leave them no choice. */
static void ask_schemes_by_key(struct negation *n, const struct ids *schemes,
                               struct answer *last)
{
    char why[sizeof last->why] = "";
    for (int key = 0; key < CONFORM_KEYS; key++) {
        struct ids suites;
        conform_suites(n->c, PROTOCOL_TLS1_2, (enum conform_key)key, &suites);
        if (!n->c->has_key[key])
            continue;
        ask_schemes(n, &suites, schemes, last);
        if (last->verdict == ASK_INCONCLUSIVE)
            snprintf(why, sizeof why, "%s", last->why);
    }
    last->verdict = why[0] ? ASK_INCONCLUSIVE : ASK_REFUSED;
    snprintf(last->why, sizeof last->why, "%s", why);
}

/* Further certificates are asked for in the same question, which costs nothing. */
static void forbidden_schemes(struct conform_check *c)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct negation n;
    struct ids forbidden, both;
    begin(&n, c, PROTOCOL_TLS1_2, SCHEMES, "other signature schemes");
    n.q.any_chain = true;
    forbidden = n.q.schemes;
    ids_remove_all(&forbidden, &c->schemes);
    unseen_schemes(c, &both);
    ids_add_all(&both, &forbidden);
    a.verdict = ASK_REFUSED; /* if there is nothing to ask for */
    ask_schemes(&n, &c->suites12, &both, &a);
    c->unseen_asked = a.verdict == ASK_REFUSED;
    if (a.verdict == ASK_INCONCLUSIVE && a.flight.hello)
        ask_schemes_by_key(&n, &forbidden, &a);
    conclude(&n, CONFORM_SCHEMES, &a,
             mem_strdup("only signature schemes of the profile"));
}

static void note_scheme(void *ctx, struct handshake_result *r)
{
    struct negation *n = ctx;
    ids_add(&n->accepted, r->scheme);
}

/* Their names are in handshakes only. */
static void forbidden_schemes_of_tls13(struct conform_check *c)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct negation n;
    begin(&n, c, PROTOCOL_TLS1_3, SCHEMES, "other signature schemes");
    struct signatures g = {.s = &c->s,
                           .groups = &c->groups13,
                           .about = n.about,
                           .seen = note_scheme,
                           .ctx = &n};
    signatures_all(&n.q.schemes);
    ids_remove_all(&n.q.schemes, &c->schemes);
    if (n.q.schemes.count)
        signatures_ask(&g, &n.q.schemes, &a);
    else
        a.verdict = ASK_REFUSED; /* there is nothing to ask for */
    if (a.verdict == ASK_ACCEPTED) {
        CLEANUP(mem_freep) char *why = signatures_walk(&g, &n.q.schemes);
        a.verdict = why ? ASK_INCONCLUSIVE : ASK_REFUSED;
        snprintf(a.why, sizeof a.why, "%s", why ? why : "");
    }
    conclude(&n, CONFORM_SCHEMES, &a,
             mem_strdup("only signature schemes of the profile"));
}

void conform_forbidden_schemes(struct conform_check *c)
{
    if (c->policy->sigscheme_count == 0)
        return;
    if (c->served[PROTOCOL_TLS1_2] && protocol_in(c->policy->protocols, PROTOCOL_TLS1_2))
        forbidden_schemes(c);
    else if (conform_has_tls13_only(c))
        forbidden_schemes_of_tls13(c);
}

/* --- further certificates -------------------------------------------------------------------- */

static void note_certificate(void *ctx, struct handshake_result *r)
{
    if (r->certificate.present)
        conform_certificate(ctx, &r->certificate, r->staple);
}

/* Where TLS 1.3 is not alone, a hello is enough if there are no others. NULL: all were seen; else owned. */
static char *certificates_of_tls13(struct conform_check *c, const char *about)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct signatures g = {.s = &c->s,
                           .groups = &c->groups13,
                           .about = about,
                           .certificates = true,
                           .seen = note_certificate,
                           .ctx = c};
    struct ids unseen;
    unseen_schemes(c, &unseen);
    a.verdict = ASK_ACCEPTED;
    if (!conform_has_tls13_only(c))
        signatures_ask(&g, &unseen, &a);
    if (a.verdict == ASK_ACCEPTED)
        return signatures_walk(&g, &unseen);
    return a.verdict == ASK_INCONCLUSIVE ? mem_strdup(a.why) : NULL;
}

/* One question about kinds of keys that no certificate had so far, in TLS 1.3, where suites do not matter. Where TLS 1.2
 * has suites for every kind the question about schemes was one about these. */
void conform_further_certificates(struct conform_check *c)
{
    static const char about[] = "further certificates";
    bool all_seen =
        c->unseen_asked && c->has_key[CONFORM_RSA] && c->has_key[CONFORM_ECDSA];
    if (all_seen || !c->served[PROTOCOL_TLS1_3])
        return;
    CLEANUP(mem_freep) char *why = certificates_of_tls13(c, about);
    if (!why && !conform_has_tls13_only(c))
        return;
    if (!why && c->certificates.count == 0)
        why = mem_strdup("TLSv1.3 shows none");
    struct conform_item *item =
        conform_add(c, CONFORM_CHAIN, why ? CONFORM_UNKNOWN : CONFORM_YES, "",
                    mem_strdup("every certificate can be looked at"));
    item->question = mem_strdup(about);
    if (why)
        item->found = mem_strdup(why);
}

/* --- finite fields --------------------------------------------------------------------------- */

/* With a prime of its own, and with one of RFC 7919: the shorter one counts. */
static void ask_dhe(struct conform_check *c, struct question *q, const char *about,
                    struct answer *ret)
{
    CLEANUP(answer_release) struct answer named = ANSWER_INIT;
    scanner_ask(&c->s, q, about, &named);
    offer_remove_finite_fields(&q->groups);
    scanner_ask(&c->s, q, about, ret);
    bool is_worse = named.verdict == ASK_INCONCLUSIVE ||
                    (named.verdict == ASK_ACCEPTED && ret->verdict == ASK_REFUSED) ||
                    (named.verdict == ASK_ACCEPTED && ret->verdict == ASK_ACCEPTED &&
                     named.flight.dh_bits < ret->flight.dh_bits);
    if (is_worse) {
        struct answer other = *ret;
        *ret = named;
        named = other;
    }
}

void conform_primes(struct conform_check *c)
{
    static const char about[] = "DHE";
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct question q;
    if (!c->has_old || !c->policy->dh_min_bits)
        return;
    conform_question(c->old, &q);
    conform_suites(c, c->old, CONFORM_RSA, &q.suites);
    for (size_t i = q.suites.count; i-- > 0;)
        if (offer_exchange(q.suites.items[i]) != OFFER_DH)
            ids_remove(&q.suites, q.suites.items[i]);
    if (q.suites.count == 0)
        return;
    ask_dhe(c, &q, about, &a);
    struct conform_item *item =
        conform_add(c, CONFORM_DH, CONFORM_YES, about,
                    mem_printf("primes of at least %u bits", c->policy->dh_min_bits));
    item->question = mem_strdup(about);
    if (a.verdict == ASK_INCONCLUSIVE) {
        item->verdict = CONFORM_UNKNOWN;
        item->found = mem_strdup(a.why);
    } else if (a.verdict == ASK_ACCEPTED && !a.flight.dh_bits) {
        item->verdict = CONFORM_UNKNOWN;
        item->found = mem_strdup("accepted, but the server does not show its prime");
    } else if (a.flight.dh_bits && a.flight.dh_bits < c->policy->dh_min_bits) {
        item->verdict = CONFORM_NO;
        item->found = mem_printf("one of %u bits", (unsigned)a.flight.dh_bits);
        conform_grade(item, weakness_of_modulus(a.flight.dh_bits));
    }
}

/* --- RFC 7507 -------------------------------------------------------------------------------- */

/* Where TLS 1.2 is the lowest, the random of TLS 1.3's servers says the same (RFC 8446 4.1.3). */
void conform_fallback(struct conform_check *c)
{
    static const char about[] = "TLS_FALLBACK_SCSV";
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    enum protocol low = protocol_lowest(c->policy->protocols);
    struct question q;
    if (low >= PROTOCOL_TLS1_2 || protocol_highest(c->policy->protocols) == low)
        return;
    conform_question(low, &q);
    q.suites = c->suites12;
    q.flags |= HELLO_FALLBACK;
    scanner_ask(&c->s, &q, about, &a);
    struct conform_item *item = conform_add(c, CONFORM_FALLBACK, CONFORM_YES, "",
                                            mem_strdup("a needless fallback is refused"));
    item->question = mem_strdup(about);
    if (a.verdict == ASK_INCONCLUSIVE) {
        item->verdict = CONFORM_UNKNOWN;
        item->found = mem_strdup(a.why);
    } else if (a.verdict == ASK_ACCEPTED) {
        item->verdict = CONFORM_NO;
        item->found = mem_strdup("it is accepted");
    }
}
