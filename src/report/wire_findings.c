/* The rules of endpoints, with what each is worth and what to do; and items put into their words. */
#include "report/wire_findings.h"

#include "probe/target.h"

static const struct finding_rule rules[CONFORM_RULES] = {
    [CONFORM_ANSWERS] = {"tls/answers", "TLS as the profile has it is served",
                         FINDING_HIGH,
                         "check the server's versions, suites and certificate", NULL},
    [CONFORM_VERSIONS] = {"tls/versions", "no other version is accepted", FINDING_MEDIUM,
                          "turn the other versions off", "RFC 8996, RFC 9325 3.1"},
    [CONFORM_SUITES] = {"tls/suites", "no other suite is accepted", FINDING_LOW,
                        "list the profile's suites only", "RFC 9325 4"},
    [CONFORM_GROUPS] = {"tls/groups", "no other group is accepted", FINDING_LOW,
                        "list the profile's groups only", "RFC 8446 4.2.7"},
    [CONFORM_SCHEMES] = {"tls/signature-schemes", "no other signature scheme is used",
                         FINDING_LOW, "list the profile's signature schemes only",
                         "RFC 8446 4.2.3"},
    [CONFORM_DH] = {"tls/dh-bits", "DHE primes are long enough", FINDING_MEDIUM,
                    "use a group of RFC 7919, or turn DHE off", "RFC 9325 4.1"},
    [CONFORM_COMPRESSION] = {"tls/compression", "TLS does not compress", FINDING_HIGH,
                             "turn compression off (CRIME)", "RFC 9325 3.3"},
    [CONFORM_RENEGOTIATION] = {"tls/renegotiation", "renegotiation is secure",
                               FINDING_HIGH, "upgrade the TLS library", "RFC 5746"},
    [CONFORM_EXTENDED_MASTER] = {"tls/extended-master-secret",
                                 "the master secret is bound to the handshake",
                                 FINDING_LOW, "upgrade the TLS library", "RFC 7627"},
    [CONFORM_TICKETS] = {"tls/session-tickets", "no session tickets are issued",
                         FINDING_LOW, "turn session tickets off, or rotate their keys",
                         "RFC 9325 3.4"},
    [CONFORM_FALLBACK] = {"tls/fallback-scsv", "needless fallbacks are noticed",
                          FINDING_LOW, "upgrade the TLS library", "RFC 7507"},
    [CONFORM_CHAIN] =
        {"certificate/chain", "the certificate is trusted", FINDING_HIGH,
         "send the authority's present intermediate certificates, or have it issued by "
         "an authority that clients know",
         "RFC 5280 6, RFC 9325 4.5"},
    [CONFORM_NAME] = {"certificate/name", "the certificate is for this name",
                      FINDING_HIGH, "have one issued that has the name", "RFC 9525"},
    [CONFORM_EXPIRY] = {"certificate/expired", "the certificate is in date", FINDING_HIGH,
                        "renew it", "RFC 5280 4.1.2.5"},
    [CONFORM_EXPIRES] = {"certificate/expires-soon", "the certificate will stay in date",
                         FINDING_LOW, "renew it", "RFC 5280 4.1.2.5"},
    [CONFORM_LIFETIME] = {"certificate/lifetime", "the certificate is not for too long",
                          FINDING_INFO, "have it issued for a shorter time",
                          "CA/Browser Forum Baseline Requirements 6.3.2"},
    [CONFORM_KEY] = {"certificate/key", "the certificate's key is one of the profile's",
                     FINDING_MEDIUM,
                     "make a new key and have it certified, by an authority whose own is "
                     "long enough",
                     "RFC 9325 4.5"},
    [CONFORM_SIGNATURE] = {"certificate/signature", "the certificate is signed soundly",
                           FINDING_HIGH, "have it issued anew", "RFC 9325 4.5"},
    [CONFORM_STAPLE] = {"certificate/staple", "the OCSP response is stapled, and holds",
                        FINDING_LOW,
                        "turn stapling on; renew the response before it ends",
                        "RFC 6066 8, RFC 6960 3.2"},
    [CONFORM_HSTS] = {"http/hsts", "browsers are told to stay with https", FINDING_MEDIUM,
                      "send the field with every answer", "RFC 6797"},
    [CONFORM_REDIRECT] = {"http/redirect", "clear text leads to https", FINDING_MEDIUM,
                          "redirect every request but those of ACME", "RFC 9110 15.4"},
    [CONFORM_HAS_VERSIONS] = {"tls/has-versions", "the profile's versions work",
                              FINDING_LOW, "turn the version on", NULL},
    [CONFORM_HAS_SUITES] = {"tls/has-suites", "the profile's suites work", FINDING_LOW,
                            "add what is missing", NULL},
    [CONFORM_HAS_GROUPS] = {"tls/has-groups", "the profile's groups work", FINDING_LOW,
                            "add what is missing", NULL},
    [CONFORM_ORDER] = {"tls/order", "suites are taken in the profile's order",
                       FINDING_LOW, "let the server's order decide", "RFC 9325 4.2.1"},
};

static enum finding_verdict verdict_of(enum conform_verdict v)
{
    switch (v) {
    case CONFORM_YES:
        return FINDING_CONFORMS;
    case CONFORM_NO:
        return FINDING_VIOLATION;
    case CONFORM_UNKNOWN:
        break;
    }
    return FINDING_INCONCLUSIVE;
}

static enum finding_severity severity_of(const struct conform_item *item,
                                         enum finding_severity usual)
{
    switch (item->grade) {
    case WEAKNESS_NONE:
        return usual;
    case WEAKNESS_LOW:
        return FINDING_LOW;
    case WEAKNESS_MEDIUM:
        return FINDING_MEDIUM;
    case WEAKNESS_HIGH:
        return FINDING_HIGH;
    case WEAKNESS_CRITICAL:
        return FINDING_CRITICAL;
    }
    return usual;
}

void wire_findings(const struct endpoint *endpoint, const struct conform *c,
                   struct findings *ret)
{
    CLEANUP(buf_release) struct buf subject = BUF_INIT;
    target_describe(endpoint, &subject);
    for (size_t i = 0; i < c->count; i++) {
        const struct conform_item *item = &c->items[i];
        struct finding *f = findings_add(ret, &rules[item->rule],
                                         verdict_of(item->verdict), buf_str(&subject));
        f->severity = severity_of(item, f->severity);
        f->part = item->part[0] ? mem_strdup(item->part) : NULL;
        f->expected = mem_strdup(item->expected);
        f->found = mem_strdup(item->found);
    }
}

void wire_findings_none(const struct endpoint *endpoint, const char *why,
                        struct findings *ret)
{
    CLEANUP(buf_release) struct buf subject = BUF_INIT;
    target_describe(endpoint, &subject);
    struct finding *f = findings_add(ret, &rules[CONFORM_ANSWERS], FINDING_INCONCLUSIVE,
                                     buf_str(&subject));
    f->found = mem_strdup(why);
}
