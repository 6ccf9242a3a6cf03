/*
 * What the picks of suites have not shown: the rest of the groups and signature schemes, each
 * taken out of the offer once seen until the server refuses; and whether fallbacks are noticed.
 */
#include <stdio.h>
#include <string.h>

#include "policy/group.h"
#include "probe/offer.h"
#include "probe/scanner.h"

static bool is_finite_field(uint16_t group)
{
    const struct tls_group *g = group_by_id(group);
    return g && g->kind == GROUP_FFDHE;
}

static bool is_ecdsa(uint16_t suite)
{
    char space[OFFER_NAME_SPACE];
    return strncmp(offer_suite_name(suite, space), "TLS_ECDHE_ECDSA_", 16) == 0;
}

/* --- groups ---------------------------------------------------------------------------------- */

struct hunt {
    struct scanner *s;
    enum protocol version;
    enum offer_exchange how;
    struct question q; /* q.groups: not seen yet */
    uint16_t needed;   /* stays on offer although it was seen; 0: none */
    struct ids primes; /* DHE suites not seen yet, offered as well */
    bool refused;      /* the last question was */
    bool rode;         /* schemes, once */
    char about[64];
};

/* Suites of that exchange; those that ask nothing of the groups but to be there, if possible. */
static void choose_suites(const struct ids *accepted, enum offer_exchange how,
                          struct ids *ret, bool *ret_ecdsa)
{
    *ret = (struct ids)IDS_INIT;
    *ret_ecdsa = false;
    for (size_t i = 0; i < accepted->count; i++)
        if (offer_exchange(accepted->items[i]) == how && !is_ecdsa(accepted->items[i]))
            ids_add(ret, accepted->items[i]);
    for (size_t i = 0; i < accepted->count && ret->count == 0; i++)
        *ret_ecdsa = *ret_ecdsa || is_ecdsa(accepted->items[i]);
    for (size_t i = 0; i < accepted->count && *ret_ecdsa; i++)
        if (is_ecdsa(accepted->items[i]))
            ids_add(ret, accepted->items[i]);
}

/* Is there a group that TLS 1.3 has shown, and that is still to be seen? */
static bool expects_group(const struct hunt *h)
{
    const struct ids *tls13 = &h->s->scan->versions[PROTOCOL_TLS1_3].groups;
    for (size_t i = 0; i < tls13->count; i++)
        if (ids_has(&h->q.groups, tls13->items[i]))
            return true;
    return false;
}

static const struct ids *found_schemes(const struct scanner *s)
{
    return &s->scan->versions[PROTOCOL_TLS1_2].schemes;
}

/* Where a group is expected its answer may as well show a scheme that was not seen: those that were are taken
 * out, once. A refusal then says nothing. */
static bool ride_schemes(struct hunt *h, struct ids *schemes)
{
    if (h->rode || h->version != PROTOCOL_TLS1_2 || found_schemes(h->s)->count < 2 ||
        !expects_group(h))
        return false;
    h->rode = true;
    ids_remove_all(schemes, found_schemes(h->s));
    return true;
}

/* The next group. False: there are no more, or that is as far as it goes. */
static bool hunt_next(struct hunt *h)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct question q = h->q;
    bool rides = ride_schemes(h, &q.schemes);
    if (h->needed)
        ids_add(&q.groups, h->needed);
    scanner_ask(h->s, &q, h->about, &a);
    h->refused = a.verdict == ASK_REFUSED;
    if (h->refused && rides)
        return true;
    if (a.verdict != ASK_ACCEPTED)
        return false;
    if (ids_remove(&h->primes, a.flight.suite)) {
        ids_remove(&h->q.suites, a.flight.suite);
        ids_add(&h->s->scan->versions[h->version].suites, a.flight.suite);
        scanner_note(h->s, &a.flight);
        return true;
    }
    bool negotiated = ids_remove(&h->q.groups, a.flight.group);
    if (negotiated)
        scanner_note(h->s, &a.flight);
    else if (h->needed && a.flight.group == h->needed)
        scanner_unsure(h->s, h->about,
                       "those behind the curve of the ECDSA certificate in the server's "
                       "order stay hidden");
    /* Finite fields were negotiated by nobody before RFC 7919. */
    return negotiated;
}

/* Suites with DHE, seen in that version or not. */
static void dhe_suites(const struct scanner *s, enum protocol version, bool seen,
                       struct ids *ret)
{
    const struct scan_version *found = &s->scan->versions[version];
    struct question all;
    question_all(version, &all);
    *ret = (struct ids)IDS_INIT;
    for (size_t i = 0; i < all.suites.count; i++)
        if (offer_exchange(all.suites.items[i]) == OFFER_DH &&
            ids_has(&found->suites, all.suites.items[i]) == seen)
            ids_add(ret, all.suites.items[i]);
}

