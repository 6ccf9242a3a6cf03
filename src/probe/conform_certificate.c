/*
 * What works and what it shows. Up to TLS 1.2 the first flight is plain: one question for each kind
 * of key shows its certificate, the server's extensions, and is the control for what must be
 * refused. TLS 1.3 hides its certificates: where it is all there is, libssl shakes hands.
 */
#include <string.h>
#include <time.h>

#include "base/day.h"
#include "probe/chain.h"
#include "probe/conform_check.h"
#include "probe/leaf.h"
#include "probe/offer.h"
#include "probe/signatures.h"

#define DAY ((int64_t)86400)

/* --- one certificate ------------------------------------------------------------------------- */

struct judged {
    struct conform_check *c;
    const struct handshake_certificate *cert;
    char *about;
};

static struct conform_item *judge(const struct judged *j, enum conform_rule rule,
                                  bool fine, char *expected, const char *found)
{
    struct conform_item *item =
        conform_add(j->c, rule, fine ? CONFORM_YES : CONFORM_NO, j->about, expected);
    if (!fine)
        item->found = mem_strdup(found);
    return item;
}

static void judge_chain(const struct judged *j)
{
    const struct handshake_certificate *cert = j->cert;
    const char *text = cert->chain_text ? cert->chain_text : "";
    bool late = cert->not_after < time(NULL) || cert->not_before > time(NULL);
    if (!j->c->rules->anchors)
        return;
    /* Said where dates are. */
    if (late && (strstr(text, "expired") || strstr(text, "not yet valid")))
        return;
    judge(j, CONFORM_CHAIN, cert->trusted, mem_strdup("a sound chain to a trust anchor"),
          text);
}

static void names_text(const struct handshake_certificate *cert, struct buf *out)
{
    bool common = cert->names_common && cert->names.count;
    buf_adds(out, cert->names_common ? "no alternative name" : "only ");
    buf_adds(out, common ? ", where clients look; its common name is " : "");
    for (size_t i = 0; i < cert->names.count && i < 8; i++)
        buf_addf(out, "%s%s", i ? ", " : "", cert->names.items[i]);
    if (cert->names.count > 8)
        buf_addf(out, " and %zu more", cert->names.count - 8);
}

static void judge_name(const struct judged *j)
{
    const struct handshake_certificate *cert = j->cert;
    const char *name = j->c->endpoint->name;
    CLEANUP(buf_release) struct buf found = BUF_INIT;
    if (!name)
        return;
    names_text(cert, &found);
    judge(j, CONFORM_NAME, cert->name_matches, mem_printf("it is for %s", name),
          buf_str(&found));
}

static void judge_dates(const struct judged *j)
{
    const struct handshake_certificate *cert = j->cert;
    int64_t now = time(NULL);
    int64_t warn = (int64_t)j->c->policy->certificate.expiry_warn_days,
            longest = (int64_t)j->c->policy->certificate.max_lifetime_days;
    CLEANUP(mem_freep) char *begins = day_text(cert->not_before);
    CLEANUP(mem_freep) char *ends = day_text(cert->not_after);
    CLEANUP(mem_freep) char *found = mem_printf("valid from %s to %s", begins, ends);
    bool valid = cert->not_before <= now && now <= cert->not_after;
    judge(j, CONFORM_EXPIRY, valid, mem_strdup("valid today"), found);
    if (warn && valid)
        judge(j, CONFORM_EXPIRES, cert->not_after - now >= warn * DAY,
              mem_printf("valid for %lld more days", (long long)warn), found);
    if (longest)
        judge(j, CONFORM_LIFETIME, cert->not_after - cert->not_before <= longest * DAY,
              mem_printf("issued for at most %lld days", (long long)longest), found);
}

static char *curves_text(const struct policy *p)
{
    struct buf text = BUF_INIT;
    buf_adds(&text, "a key on ");
    for (size_t i = 0; i < p->certificate.curve_count; i++)
        buf_addf(&text, "%s%s", i ? " or " : "", p->certificate.curves[i]->name);
    return buf_take(&text);
}

