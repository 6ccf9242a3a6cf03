/* tlsharden ciphers: a profile in a library's language, or the names of a suite, group or scheme. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/suggest.h"
#include "cli/libraries.h"
#include "dialect/capability.h"
#include "dialect/dialect.h"
#include "policy/profile.h"

/* --- names ----------------------------------------------------------------------------------- */

static json_t *suite_json(const struct suite *s)
{
    char id[8];
    snprintf(id, sizeof id, "0x%04X", s->id);
    return json_pack(
        "{s:s, s:s, s:s, s:s?, s:s?, s:s, s:s, s:s, s:s, s:i, s:b, s:b, s:s?}", "kind",
        "suite", "id", id, "name", s->name, "openssl", capability_openssl_name(s),
        "gnutls", s->gnutls, "key_exchange", suite_kx_name(s->kx), "authentication",
        suite_auth_name(s->auth), "cipher", suite_cipher_name(s->cipher), "mac",
        suite_mac_name(s->mac), "bits", (int)s->bits, "forward_secret",
        suite_has(s, SUITE_FORWARD_SECRET), "aead", suite_has(s, SUITE_AEAD), "refused",
        suite_refused(s));
}

static json_t *group_json(const struct tls_group *g)
{
    char id[8];
    snprintf(id, sizeof id, "0x%04X", g->id);
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:i, s:b}", "kind", "group",
                     "id", id, "name", g->name, "openssl", g->openssl, "gnutls",
                     g->gnutls, "openssl_since", g->openssl_min, "gnutls_since",
                     g->gnutls_min, "bits", (int)g->bits, "tls13", (int)g->tls13);
}

static json_t *scheme_json(const struct sigscheme *s)
{
    char id[8];
    snprintf(id, sizeof id, "0x%04X", s->id);
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s, s:b, s:b, s:s?}",
                     "kind", "signature scheme", "id", id, "name", s->name, "openssl",
                     s->openssl, "gnutls", s->gnutls, "openssl_since", s->openssl_min,
                     "gnutls_since", s->gnutls_min, "key", s->key, "tls12", (int)s->tls12,
                     "tls13", (int)s->tls13, "refused", s->refused);
}

static const char *or_dash(const char *s)
{
    return s ? s : "-";
}

static void print_suite(const struct suite *s)
{
    printf("0x%04X  %s\n  openssl  %s\n  gnutls   %s\n  %s, %s, %s, %s, %u bits%s\n",
           s->id, s->name, or_dash(capability_openssl_name(s)), or_dash(s->gnutls),
           suite_kx_name(s->kx), suite_auth_name(s->auth), suite_cipher_name(s->cipher),
           suite_mac_name(s->mac), s->bits,
           suite_has(s, SUITE_FORWARD_SECRET) ? ", forward secret" : "");
}

/* "X25519 (since 1.1.0)" */
static void print_since(const char *library, const char *name, const char *since)
{
    printf("  %-8s %s%s%s%s\n", library, or_dash(name), since ? " (since " : "",
           since ? since : "", since ? ")" : "");
}

static void print_group(const struct tls_group *g)
{
    printf("0x%04X  %s\n", g->id, g->name);
    print_since("openssl", g->openssl, g->openssl_min);
    print_since("gnutls", g->gnutls, g->gnutls_min);
    printf("  group, %u bits%s\n", g->bits, g->tls13 ? "" : ", not with TLS 1.3");
}

static void print_scheme(const struct sigscheme *s)
{
    printf("0x%04X  %s\n", s->id, s->name);
    print_since("openssl", s->openssl, s->openssl_min);
    print_since("gnutls", s->gnutls, s->gnutls_min);
    printf("  signature scheme, %s key%s%s\n", s->key,
           s->tls12 ? "" : ", not with TLS 1.2", s->tls13 ? "" : ", not with TLS 1.3");
}

struct output {
    const struct cli *cli;
    json_t *all;
};

