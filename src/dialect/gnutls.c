/*
 * GnuTLS: one priority string. It is a product, every key exchange with every cipher with every
 * MAC, so a list of suites can be said exactly only when it is one; what would be wider is cut down
 * to the part that is a product, one dimension after another, the one that costs least first.
 * Written from NONE, and with each signature named: SIGN-ALL would let SHA-1 in.
 */
#include "dialect/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dialect/gnutls_child.h"

/* One word of a dimension: "ECDHE-RSA", "AES-128-GCM", "AEAD". */
static const char *kx_word(const struct suite *s)
{
    switch (s->kx) {
    case KX_ECDHE:
        return s->auth == AUTH_ECDSA ? "ECDHE-ECDSA"
               : s->auth == AUTH_RSA ? "ECDHE-RSA"
                                     : "ANON-ECDH";
    case KX_DHE:
        return s->auth == AUTH_DSS   ? "DHE-DSS"
               : s->auth == AUTH_RSA ? "DHE-RSA"
                                     : "ANON-DH";
    case KX_RSA:
        return "RSA";
    case KX_PSK:
        return "PSK";
    case KX_RSA_PSK:
        return "RSA-PSK";
    case KX_DHE_PSK:
        return "DHE-PSK";
    case KX_ECDHE_PSK:
        return "ECDHE-PSK";
    case KX_SRP:
        return s->auth == AUTH_RSA ? "SRP-RSA" : s->auth == AUTH_DSS ? "SRP-DSS" : "SRP";
    case KX_ANY:
    case KX_NULL:
    case KX_DH:
    case KX_ECDH:
    case KX_KRB5:
    case KX_GOST:
    case KX_ECCPWD:
        return NULL;
    }
    return NULL;
}

static const char *cipher_word(const struct suite *s)
{
    switch (s->cipher) {
    case CIPHER_RC4_128:
        return "ARCFOUR-128";
    case CIPHER_3DES:
        return "3DES-CBC";
    case CIPHER_NULL:
    case CIPHER_RC2_40:
    case CIPHER_RC4_40:
    case CIPHER_DES_40:
    case CIPHER_DES:
    case CIPHER_IDEA:
    case CIPHER_SEED:
    case CIPHER_AES_128_CBC:
    case CIPHER_AES_256_CBC:
    case CIPHER_AES_128_GCM:
    case CIPHER_AES_256_GCM:
    case CIPHER_AES_128_CCM:
    case CIPHER_AES_256_CCM:
    case CIPHER_AES_128_CCM_8:
    case CIPHER_AES_256_CCM_8:
    case CIPHER_CAMELLIA_128_CBC:
    case CIPHER_CAMELLIA_256_CBC:
    case CIPHER_CAMELLIA_128_GCM:
    case CIPHER_CAMELLIA_256_GCM:
    case CIPHER_ARIA_128_CBC:
    case CIPHER_ARIA_256_CBC:
    case CIPHER_ARIA_128_GCM:
    case CIPHER_ARIA_256_GCM:
    case CIPHER_CHACHA20_POLY1305:
    case CIPHER_AEGIS:
    case CIPHER_SM4:
    case CIPHER_GOST:
        return suite_cipher_name(s->cipher);
    }
    return NULL;
}

#define WORDS 32

/* A product: the words of three dimensions, each in order of first use. */
struct product {
    const char *words[3][WORDS];
    size_t counts[3];
    bool tls13, older;
};

static const char *word_of(const struct suite *s, size_t dimension)
{
    return dimension == 0   ? kx_word(s)
           : dimension == 1 ? cipher_word(s)
                            : suite_mac_name(s->mac);
}

static bool has_word(const struct product *p, size_t dimension, const char *word)
{
    for (size_t i = 0; word && i < p->counts[dimension]; i++)
        if (strcmp(p->words[dimension][i], word) == 0)
            return true;
    return false;
}

static void add_words(struct product *p, const struct suite *s)
{
    for (size_t d = 0; d < 3; d++) {
        const char *word = word_of(s, d);
        if (word && !has_word(p, d, word) && p->counts[d] < WORDS)
            p->words[d][p->counts[d]++] = word;
    }
}

static bool yields(const struct product *p, const struct suite *s)
{
    if (!s->gnutls || !(suite_is_tls13(s) ? p->tls13 : p->older))
        return false;
    if (!suite_is_tls13(s) && !has_word(p, 0, kx_word(s)))
        return false;
    return has_word(p, 1, cipher_word(s)) && has_word(p, 2, suite_mac_name(s->mac));
}

