/*
 * The best product. Given the key exchanges and the MACs, each cipher can be judged by itself: it
 * may stay when all that it yields was asked for. So every subset of the key exchanges and of the
 * MACs that the policy needs is tried (a handful each), and for each the ciphers follow. That is
 * exact, and a profile of 24 suites takes well under a millisecond.
 */
#include "dialect/gnutls_product.h"

#include <stdint.h>
#include <string.h>

#include "dialect/engine.h"

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
    case KX_GOST:
        return "VKO-GOST-12";
    case KX_ANY:
    case KX_NULL:
    case KX_DH:
    case KX_ECDH:
    case KX_KRB5:
    case KX_ECCPWD:
        return NULL;
    }
    return NULL;
}

static const char *cipher_word(const struct suite *s)
{
    if (s->cipher == CIPHER_RC4_128)
        return "ARCFOUR-128";
    if (s->cipher == CIPHER_3DES)
        return "3DES-CBC";
    if (s->cipher == CIPHER_GOST)
        return "GOST28147-TC26Z-CNT";
    return suite_cipher_name(s->cipher);
}

static const char *mac_word(const struct suite *s)
{
    return s->mac == MAC_GOST ? "GOST28147-TC26Z-IMIT" : suite_mac_name(s->mac);
}

const char *product_word(const struct suite *s, enum product_dimension d)
{
    switch (d) {
    case PRODUCT_KX:
        return kx_word(s);
    case PRODUCT_CIPHER:
        return cipher_word(s);
    case PRODUCT_MAC:
        return mac_word(s);
    }
    return NULL;
}

/* Where the word stands; PRODUCT_WORDS when it doesn't. */
static size_t find(const struct product *p, enum product_dimension d, const char *word)
{
    for (size_t i = 0; word && i < p->counts[d]; i++)
        if (strcmp(p->words[d][i], word) == 0)
            return i;
    return PRODUCT_WORDS;
}

void product_add(struct product *p, enum product_dimension d, const char *word)
{
    if (word && find(p, d, word) == PRODUCT_WORDS && p->counts[d] < PRODUCT_WORDS)
        p->words[d][p->counts[d]++] = word;
}

bool product_yields(const struct product *p, const struct suite *s)
{
    if (!s->gnutls || !(suite_is_tls13(s) ? p->tls13 : p->older))
        return false;
    if (!suite_is_tls13(s) && find(p, PRODUCT_KX, kx_word(s)) == PRODUCT_WORDS)
        return false;
    return find(p, PRODUCT_CIPHER, cipher_word(s)) != PRODUCT_WORDS &&
           find(p, PRODUCT_MAC, mac_word(s)) != PRODUCT_WORDS;
}

/* --- the search ------------------------------------------------------------------------------ */

#define KX_NONE (PRODUCT_WORDS - 1) /* in place of a key exchange: a suite of TLS 1.3 */

/* One suite that words of the policy can bring about. */
struct cell {
    size_t kx, cipher, mac;
    unsigned protocols; /* in which it could be negotiated, of those asked for */
    unsigned rank;      /* where the policy names it; the first is 0 */
    bool asked, required, accepted;
};

struct score {
    unsigned protocols, required, asked;
    size_t extra;       /* accepted, not asked for: the less the better */
    unsigned long rank; /* the less the better */
    size_t words;       /* the less the better */
};

struct search {
    struct product all; /* every word that the policy needs, in its order */
    struct cell *cells; /* owned */
    size_t count;
    struct score score; /* of the best so far */
    uint32_t kx, ciphers, macs;
};

static unsigned bits(uint32_t set)
{
    return (unsigned)__builtin_popcount(set);
}

static bool better(const struct score *a, const struct score *b)
{
    if (bits(a->protocols) != bits(b->protocols))
        return bits(a->protocols) > bits(b->protocols);
    if (a->required != b->required)
        return a->required > b->required;
    if (a->asked != b->asked)
        return a->asked > b->asked;
    if (a->extra != b->extra)
        return a->extra < b->extra;
    if (a->rank != b->rank)
        return a->rank < b->rank;
    return a->words < b->words;
}

/* Ciphers that bring nothing unwanted with these key exchanges and MACs; `*ret_used` are those
 * that bring something. */
static uint32_t harmless(const struct search *s, uint32_t kx, uint32_t macs,
                         uint32_t *ret_used)
{
    uint32_t harmful = 0, used = 0, ignored = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct cell *c = &s->cells[i];
        if ((kx >> c->kx & 1u) && (macs >> c->mac & 1u))
            *(c->asked ? &used : c->accepted ? &ignored : &harmful) |= 1u << c->cipher;
    }
    *ret_used = used;
    return ~harmful;
}