static void tell_suite(const struct output *o, const struct suite *s)
{
    if (o->cli->format == CLI_TEXT)
        print_suite(s);
    else
        json_array_append_new(o->all, suite_json(s));
}

static void tell_group(const struct output *o, const struct tls_group *g)
{
    if (o->cli->format == CLI_TEXT)
        print_group(g);
    else
        json_array_append_new(o->all, group_json(g));
}

static void tell_scheme(const struct output *o, const struct sigscheme *s)
{
    if (o->cli->format == CLI_TEXT)
        print_scheme(s);
    else
        json_array_append_new(o->all, scheme_json(s));
}

static void add_name(const char **names, size_t *n, const char *name)
{
    if (name)
        names[(*n)++] = name;
}

static int unknown_name(const char *name, struct err *err)
{
    size_t suites, groups, schemes, n = 0;
    const struct suite *suite = suite_table(&suites);
    const struct tls_group *group = group_table(&groups);
    const struct sigscheme *scheme = sigscheme_table(&schemes);
    const char **names = mem_alloc(3 * (suites + groups + schemes) * sizeof *names);
    for (size_t i = 0; i < suites; i++) {
        add_name(names, &n, suite[i].name);
        add_name(names, &n, capability_openssl_name(&suite[i]));
        add_name(names, &n, suite[i].gnutls);
    }
    for (size_t i = 0; i < groups; i++) {
        add_name(names, &n, group[i].name);
        add_name(names, &n, group[i].openssl);
    }
    for (size_t i = 0; i < schemes; i++) {
        add_name(names, &n, scheme[i].name);
        add_name(names, &n, scheme[i].gnutls);
    }
    const char *near = suggest(name, names, n);
    int rc =
        near
            ? err_set(err, ERR_INPUT,
                      "unknown suite, group or signature scheme '%s'; did you mean '%s'?",
                      name, near)
            : err_set(err, ERR_INPUT, "unknown suite, group or signature scheme '%s'",
                      name);
    free(names);
    return rc;
}

/* All that goes by that name or number: numbers of suites, groups and schemes overlap. */
static int translate_name(const struct output *o, const char *name, struct err *err)
{
    const struct suite *suite = capability_suite_called(name);
    const struct tls_group *group = group_by_any(name);
    const struct sigscheme *scheme = sigscheme_by_any(name);
    if (suite)
        tell_suite(o, suite);
    if (group)
        tell_group(o, group);
    if (scheme)
        tell_scheme(o, scheme);
    return suite || group || scheme ? 0 : unknown_name(name, err);
}

static void tell_all(const struct output *o)
{
    size_t suites, groups, schemes;
    const struct suite *suite = suite_table(&suites);
    const struct tls_group *group = group_table(&groups);
    const struct sigscheme *scheme = sigscheme_table(&schemes);
    for (size_t i = 0; i < suites; i++)
        tell_suite(o, &suite[i]);
    for (size_t i = 0; i < groups; i++)
        tell_group(o, &group[i]);
    for (size_t i = 0; i < schemes; i++)
        tell_scheme(o, &scheme[i]);
}

static int translate_names(const struct cli *cli, int argc, char **argv, struct err *err)
{
    json_t *all CLEANUP(json_decrefp) = json_array();
    struct output o = {cli, all};
    for (int i = 0; i < argc; i++)
        if (translate_name(&o, argv[i], err) < 0)
            return -1;
    if (cli_value(cli, "all"))
        tell_all(&o);
    if (cli->format == CLI_JSON)
        cli_print_json(all);
    return 0;
}

/* --- a profile ------------------------------------------------------------------------------- */

static void print_string(const char *name, const char *value)
{
    if (value)
        printf("%-21s %s\n", name, value);
}