/* How many suites it yields that were asked for, and that were not. */
static void weigh(const struct product *p, const struct policy *policy, size_t *wanted,
                  size_t *extra)
{
    size_t count;
    const struct suite *table = suite_table(&count);
    *wanted = *extra = 0;
    for (size_t i = 0; i < count; i++)
        if (yields(p, &table[i]))
            ++*(policy_has_suite(policy, &table[i]) ? wanted : extra);
}

static struct product without(const struct product *p, size_t dimension, size_t index)
{
    struct product less = *p;
    size_t n = --less.counts[dimension];
    for (size_t i = index; i < n; i++)
        less.words[dimension][i] = less.words[dimension][i + 1];
    return less;
}

/* Takes words away until nothing is left that was not asked for; each step keeps as many of the
 * wanted suites as it can. Ends, since each step takes a word. */
static void cut_to_policy(struct product *p, const struct policy *policy)
{
    size_t wanted, extra;
    for (weigh(p, policy, &wanted, &extra); extra; weigh(p, policy, &wanted, &extra)) {
        struct product best = *p;
        size_t best_wanted = 0, best_extra = 0;
        bool found = false;
        for (size_t d = 0; d < 3; d++)
            for (size_t i = 0; i < p->counts[d]; i++) {
                struct product less = without(p, d, i);
                size_t w, e;
                weigh(&less, policy, &w, &e);
                if (e == extra ||
                    (found && (w < best_wanted || (w == best_wanted && e >= best_extra))))
                    continue;
                best = less;
                best_wanted = w;
                best_extra = e;
                found = true;
            }
        if (!found)
            return;
        *p = best;
    }
}

static bool has_suite(const struct library *l, const struct suite *s)
{
    return s->gnutls &&
           (!suite_is_tls13(s) || dialect_version_cmp(l->version, "3.6.5") >= 0);
}

static bool has_group(const struct library *l, const struct tls_group *g)
{
    return g->gnutls_min && dialect_version_cmp(l->version, g->gnutls_min) >= 0;
}

static bool has_sigscheme(const struct library *l, const struct sigscheme *s)
{
    return s->gnutls_min && dialect_version_cmp(l->version, s->gnutls_min) >= 0;
}

static struct product product_of(const struct library *l, const struct policy *policy)
{
    struct product p = {.tls13 = false};
    for (size_t i = 0; i < policy->suite13_count; i++)
        if (has_suite(l, policy->suites13[i].suite)) {
            add_words(&p, policy->suites13[i].suite);
            p.tls13 = true;
        }
    for (size_t i = 0; i < policy->suite_count; i++)
        if (has_suite(l, policy->suites[i].suite)) {
            add_words(&p, policy->suites[i].suite);
            p.older = true;
        }
    cut_to_policy(&p, policy);
    return p;
}

/* ECDSA has two names there: one for TLS 1.2, one that binds the curve for TLS 1.3. */
static void add_sigscheme(struct buf *out, const struct sigscheme *s)
{
    buf_addf(out, ":+SIGN-%s", s->gnutls);
    if (strncmp(s->gnutls, "ECDSA-SECP", 10) == 0)
        buf_addf(out, ":+SIGN-ECDSA-%s", strrchr(s->gnutls, '-') + 1);
}

static void write_policy(const struct library *l, const struct policy *policy,
                         struct native *ret)
{
    struct product p = product_of(l, policy);
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    buf_adds(&out, "NONE");
    for (int v = PROTOCOL_TLS1_3; v >= PROTOCOL_SSL3; v--)
        if (protocol_in(policy->protocols, (enum protocol)v) &&
            (v == PROTOCOL_TLS1_3 ? p.tls13 : p.older))
            buf_addf(&out, ":+VERS-%s", protocol_info((enum protocol)v)->gnutls);
    static const size_t order[] = {1, 2, 0};
    for (size_t k = 0; k < ARRAY_LEN(order); k++)
        for (size_t i = 0; i < p.counts[order[k]]; i++)
            buf_addf(&out, ":+%s", p.words[order[k]][i]);
    for (size_t i = 0; i < policy->group_count; i++)
        if (has_group(l, policy->groups[i].group))
            buf_addf(&out, ":+GROUP-%s", policy->groups[i].group->gnutls);
    for (size_t i = 0; i < policy->sigscheme_count; i++)
        if (has_sigscheme(l, policy->sigschemes[i].scheme))
            add_sigscheme(&out, policy->sigschemes[i].scheme);
    buf_adds(&out, ":+CTYPE-X509:+COMP-NULL");
    if (policy->server_preference)
        buf_adds(&out, ":%SERVER_PRECEDENCE");
    if (!policy->session_tickets)
        buf_adds(&out, ":%NO_TICKETS");
    ret->priority = buf_take(&out);
}

