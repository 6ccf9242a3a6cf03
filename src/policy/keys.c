/*
 * The table of a profile's keys and the checks that follow from it. profiles/profile.schema.json
 * says the same for editors; a test holds the two together.
 */
#include "policy/keys.h"

#include <string.h>

#include "base/suggest.h"
#include "policy/level.h"
#include "policy/names.h"

static const struct key keys[] = {
    {"/name", KEY_NAME, .top_only = true},
    {"/title", KEY_TEXT, .fallback = "\"\"", .top_only = true},
    {"/description", KEY_TEXT, .fallback = "\"\"", .top_only = true},
    {"/version", KEY_TEXT, .fallback = "\"\"", .top_only = true},
    {"/extends", KEY_TEXT, .top_only = true},
    {"/references", KEY_TEXTS, .fallback = "[]", .top_only = true},
    {"/levels", KEY_LEVELS, .fallback = "{}", .top_only = true},
    {"/tls", KEY_SECTION},
    {"/tls/protocols", KEY_PROTOCOLS},
    {"/tls/suites", KEY_SUITES},
    {"/tls/groups", KEY_GROUPS},
    {"/tls/signature_algorithms", KEY_SIGSCHEMES},
    {"/tls/server_preference", KEY_FLAG, .fallback = "true"},
    {"/tls/session_tickets", KEY_FLAG, .fallback = "false"},
    {"/tls/compression", KEY_FLAG, .fallback = "false"},
    {"/tls/optional", KEY_OPTIONAL, .fallback = "[]"},
    {"/tls/accepted", KEY_SUITES, .fallback = "[]"},
    {"/certificate", KEY_SECTION},
    {"/certificate/rsa_min_bits", KEY_NUMBER, 0, 16384, .fallback = "2048"},
    {"/certificate/curves", KEY_GROUPS, .fallback = "[]"},
    {"/certificate/max_lifetime_days", KEY_NUMBER, 0, 36500, .fallback = "398"},
    {"/certificate/expiry_warn_days", KEY_NUMBER, 0, 3650, .fallback = "30"},
    {"/dh", KEY_SECTION},
    {"/dh/min_bits", KEY_NUMBER, 0, 16384, .fallback = "2048"},
    {"/http", KEY_SECTION},
    {"/http/redirect", KEY_FLAG, .fallback = "false"},
    {"/http/hsts", KEY_SECTION, .fallback = "false", .or_false = true},
    {"/http/hsts/max_age", KEY_NUMBER, 0, 315360000, .fallback = "63072000"},
    {"/http/hsts/include_subdomains", KEY_FLAG, .fallback = "false"},
    {"/http/hsts/preload", KEY_FLAG, .fallback = "false"},
    {"/http/ocsp_stapling", KEY_CHOICE, .choices = "when-available off",
     .fallback = "\"when-available\""},
    {"/smtp", KEY_SECTION},
    {"/smtp/inbound", KEY_CHOICE, .choices = "may encrypt", .fallback = "\"may\""},
    {"/smtp/outbound", KEY_CHOICE, .choices = "may encrypt", .fallback = "\"may\""},
    {"/smtp/submission", KEY_CHOICE, .choices = "may encrypt", .fallback = "\"encrypt\""},
    {"/imap", KEY_SECTION},
    {"/imap/starttls", KEY_CHOICE, .choices = "required offered",
     .fallback = "\"offered\""},
    {"/imap/implicit_tls", KEY_CHOICE, .choices = "keep off", .fallback = "\"keep\""},
    {"/ldap", KEY_SECTION},
    {"/ldap/client_certificate", KEY_CHOICE, .choices = "never allow try demand",
     .fallback = "\"never\""},
    {"/ldap/minimum_ssf", KEY_NUMBER, 0, 256, .fallback = "0"},
    {"/scopes", KEY_SCOPES, .fallback = "{}", .top_only = true},
};

const struct key *key_table(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(keys);
    return keys;
}

const struct key *key_find(const char *pointer)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(keys[i].pointer, pointer) == 0)
            return &keys[i];
    return NULL;
}

bool key_is_list(const struct key *key)
{
    switch (key->type) {
    case KEY_TEXTS:
    case KEY_PROTOCOLS:
    case KEY_SUITES:
    case KEY_GROUPS:
    case KEY_SIGSCHEMES:
    case KEY_OPTIONAL:
        return true;
    case KEY_SECTION:
    case KEY_TEXT:
    case KEY_NAME:
    case KEY_FLAG:
    case KEY_NUMBER:
    case KEY_CHOICE:
    case KEY_SCOPES:
    case KEY_LEVELS:
        return false;
    }
    return false;
}

