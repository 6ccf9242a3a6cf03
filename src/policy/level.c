/* Levels: words of standards, looked up by item. */
#include "policy/level.h"

#include <fnmatch.h>
#include <string.h>

#include "policy/group.h"
#include "policy/keys.h"
#include "policy/protocol.h"
#include "policy/sigscheme.h"
#include "policy/suite.h"

static const char *const names[] = {"",    "must",       "should",
                                    "may", "should-not", "must-not"};

const char *level_name(enum level_kind kind)
{
    return names[kind];
}

bool level_forbids(enum level_kind kind)
{
    return kind == LEVEL_SHOULD_NOT || kind == LEVEL_MUST_NOT;
}

static enum level_kind kind_called(const char *name)
{
    for (size_t i = 1; name && i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], name) == 0)
            return (enum level_kind)i;
    return LEVEL_NONE;
}

static const char *text_of(const json_t *entry, const char *key)
{
    const char *s = json_string_value(json_object_get(entry, key));
    return s ? s : "";
}

struct level level_of(const json_t *profile, const char *item)
{
    json_t *levels = json_object_get(profile, "levels"), *v;
    const json_t *best = json_object_get(levels, item);
    size_t longest = 0;
    const char *pattern;
    bool exact = best != NULL;
    json_object_foreach(levels, pattern, v)
    {
        if (exact || strlen(pattern) <= longest || fnmatch(pattern, item, 0) != 0)
            continue;
        longest = strlen(pattern);
        best = v;
    }
    return (struct level){
        .kind = kind_called(text_of(best, "level")),
        .source = text_of(best, "source"),
        .reason = text_of(best, "reason"),
        .confirmed = !json_is_false(json_object_get(best, "confirmed")),
    };
}

/* --- checking -------------------------------------------------------------------------------- */

static bool matches_suite(const char *name)
{
    size_t count;
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count; i++)
        if (fnmatch(name, table[i].name, 0) == 0)
            return true;
    return false;
}

static bool matches_group(const char *name)
{
    size_t count;
    const struct tls_group *table = group_table(&count);
    for (size_t i = 0; i < count; i++)
        if (fnmatch(name, table[i].name, 0) == 0)
            return true;
    return false;
}

static bool matches_sigscheme(const char *name)
{
    size_t count;
    const struct sigscheme *table = sigscheme_table(&count);
    for (size_t i = 0; i < count; i++)
        if (fnmatch(name, table[i].name, 0) == 0)
            return true;
    return false;
}

static bool matches_protocol(const char *name)
{
    for (int v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++)
        if (fnmatch(name, protocol_info((enum protocol)v)->name, 0) == 0)
            return true;
    return false;
}

/* "certificate.rsa_min_bits" */
static bool is_setting(const char *name)
{
    CLEANUP(mem_freep) char *pointer = mem_printf("/%s", name);
    for (char *p = pointer; *p; p++)
        if (*p == '.')
            *p = '/';
    const struct key *key = key_find(pointer);
    return key && strchr(name, '.') && !key->top_only;
}

bool level_names_something(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*";
    return *name && strspn(name, allowed) == strlen(name) &&
           (matches_protocol(name) || matches_suite(name) || matches_group(name) ||
            matches_sigscheme(name) || is_setting(name));
}

static int check_field(const struct json_doc *doc, const char *at, const char *name,
                       const json_t *v, struct err *err)
{
    if (strcmp(name, "level") == 0)
        return kind_called(json_string_value(v))
                   ? 0
                   : json_doc_error(
                         doc, at, err,
                         "must be one of: must should may should-not must-not");
    if (strcmp(name, "source") == 0 || strcmp(name, "reason") == 0)
        return key_check_text(doc, at, v, err);
    if (strcmp(name, "confirmed") == 0)
        return json_is_boolean(v) ? 0
                                  : json_doc_error(doc, at, err, "must be true or false");
    return json_doc_key_error(doc, at, err,
                              "a level has level, source, reason and confirmed");
}

static int check_entry(const struct json_doc *doc, const char *at, json_t *entry,
                       struct err *err)
{
    const char *name;
    json_t *v;
    if (!json_is_object(entry))
        return json_doc_error(doc, at, err, "must be an object");
    json_object_foreach(entry, name, v)
    {
        CLEANUP(mem_freep) char *field = json_doc_pointer(at, name);
        if (check_field(doc, field, name, v, err) < 0)
            return -1;
    }
    if (!json_object_get(entry, "level"))
        return json_doc_error(doc, at, err, "needs a \"level\"");
    return 0;
}

int level_check(const struct json_doc *doc, const char *pointer, struct err *err)
{
    json_t *levels = json_doc_at(doc->root, pointer), *entry;
    const char *name;
    if (!json_is_object(levels))
        return json_doc_error(doc, pointer, err, "must be an object");
    json_object_foreach(levels, name, entry)
    {
        CLEANUP(mem_freep) char *at = json_doc_pointer(pointer, name);
        if (!level_names_something(name))
            return json_doc_key_error(
                doc, at, err,
                "'%s' is no version, suite, group, signature scheme or "
                "setting, and no pattern of one",
                name);
        if (check_entry(doc, at, entry, err) < 0)
            return -1;
    }
    return 0;
}
