/* inet_pton(3) decides what an address is; all else is a name, a sound one or not. */
#include "base/hostname.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"

static int family_of(const char *host)
{
    return strchr(host, ':') ? AF_INET6 : AF_INET;
}

bool hostname_is_address(const char *host)
{
    unsigned char ignored[sizeof(struct in6_addr)];
    return inet_pton(family_of(host), host, ignored) == 1;
}

char *hostname_address(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(family_of(host), host, address) != 1 ||
        !inet_ntop(family_of(host), address, text, sizeof text))
        return NULL;
    return mem_strdup(text);
}

size_t hostname_length(const char *name)
{
    size_t n = strlen(name);
    return n > 1 && name[n - 1] == '.' ? n - 1 : n;
}