static void print_native(const struct library *l, const struct native *n,
                         const struct grants *g)
{
    printf("# %s %s, read back by %s\n", dialect_name(l->kind), l->version, g->source);
    if (!g->by_library)
        printf("# table of %s: %s\n", capability_origin(l)->version,
               capability_origin(l)->origin);
    print_string("min_protocol", n->min_protocol);
    print_string("max_protocol", n->max_protocol);
    print_string("ciphers", n->cipher_list);
    print_string("ciphersuites", n->ciphersuites);
    print_string("groups", n->groups);
    print_string("signature_algorithms", n->signature_algorithms);
    print_string("priority", n->priority);
    for (size_t i = 0; i < g->count; i++)
        if (g->items[i].verdict == GRANT_DROPPED)
            printf("# dropped: %s\n", g->items[i].reason);
}

static int one_library(const struct cli *cli, const struct library *library,
                       const struct policy *policy, json_t *all, struct err *err)
{
    CLEANUP(native_release) struct native native = NATIVE_INIT;
    CLEANUP(grants_release) struct grants grants = GRANTS_INIT;
    if (dialect_translate(library, policy, &native, &grants, err) < 0)
        return -1;
    if (cli->format == CLI_TEXT) {
        print_native(library, &native, &grants);
        return 0;
    }
    const char *name = dialect_name(library->kind);
    json_t *context CLEANUP(json_decrefp) = dialect_context(&native, policy);
    json_t *entry = json_object_get(context, name);
    json_object_set_new(entry, "version", json_string(library->version));
    json_object_set_new(entry, "grants", grants_json(&grants));
    json_object_set(all, name, entry);
    return 0;
}

/* Which dialect is wanted; `*ret_all` when it is each. */
static int wanted_dialect(const struct cli *cli, enum dialect_kind *ret, bool *ret_all,
                          struct err *err)
{
    const char *name = cli_value(cli, "dialect");
    *ret_all = name == NULL;
    if (name && !dialect_by_name(name, ret))
        return err_set(err, ERR_USAGE, "--dialect: '%s' is neither openssl nor gnutls",
                       name);
    return 0;
}

static int translate_profile(const struct cli *cli, struct err *err)
{
    enum dialect_kind only = DIALECT_OPENSSL;
    bool each = true;
    CLEANUP(mem_freep) char *dir = file_join(cli->datadir, "profiles");
    CLEANUP(libraries_release) struct libraries libraries = LIBRARIES_INIT;
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    if (wanted_dialect(cli, &only, &each, err) < 0 ||
        libraries_find(cli_value(cli, "for"), &libraries, err) < 0)
        return -1;
    CLEANUP(profile_releasep) struct profile *p = profile_load(cli->profile, dir, err);
    if (!p || profile_policy(p, cli_value(cli, "scope"), &policy, err) < 0)
        return -1;
    json_t *all CLEANUP(json_decrefp) = json_object();
    for (size_t i = 0; i < libraries.count; i++)
        if ((each || libraries.items[i].kind == only) &&
            one_library(cli, &libraries.items[i], &policy, all, err) < 0)
            return -1;
    if (cli->format == CLI_JSON)
        cli_print_json(all);
    return 0;
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0 || cli_value(cli, "all"))
        return translate_names(cli, argc, argv, err);
    return translate_profile(cli, err);
}

static const struct cli_option options[] = {
    {"dialect", "openssl|gnutls", "only this library's strings"},
    {"for", "LIB=VERSION,...", "by these versions' tables, not this host's libraries"},
    {"scope", "SCOPE", "of a service, role or virtual host"},
    {"all", NULL, "every suite, group and signature scheme that is known"},
    {NULL, NULL, NULL},
};

const struct command command_ciphers = {
    .name = "ciphers",
    .summary = "a profile in a library's words, or the names of a suite, group or scheme",
    .usage = "[NAME|ID...]",
    .examples = "  tlsharden ciphers --profile strict --dialect gnutls\n"
                "  tlsharden ciphers --profile old --for openssl=1.0.2,gnutls=3.6.7\n"
                "  tlsharden ciphers ECDHE-RSA-AES128-GCM-SHA256 0xC02B X25519\n",
    .options = options,
    .run = run,
};
