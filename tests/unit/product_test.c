/*
 * Does GnuTLS get what was asked for, the most of it that can be said, and nothing else? Thousands
 * of random policies are written, and the real library says what each string means. A referee that
 * tries every product (and shares nothing with the code but the catalogue) judges the small ones.
 */
#include "dialect/dialect.h"
#include "unit/unit.h"

#include <dlfcn.h>
#include <string.h>

#define POLICIES 3000
#define SEED     20260406u

/* A generator of our own: the same policies on every machine. */
static unsigned next(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

struct asked {
    struct policy policy;
    struct policy_suite suites13[8], suites[16];
    struct policy_group groups[1];
    struct policy_sigscheme schemes[4];
    struct native native;
    bool translated;
};

/* Suites that a profile may ask for and this dialect knows. OpenSSL leaves DSS out where no scheme
 * signs with it, and none in the catalogue does. */
static size_t candidates(enum dialect_kind kind, bool tls13, const struct suite **ret)
{
    size_t count, n = 0;
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count; i++) {
        const struct suite *s = &table[i];
        const char *name = kind == DIALECT_GNUTLS ? s->gnutls : s->openssl;
        bool signs =
            s->auth != AUTH_GOST && (s->auth != AUTH_DSS || kind == DIALECT_GNUTLS);
        if (name && signs && !suite_refused(s) && suite_is_tls13(s) == tls13)
            ret[n++] = s;
    }
    return n;
}

/* Up to `most` of the candidates, each once, in random order. */
static size_t draw(const struct suite **from, size_t count, size_t most, unsigned *state,
                   struct policy_suite *ret)
{
    size_t wanted = 1 + next(state) % most, n = 0;
    for (size_t tries = 0; n < wanted && tries < 100; tries++) {
        const struct suite *s = from[next(state) % count];
        bool there = false;
        for (size_t i = 0; i < n; i++)
            there |= ret[i].suite == s;
        if (!there)
            ret[n++] = (struct policy_suite){s, true};
    }
    return n;
}

/* Groups and schemes that both libraries have; every suite is optional, so that none is missed. */
static void ask(struct asked *a, enum dialect_kind kind, unsigned *state)
{
    static const struct suite *old[256], *new[16];
    size_t old_count = candidates(kind, false, old),
           new_count = candidates(kind, true, new);
    memset(a, 0, sizeof *a);
    a->groups[0].group = group_by_name("secp256r1");
    static const char *const schemes[] = {"rsa_pss_rsae_sha256", "ecdsa_secp256r1_sha256",
                                          "rsa_pkcs1_sha1", "ecdsa_sha1"};
    for (size_t i = 0; i < 4; i++)
        a->schemes[i].scheme = sigscheme_by_name(schemes[i]);
    bool v13 = next(state) % 3 == 0;
    enum protocol low = next(state) % 2 ? PROTOCOL_TLS1 : PROTOCOL_TLS1_2;
    a->policy = (struct policy){
        .protocols = protocol_range(low, v13 ? PROTOCOL_TLS1_3 : PROTOCOL_TLS1_2),
        .suites13 = a->suites13,
        .suites = a->suites,
        .groups = a->groups,
        .group_count = 1,
        .sigschemes = a->schemes,
        .sigscheme_count = 4,
    };
    if (v13)
        a->policy.suite13_count = draw(new, new_count, 3, state, a->suites13);
    a->policy.suite_count =
        draw(old, old_count, next(state) % 2 ? 5 : 14, state, a->suites);
}

static struct library local(enum dialect_kind kind)
{
    struct library l;
    struct err err = ERR_INIT;
    ck_assert_msg(dialect_local(kind, &l, &err) == 0, "%s", err.text);
    return l;
}

/* Writes all by the tables, which is fast; then the library is asked once for all. */
static size_t write_all(struct asked *all, struct native *natives, enum dialect_kind kind)
{
    struct library tables = local(kind);
    unsigned state = SEED;
    size_t n = 0;
    tables.path = NULL;
    for (size_t i = 0; i < POLICIES; i++) {
        struct err err = ERR_INIT;
        CLEANUP(grants_release) struct grants g = GRANTS_INIT;
        ask(&all[i], kind, &state);
        all[i].translated =
            dialect_translate(&tables, &all[i].policy, &all[i].native, &g, &err) == 0;
        if (all[i].translated)
            natives[n++] = all[i].native;
    }
    return n;
}

static bool has(const struct resolved *r, const struct suite *s)
{
    for (size_t i = 0; i < r->suite_count; i++)
        if (r->suites[i] == s)
            return true;
    return false;
}

static void never_wider(const struct asked *a, const struct resolved *r)
{
    ck_assert_uint_eq(r->unknown.count, 0);
    for (size_t i = 0; i < r->suite_count; i++)
        ck_assert_msg(policy_has_suite(&a->policy, r->suites[i]), "%s: %s",
                      a->native.priority ? a->native.priority : a->native.cipher_list,
                      r->suites[i]->name);
    ck_assert_uint_eq(r->protocols & ~a->policy.protocols, 0);
    ck_assert_uint_eq(r->group_count, 1);
    ck_assert_uint_eq(r->sigscheme_count, 4);
}