static void judge_key(const struct judged *j)
{
    const struct policy *p = j->c->policy;
    const struct handshake_certificate *cert = j->cert;
    bool rsa = cert->key_type && strncmp(cert->key_type, "RSA", 3) == 0;
    if (rsa && p->certificate.rsa_min_bits) {
        CLEANUP(mem_freep) char *found = mem_printf("%d bits", cert->bits);
        struct conform_item *item = judge(
            j, CONFORM_KEY, (unsigned)cert->bits >= p->certificate.rsa_min_bits,
            mem_printf("a key of at least %u bits", p->certificate.rsa_min_bits), found);
        if (item->verdict == CONFORM_NO)
            conform_grade(item, weakness_of_modulus((unsigned)cert->bits));
    }
    if (cert->curve && p->certificate.curve_count)
        judge(j, CONFORM_KEY, policy_allows_curve(p, cert->curve), curves_text(p),
              cert->curve);
}

/* Intermediates keep to the profile, too; those that are too weak for anybody were told with the chain. */
static void judge_issuers(const struct judged *j)
{
    const struct handshake_certificate *cert = j->cert;
    unsigned least = j->c->policy->certificate.rsa_min_bits;
    if (!cert->weakest_issuer || !least)
        return;
    CLEANUP(mem_freep)
    char *found = mem_printf("the intermediate certificate '%s' has one of %d bits",
                             cert->weakest_issuer, cert->issuer_bits);
    judge(j, CONFORM_KEY, (unsigned)cert->issuer_bits >= least,
          mem_printf("issuers with RSA keys of at least %u bits", least), found);
}

/* Nobody looks at the signature of what is its own issuer. */
static void judge_signature(const struct judged *j)
{
    const char *weak = j->cert->weak_digest;
    if (!j->cert->self_signed)
        judge(j, CONFORM_SIGNATURE, !weak, mem_strdup("signed with SHA-256 or better"),
              weak);
}

/* One that is sent has to hold, wanted or not: clients look at it. */
static void judge_staple(const struct judged *j, bool staple)
{
    static const struct weakness stale = {WEAKNESS_MEDIUM, "stale", "RFC 6960 3.2"},
                                 fatal = {WEAKNESS_HIGH, "demanded", "RFC 7633 4.2.3"};
    const struct handshake_certificate *cert = j->cert;
    bool wanted = strcmp(policy_string(j->c->policy, "http", "ocsp_stapling"),
                         "when-available") == 0;
    wanted = wanted && j->c->rules->http && cert->ocsp_responder;
    if (!staple && !wanted && !cert->staple_demanded)
        return;
    struct conform_item *item = judge(
        j, CONFORM_STAPLE, staple && !cert->staple_problem,
        mem_strdup(cert->staple_demanded ? "an OCSP response, as the certificate demands"
                                         : "an OCSP response that holds"),
        staple ? cert->staple_problem : "none");
    if (item->verdict == CONFORM_NO && staple)
        conform_grade(item, stale);
    if (item->verdict == CONFORM_NO && (cert->staple_demanded || cert->staple_revoked))
        conform_grade(item, fatal);
}

void conform_certificate(struct conform_check *c,
                         const struct handshake_certificate *cert, bool staple)
{
    if (strv_has(&c->certificates, cert->digest))
        return;
    strv_add(&c->certificates, cert->digest);
    signatures_of(cert, &c->signs);
    CLEANUP(mem_freep)
    char *about =
        mem_printf("%s certificate", cert->key_type ? cert->key_type : "unknown");
    struct judged j = {.c = c, .cert = cert, .about = about};
    judge_chain(&j);
    judge_name(&j);
    judge_dates(&j);
    judge_key(&j);
    judge_issuers(&j);
    judge_signature(&j);
    judge_staple(&j, staple);
}