/* --- texts ----------------------------------------------------------------------------------- */

int key_check_text(const struct json_doc *doc, const char *at, const json_t *v,
                   struct err *err)
{
    if (!json_is_string(v))
        return json_doc_error(doc, at, err, "must be a string");
    const char *s = json_string_value(v);
    for (const char *p = s; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return json_doc_error(doc, at, err, "holds a control character (0x%02x)",
                                  (unsigned char)*p);
    if (strlen(s) > 4096)
        return json_doc_error(doc, at, err, "is longer than 4096 bytes");
    return 0;
}

static int check_name(const struct json_doc *doc, const char *at, const json_t *v,
                      struct err *err)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    if (key_check_text(doc, at, v, err) < 0)
        return -1;
    const char *s = json_string_value(v);
    if (!*s || s[strspn(s, allowed)] || *s == '.' || *s == '-')
        return json_doc_error(
            doc, at, err,
            "must be letters, digits, '-', '.' and '_', beginning with a "
            "letter or digit");
    return 0;
}

static int check_choice(const struct json_doc *doc, const char *at, const json_t *v,
                        const char *choices, struct err *err)
{
    const char *s = json_string_value(v);
    size_t n = s ? strlen(s) : 0;
    for (const char *c = choices; n && *c; c += strspn(c, " ")) {
        size_t len = strcspn(c, " ");
        if (len == n && strncmp(c, s, n) == 0)
            return 0;
        c += len;
    }
    return json_doc_error(doc, at, err, "must be one of: %s", choices);
}

/* --- lists ----------------------------------------------------------------------------------- */

static int check_item(const struct json_doc *doc, const char *at, const json_t *v,
                      const struct key *key, bool wildcard, struct err *err)
{
    if (key_check_text(doc, at, v, err) < 0)
        return -1;
    const char *name = json_string_value(v);
    if (key->type == KEY_TEXTS || (wildcard && strchr(name, '*')))
        return 0;
    CLEANUP(mem_freep) char *why = NULL;
    if (name_problem(key->type, name, &why))
        return json_doc_error(doc, at, err, "%s", why);
    return 0;
}

static int check_array(const struct json_doc *doc, const char *at, const json_t *list,
                       const struct key *key, bool wildcard, struct err *err)
{
    if (!json_is_array(list))
        return json_doc_error(doc, at, err, "must be an array");
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v)
    {
        CLEANUP(mem_freep) char *item = json_doc_pointer_index(at, i);
        if (check_item(doc, item, v, key, wildcard, err) < 0)
            return -1;
        for (size_t j = 0; j < i; j++)
            if (json_equal(json_array_get(list, j), v))
                return json_doc_error(doc, item, err, "'%s' stands there twice",
                                      json_string_value(v));
    }
    return 0;
}