/* --- the referee ----------------------------------------------------------------------------- */

/* GnuTLS's own numbers of each suite: key exchange, cipher, MAC. */
struct factors {
    uint16_t id;
    int kx, cipher, mac;
};

static size_t read_factors(struct factors *ret)
{
    const char *(*info)(size_t, unsigned char *, int *, int *, int *, int *) = NULL;
    void *handle = dlopen("libgnutls.so.30", RTLD_NOW);
    *(void **)&info = dlsym(handle, "gnutls_cipher_suite_info");
    size_t n = 0;
    unsigned char id[2];
    int min;
    while (info(n, id, &ret[n].kx, &ret[n].cipher, &ret[n].mac, &min)) {
        ret[n].id = (uint16_t)(id[0] << 8 | id[1]);
        n++;
    }
    return n;
}

struct referee {
    const struct factors *all;
    size_t count;
    int words[3][8];
    size_t counts[3];
    unsigned protocols, best_protocols;
    size_t best;
};

static int factor(const struct factors *f, size_t d)
{
    return d == 0 ? f->kx : d == 1 ? f->cipher : f->mac;
}

static bool in(const struct referee *r, size_t d, unsigned set, int value)
{
    for (size_t i = 0; i < r->counts[d]; i++)
        if ((set >> i & 1u) && r->words[d][i] == value)
            return true;
    return false;
}

/* One product: how many suites it yields; -1: one that was not asked for. */
static long judge(const struct referee *r, const struct asked *a, const unsigned sets[3],
                  unsigned *ret_protocols)
{
    long n = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct suite *s = suite_by_id(r->all[i].id);
        bool tls13 = suite_is_tls13(s);
        if (!(protocol_range(s->min, s->max) & r->protocols) ||
            (!tls13 && !in(r, 0, sets[0], r->all[i].kx)) ||
            !in(r, 1, sets[1], r->all[i].cipher) || !in(r, 2, sets[2], r->all[i].mac))
            continue;
        if (!policy_has_suite(&a->policy, s))
            return -1;
        *ret_protocols |= protocol_range(s->min, s->max) & r->protocols;
        n++;
    }
    return n;
}

static void add_words(struct referee *r, uint16_t id)
{
    for (size_t i = 0; i < r->count; i++)
        for (size_t d = 0; d < 3 && r->all[i].id == id; d++)
            if (!in(r, d, ~0u, factor(&r->all[i], d)))
                r->words[d][r->counts[d]++] = factor(&r->all[i], d);
}

static void try_all(struct referee *r, const struct asked *a)
{
    unsigned sets[3];
    for (sets[0] = 0; sets[0] < 1u << r->counts[0]; sets[0]++)
        for (sets[1] = 0; sets[1] < 1u << r->counts[1]; sets[1]++)
            for (sets[2] = 0; sets[2] < 1u << r->counts[2]; sets[2]++) {
                unsigned protocols = 0;
                long n = judge(r, a, sets, &protocols);
                int more =
                    __builtin_popcount(protocols) - __builtin_popcount(r->best_protocols);
                if (n > 0 && (more > 0 || (more == 0 && (size_t)n > r->best))) {
                    r->best = (size_t)n;
                    r->best_protocols = protocols;
                }
            }
}

/* Whether it is worth trying everything. */
static bool is_small(const struct asked *a)
{
    return a->policy.suite_count <= 5 && a->policy.suite13_count <= 2;
}

static void never_narrower(const struct factors *all, size_t count, const struct asked *a,
                           const struct resolved *got)
{
    struct referee r = {.all = all, .count = count, .protocols = a->policy.protocols};
    for (size_t i = 0; i < a->policy.suite13_count; i++)
        add_words(&r, a->policy.suites13[i].suite->id);
    for (size_t i = 0; i < a->policy.suite_count; i++)
        add_words(&r, a->policy.suites[i].suite->id);
    try_all(&r, a);
    ck_assert_msg(__builtin_popcount(got->protocols) ==
                      __builtin_popcount(r.best_protocols),
                  "%s", a->native.priority);
    ck_assert_msg(got->suite_count == r.best, "%zu, not %zu: %s", got->suite_count,
                  r.best, a->native.priority);
}

