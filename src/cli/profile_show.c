/* tlsharden profile show: values, and where they come from. */
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"
#include "policy/keys.h"

struct showing {
    const struct profile *p;
    const char *scope;
    const json_t *tree;
    bool origin;
    json_t *origins; /* with --origin as JSON: pointer or pointer/item to "file:line" */
};

/* "profiles/strict.json:12"; owned. */
static char *origin_text(const struct showing *s, const char *pointer, const char *item)
{
    struct profile_origin from = profile_origin(s->p, s->scope, pointer, item);
    return from.path ? mem_printf("%s:%zu", from.path, from.line) : mem_strdup("default");
}

static void print_value(const struct showing *s, const char *left, int width,
                        const char *value, char *origin)
{
    if (s->origin)
        printf("%-*s %-48s %s\n", width, left, value, origin);
    else
        printf("%-*s %s\n", width, left, value);
    mem_freep(&origin);
}

static void print_list(const struct showing *s, const char *title, const char *pointer)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_doc_at(s->tree, pointer), i, v)
    {
        const char *text = json_string_value(v);
        print_value(s, i == 0 ? title : "", 22, text,
                    s->origin ? origin_text(s, pointer, text) : NULL);
    }
}

static void print_setting(const struct showing *s, const struct key *key)
{
    const json_t *v = json_doc_at(s->tree, key->pointer);
    CLEANUP(mem_freep) char *name = mem_strdup(key->pointer + 1);
    for (char *c = name; *c; c++)
        if (*c == '/')
            *c = '.';
    if (json_is_array(v)) {
        print_list(s, name, key->pointer);
    } else if (v && !json_is_object(v)) {
        char *text = json_dumps(v, JSON_ENCODE_ANY);
        print_value(s, name, 34, text ? text : "",
                    s->origin ? origin_text(s, key->pointer, NULL) : NULL);
        mem_freep(&text);
    }
}

static bool shown_apart(const struct key *key)
{
    static const char *const lists[] = {"/tls/protocols", "/tls/suites", "/tls/groups",
                                        "/tls/signature_algorithms", "/tls/optional"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        if (strcmp(key->pointer, lists[i]) == 0)
            return true;
    return key->top_only;
}

static void print_text(const struct showing *s)
{
    size_t count;
    const struct key *keys = key_table(&count);
    const struct profile *p = s->p;
    printf("%s: %s\n\n%s%s", p->name, p->title, p->description,
           *p->description ? "\n\n" : "");
    print_list(s, "protocols", "/tls/protocols");
    print_list(s, "suites", "/tls/suites");
    print_list(s, "groups", "/tls/groups");
    print_list(s, "signature algorithms", "/tls/signature_algorithms");
    print_list(s, "optional", "/tls/optional");
    for (size_t i = 0; i < count; i++)
        if (!shown_apart(&keys[i]))
            print_setting(s, &keys[i]);
    print_list(s, "references", "/references");
}

/* --- origins as JSON ------------------------------------------------------------------------- */

static void add_origin(struct showing *s, const char *pointer, const char *item)
{
    CLEANUP(mem_freep) char *text = origin_text(s, pointer, item);
    CLEANUP(mem_freep) char *name = item ? json_doc_pointer(pointer, item) : NULL;
    json_object_set_new(s->origins, name ? name : pointer, json_string(text));
}

static void add_origins(struct showing *s)
{
    size_t count;
    const struct key *keys = key_table(&count);
    for (size_t k = 0; k < count; k++) {
        const json_t *v = json_doc_at(s->tree, keys[k].pointer);
        size_t i;
        json_t *item;
        if (!v || json_is_object(v))
            continue;
        if (!json_is_array(v))
            add_origin(s, keys[k].pointer, NULL);
        json_array_foreach(v, i, item)
        {
            add_origin(s, keys[k].pointer, json_string_value(item));
        }
    }
}

int profile_show(const struct cli *cli, const struct profile *p, struct err *err)
{
    const char *scope = cli_value(cli, "scope");
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    if (profile_policy(p, scope, &policy, err) < 0)
        return -1;
    json_t *origins CLEANUP(json_decrefp) = json_object();
    struct showing s = {p, scope, scope ? policy.effective : profile_effective(p),
                        cli_value(cli, "origin") != NULL, origins};
    if (cli->format == CLI_TEXT) {
        print_text(&s);
    } else if (s.origin) {
        add_origins(&s);
        cli_print_json(origins);
    } else {
        cli_print_json(s.tree);
    }
    return 0;
}
