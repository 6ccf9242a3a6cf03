/* One word at a time; what is not known makes the whole setting unknown, so that nothing is guessed from it. */
#include "service/versions.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "policy/protocol.h"

struct versions {
    unsigned named, not_named; /* bits */
    enum protocol min, max;
    bool unknown;
};

static const struct protocol_info *find(const char *word, size_t n)
{
    for (int v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++) {
        const struct protocol_info *p = protocol_info((enum protocol)v);
        if (strlen(p->name) == n && strncasecmp(p->name, word, n) == 0)
            return p;
    }
    return NULL;
}

/* "3.3" is TLS 1.2: version 3.3 of the record layer's numbering. */
static const struct protocol_info *find_number(const char *word)
{
    bool number =
        word[0] == '3' && word[1] == '.' && word[2] >= '0' && word[2] <= '4' && !word[3];
    return number ? protocol_by_wire((uint16_t)(0x0300 | (word[2] - '0'))) : NULL;
}

static void read_word(struct versions *v, const char *word)
{
    size_t n = strlen(word);
    const struct protocol_info *number = find_number(word), *p;
    bool range = n > 2 && word[1] == '=' && (*word == '>' || *word == '<');
    bool newer = n > 2 && strcmp(word + n - 2, "++") == 0;
    size_t skip = range ? 2 : *word == '!';
    p = number ? number : find(word + skip, n - skip - (newer ? 2 : 0));
    if (!p)
        v->unknown = true;
    else if (number || newer || (range && *word == '>'))
        v->min = p->id;
    else if (range)
        v->max = p->id;
    else
        *(*word == '!' ? &v->not_named : &v->named) |= protocol_bit(p->id);
}

unsigned versions_read(const char *text)
{
    struct versions v = {.min = PROTOCOL_SSL2, .max = PROTOCOL_TLS1_3};
    CLEANUP(mem_freep) char *copy = mem_strdup(text);
    char *state = NULL;
    bool any = false;
    for (char *w = copy ? strtok_r(copy, " \t\r\n,:", &state) : NULL; w;
         w = strtok_r(NULL, " \t\r\n,:", &state)) {
        read_word(&v, w);
        any = true;
    }
    if (!any || v.unknown)
        return 0;
    unsigned set = v.named ? v.named : protocol_range(PROTOCOL_SSL2, PROTOCOL_TLS1_3);
    return set & ~v.not_named & protocol_range(v.min, v.max);
}
