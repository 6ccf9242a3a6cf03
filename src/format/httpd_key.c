/*
 * Keys of httpd directives: the lower-case name, then for each argument that belongs to it a
 * newline, which no argument can hold, and the argument in lower case. The rules stand in httpd.c.
 */
#include "format/httpd_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/strv.h"
#include "format/httpd.h"
#include "format/lines.h"

void httpd_keys_release(struct httpd_keys *k)
{
    buf_release(&k->text);
    free(k->items);
    names_release(&k->names);
    *k = (struct httpd_keys)HTTPD_KEYS_INIT;
}

/* --- rules ----------------------------------------------------------------------------------- */

static const json_t *rule_for(const json_t *rules, const char *rule, struct bytes name)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(rules, rule), key, value)
    {
        if (bytes_eq_nocase(name, bytes_str(key)))
            return value;
    }
    return NULL;
}

static bool listed(const json_t *list, struct bytes word)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (bytes_eq_nocase(word, bytes_str(json_string_value(json_array_get(list, i)))))
            return true;
    return false;
}

static bool is_header_like(const json_t *rules, struct bytes name)
{
    return listed(json_object_get(rules, "header_like"), name);
}

/* --- headers --------------------------------------------------------------------------------- */

/* Where the action stands in [always|onsuccess] ACTION HEADER ... */
static size_t action_at(const struct strv *args)
{
    return args->count && (strcasecmp(args->items[0], "always") == 0 ||
                           strcasecmp(args->items[0], "onsuccess") == 0);
}

/* Does the action decide what is sent, rather than look at it? */
static bool decides(const char *action)
{
    static const char *const actions[] = {"set",        "append", "add",  "merge",
                                          "setifempty", "unset",  "edit", "edit*"};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcasecmp(actions[i], action) == 0)
            return true;
    return false;
}

static void add_part(struct buf *key, struct bytes part)
{
    buf_addc(key, '\n');
    text_lower(part, key);
}

/* The header, without the colon that may follow it; other actions are keys of their own. */
static void add_header(const struct strv *args, struct buf *key)
{
    size_t at = action_at(args);
    if (at >= args->count)
        return;
    struct bytes name = bytes_str(at + 1 < args->count ? args->items[at + 1] : "");
    const char *colon = name.len ? memchr(name.data, ':', name.len) : NULL;
    if (colon)
        name.len = (size_t)(colon - name.data);
    add_part(key, name);
    if (!decides(args->items[at]))
        add_part(key, bytes_str(args->items[at]));
}

bool httpd_key_removes(const struct httpd_text *t, const struct httpd_node *n,
                       const json_t *rules)
{
    if (!is_header_like(rules, httpd_name(t, n)))
        return false;
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    httpd_args(httpd_raw(t, n), &args);
    size_t at = action_at(&args);
    return at < args.count && strcasecmp(args.items[at], "unset") == 0;
}

/* --- keys ------------------------------------------------------------------------------------ */

/* A word belongs to the name when something follows it; in "#Name Word" nothing has to. */
static size_t count_for(const struct httpd_node *n, const json_t *count,
                        const json_t *words, const struct strv *args)
{
    size_t needed = n->kind == HTTPD_COMMENT ? 1 : 2;
    if (words && args->count >= needed && listed(words, bytes_str(args->items[0])))
        return 1;
    return count ? (size_t)json_integer_value(count) : 0;
}

static void add_key(const struct httpd_text *t, const struct httpd_node *n,
                    const json_t *rules, struct buf *key)
{
    struct bytes name = httpd_name(t, n);
    text_lower(name, key);
    const json_t *count = rule_for(rules, "key_args", name);
    const json_t *words = rule_for(rules, "key_words", name);
    bool header = is_header_like(rules, name);
    if (!count && !words && !header)
        return;
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    httpd_args(httpd_raw(t, n), &args);
    if (header) {
        add_header(&args, key);
        return;
    }
    size_t take = count_for(n, count, words, &args);
    for (size_t i = 0; i < take && i < args.count; i++)
        add_part(key, bytes_str(args.items[i]));
}

void httpd_keys_add(struct httpd_keys *k, const struct httpd_text *t, size_t node,
                    const json_t *rules)
{
    size_t begin = k->text.len;
    add_key(t, &t->items[node], rules, &k->text);
    MEM_GROW(k->items, k->count, k->cap);
    k->items[k->count++] =
        (struct httpd_key){.node = node, .begin = begin, .end = k->text.len};
}

struct bytes httpd_keys_at(const struct httpd_keys *k, size_t i)
{
    return (struct bytes){k->text.data + k->items[i].begin,
                          k->items[i].end - k->items[i].begin};
}

void httpd_keys_sort(struct httpd_keys *k)
{
    for (size_t i = 0; i < k->count; i++)
        names_add(&k->names, httpd_keys_at(k, i), i);
    names_sort(&k->names);
}

bool httpd_key_extends(struct bytes longer, struct bytes name)
{
    return longer.len > name.len && longer.data[name.len] == '\n' &&
           memcmp(longer.data, name.data, name.len) == 0;
}

bool httpd_key_is_bare(const struct httpd_text *t, const struct httpd_node *n,
                       const json_t *rules)
{
    struct bytes name = httpd_name(t, n);
    return n->kind == HTTPD_COMMENT && n->args == n->args_end &&
           (rule_for(rules, "key_args", name) || is_header_like(rules, name));
}