START_TEST(gnutls_never_wider_never_narrower)
{
    struct asked *all = mem_alloc(POLICIES * sizeof *all);
    struct native *natives = mem_alloc(POLICIES * sizeof *natives);
    struct resolution *got = mem_alloc(POLICIES * sizeof *got);
    struct factors factors[256];
    struct library l = local(DIALECT_GNUTLS);
    struct err err = ERR_INIT;
    size_t n = write_all(all, natives, DIALECT_GNUTLS), at = 0, judged = 0;
    size_t factor_count = read_factors(factors);
    ck_assert_msg(dialect_resolve_many(&l, natives, n, got, &err) == 0, "%s", err.text);
    for (size_t i = 0; i < POLICIES; i++) {
        if (!all[i].translated)
            continue;
        ck_assert_msg(!got[at].refused, "%s", got[at].refused);
        never_wider(&all[i], &got[at].resolved);
        if (is_small(&all[i]) && judged++ < 400)
            never_narrower(factors, factor_count, &all[i], &got[at].resolved);
        resolution_release(&got[at++]);
        native_release(&all[i].native);
    }
    ck_assert_uint_gt(at, POLICIES * 9 / 10);
    ck_assert_uint_gt(judged, 300);
    free(all);
    free(natives);
    free(got);
}
END_TEST

/* Where every suite was granted, TLS 1.3's stand in the order of the policy when the ciphers do. */
static void order_kept(const struct asked *a, const struct resolved *r)
{
    size_t at = 0;
    for (size_t i = 0; i < a->policy.suite13_count; i++)
        if (has(r, a->policy.suites13[i].suite))
            ck_assert_ptr_eq(r->suites[at++], a->policy.suites13[i].suite);
}

/* Of suites with one key exchange and one MAC the order is the ciphers', and so the policy's. */
static void order_kept_within(const struct asked *a, const struct resolved *r)
{
    for (size_t i = 0; i + 1 < r->suite_count; i++) {
        const struct suite *x = r->suites[i], *y = r->suites[i + 1];
        size_t first_x = 99, first_y = 99;
        if (suite_is_tls13(x) || x->kx != y->kx || x->auth != y->auth || x->mac != y->mac)
            continue;
        for (size_t k = 0; k < a->policy.suite_count + a->policy.suite13_count; k++) {
            const struct suite *s =
                k < a->policy.suite13_count
                    ? a->policy.suites13[k].suite
                    : a->policy.suites[k - a->policy.suite13_count].suite;
            if (s->cipher == x->cipher && first_x == 99)
                first_x = k;
            if (s->cipher == y->cipher && first_y == 99)
                first_y = k;
        }
        ck_assert_uint_lt(first_x, first_y);
    }
}

START_TEST(gnutls_keeps_the_order_that_it_can)
{
    struct asked *all = mem_alloc(POLICIES * sizeof *all);
    struct native *natives = mem_alloc(POLICIES * sizeof *natives);
    struct resolution *got = mem_alloc(POLICIES * sizeof *got);
    struct library l = local(DIALECT_GNUTLS);
    struct err err = ERR_INIT;
    size_t n = write_all(all, natives, DIALECT_GNUTLS), at = 0;
    ck_assert_msg(dialect_resolve_many(&l, natives, n, got, &err) == 0, "%s", err.text);
    for (size_t i = 0; i < POLICIES; i++) {
        if (!all[i].translated)
            continue;
        order_kept(&all[i], &got[at].resolved);
        order_kept_within(&all[i], &got[at].resolved);
        resolution_release(&got[at++]);
        native_release(&all[i].native);
    }
    free(all);
    free(natives);
    free(got);
}
END_TEST

START_TEST(openssl_is_always_equal)
{
    struct asked *all = mem_alloc(POLICIES * sizeof *all);
    struct native *natives = mem_alloc(POLICIES * sizeof *natives);
    struct resolution *got = mem_alloc(POLICIES * sizeof *got);
    struct library l = local(DIALECT_OPENSSL);
    struct err err = ERR_INIT;
    size_t n = write_all(all, natives, DIALECT_OPENSSL), at = 0;
    ck_assert_msg(dialect_resolve_many(&l, natives, n, got, &err) == 0, "%s", err.text);
    for (size_t i = 0; i < POLICIES; i++) {
        if (!all[i].translated)
            continue;
        const struct resolved *r = &got[at].resolved;
        const struct policy *p = &all[i].policy;
        ck_assert_msg(!got[at].refused, "%s", got[at].refused);
        size_t k = 0;
        for (size_t j = 0; j < p->suite13_count; j++)
            ck_assert_msg(r->suites[k++] == p->suites13[j].suite, "%s %s: %s not %s",
                          all[i].native.ciphersuites, all[i].native.cipher_list,
                          r->suites[k - 1]->name, p->suites13[j].suite->name);
        for (size_t j = 0; j < p->suite_count; j++)
            ck_assert_msg(r->suites[k++] == p->suites[j].suite, "%s: %s",
                          all[i].native.cipher_list, p->suites[j].suite->name);
        ck_assert_uint_eq(k, r->suite_count);
        resolution_release(&got[at++]);
        native_release(&all[i].native);
    }
    ck_assert_uint_gt(at, POLICIES * 9 / 10);
    free(all);
    free(natives);
    free(got);
}
END_TEST

UNIT_MAIN("product", gnutls_never_wider_never_narrower,
          gnutls_keeps_the_order_that_it_can, openssl_is_always_equal)