static int check_list(const struct json_doc *doc, const char *at, json_t *v,
                      const struct key *key, struct err *err)
{
    if (!json_is_object(v))
        return check_array(doc, at, v, key, false, err);
    const char *name;
    json_t *part;
    json_object_foreach(v, name, part)
    {
        CLEANUP(mem_freep) char *where = json_doc_pointer(at, name);
        bool remove = strcmp(name, "remove") == 0;
        int rc =
            remove || strcmp(name, "prepend") == 0 || strcmp(name, "append") == 0
                ? check_array(doc, where, part, key, remove, err)
                : json_doc_key_error(doc, where, err,
                                     "a list is edited by prepend, append and remove");
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* --- values ---------------------------------------------------------------------------------- */

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* A service; with a dot, a role of it; with a slash, a virtual host of it. */
static bool is_scope(const char *name)
{
    size_t service = strspn(name, NAME_LETTERS);
    const char *rest = name + service;
    if (!service || !*rest)
        return service != 0;
    const char *allowed = *rest == '/' ? NAME_LETTERS ".:*" : NAME_LETTERS;
    return (*rest == '/' || *rest == '.') && rest[1] &&
           rest[1 + strspn(rest + 1, allowed)] == '\0';
}

static int check_scopes(const struct json_doc *doc, const char *at, json_t *scopes,
                        struct err *err)
{
    if (!json_is_object(scopes))
        return json_doc_error(doc, at, err, "must be an object");
    const char *name;
    json_t *body;
    json_object_foreach(scopes, name, body)
    {
        CLEANUP(mem_freep) char *where = json_doc_pointer(at, name);
        if (!is_scope(name))
            return json_doc_key_error(
                doc, where, err, "a scope is SERVICE, SERVICE.ROLE or SERVICE/VHOST");
        if (!json_is_object(body))
            return json_doc_error(doc, where, err, "must be an object");
        if (key_check(doc, where, "", true, err) < 0)
            return -1;
    }
    return 0;
}

static int check_number(const struct json_doc *doc, const char *at, const json_t *v,
                        const struct key *key, struct err *err)
{
    if (!json_is_integer(v) || json_integer_value(v) < key->min ||
        json_integer_value(v) > key->max)
        return json_doc_error(doc, at, err, "must be a whole number from %ld to %ld",
                              key->min, key->max);
    return 0;
}

static int check_value(const struct json_doc *doc, const char *at, json_t *v,
                       const struct key *key, bool scoped, struct err *err)
{
    if (key->or_false && json_is_false(v))
        return 0;
    switch (key->type) {
    case KEY_SECTION:
        if (!json_is_object(v))
            return json_doc_error(doc, at, err, "must be an object");
        return key_check(doc, at, key->pointer, scoped, err);
    case KEY_TEXT:
        return key_check_text(doc, at, v, err);
    case KEY_NAME:
        return check_name(doc, at, v, err);
    case KEY_FLAG:
        return json_is_boolean(v) ? 0
                                  : json_doc_error(doc, at, err, "must be true or false");
    case KEY_NUMBER:
        return check_number(doc, at, v, key, err);
    case KEY_CHOICE:
        return check_choice(doc, at, v, key->choices, err);
    case KEY_SCOPES:
        return check_scopes(doc, at, v, err);
    case KEY_LEVELS:
        return level_check(doc, at, err);
    case KEY_TEXTS:
    case KEY_PROTOCOLS:
    case KEY_SUITES:
    case KEY_GROUPS:
    case KEY_SIGSCHEMES:
    case KEY_OPTIONAL:
        return check_list(doc, at, v, key, err);
    }
    return 0;
}

/* "unknown key", with the name that was probably meant. */
static int unknown_key(const struct json_doc *doc, const char *at, const char *base,
                       const char *name, struct err *err)
{
    const char *near[ARRAY_LEN(keys)];
    size_t n = 0, skip = strlen(base);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strncmp(keys[i].pointer, base, skip) == 0 && keys[i].pointer[skip] == '/' &&
            !strchr(keys[i].pointer + skip + 1, '/'))
            near[n++] = keys[i].pointer + skip + 1;
    const char *meant = suggest(name, near, n);
    if (meant)
        return json_doc_key_error(doc, at, err, "unknown key; did you mean '%s'?", meant);
    return json_doc_key_error(doc, at, err, "unknown key; see tlsharden-profile(5)");
}

int key_check(const struct json_doc *doc, const char *pointer, const char *base,
              bool scoped, struct err *err)
{
    json_t *object = json_doc_at(doc->root, pointer), *v;
    const char *name;
    json_object_foreach(object, name, v)
    {
        CLEANUP(mem_freep) char *at = json_doc_pointer(pointer, name);
        CLEANUP(mem_freep) char *wanted = json_doc_pointer(base, name);
        const struct key *key = key_find(wanted);
        if (!key)
            return unknown_key(doc, at, base, name, err);
        if (scoped && key->top_only)
            return json_doc_key_error(doc, at, err, "can't stand within a scope");
        if (check_value(doc, at, v, key, scoped, err) < 0)
            return -1;
    }
    return 0;
}

void key_defaults(json_t *profile)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        CLEANUP(mem_freep)
        char *parent = mem_strndup(
            keys[i].pointer, (size_t)(strrchr(keys[i].pointer, '/') - keys[i].pointer));
        const char *name = strrchr(keys[i].pointer, '/') + 1;
        json_t *object = json_doc_at(profile, parent);
        if (!json_is_object(object) || json_object_get(object, name))
            continue;
        if (keys[i].fallback)
            json_object_set_new(object, name,
                                json_loads(keys[i].fallback, JSON_DECODE_ANY, NULL));
        else if (keys[i].type == KEY_SECTION)
            json_object_set_new(object, name, json_object());
    }
}
