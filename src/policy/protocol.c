/* Protocol versions. */
#include "policy/protocol.h"

#include <string.h>

#include "base/mem.h"

static const struct protocol_info infos[] = {
    {PROTOCOL_SSL2, 0x0002, "SSLv2", "SSLv2", NULL, "is broken (RFC 6176)"},
    {PROTOCOL_SSL3, 0x0300, "SSLv3", "SSLv3", "SSL3.0", "is broken (RFC 7568)"},
    {PROTOCOL_TLS1, 0x0301, "TLSv1", "TLSv1", "TLS1.0", NULL},
    {PROTOCOL_TLS1_1, 0x0302, "TLSv1.1", "TLSv1_1", "TLS1.1", NULL},
    {PROTOCOL_TLS1_2, 0x0303, "TLSv1.2", "TLSv1_2", "TLS1.2", NULL},
    {PROTOCOL_TLS1_3, 0x0304, "TLSv1.3", "TLSv1_3", "TLS1.3", NULL},
};

const struct protocol_info *protocol_info(enum protocol p)
{
    return &infos[p];
}

const struct protocol_info *protocol_by_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(infos); i++)
        if (strcmp(infos[i].name, name) == 0)
            return &infos[i];
    return NULL;
}

const struct protocol_info *protocol_by_wire(uint16_t wire)
{
    for (size_t i = 0; i < ARRAY_LEN(infos); i++)
        if (infos[i].wire == wire)
            return &infos[i];
    return NULL;
}

enum protocol protocol_lowest(unsigned set)
{
    enum protocol p = PROTOCOL_SSL2;
    while (p < PROTOCOL_TLS1_3 && !protocol_in(set, p))
        p++;
    return p;
}

enum protocol protocol_highest(unsigned set)
{
    enum protocol p = PROTOCOL_TLS1_3;
    while (p > PROTOCOL_SSL2 && !protocol_in(set, p))
        p--;
    return p;
}

unsigned protocol_range(enum protocol min, enum protocol max)
{
    unsigned set = 0;
    for (unsigned p = min; p <= (unsigned)max; p++)
        set |= 1u << p;
    return set;
}
