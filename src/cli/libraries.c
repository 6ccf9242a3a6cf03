/* Libraries by name and version, or as this host has them. */
#include "cli/libraries.h"

#include <string.h>

void libraries_release(struct libraries *l)
{
    strv_release(&l->versions);
    l->count = 0;
}

/* "3.5.0", "1.0.2u": digits and dots, then perhaps a letter. */
static bool is_version(const char *s)
{
    size_t digits = strspn(s, "0123456789.");
    const char *rest = s + digits;
    return digits && *s != '.' && s[digits - 1] != '.' && strchr(s, '.') &&
           !strstr(s, "..") && strlen(rest) <= 2 &&
           strspn(rest, "abcdefghijklmnopqrstuvwxyz") == strlen(rest);
}

static int add_named(const char *word, struct libraries *l, struct err *err)
{
    const char *equals = strchr(word, '=');
    enum dialect_kind kind = DIALECT_OPENSSL;
    CLEANUP(mem_freep)
    char *name = mem_strndup(word, equals ? (size_t)(equals - word) : strlen(word));
    if (!equals || !dialect_by_name(name, &kind) || !is_version(equals + 1))
        return err_set(err, ERR_USAGE,
                       "--for: '%s' is not openssl=VERSION or gnutls=VERSION", word);
    if (l->count == LIBRARIES_MAX)
        return err_set(err, ERR_USAGE, "--for: more than %d versions", LIBRARIES_MAX);
    strv_add(&l->versions, equals + 1);
    l->items[l->count++] =
        (struct library){kind, l->versions.items[l->versions.count - 1], NULL};
    return 0;
}

static int find_named(const char *named, struct libraries *l, struct err *err)
{
    CLEANUP(mem_freep) char *copy = mem_strdup(named);
    char *state = NULL;
    for (char *word = strtok_r(copy, ",", &state); word;
         word = strtok_r(NULL, ",", &state))
        if (add_named(word, l, err) < 0)
            return -1;
    return l->count ? 0 : err_set(err, ERR_USAGE, "--for: names nothing");
}

int libraries_find(const char *named, struct libraries *ret, struct err *err)
{
    CLEANUP(libraries_release) struct libraries found = LIBRARIES_INIT;
    if (named && find_named(named, &found, err) < 0)
        return -1;
    for (int kind = DIALECT_OPENSSL; !named && kind <= DIALECT_GNUTLS; kind++) {
        struct err missing = ERR_INIT;
        if (dialect_local((enum dialect_kind)kind, &found.items[found.count], &missing) ==
            0)
            found.count++;
    }
    *ret = found;
    found = (struct libraries)LIBRARIES_INIT;
    return 0;
}
