/*
 * The recorded versions, and where each was learnt. The tables themselves are spans (a suite, a
 * group, a scheme is there since one version and perhaps until another), so that a version between
 * two recorded ones is answered by both.
 *
 * What no profile may ask for (export, anonymous, pre-shared keys) is of no interest here, and
 * neither are suites outside the catalogue (SEED, IDEA, static ECDH, RFC 9150).
 */
#include "dialect/capability.h"

#include <string.h>

#include "base/mem.h"

static const struct capability_origin origins[] = {
    {DIALECT_OPENSSL, "1.0.2",
     "suites and groups: asked of 1.0.2s (in Node.js 8.17.0); signature schemes: "
     "SSL_CTX_set1_sigalgs_list(3) of that version"},
    {DIALECT_OPENSSL, "1.1.1",
     "suites, groups and signature schemes: asked of 1.1.1 and 1.1.1m, shared objects as "
     "Debian "
     "and Ubuntu build them"},
    {DIALECT_OPENSSL, "3.0",
     "asked of Debian 12's 3.0.19 and 3.0.22; a test asks the installed library again"},
    {DIALECT_OPENSSL, "3.2",
     "what 3.0 and 3.5.4 both have, and the groups of RFC 8734 (Brainpool for TLS 1.3) "
     "by the "
     "release notes; no 3.2 library was asked"},
    {DIALECT_OPENSSL, "3.5",
     "suites, groups and signature schemes: asked of 3.5.4 (in Node.js 24.11.0)"},
    {DIALECT_GNUTLS, "3.6",
     "3.7, less what the release notes of 3.6.5 (TLS 1.3), 3.6.12 (X448, Ed448) and "
     "3.6.13 (GOST) "
     "add; no 3.6 library was asked"},
    {DIALECT_GNUTLS, "3.7",
     "asked of Debian 12's 3.7.9; a test asks the installed library again"},
    {DIALECT_GNUTLS, "3.8",
     "3.7, less SRP (off by default since 3.8.0), with the hybrid groups and ML-DSA "
     "schemes that "
     "3.8.9 adds by its release notes; no 3.8 library was asked"},
};

const struct capability_origin *capability_origins(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(origins);
    return origins;
}

const struct capability_origin *capability_origin(const struct library *l)
{
    const struct capability_origin *best = NULL;
    for (size_t i = 0; i < ARRAY_LEN(origins); i++)
        if (origins[i].kind == l->kind &&
            (!best || dialect_version_cmp(l->version, origins[i].version) >= 0))
            best = &origins[i];
    return best;
}

/* Spans may begin in a patch release ("3.6.5"): versions are compared in full. */
static bool within(const char *version, const char *since, const char *end)
{
    return since && dialect_version_cmp(version, since) >= 0 &&
           (!end || dialect_version_cmp(version, end) < 0);
}

static const struct capability *span_of(const struct suite *s)
{
    size_t low = 0, high;
    const struct capability *table = capability_table(&high);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (table[mid].suite == s->id)
            return &table[mid];
        if (table[mid].suite < s->id)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const char *capability_openssl_name(const struct suite *s)
{
    const struct capability *span = s->openssl ? NULL : span_of(s);
    return span ? span->name : s->openssl;
}

const struct suite *capability_suite_called(const char *name)
{
    size_t count;
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count; i++) {
        const char *own = capability_openssl_name(&table[i]);
        if (own && strcmp(own, name) == 0)
            return &table[i];
    }
    return suite_by_any(name);
}

static const char *gnutls_since(const struct suite *s)
{
    if (!s->gnutls)
        return NULL;
    if (suite_is_tls13(s))
        return "3.6.5";
    return s->kx == KX_GOST ? "3.6.13" : "3.6";
}

static const char *gnutls_end(const struct suite *s)
{
    return s->kx == KX_SRP ? "3.8" : NULL;
}

bool capability_suite(const struct library *l, const struct suite *s)
{
    if (l->kind == DIALECT_GNUTLS)
        return within(l->version, gnutls_since(s), gnutls_end(s));
    const struct capability *span = span_of(s);
    return span && within(l->version, span->since, span->end);
}

const char *capability_since(const struct library *l, const struct suite *s)
{
    const struct capability *span = l->kind == DIALECT_OPENSSL ? span_of(s) : NULL;
    const char *since = span ? span->since : NULL;
    if (l->kind == DIALECT_GNUTLS)
        since = gnutls_since(s);
    return since && dialect_version_cmp(l->version, since) < 0 ? since : NULL;
}

const char *capability_end(const struct library *l, const struct suite *s)
{
    const struct capability *span = l->kind == DIALECT_OPENSSL ? span_of(s) : NULL;
    const char *end = span ? span->end : NULL;
    if (l->kind == DIALECT_GNUTLS)
        end = gnutls_end(s);
    return end && dialect_version_cmp(l->version, end) >= 0 ? end : NULL;
}

bool capability_group(const struct library *l, const struct tls_group *g)
{
    bool openssl = l->kind == DIALECT_OPENSSL;
    return within(l->version, openssl ? g->openssl_min : g->gnutls_min, NULL);
}

bool capability_sigscheme(const struct library *l, const struct sigscheme *s)
{
    bool openssl = l->kind == DIALECT_OPENSSL;
    return within(l->version, openssl ? s->openssl_min : s->gnutls_min, NULL);
}
