/* From left to right: "+" adds, "-" takes away, a bare name is the whole list from then on. "all"
 * has no SSLv3: no library that is still maintained comes with it. */
#include "service/httpd_protocols.h"

#include <string.h>
#include <strings.h>

#include "policy/protocol.h"

static unsigned set_of(const char *name)
{
    if (strcasecmp(name, "all") == 0)
        return protocol_range(PROTOCOL_TLS1, PROTOCOL_TLS1_3);
    for (int v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++)
        if (strcasecmp(protocol_info((enum protocol)v)->name, name) == 0)
            return protocol_bit((enum protocol)v);
    return 0;
}

unsigned httpd_protocols(const struct strv *args)
{
    unsigned set = 0;
    for (size_t i = 0; i < args->count; i++) {
        const char *word = args->items[i];
        char sign = *word == '+' || *word == '-' ? *word++ : '=';
        unsigned named = set_of(word);
        set = sign == '+' ? set | named : sign == '-' ? set & ~named : named;
    }
    return set;
}
