/* Values are taken apart at white space; what is no "name=number" is kept as it stands. */
#include "service/factors.h"

#include <stdlib.h>
#include <string.h>

#include "base/strv.h"

static void add_words(const char *text, struct strv *words)
{
    static const char blank[] = " \t\r\n";
    while (*(text += strspn(text, blank))) {
        size_t n = strcspn(text, blank);
        strv_take(words, mem_strndup(text, n));
        text += n;
    }
}

static void read_words(const json_t *values, struct strv *words)
{
    for (size_t i = 0; i < json_array_size(values); i++) {
        const json_t *v = json_array_get(values, i);
        if (json_is_string(v))
            add_words(json_string_value(v), words);
        else
            read_words(v, words);
    }
}

/* What stands behind "NAME=" in a word; NULL when it is another one. Names have no case. */
static const char *factor_value(const char *word, const char *name)
{
    size_t n = strlen(name);
    return strncasecmp(word, name, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

json_t *factors_set(const json_t *values, const char *factor, long value,
                    long *ret_present)
{
    CLEANUP(strv_release) struct strv words = STRV_INIT;
    CLEANUP(mem_freep) char *wanted = mem_printf("%s=%ld", factor, value);
    json_t *out = json_array();
    long present = -1;
    read_words(values, &words);
    json_array_append_new(out, json_string(wanted));
    for (size_t i = 0; i < words.count; i++) {
        const char *number = factor_value(words.items[i], factor);
        if (number)
            present = strtol(number, NULL, 10);
        else
            json_array_append_new(out, json_string(words.items[i]));
    }
    if (ret_present)
        *ret_present = present;
    return out;
}
