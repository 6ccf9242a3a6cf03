/* tlsharden ciphers: a profile in a library's language, or a suite's names. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/suggest.h"
#include "dialect/dialect.h"
#include "policy/profile.h"

static json_t *suite_json(const struct suite *s)
{
    char id[8];
    snprintf(id, sizeof id, "0x%04X", s->id);
    return json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:s, s:s, s:s, s:i, s:b, s:b}", "id",
                     id, "name", s->name, "openssl", s->openssl, "gnutls", s->gnutls,
                     "key_exchange", suite_kx_name(s->kx), "authentication",
                     suite_auth_name(s->auth), "cipher", suite_cipher_name(s->cipher),
                     "mac", suite_mac_name(s->mac), "bits", (int)s->bits,
                     "forward_secret", suite_has(s, SUITE_FORWARD_SECRET), "aead",
                     suite_has(s, SUITE_AEAD));
}

static void print_suite(const struct suite *s)
{
    printf("0x%04X  %s\n  openssl  %s\n  gnutls   %s\n  %s, %s, %s, %s, %u bits%s\n",
           s->id, s->name, s->openssl ? s->openssl : "-", s->gnutls ? s->gnutls : "-",
           suite_kx_name(s->kx), suite_auth_name(s->auth), suite_cipher_name(s->cipher),
           suite_mac_name(s->mac), s->bits,
           suite_has(s, SUITE_FORWARD_SECRET) ? ", forward secret" : "");
}

static int unknown_suite(const char *name, struct err *err)
{
    const char *names[512];
    size_t count, n = 0;
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count && n < ARRAY_LEN(names) - 1; i++) {
        names[n++] = table[i].name;
        if (table[i].openssl)
            names[n++] = table[i].openssl;
    }
    const char *near = suggest(name, names, n);
    return near ? err_set(err, ERR_INPUT, "unknown suite '%s'; did you mean '%s'?", name,
                          near)
                : err_set(err, ERR_INPUT, "unknown suite '%s'", name);
}

static int translate_names(const struct cli *cli, int argc, char **argv, struct err *err)
{
    json_t *all CLEANUP(json_decrefp) = json_array();
    for (int i = 0; i < argc; i++) {
        const struct suite *s = suite_by_any(argv[i]);
        if (!s)
            return unknown_suite(argv[i], err);
        if (cli->format == CLI_TEXT)
            print_suite(s);
        else
            json_array_append_new(all, suite_json(s));
    }
    if (cli->format == CLI_JSON)
        cli_print_json(all);
    return 0;
}

static void print_string(const char *name, const char *value)
{
    if (value)
        printf("%-21s %s\n", name, value);
}

static void print_native(const struct library *l, const struct native *n,
                         const struct grants *g)
{
    printf("# %s %s, read back by %s\n", dialect_name(l->kind), l->version, g->source);
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

static int one_dialect(const struct cli *cli, enum dialect_kind kind,
                       const struct policy *policy, json_t *all, struct err *err)
{
    struct library library;
    CLEANUP(native_release) struct native native = NATIVE_INIT;
    CLEANUP(grants_release) struct grants grants = GRANTS_INIT;
    if (dialect_local(kind, &library, err) < 0 ||
        dialect_translate(&library, policy, &native, &grants, err) < 0)
        return -1;
    if (cli->format == CLI_TEXT) {
        print_native(&library, &native, &grants);
        return 0;
    }
    json_t *context = dialect_context(&native, policy);
    json_t *entry = json_incref(json_object_get(context, dialect_name(kind)));
    json_object_set_new(entry, "version", json_string(library.version));
    json_object_set_new(entry, "grants", grants_json(&grants));
    json_object_set_new(all, dialect_name(kind), entry);
    json_decref(context);
    return 0;
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0)
        return translate_names(cli, argc, argv, err);
    const char *wanted = cli_value(cli, "dialect");
    enum dialect_kind only = DIALECT_OPENSSL;
    if (wanted && !dialect_by_name(wanted, &only))
        return err_set(err, ERR_USAGE, "--dialect: '%s' is neither openssl nor gnutls",
                       wanted);
    CLEANUP(mem_freep) char *dir = file_join(cli->datadir, "profiles");
    CLEANUP(profile_releasep) struct profile *p = profile_load(cli->profile, dir, err);
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    if (!p || profile_policy(p, NULL, &policy, err) < 0)
        return -1;
    json_t *all CLEANUP(json_decrefp) = json_object();
    for (int kind = DIALECT_OPENSSL; kind <= DIALECT_GNUTLS; kind++)
        if ((!wanted || kind == (int)only) &&
            one_dialect(cli, (enum dialect_kind)kind, &policy, all, err) < 0)
            return -1;
    if (cli->format == CLI_JSON)
        cli_print_json(all);
    return 0;
}

static const struct cli_option options[] = {
    {"dialect", "openssl|gnutls", "only this library's strings"},
    {NULL, NULL, NULL},
};

const struct command command_ciphers = {
    .name = "ciphers",
    .summary = "a profile in a library's words, or the names of a suite",
    .usage = "[NAME|ID...]",
    .examples = "  tlsharden ciphers --profile strict --dialect gnutls\n"
                "  tlsharden ciphers ECDHE-RSA-AES128-GCM-SHA256 0xC02B\n",
    .options = options,
    .run = run,
};
