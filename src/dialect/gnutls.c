/*
 * GnuTLS: one priority string. It is a product, every key exchange with every cipher with every
 * MAC; gnutls_product.c finds the one that says the policy, or the most of it and nothing else.
 * Written from NONE, and with each signature named: SIGN-ALL would let SHA-1 in.
 */
#include "dialect/engine.h"

#include <string.h>

#include "base/buf.h"
#include "dialect/capability.h"
#include "dialect/gnutls_product.h"
#include "dialect/gnutls_load.h"
#include "dialect/gnutls_tell.h"

/* ECDSA has two names there: one for TLS 1.2, one that binds the curve for TLS 1.3. */
static void add_sigscheme(struct buf *out, const struct sigscheme *s)
{
    buf_addf(out, ":+SIGN-%s", s->gnutls);
    if (s->gnutls_alt)
        buf_addf(out, ":+SIGN-%s", s->gnutls_alt);
}

static void write_policy(const struct library *l, const struct policy *policy,
                         struct native *ret)
{
    struct product p = product_best(l, policy);
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    buf_adds(&out, "NONE");
    for (int v = PROTOCOL_TLS1_3; v >= PROTOCOL_SSL3; v--)
        if (protocol_in(policy->protocols, (enum protocol)v) &&
            (v == PROTOCOL_TLS1_3 ? p.tls13 : p.older))
            buf_addf(&out, ":+VERS-%s", protocol_info((enum protocol)v)->gnutls);
    static const enum product_dimension order[] = {PRODUCT_CIPHER, PRODUCT_MAC,
                                                   PRODUCT_KX};
    for (size_t k = 0; k < ARRAY_LEN(order); k++)
        for (size_t i = 0; i < p.counts[order[k]]; i++)
            buf_addf(&out, ":+%s", p.words[order[k]][i]);
    for (size_t i = 0; i < policy->group_count; i++)
        if (capability_group(l, policy->groups[i].group))
            buf_addf(&out, ":+GROUP-%s", policy->groups[i].group->gnutls);
    for (size_t i = 0; i < policy->sigscheme_count; i++)
        if (capability_sigscheme(l, policy->sigschemes[i].scheme))
            add_sigscheme(&out, policy->sigschemes[i].scheme);
    buf_adds(&out, ":+CTYPE-X509:+COMP-NULL");
    if (policy->server_preference)
        buf_adds(&out, ":%SERVER_PRECEDENCE");
    if (!policy->session_tickets)
        buf_adds(&out, ":%NO_TICKETS");
    ret->priority = buf_take(&out);
}

/* --- from the tables ------------------------------------------------------------------------- */

struct reading {
    const struct library *l;
    struct product p;
    struct resolved *r;
    char *unknown; /* owned; the first word that means nothing to the tables */
};

static bool is_of_no_interest(const char *word)
{
    return strcmp(word, "NONE") == 0 || word[0] == '%' ||
           strcmp(word, "+CTYPE-X509") == 0 || strcmp(word, "+COMP-NULL") == 0;
}

static bool read_version(struct resolved *r, const char *name)
{
    for (int v = PROTOCOL_SSL3; v <= PROTOCOL_TLS1_3; v++)
        if (strcmp(protocol_info((enum protocol)v)->gnutls, name) == 0) {
            r->protocols |= protocol_bit((enum protocol)v);
            return true;
        }
    return false;
}

static bool read_group(struct reading *reading, const char *name)
{
    const struct tls_group *g = group_by_any(name);
    bool known = g && capability_group(reading->l, g);
    if (known)
        resolved_add_group(reading->r, g);
    return known;
}

static bool read_scheme(struct reading *reading, const char *name)
{
    const struct sigscheme *s = sigscheme_by_any(name);
    bool known = s && capability_sigscheme(reading->l, s);
    if (known)
        resolved_add_sigscheme(reading->r, s);
    return known;
}

/* A word of one of the dimensions. */
static bool read_factor(struct reading *reading, const char *name)
{
    size_t count;
    const struct suite *table = suite_table(&count);
    for (unsigned d = PRODUCT_KX; d <= PRODUCT_MAC; d++)
        for (size_t i = 0; i < count; i++) {
            const char *own = product_word(&table[i], (enum product_dimension)d);
            if (own && strcmp(own, name) == 0) {
                product_add(&reading->p, (enum product_dimension)d, own);
                return true;
            }
        }
    return false;
}

/* A word of a string that begins with NONE. */
static void read_word(void *ctx, const char *word)
{
    struct reading *reading = ctx;
    bool known = is_of_no_interest(word);
    if (strncmp(word, "+VERS-", 6) == 0)
        known = read_version(reading->r, word + 6);
    else if (strncmp(word, "+GROUP-", 7) == 0)
        known = read_group(reading, word + 7);
    else if (strncmp(word, "+SIGN-", 6) == 0)
        known = read_scheme(reading, word + 6);
    else if (word[0] == '+' && !known)
        known = read_factor(reading, word + 1);
    if (!known && !reading->unknown)
        reading->unknown = mem_strdup(word);
}

static int read_tables(const struct library *l, const struct native *n,
                       struct resolved *r, struct err *err)
{
    struct reading reading = {.l = l, .r = r};
    list_each(n->priority, read_word, &reading);
    CLEANUP(mem_freep) char *unknown = reading.unknown;
    if (unknown)
        return err_set(err, ERR_INPUT,
                       "what '%s' means to gnutls %s is known to that library only",
                       unknown, l->version);
    reading.p.tls13 = protocol_in(r->protocols, PROTOCOL_TLS1_3);
    reading.p.older = (r->protocols & ~protocol_bit(PROTOCOL_TLS1_3)) != 0;
    size_t count;
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count; i++)
        if (capability_suite(l, &table[i]) && product_yields(&reading.p, &table[i]))
            resolved_add_suite(r, &table[i]);
    return 0;
}

static char *why_not(const struct library *l, const struct policy *policy,
                     const struct suite *s, const struct tls_group *g)
{
    if (!s || g)
        return NULL;
    struct product p = product_best(l, policy);
    const struct suite *burden = product_burden(l, policy, &p, s);
    if (!burden)
        return NULL;
    return mem_printf("%s writes suites as a product: %s would bring %s along, which "
                      "\"accepted\" in the profile may name",
                      engine_gnutls.name, s->name, burden->name);
}

const struct engine engine_gnutls = {
    .name = "gnutls",
    .object = "gnutls",
    .write = write_policy,
    .tell = gnutls_tell,
    .load = gnutls_load,
    .read = read_tables,
    .has_suite = capability_suite,
    .has_group = capability_group,
    .has_sigscheme = capability_sigscheme,
    .why_not = why_not,
};