static struct score weigh(const struct search *s, uint32_t kx, uint32_t ciphers,
                          uint32_t macs)
{
    struct score score = {.words =
                              bits(kx & ~(1u << KX_NONE)) + bits(ciphers) + bits(macs)};
    for (size_t i = 0; i < s->count; i++) {
        const struct cell *c = &s->cells[i];
        if (!(kx >> c->kx & 1u) || !(macs >> c->mac & 1u) || !(ciphers >> c->cipher & 1u))
            continue;
        score.protocols |= c->protocols;
        score.required += c->required;
        score.asked += c->asked;
        score.extra += !c->asked;
        score.rank += c->rank;
    }
    return score;
}

static void try_all(struct search *s)
{
    uint32_t kx_end = 1u << s->all.counts[PRODUCT_KX],
             mac_end = 1u << s->all.counts[PRODUCT_MAC];
    for (uint32_t k = 0; k < kx_end; k++)
        for (uint32_t m = 1; m < mac_end; m++) {
            uint32_t kx = k | 1u << KX_NONE, used;
            uint32_t ciphers = harmless(s, kx, m, &used) & used;
            struct score score = weigh(s, kx, ciphers, m);
            if (!better(&score, &s->score))
                continue;
            s->score = score;
            s->kx = kx;
            s->ciphers = ciphers;
            s->macs = m;
        }
}

/* Where the policy names a suite, TLS 1.3's first; -1: it doesn't. */
static long rank_of(const struct policy *policy, const struct suite *s,
                    bool *ret_required)
{
    for (size_t i = 0; i < policy->suite13_count; i++)
        if (policy->suites13[i].suite == s) {
            *ret_required = !policy->suites13[i].optional;
            return (long)i;
        }
    for (size_t i = 0; i < policy->suite_count; i++)
        if (policy->suites[i].suite == s) {
            *ret_required = !policy->suites[i].optional;
            return (long)(policy->suite13_count + i);
        }
    return -1;
}

/* Notes every suite that some choice of words would yield. */
static void fill_cells(struct search *s, const struct library *l,
                       const struct policy *policy)
{
    size_t count;
    const struct suite *table = suite_table(&count);
    s->cells = mem_alloc((count + 1) * sizeof *s->cells);
    for (size_t i = 0; i < count; i++) {
        if (!engine_gnutls.has_suite(l, &table[i]) || !product_yields(&s->all, &table[i]))
            continue;
        struct cell *c = &s->cells[s->count++];
        bool required = false;
        long rank = rank_of(policy, &table[i], &required);
        *c = (struct cell){
            .kx = suite_is_tls13(&table[i])
                      ? KX_NONE
                      : find(&s->all, PRODUCT_KX, kx_word(&table[i])),
            .cipher = find(&s->all, PRODUCT_CIPHER, cipher_word(&table[i])),
            .mac = find(&s->all, PRODUCT_MAC, mac_word(&table[i])),
            .protocols = policy->protocols & protocol_range(table[i].min, table[i].max),
            .rank = rank < 0 ? 0 : (unsigned)rank,
            .asked = rank >= 0,
            .required = required,
            .accepted = policy_allows_suite(policy, &table[i]),
        };
    }
}

static void add_words(struct product *p, const struct suite *s)
{
    for (unsigned d = PRODUCT_KX; d <= PRODUCT_MAC; d++)
        product_add(p, (enum product_dimension)d,
                    product_word(s, (enum product_dimension)d));
    *(suite_is_tls13(s) ? &p->tls13 : &p->older) = true;
}

static void keep(struct product *to, const struct product *from, enum product_dimension d,
                 uint32_t set)
{
    for (size_t i = 0; i < from->counts[d]; i++)
        if (set >> i & 1u)
            product_add(to, d, from->words[d][i]);
}

struct product product_best(const struct library *l, const struct policy *policy)
{
    struct search s = {.count = 0};
    for (size_t i = 0; i < policy->suite13_count; i++)
        if (engine_gnutls.has_suite(l, policy->suites13[i].suite))
            add_words(&s.all, policy->suites13[i].suite);
    for (size_t i = 0; i < policy->suite_count; i++)
        if (engine_gnutls.has_suite(l, policy->suites[i].suite))
            add_words(&s.all, policy->suites[i].suite);
    fill_cells(&s, l, policy);
    try_all(&s);
    struct product best = {.tls13 = s.all.tls13, .older = s.all.older};
    keep(&best, &s.all, PRODUCT_KX, s.kx);
    keep(&best, &s.all, PRODUCT_CIPHER, s.ciphers);
    keep(&best, &s.all, PRODUCT_MAC, s.macs);
    mem_freep(&s.cells);
    return best;
}

const struct suite *product_burden(const struct library *l, const struct policy *policy,
                                   const struct product *p, const struct suite *s)
{
    struct product more = *p;
    add_words(&more, s);
    size_t count;
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count; i++)
        if (engine_gnutls.has_suite(l, &table[i]) && product_yields(&more, &table[i]) &&
            !policy_allows_suite(policy, &table[i]))
            return &table[i];
    return NULL;
}