void conform_flight_certificate(struct conform_check *c, const struct flight *f)
{
    struct handshake_certificate cert = {.present = false};
    if (!chain_read(f, c->rules->anchors, c->endpoint->name, &cert)) {
        struct conform_item *item = conform_add(c, CONFORM_CHAIN, CONFORM_UNKNOWN, "",
                                                mem_strdup("a certificate"));
        item->found = mem_strdup("none, or none that libcrypto can read");
        return;
    }
    const struct tls_group *group = cert.curve ? group_by_any(cert.curve) : NULL;
    if (group)
        c->curve = group->id;
    conform_certificate(c, &cert, f->flags & FLIGHT_STAPLE);
    leaf_release(&cert);
}

/* --- first flights --------------------------------------------------------------------------- */

static void fact(struct conform_check *c, enum conform_rule rule, bool fine,
                 const char *expected, const char *found)
{
    struct conform_item *item =
        conform_add(c, rule, fine ? CONFORM_YES : CONFORM_NO, "", mem_strdup(expected));
    if (!fine)
        item->found = mem_strdup(found);
}

static void judge_facts(struct conform_check *c, const struct flight *f)
{
    if (c->facts_seen)
        return;
    c->facts_seen = true;
    if (!c->policy->compression)
        fact(c, CONFORM_COMPRESSION, f->compression == 0, "no compression",
             "it compresses");
    fact(c, CONFORM_RENEGOTIATION, f->flags & FLIGHT_RENEGOTIATION,
         "secure renegotiation", "the server does not know it");
    fact(c, CONFORM_EXTENDED_MASTER, f->flags & FLIGHT_EXTENDED_MASTER,
         "the extended master secret", "the server does not know it");
    if (!c->policy->session_tickets)
        fact(c, CONFORM_TICKETS, !(f->flags & FLIGHT_TICKET), "no session tickets",
             "it issues them");
}

static void read_flight(struct conform_check *c, enum conform_key key,
                        const struct flight *f)
{
    const struct protocol_info *version = protocol_by_wire(f->version);
    if (!version)
        return;
    c->served[version->id] = true;
    c->has_key[key] = true;
    judge_facts(c, f);
    conform_flight_certificate(c, f);
}

static void ask_flight(struct conform_check *c, enum conform_key key, struct answer *ret)
{
    static const char *const about[] = {"suites with RSA", "suites with ECDSA"};
    struct question q;
    question_all(c->old, &q);
    conform_suites(c, c->old, key, &q.suites);
    ret->verdict = ASK_REFUSED;
    if (q.suites.count == 0)
        return;
    scanner_ask(&c->s, &q, about[key], ret);
    /* A prime of the server's own may be hidden behind the groups of RFC 7919. */
    if (ret->verdict == ASK_REFUSED && offer_has_dh(&q.suites) &&
        offer_remove_finite_fields(&q.groups))
        scanner_ask(&c->s, &q, about[key], ret);
    if (ret->verdict == ASK_ACCEPTED)
        read_flight(c, key, &ret->flight);
    if (ret->no_starttls && !c->no_starttls)
        c->no_starttls = mem_strdup(ret->why);
}

void conform_flights(struct conform_check *c)
{
    CLEANUP(answer_release) struct answer rsa = ANSWER_INIT;
    CLEANUP(answer_release) struct answer ecdsa = ANSWER_INIT;
    if (!c->has_old)
        return;
    ask_flight(c, CONFORM_RSA, &rsa);
    if (c->s.lost)
        return;
    ask_flight(c, CONFORM_ECDSA, &ecdsa);
    /* Without a control it was no refusal; now there is one. */
    if (rsa.verdict == ASK_INCONCLUSIVE && ecdsa.verdict == ASK_ACCEPTED)
        ask_flight(c, CONFORM_RSA, &rsa);
}

bool conform_has_tls13_only(const struct conform_check *c)
{
    return c->served[PROTOCOL_TLS1_3] && !c->has_key[CONFORM_RSA] &&
           !c->has_key[CONFORM_ECDSA];
}
