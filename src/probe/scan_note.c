/* Facts that answers bring along: groups, schemes, certificates, extensions. */
#include <string.h>

#include "base/digest.h"
#include "policy/group.h"
#include "policy/suite.h"
#include "probe/chain.h"
#include "probe/scanner.h"

static bool is_known(const struct scan *s, const char *digest)
{
    for (size_t i = 0; i < s->certificate_count; i++)
        if (strcmp(s->certificates[i].digest, digest) == 0)
            return true;
    return false;
}

/* Steals what is in it. */
static void add_certificate(struct scan *s, struct handshake_certificate *c)
{
    MEM_GROW(s->certificates, s->certificate_count, s->certificate_cap);
    s->certificates[s->certificate_count++] = *c;
    *c = (struct handshake_certificate){.present = false};
}

static void note_certificate(struct scanner *s, const struct flight *f, struct bytes der)
{
    struct handshake_certificate c = {.present = false};
    char digest[DIGEST_SIZE];
    digest_sha256(der, digest);
    if (is_known(s->scan, digest))
        return;
    if (chain_read(f, s->options.anchors, s->endpoint->name, &c))
        add_certificate(s->scan, &c);
    else
        scanner_unsure(s, "a certificate", "it is none that libcrypto can read");
}

uint16_t scanner_certificate_group(const struct scanner *s)
{
    for (size_t i = 0; i < s->scan->certificate_count; i++) {
        const char *curve = s->scan->certificates[i].curve;
        const struct tls_group *group = curve ? group_by_any(curve) : NULL;
        if (group)
            return group->id;
    }
    return 0;
}

static void note(struct scanner *s, enum scan_fact fact, bool seen)
{
    enum scan_answer *known = &s->scan->facts[fact];
    if (seen)
        *known = SCAN_YES;
    else if (*known == SCAN_UNKNOWN)
        *known = SCAN_NO;
}

/* RFC 7366 3: answered only when the suite has something to gain from it. */
static bool is_cbc(uint16_t id)
{
    const struct suite *suite = suite_by_id(id);
    return suite && suite_has(suite, SUITE_CBC);
}

static void note_facts(struct scanner *s, const struct flight *f)
{
    note(s, SCAN_COMPRESSION, f->compression != 0);
    note(s, SCAN_RENEGOTIATION, f->flags & FLIGHT_RENEGOTIATION);
    note(s, SCAN_CERTIFICATE_REQUEST, f->flags & FLIGHT_CERTIFICATE_REQUEST);
    if (f->version == 0x0300)
        return; /* which has no extensions */
    note(s, SCAN_EXTENDED_MASTER, f->flags & FLIGHT_EXTENDED_MASTER);
    note(s, SCAN_TICKETS, f->flags & FLIGHT_TICKET);
    note(s, SCAN_STAPLE, f->flags & FLIGHT_STAPLE);
    if (is_cbc(f->suite))
        note(s, SCAN_ENCRYPT_THEN_MAC, f->flags & FLIGHT_ENCRYPT_THEN_MAC);
}

void scanner_note(struct scanner *s, const struct flight *f)
{
    const struct protocol_info *version = protocol_by_wire(f->version);
    struct bytes leaf;
    if (!version)
        return;
    if (f->group)
        ids_add(&s->scan->versions[version->id].groups, f->group);
    if (f->scheme)
        ids_add(&s->scan->versions[version->id].schemes, f->scheme);
    if (f->dh_bits)
        ids_add(&s->scan->dh_bits, f->dh_bits);
    if (f->alpn[0])
        memcpy(s->scan->alpn, f->alpn, sizeof s->scan->alpn);
    if (flight_certificate(f, 0, &leaf))
        note_certificate(s, f, leaf);
    if (version->id < PROTOCOL_TLS1_3 && version->id > PROTOCOL_SSL2)
        note_facts(s, f);
}

/* Tickets come when the client is known. */
static void note_facts13(struct scanner *s, const struct handshake_result *r)
{
    if (r->ticket || !r->client_certificate)
        note(s, SCAN_TICKETS, r->ticket);
    note(s, SCAN_STAPLE, r->staple);
    note(s, SCAN_CERTIFICATE_REQUEST, r->client_certificate);
}

void scanner_note_handshake(struct scanner *s, struct handshake_result *r)
{
    if (r->scheme)
        ids_add(&s->scan->versions[PROTOCOL_TLS1_3].schemes, r->scheme);
    if (!scan_has_older(s->scan))
        note_facts13(s, r);
    if (r->certificate.present && !is_known(s->scan, r->certificate.digest))
        add_certificate(s->scan, &r->certificate);
}
