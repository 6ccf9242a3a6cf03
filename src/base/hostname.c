/* inet_pton(3) decides what an address is; all else is a name, a sound one or not. */
#include "base/hostname.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"

char *hostname_address(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN];
    int family = strchr(host, ':') ? AF_INET6 : AF_INET;
    if (inet_pton(family, host, address) != 1 ||
        !inet_ntop(family, address, text, sizeof text))
        return NULL;
    return mem_strdup(text);
}

bool hostname_is_address(const char *host)
{
    unsigned char ignored[sizeof(struct in6_addr)];
    return inet_pton(strchr(host, ':') ? AF_INET6 : AF_INET, host, ignored) == 1;
}

size_t hostname_length(const char *name)
{
    size_t n = strlen(name);
    return n > 1 && name[n - 1] == '.' ? n - 1 : n;
}
