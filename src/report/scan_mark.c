/* Marks: the weakness is everybody's, what is forbidden the policy's. A number that no table knows
 * is in no policy either. */
#include "report/scan_mark.h"

#include <string.h>
#include <time.h>

#include "probe/offer.h"

struct scan_mark scan_mark_protocol(const struct policy *policy, enum protocol p)
{
    return (struct scan_mark){.weak = weakness_of_protocol(p),
                              .forbidden = policy && !protocol_in(policy->protocols, p)};
}

struct scan_mark scan_mark_suite(const struct policy *policy, uint16_t id)
{
    char space[OFFER_NAME_SPACE];
    const struct suite *s = suite_by_id(id);
    return (struct scan_mark){.weak = weakness_of_suite(offer_suite_name(id, space)),
                              .forbidden =
                                  policy && (!s || !policy_allows_suite(policy, s))};
}

struct scan_mark scan_mark_group(const struct policy *policy, uint16_t id)
{
    char space[OFFER_NAME_SPACE];
    const struct tls_group *g = group_by_id(id);
    return (struct scan_mark){.weak = weakness_of_group(offer_group_name(id, space)),
                              .forbidden =
                                  policy && (!g || !policy_has_group(policy, g))};
}

struct scan_mark scan_mark_scheme(const struct policy *policy, uint16_t id)
{
    char space[OFFER_NAME_SPACE];
    const struct sigscheme *s = sigscheme_by_id(id);
    return (struct scan_mark){.weak = weakness_of_scheme(offer_scheme_name(id, space)),
                              .forbidden =
                                  policy && (!s || !policy_has_sigscheme(policy, s))};
}

struct scan_mark scan_mark_dh(const struct policy *policy, unsigned bits)
{
    return (struct scan_mark){.weak = weakness_of_modulus(bits),
                              .forbidden = policy && bits < policy->dh_min_bits};
}

struct scan_mark scan_mark_certificate(const struct policy *policy,
                                       const struct handshake_certificate *c)
{
    static const struct weakness expired = {WEAKNESS_HIGH, "expired", "RFC 5280 4.1.2.5"};
    static const struct weakness stale = {
        WEAKNESS_MEDIUM, "its OCSP staple does not hold", "RFC 6960 3.2"};
    const char *type = c->key_type ? c->key_type : "";
    bool rsa = strncmp(type, "RSA", 3) == 0;
    struct scan_mark m = {.weak = {WEAKNESS_NONE, "", ""}};
    if (rsa || strcmp(type, "DSA") == 0)
        m.weak = weakness_of_modulus((unsigned)c->bits);
    if (m.weak.grade < expired.grade && c->not_after && c->not_after < time(NULL))
        m.weak = expired;
    if (m.weak.grade < stale.grade && c->staple_problem)
        m.weak = stale;
    if (policy && rsa)
        m.forbidden = (unsigned)c->bits < policy->certificate.rsa_min_bits;
    if (policy && c->curve)
        m.forbidden = !policy_allows_curve(policy, c->curve);
    return m;
}
