/*
 * The difference of two policies, as data. Lists are compared as sets, and what both have by its
 * order; everything else value by value, in the order of the key table.
 */
#include "policy/difference.h"

#include <string.h>

#include "policy/keys.h"
#include "policy/level.h"

static bool has(const json_t *list, const json_t *item)
{
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v)
    {
        if (json_equal(v, item))
            return true;
    }
    return false;
}

/* Those of `list` that the other one has, or hasn't; a new reference. */
static json_t *part(const json_t *list, const json_t *other, bool shared)
{
    json_t *ret = json_array();
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v)
    {
        if (has(other, v) == shared)
            json_array_append(ret, v);
    }
    return ret;
}

static json_t *items(const json_t *names, const json_t *optional)
{
    json_t *ret = json_array();
    size_t i;
    json_t *v;
    json_array_foreach(names, i, v)
    {
        json_array_append_new(
            ret, json_pack("{s:O, s:b}", "name", v, "optional", (int)has(optional, v)));
    }
    return ret;
}

/* The suites that some version can use, TLS 1.3's first: others are said but mean nothing. */
static void settle_suites(const struct policy *p, json_t *tls)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->suite13_count; i++)
        json_array_append_new(list, json_string(p->suites13[i].suite->name));
    for (size_t i = 0; i < p->suite_count; i++)
        json_array_append_new(list, json_string(p->suites[i].suite->name));
    json_object_set_new(tls, "suites", list);
}

/* One of the lists of "tls"; adds nothing when they are the same. */
static void compare_list(const json_t *a, const json_t *b, const char *key,
                         const char *kind, json_t *ret)
{
    const json_t *la = json_object_get(a, key), *lb = json_object_get(b, key);
    json_t *only_a CLEANUP(json_decrefp) = part(la, lb, false);
    json_t *only_b CLEANUP(json_decrefp) = part(lb, la, false);
    json_t *in_a CLEANUP(json_decrefp) = part(la, lb, true);
    json_t *in_b CLEANUP(json_decrefp) = part(lb, la, true);
    bool order = !json_equal(in_a, in_b) && strcmp(key, "protocols") != 0;
    if (!order && !json_array_size(only_a) && !json_array_size(only_b))
        return;
    json_array_append_new(ret, json_pack("{s:s, s:o, s:o, s:b}", "kind", kind, "only_a",
                                         items(only_a, json_object_get(a, "optional")),
                                         "only_b",
                                         items(only_b, json_object_get(b, "optional")),
                                         "order", (int)order));
}

static bool is_setting(const struct key *key)
{
    static const char *const lists[] = {"/tls/protocols", "/tls/suites", "/tls/groups",
                                        "/tls/signature_algorithms"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        if (strcmp(key->pointer, lists[i]) == 0)
            return false;
    return !key->top_only && (key->type != KEY_SECTION || key->or_false);
}

/* What stands at a pointer; a section that may be false counts as on or off, by itself. */
static json_t *setting(const json_t *tree, const struct key *key)
{
    json_t *v = json_doc_at(tree, key->pointer);
    if (key->type == KEY_SECTION)
        return json_boolean(json_is_object(v));
    return v ? json_incref(v) : json_null();
}

static void compare_settings(const json_t *a, const json_t *b, json_t *ret)
{
    size_t count;
    const struct key *keys = key_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (!is_setting(&keys[i]))
            continue;
        json_t *va CLEANUP(json_decrefp) = setting(a, &keys[i]);
        json_t *vb CLEANUP(json_decrefp) = setting(b, &keys[i]);
        if (json_equal(va, vb))
            continue;
        CLEANUP(mem_freep) char *name = mem_strdup(keys[i].pointer + 1);
        for (char *p = name; *p; p++)
            if (*p == '/')
                *p = '.';
        json_array_append_new(
            ret, json_pack("{s:s, s:O, s:O}", "name", name, "a", va, "b", vb));
    }
}

static void compare_scopes(json_t *a, json_t *b, json_t *ret)
{
    const char *name;
    json_t *v;
    json_object_foreach(a, name, v)
    {
        if (!json_equal(v, json_object_get(b, name)))
            json_array_append_new(ret, json_string(name));
    }
    json_object_foreach(b, name, v)
    {
        if (!json_object_get(a, name))
            json_array_append_new(ret, json_string(name));
    }
}

/* --- conflicts ------------------------------------------------------------------------------- */

static bool asks(enum level_kind kind)
{
    return kind == LEVEL_MUST || kind == LEVEL_SHOULD;
}

static void compare_levels(const json_t *a, const json_t *b, const char *item,
                           json_t *ret)
{
    struct level la = level_of(a, item), lb = level_of(b, item);
    if (!(asks(la.kind) && level_forbids(lb.kind)) &&
        !(level_forbids(la.kind) && asks(lb.kind)))
        return;
    json_array_append_new(ret, json_pack("{s:s, s:s, s:s, s:s, s:s}", "item", item, "a",
                                         level_name(la.kind), "b", level_name(lb.kind),
                                         "a_source", la.source, "b_source", lb.source));
}

static void find_conflicts(const json_t *a, const json_t *b, json_t *ret)
{
    size_t suites, groups, schemes;
    const struct suite *suite = suite_table(&suites);
    const struct tls_group *group = group_table(&groups);
    const struct sigscheme *scheme = sigscheme_table(&schemes);
    for (int v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++)
        compare_levels(a, b, protocol_info((enum protocol)v)->name, ret);
    for (size_t i = 0; i < suites; i++)
        compare_levels(a, b, suite[i].name, ret);
    for (size_t i = 0; i < groups; i++)
        compare_levels(a, b, group[i].name, ret);
    for (size_t i = 0; i < schemes; i++)
        compare_levels(a, b, scheme[i].name, ret);
}

json_t *difference(const struct profile *a, const struct profile *b, const char *scope,
                   struct err *err)
{
    CLEANUP(policy_release) struct policy pa = POLICY_INIT, pb = POLICY_INIT;
    if (profile_policy(a, scope, &pa, err) < 0 || profile_policy(b, scope, &pb, err) < 0)
        return NULL;
    json_t *ta = json_object_get(pa.effective, "tls");
    json_t *tb = json_object_get(pb.effective, "tls");
    settle_suites(&pa, ta);
    settle_suites(&pb, tb);
    json_t *lists = json_array(), *settings = json_array();
    json_t *scopes = json_array(), *conflicts = json_array();
    compare_list(ta, tb, "protocols", "protocol", lists);
    compare_list(ta, tb, "suites", "suite", lists);
    compare_list(ta, tb, "groups", "group", lists);
    compare_list(ta, tb, "signature_algorithms", "signature scheme", lists);
    compare_settings(pa.effective, pb.effective, settings);
    if (!scope || !*scope)
        compare_scopes(json_object_get(a->effective, "scopes"),
                       json_object_get(b->effective, "scopes"), scopes);
    find_conflicts(a->effective, b->effective, conflicts);
    bool same =
        !json_array_size(lists) && !json_array_size(settings) && !json_array_size(scopes);
    return json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o}", "a", a->name, "b", b->name,
                     "same", (int)same, "lists", lists, "settings", settings, "scopes",
                     scopes, "conflicts", conflicts);
}