/* True: DHE with a prime of the server's own has been asked for. */
static bool find_groups(struct scanner *s, enum protocol version, enum offer_exchange how)
{
    struct scan_version *found = &s->scan->versions[version];
    struct hunt h = {.s = s, .version = version, .how = how};
    bool ecdsa;
    question_all(version, &h.q);
    for (size_t i = h.q.groups.count; i-- > 0;)
        if (is_finite_field(h.q.groups.items[i]) != (how == OFFER_DH))
            ids_remove(&h.q.groups, h.q.groups.items[i]);
    ids_remove_all(&h.q.groups, &found->groups);
    choose_suites(&found->suites, how, &h.q.suites, &ecdsa);
    h.needed = ecdsa ? scanner_certificate_group(s) : 0;
    snprintf(h.about, sizeof h.about, "further %s of %s",
             how == OFFER_DH ? "finite-field groups" : "groups",
             protocol_info(version)->name);
    if (how == OFFER_ECDH && h.q.suites.count && !ecdsa) {
        dhe_suites(s, version, false, &h.primes);
        ids_add_all(&h.q.suites, &h.primes);
    }
    bool primes = h.primes.count > 0;
    while (h.q.suites.count && h.q.groups.count && hunt_next(&h))
        continue;
    return primes && h.refused;
}

/* RFC 7919 4: a server that knows its groups, and has none of them, uses a prime of its own only for
 * clients that offer none either. `seen`: suites are accepted anyway, and it is the prime that counts. */
static void find_primes(struct scanner *s, enum protocol version, bool seen)
{
    struct scan_version *found = &s->scan->versions[version];
    struct question q;
    char about[64];
    bool more = true;
    question_all(version, &q);
    offer_remove_finite_fields(&q.groups);
    dhe_suites(s, version, seen, &q.suites);
    snprintf(about, sizeof about, "DHE suites of %s with a prime of the server's own",
             protocol_info(version)->name);
    while (more && q.suites.count) {
        CLEANUP(answer_release) struct answer a = ANSWER_INIT;
        scanner_ask(s, &q, about, &a);
        more = a.verdict == ASK_ACCEPTED && ids_remove(&q.suites, a.flight.suite);
        if (more)
            scanner_note(s, &a.flight);
        if (more && !seen)
            ids_add(&found->suites, a.flight.suite);
        more = more && !seen;
    }
}

static bool has_finite_field(const struct ids *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        if (is_finite_field(groups->items[i]))
            return true;
    return false;
}

/* --- signature schemes ----------------------------------------------------------------------- */

static void find_schemes(struct scanner *s)
{
    const struct ids *accepted = &s->scan->versions[PROTOCOL_TLS1_2].suites;
    struct question q;
    question_all(PROTOCOL_TLS1_2, &q);
    q.suites = (struct ids)IDS_INIT;
    for (size_t i = 0; i < accepted->count; i++)
        if (offer_is_signed(accepted->items[i]))
            ids_add(&q.suites, accepted->items[i]);
    ids_remove_all(&q.schemes, found_schemes(s));
    for (bool more = q.suites.count > 0; more && q.schemes.count;) {
        static const char about[] = "further signature schemes of TLSv1.2";
        CLEANUP(answer_release) struct answer a = ANSWER_INIT;
        scanner_ask(s, &q, about, &a);
        more = a.verdict == ASK_ACCEPTED && ids_remove(&q.schemes, a.flight.scheme);
        if (a.verdict == ASK_ACCEPTED)
            scanner_note(s, &a.flight);
        if (a.verdict == ASK_ACCEPTED && !more)
            scanner_unsure(s, about, "the server signs with one that was not offered");
    }
}

/* Older versions do as the newest of them does. */
static void find_hidden(struct scanner *s, enum protocol version)
{
    const struct ids *suites = &s->scan->versions[version].suites;
    size_t before = suites->count;
    if (!find_groups(s, version, OFFER_ECDH))
        find_primes(s, version, false);
    for (unsigned v = version; suites->count > before && v-- > PROTOCOL_SSL3;)
        if (s->scan->versions[v].supported == SCAN_YES)
            find_primes(s, (enum protocol)v, false);
}

void scan_details(struct scanner *s, enum protocol version)
{
    find_hidden(s, version);
    if (has_finite_field(&s->scan->versions[version].groups)) {
        find_groups(s, version, OFFER_DH);
        find_primes(s, version, true);
    }
    if (version == PROTOCOL_TLS1_2)
        find_schemes(s);
}

/* --- RFC 7507 -------------------------------------------------------------------------------- */

/* The highest supported version but one, if it is no older than the extension. */
static bool fallback_version(const struct scan *scan, enum protocol *ret)
{
    bool higher = false;
    for (unsigned v = PROTOCOL_TLS1_3; v >= PROTOCOL_SSL3; v--) {
        bool here = scan->versions[v].supported == SCAN_YES;
        if (here && higher) {
            *ret = (enum protocol)v;
            return true;
        }
        higher = higher || here;
    }
    return false;
}

void scan_fallback(struct scanner *s)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    enum protocol version;
    struct question q;
    if (!fallback_version(s->scan, &version))
        return;
    question_all(version, &q);
    q.suites = s->scan->versions[version].suites;
    q.flags |= HELLO_FALLBACK;
    scanner_ask(s, &q, "TLS_FALLBACK_SCSV", &a);
    if (a.verdict != ASK_INCONCLUSIVE)
        s->scan->facts[SCAN_FALLBACK_SCSV] =
            a.verdict == ASK_REFUSED ? SCAN_YES : SCAN_NO;
}
