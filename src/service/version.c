/* Debian's versions are [epoch:]upstream[-revision]; repackaging marks ("+dfsg") go as well. */
#include "service/version.h"

#include <string.h>

#include "base/mem.h"
#include "dialect/dialect.h"

char *version_upstream(const char *package_version)
{
    const char *colon = strchr(package_version, ':');
    const char *begin = colon ? colon + 1 : package_version;
    return mem_strndup(begin, strcspn(begin, "-+~"));
}

bool version_satisfies(const char *version, const char *condition)
{
    size_t op = strspn(condition, "<>=");
    const char *wanted = condition + op + strspn(condition + op, " ");
    if (!*version || !op || !*wanted)
        return false;
    int order = dialect_version_cmp(version, wanted);
    bool equal = memchr(condition, '=', op) != NULL && order == 0;
    return equal || (memchr(condition, '>', op) && order > 0) ||
           (memchr(condition, '<', op) && order < 0);
}
