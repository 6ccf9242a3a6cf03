/* tlsharden profile diff: what one profile allows and the other forbids. */
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"
#include "policy/difference.h"

static const char *text(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static void print_items(char sign, const char *kind, const json_t *items)
{
    size_t i;
    json_t *v;
    json_array_foreach(items, i, v)
    {
        printf("%c %-16s %s%s\n", sign, kind, text(v, "name"),
               json_is_true(json_object_get(v, "optional")) ? " (optional)" : "");
    }
}

static void print_lists(const json_t *lists)
{
    size_t i;
    json_t *v;
    json_array_foreach(lists, i, v)
    {
        print_items('-', text(v, "kind"), json_object_get(v, "only_a"));
        print_items('+', text(v, "kind"), json_object_get(v, "only_b"));
        if (json_is_true(json_object_get(v, "order")))
            printf("~ %-16s what both have stands in another order\n", text(v, "kind"));
    }
}

static void print_settings(const json_t *settings)
{
    size_t i;
    json_t *v;
    json_array_foreach(settings, i, v)
    {
        char *a = json_dumps(json_object_get(v, "a"), JSON_ENCODE_ANY | JSON_COMPACT);
        char *b = json_dumps(json_object_get(v, "b"), JSON_ENCODE_ANY | JSON_COMPACT);
        printf("~ %s: %s -> %s\n", text(v, "name"), a ? a : "", b ? b : "");
        mem_freep(&a);
        mem_freep(&b);
    }
}

static void print_conflicts(const json_t *diff)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(diff, "conflicts"), i, v)
    {
        printf("! conflict: %s: %s says %s (%s), %s says %s (%s)\n", text(v, "item"),
               text(diff, "a"), text(v, "a"), text(v, "a_source"), text(diff, "b"),
               text(v, "b"), text(v, "b_source"));
    }
}

static void print_text(const json_t *diff)
{
    size_t i;
    json_t *v;
    printf("--- %s\n+++ %s\n", text(diff, "a"), text(diff, "b"));
    print_lists(json_object_get(diff, "lists"));
    print_settings(json_object_get(diff, "settings"));
    json_array_foreach(json_object_get(diff, "scopes"), i, v)
    {
        printf("~ scope %s differs: see --scope %s\n", json_string_value(v),
               json_string_value(v));
    }
    print_conflicts(diff);
}

int profile_diff(const struct cli *cli, const struct profile *a, const struct profile *b,
                 struct err *err)
{
    json_t *diff CLEANUP(json_decrefp) = difference(a, b, cli_value(cli, "scope"), err);
    if (!diff)
        return -1;
    bool same = json_is_true(json_object_get(diff, "same"));
    if (cli->format == CLI_JSON)
        cli_print_json(diff);
    else if (!same || json_array_size(json_object_get(diff, "conflicts")))
        print_text(diff);
    return same ? 0 : 1;
}
