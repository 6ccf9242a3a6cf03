/*
 * Directives between semicolons, each a name, or a name and a value, which may be quoted. One that breaks the
 * syntax, or is there twice, makes the whole field void; an unknown one does not.
 */
#include "probe/hsts.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/strv.h"

#define DIRECTIVES_MAX 64 /* nobody has more; each is compared with those before it */

struct directive {
    struct buf name, value;
    bool has_value;
};

static void directive_release(struct directive *d)
{
    buf_release(&d->name);
    buf_release(&d->value);
}

static void skip_space(const char **at)
{
    *at += strspn(*at, " \t");
}

static bool read_token(const char **at, struct buf *ret)
{
    size_t n = strspn(*at, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    buf_add(ret, *at, n);
    *at += n;
    return n > 0;
}

/* Begins behind the first quote. */
static bool read_quoted(const char **at, struct buf *ret)
{
    for (; **at && **at != '"'; (*at)++) {
        if (**at == '\\' && *++*at == '\0')
            return false;
        buf_addc(ret, **at);
    }
    return *(*at)++ == '"';
}

static bool read_directive(const char **at, struct directive *ret)
{
    if (!read_token(at, &ret->name))
        return false;
    skip_space(at);
    ret->has_value = **at == '=';
    if (!ret->has_value)
        return true;
    ++*at;
    skip_space(at);
    if (**at != '"')
        return read_token(at, &ret->value);
    ++*at;
    return read_quoted(at, &ret->value);
}

static bool read_age(const char *text, int64_t *ret)
{
    int64_t age = 0;
    size_t n = strspn(text, "0123456789");
    if (n == 0 || text[n])
        return false;
    for (; *text; text++)
        if (age < HSTS_AGE_LIMIT)
            age = age * 10 + (*text - '0');
    *ret = age < HSTS_AGE_LIMIT ? age : HSTS_AGE_LIMIT;
    return true;
}

static const char *take(const struct directive *d, struct hsts *h)
{
    const char *name = buf_str(&d->name);
    if (strcasecmp(name, "max-age") == 0 && !read_age(buf_str(&d->value), &h->max_age))
        return "max-age is no number";
    if (strcasecmp(name, "includeSubDomains") == 0) {
        if (d->has_value)
            return "includeSubDomains has a value";
        h->subdomains = true;
    }
    h->preload = h->preload || (strcasecmp(name, "preload") == 0 && !d->has_value);
    return NULL;
}

static bool has_nocase(const struct strv *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcasecmp(names->items[i], name) == 0)
            return true;
    return false;
}

static const char *read_one(const char **at, struct strv *seen, struct hsts *h)
{
    CLEANUP(directive_release)
    struct directive d = {.name = BUF_INIT, .value = BUF_INIT};
    if (!read_directive(at, &d))
        return "it is malformed";
    if (has_nocase(seen, buf_str(&d.name)))
        return "a directive is there twice";
    if (seen->count == DIRECTIVES_MAX)
        return "it has too many directives";
    strv_add(seen, buf_str(&d.name));
    return take(&d, h);
}

const char *hsts_read(const char *field, struct hsts *ret)
{
    CLEANUP(strv_release) struct strv seen = STRV_INIT;
    struct hsts h = {.max_age = 0};
    for (const char *at = field;; at++) {
        skip_space(&at);
        const char *why = *at && *at != ';' ? read_one(&at, &seen, &h) : NULL;
        if (why)
            return why;
        skip_space(&at);
        if (*at == '\0')
            break;
        if (*at != ';')
            return "it is malformed";
    }
    if (!has_nocase(&seen, "max-age"))
        return "max-age is missing";
    *ret = h;
    return NULL;
}