/* --- reading back ---------------------------------------------------------------------------- */

static void take_protocol(struct resolved *r, const char *name)
{
    for (int v = PROTOCOL_SSL3; v <= PROTOCOL_TLS1_3; v++) {
        const char *known = protocol_info((enum protocol)v)->gnutls;
        if (known && strcmp(known, name) == 0)
            r->protocols |= protocol_bit((enum protocol)v);
    }
}

/* By GnuTLS's name, in either spelling of ECDSA. */
static const struct sigscheme *sigscheme_called(const char *name)
{
    size_t count;
    const struct sigscheme *table = sigscheme_table(&count);
    for (size_t i = 0; i < count; i++) {
        const char *own = table[i].gnutls;
        bool bound =
            own && strncmp(own, "ECDSA-SECP", 10) == 0 && strncmp(name, "ECDSA-", 6) == 0;
        if (own && (strcmp(own, name) == 0 ||
                    (bound && strcmp(strrchr(own, '-'), name + 5) == 0)))
            return &table[i];
    }
    return NULL;
}

/* One line of the child's: "suite C02B", "group X25519", "sign ...", "protocol TLS1.2". */
static void take_line(void *ctx, const char *what, const char *name)
{
    struct resolved *r = ctx;
    if (strcmp(what, "suite") == 0) {
        const struct suite *s = suite_by_id((uint16_t)strtoul(name, NULL, 16));
        if (s)
            resolved_add_suite(r, s);
    } else if (strcmp(what, "group") == 0) {
        const struct tls_group *g = group_by_any(name);
        if (g)
            resolved_add_group(r, g);
    } else if (strcmp(what, "sign") == 0) {
        const struct sigscheme *s = sigscheme_called(name);
        if (s)
            resolved_add_sigscheme(r, s);
    } else if (strcmp(what, "protocol") == 0) {
        take_protocol(r, name);
    }
}

static int resolve(const struct library *l, const struct native *n, struct resolved *r,
                   struct err *err)
{
    return gnutls_child(l->path, n->priority, take_line, r, err);
}

struct reading {
    struct product p;
    struct resolved *r;
    bool unknown;
    char word[128];
};

/* A word of a string that begins with NONE. */
static void read_word(void *ctx, const char *word)
{
    struct reading *reading = ctx;
    struct resolved *r = reading->r;
    size_t count;
    const struct suite *table = suite_table(&count);
    if (strcmp(word, "NONE") == 0 || word[0] == '%' || strcmp(word, "+CTYPE-X509") == 0 ||
        strcmp(word, "+COMP-NULL") == 0)
        return;
    if (strncmp(word, "+VERS-", 6) == 0) {
        take_protocol(r, word + 6);
        return;
    }
    const struct tls_group *g =
        strncmp(word, "+GROUP-", 7) == 0 ? group_by_any(word + 7) : NULL;
    const struct sigscheme *s =
        strncmp(word, "+SIGN-", 6) == 0 ? sigscheme_called(word + 6) : NULL;
    bool known = g || s;
    if (g)
        resolved_add_group(r, g);
    if (s)
        resolved_add_sigscheme(r, s);
    for (size_t d = 0; !known && word[0] == '+' && d < 3; d++)
        for (size_t i = 0; i < count && !known; i++) {
            const char *own = word_of(&table[i], d);
            known = own && strcmp(own, word + 1) == 0;
            if (known && !has_word(&reading->p, d, own) && reading->p.counts[d] < WORDS)
                reading->p.words[d][reading->p.counts[d]++] = own;
        }
    if (!known && !reading->unknown) {
        reading->unknown = true;
        strncpy(reading->word, word, sizeof reading->word - 1);
    }
}

static int read_tables(const struct library *l, const struct native *n,
                       struct resolved *r, struct err *err)
{
    struct reading reading = {.r = r};
    list_each(n->priority, read_word, &reading);
    if (reading.unknown)
        return err_set(err, ERR_INPUT,
                       "what '%s' means to gnutls %s is known to that library only",
                       reading.word, l->version);
    reading.p.tls13 = protocol_in(r->protocols, PROTOCOL_TLS1_3);
    reading.p.older = (r->protocols & ~protocol_bit(PROTOCOL_TLS1_3)) != 0;
    size_t count;
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count; i++)
        if (has_suite(l, &table[i]) && yields(&reading.p, &table[i]))
            resolved_add_suite(r, &table[i]);
    return 0;
}

const struct engine engine_gnutls = {
    .name = "gnutls",
    .write = write_policy,
    .resolve = resolve,
    .read = read_tables,
    .has_suite = has_suite,
    .has_group = has_group,
    .has_sigscheme = has_sigscheme,
};
