/* The tables of the policy, and those of this layer, joined. */
#include "probe/offer.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "policy/group.h"
#include "policy/sigscheme.h"
#include "policy/suite.h"
#include "probe/offer_suites.h"

struct number {
    uint16_t id;
    const char *name;
};

/* Groups that no table of the policy has: RFC 4492's other curves, and ones before their
 * standards. */
static const struct number more_groups[] = {
    {0x0001, "sect163k1"}, {0x0002, "sect163r1"},
    {0x0003, "sect163r2"}, {0x0004, "sect193r1"},
    {0x0005, "sect193r2"}, {0x0006, "sect233k1"},
    {0x0007, "sect233r1"}, {0x0008, "sect239k1"},
    {0x0009, "sect283k1"}, {0x000a, "sect283r1"},
    {0x000b, "sect409k1"}, {0x000c, "sect409r1"},
    {0x000d, "sect571k1"}, {0x000e, "sect571r1"},
    {0x000f, "secp160k1"}, {0x0010, "secp160r1"},
    {0x0011, "secp160r2"}, {0x0012, "secp192k1"},
    {0x0014, "secp224k1"}, {0x0016, "secp256k1"},
    {0x0029, "curveSM2"},  {0x6399, "X25519Kyber768Draft00"},
};

/* RFC 5246 7.4.1.4.1: hash and signature, of which few have a name of their own. */
static const struct number more_schemes[] = {
    {0x0101, "rsa_pkcs1_md5"},
    {0x0102, "dsa_md5"},
    {0x0103, "ecdsa_md5"},
    {0x0202, "dsa_sha1"},
    {0x0301, "rsa_pkcs1_sha224"},
    {0x0302, "dsa_sha224"},
    {0x0303, "ecdsa_sha224"},
    {0x0402, "dsa_sha256"},
    {0x0502, "dsa_sha384"},
    {0x0602, "dsa_sha512"},
    {0x0708, "sm2sig_sm3"},
    {0x081a, "ecdsa_brainpoolP256r1tls13_sha256"},
    {0x081b, "ecdsa_brainpoolP384r1tls13_sha384"},
    {0x081c, "ecdsa_brainpoolP512r1tls13_sha512"},
};

/* --- what can be offered --------------------------------------------------------------------- */

/* 0: first to be offered. */
static unsigned strength(const struct suite *s)
{
    unsigned rank = s->bits ? 1 : 0;
    rank += suite_has(s, SUITE_FORWARD_SECRET) ? 2 : 0;
    return rank + (suite_has(s, SUITE_AEAD) ? 1 : 0);
}

void offer_suites(enum protocol version, struct ids *ret)
{
    size_t count, extra;
    const struct suite *table = suite_table(&count);
    const struct offer_suite *more = offer_suite_table(&extra);
    *ret = (struct ids)IDS_INIT;
    if (version == PROTOCOL_SSL2)
        return;
    for (size_t i = 0; i < extra; i++)
        if (more[i].tls13 == (version == PROTOCOL_TLS1_3))
            ids_add(ret, more[i].id);
    for (unsigned rank = 0; rank <= 4; rank++)
        for (size_t i = count; i-- > 0;)
            if (strength(&table[i]) == rank && !suite_has(&table[i], SUITE_SIGNAL) &&
                suite_is_tls13(&table[i]) == (version == PROTOCOL_TLS1_3) &&
                (version >= PROTOCOL_TLS1_2 || table[i].min <= version))
                ids_add(ret, table[i].id);
}

void offer_groups(enum protocol version, struct ids *ret)
{
    size_t count;
    const struct tls_group *table = group_table(&count);
    *ret = (struct ids)IDS_INIT;
    for (size_t i = 0; i < count; i++) {
        bool old = table[i].kind == GROUP_EC || table[i].kind == GROUP_FFDHE;
        if (version == PROTOCOL_TLS1_3 ? table[i].tls13 : old)
            ids_add(ret, table[i].id);
    }
    for (size_t i = 0; i < ARRAY_LEN(more_groups); i++)
        if ((more_groups[i].id > 0x0020) == (version == PROTOCOL_TLS1_3))
            ids_add(ret, more_groups[i].id);
}

