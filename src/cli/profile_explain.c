/*
 * tlsharden profile explain: each item with how binding it is, by which source, and why. Where the
 * profile says nothing of an item, what the catalogue knows of it is told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/profile.h"
#include "policy/keys.h"
#include "policy/level.h"

struct explaining {
    const struct profile *p;
    const json_t *tree;
    json_t *items; /* as JSON */
    bool as_text;
    const char *section; /* of the heading printed last */
};

/* What the catalogue knows; owned. */
static char *suite_facts(const char *name)
{
    const struct suite *s = suite_by_name(name);
    return s ? mem_printf(
                   "%s, %s%s%s, %u bits",
                   suite_is_tls13(s) ? "TLS 1.3" : suite_kx_name(s->kx),
                   suite_cipher_name(s->cipher), suite_has(s, SUITE_AEAD) ? ", AEAD" : "",
                   suite_has(s, SUITE_FORWARD_SECRET) ? ", forward secret" : "", s->bits)
             : NULL;
}

static char *group_facts(const char *name)
{
    static const char *const kinds[] = {"elliptic curve", "finite field",
                                        "post-quantum with a curve", "post-quantum"};
    const struct tls_group *g = group_by_name(name);
    return g ? mem_printf("%s, %u bits", kinds[g->kind], g->bits) : NULL;
}

static char *scheme_facts(const char *name)
{
    const struct sigscheme *s = sigscheme_by_name(name);
    return s ? mem_printf("%s key%s%s", s->key, s->hash_bits == 160 ? ", SHA-1" : "",
                          s->tls13 ? "" : ", TLS 1.2 and before")
             : NULL;
}

static char *facts_of(const char *kind, const char *name)
{
    char *facts = strcmp(kind, "suite") == 0    ? suite_facts(name)
                  : strcmp(kind, "group") == 0  ? group_facts(name)
                  : strcmp(kind, "scheme") == 0 ? scheme_facts(name)
                                                : NULL;
    return facts ? facts : mem_strdup("");
}

static void print_item(struct explaining *e, const char *heading, const char *title,
                       const struct level *level, const char *why)
{
    if (!e->section || strcmp(e->section, heading) != 0)
        printf("%s%s\n", e->section ? "\n" : "", heading);
    e->section = heading;
    printf("  %-48s %-10s %s", title, level_name(level->kind), why);
    if (*level->source)
        printf("%s[%s%s]", *why ? " " : "", level->source,
               level->confirmed ? "" : ", unconfirmed");
    printf("\n");
}

/* "certificate.rsa_min_bits = 3000"; of lists and sections only the name. Owned. */
static char *title_of(const char *name, const json_t *value)
{
    char *text = value && !json_is_object(value) && !json_is_array(value)
                     ? json_dumps(value, JSON_ENCODE_ANY)
                     : NULL;
    char *title = text ? mem_printf("%s = %s", name, text) : mem_strdup(name);
    free(text);
    return title;
}

/* One item as text or JSON; `value` is a setting's, else NULL. */
static void explain(struct explaining *e, const char *heading, const char *kind,
                    const char *name, bool allowed, json_t *value)
{
    struct level level = level_of(e->tree, name);
    CLEANUP(mem_freep) char *facts = facts_of(kind, name);
    const char *why = *level.reason ? level.reason : facts;
    if (!e->as_text) {
        json_array_append_new(
            e->items, json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:b, s:O?}", "kind", kind,
                                "name", name, "allowed", (int)allowed, "level",
                                level_name(level.kind), "source", level.source, "reason",
                                why, "confirmed", (int)level.confirmed, "value", value));
        return;
    }
    CLEANUP(mem_freep) char *title = title_of(name, value);
    print_item(e, heading, title, &level, why);
}

static void explain_list(struct explaining *e, const char *heading, const char *kind,
                         const char *pointer)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_doc_at(e->tree, pointer), i, v)
    {
        explain(e, heading, kind, json_string_value(v), true, NULL);
    }
}

/* Settings that a level speaks of, with their values. */
static void explain_settings(struct explaining *e)
{
    size_t count;
    const struct key *keys = key_table(&count);
    for (size_t i = 0; i < count; i++) {
        CLEANUP(mem_freep) char *name = mem_strdup(keys[i].pointer + 1);
        for (char *c = name; *c; c++)
            if (*c == '/')
                *c = '.';
        if (level_of(e->tree, name).kind != LEVEL_NONE)
            explain(e, "settings", "setting", name, true,
                    json_doc_at(e->tree, keys[i].pointer));
    }
}

/* Whether a list of the profile has it. */
static bool is_allowed(const struct explaining *e, const char *name)
{
    static const char *const lists[] = {"/tls/protocols", "/tls/suites", "/tls/groups",
                                        "/tls/signature_algorithms"};
    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        size_t i;
        json_t *v;
        json_array_foreach(json_doc_at(e->tree, lists[k]), i, v)
        {
            if (strcmp(json_string_value(v), name) == 0)
                return true;
        }
    }
    return false;
}

static bool is_setting(const char *name)
{
    CLEANUP(mem_freep) char *pointer = mem_printf("/%s", name);
    for (char *c = pointer; *c; c++)
        if (*c == '.')
            *c = '/';
    return key_find(pointer) != NULL;
}

/* What the levels name beside what is allowed. */
static void explain_forbidden(struct explaining *e)
{
    const char *name;
    json_t *v;
    json_object_foreach(json_object_get(e->tree, "levels"), name, v)
    {
        bool pattern = strchr(name, '*') != NULL;
        bool forbids = level_forbids(level_of(e->tree, name).kind);
        if (!is_setting(name) && !is_allowed(e, name) && (forbids || !pattern))
            explain(e, "not allowed", "other", name, false, NULL);
    }
}

int profile_explain(const struct cli *cli, const struct profile *p, struct err *err)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    if (profile_policy(p, cli_value(cli, "scope"), &policy, err) < 0)
        return -1;
    json_t *items CLEANUP(json_decrefp) = json_array();
    struct explaining e = {p, policy.effective, items, cli->format == CLI_TEXT, NULL};
    if (e.as_text)
        printf("%s: %s\n\n%s%s", p->name, p->title, p->description,
               *p->description ? "\n\n" : "");
    explain_list(&e, "protocols", "protocol", "/tls/protocols");
    explain_list(&e, "suites", "suite", "/tls/suites");
    explain_list(&e, "groups", "group", "/tls/groups");
    explain_list(&e, "signature schemes", "scheme", "/tls/signature_algorithms");
    explain_settings(&e);
    explain_forbidden(&e);
    if (!e.as_text) {
        cli_print_json(items);
        return 0;
    }
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(e.tree, "references"), i, v)
    {
        printf("%s%s\n", i == 0 ? "\nreferences\n  " : "  ", json_string_value(v));
    }
    return 0;
}
