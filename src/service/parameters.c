/* Recursive replacement, bounded in depth and size: a table may be hostile. */
#include "service/parameters.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"

#define DEPTH_LIMIT 16
#define SIZE_LIMIT  ((size_t)4 << 10)
#define TABLE_LIMIT 10000 /* values with references that are expanded */

/* Letters of a parameter's name; mixed case occurs in names such as smtpd_tls_CAfile. */
static const char name_letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

static bool expand(const json_t *table, const char *text, unsigned depth,
                   struct buf *out);

/* Reads the reference behind a "$"; the bytes it takes, 0 when it is none that we know. */
static size_t read_reference(const char *at, char **ret_name)
{
    char close = *at == '{' ? '}' : *at == '(' ? ')' : '\0';
    size_t lead = close ? 1 : 0, n = strspn(at + lead, name_letters);
    if (!n || (close && at[lead + n] != close))
        return 0;
    *ret_name = mem_strndup(at + lead, n);
    return lead + n + lead;
}

/* The bytes that a "$" at `at` takes, 0 when it cannot be replaced. */
static size_t replace(const json_t *table, const char *at, unsigned depth,
                      struct buf *out)
{
    CLEANUP(mem_freep) char *name = NULL;
    if (at[1] == '$') {
        buf_addc(out, '$');
        return 2;
    }
    size_t n = read_reference(at + 1, &name);
    const char *value = n ? json_string_value(json_object_get(table, name)) : NULL;
    return value && expand(table, value, depth + 1, out) ? n + 1 : 0;
}

static bool expand(const json_t *table, const char *text, unsigned depth, struct buf *out)
{
    if (depth == DEPTH_LIMIT)
        return false;
    while (*text) {
        size_t plain = strcspn(text, "$");
        buf_add(out, text, plain);
        text += plain;
        size_t taken = *text ? replace(table, text, depth, out) : 0;
        if ((*text && !taken) || out->len > SIZE_LIMIT)
            return false;
        text += taken;
    }
    return true;
}

char *parameters_expand(const json_t *table, const char *text)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    if (!expand(table, text, 0, &out))
        return mem_strdup(text);
    return out.len ? buf_take(&out) : mem_strdup("");
}

json_t *parameters_table(json_t *table)
{
    json_t *out = json_object(), *v;
    const char *name;
    unsigned expanded = 0;
    json_object_foreach(table, name, v)
    {
        const char *text = json_string_value(v);
        bool refers = text && strchr(text, '$') && expanded < TABLE_LIMIT;
        CLEANUP(mem_freep)
        char *value = refers ? parameters_expand(table, text) : mem_strdup(text);
        expanded += refers;
        if (value)
            json_object_set_new(out, name, json_string(value));
    }
    return out;
}