void offer_schemes(struct ids *ret)
{
    size_t count;
    const struct sigscheme *table = sigscheme_table(&count);
    *ret = (struct ids)IDS_INIT;
    for (size_t i = count; i-- > 0;)
        ids_add(ret, table[i].id);
    for (size_t i = ARRAY_LEN(more_schemes); i-- > 0;)
        ids_add(ret, more_schemes[i].id);
}

/* --- names ----------------------------------------------------------------------------------- */

static const char *or_number(const char *name, uint16_t id, char *space)
{
    if (name)
        return name;
    snprintf(space, OFFER_NAME_SPACE, "0x%04x", (unsigned)id);
    return space;
}

static const char *name_in(const struct number *table, size_t count, uint16_t id)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].id == id)
            return table[i].name;
    return NULL;
}

/* NULL: nobody knows it. */
static const char *suite_name(uint16_t id)
{
    size_t count;
    const struct suite *known = suite_by_id(id);
    const struct offer_suite *more = offer_suite_table(&count);
    if (known)
        return known->name;
    for (size_t i = 0; i < count; i++)
        if (more[i].id == id)
            return more[i].name;
    return NULL;
}

const char *offer_suite_name(uint16_t id, char space[static OFFER_NAME_SPACE])
{
    return or_number(suite_name(id), id, space);
}

const char *offer_group_name(uint16_t id, char space[static OFFER_NAME_SPACE])
{
    const struct tls_group *known = group_by_id(id);
    return or_number(known ? known->name
                           : name_in(more_groups, ARRAY_LEN(more_groups), id),
                     id, space);
}

const char *offer_scheme_name(uint16_t id, char space[static OFFER_NAME_SPACE])
{
    const struct sigscheme *known = sigscheme_by_id(id);
    return or_number(known ? known->name
                           : name_in(more_schemes, ARRAY_LEN(more_schemes), id),
                     id, space);
}

/* --- what names say -------------------------------------------------------------------------- */

static bool name_begins(uint16_t suite, const char *const *prefixes, size_t count)
{
    const char *name = suite_name(suite);
    for (size_t i = 0; name && i < count; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

enum offer_exchange offer_exchange(uint16_t suite)
{
    static const char *const ecdh[] = {"TLS_ECDHE_", "TLS_ECDH_anon_"};
    static const char *const dh[] = {"TLS_DHE_", "TLS_DH_anon_", "TLS_PSK_DHE_"};
    static const char *const export[] = {"TLS_RSA_EXPORT"};
    if (name_begins(suite, ecdh, ARRAY_LEN(ecdh)))
        return OFFER_ECDH;
    if (name_begins(suite, dh, ARRAY_LEN(dh)))
        return OFFER_DH;
    if (name_begins(suite, export, ARRAY_LEN(export)))
        return OFFER_RSA_EXPORT;
    return OFFER_OTHER;
}

bool offer_has_hint(uint16_t suite)
{
    const char *name = suite_name(suite);
    return name && strstr(name, "_PSK_");
}

bool offer_is_signed(uint16_t suite)
{
    static const char *const signed_by[] = {"TLS_ECDHE_RSA_", "TLS_ECDHE_ECDSA_",
                                            "TLS_DHE_RSA_", "TLS_DHE_DSS_"};
    return name_begins(suite, signed_by, ARRAY_LEN(signed_by));
}

bool offer_has_dh(const struct ids *suites)
{
    for (size_t i = 0; i < suites->count; i++)
        if (offer_exchange(suites->items[i]) == OFFER_DH)
            return true;
    return false;
}

bool offer_remove_finite_fields(struct ids *groups)
{
    size_t before = groups->count;
    for (size_t i = groups->count; i-- > 0;) {
        const struct tls_group *g = group_by_id(groups->items[i]);
        if (g && g->kind == GROUP_FFDHE)
            ids_remove(groups, groups->items[i]);
    }
    return groups->count < before;
}
