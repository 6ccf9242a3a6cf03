/* Versions of packages, and conditions on versions. */
#ifndef SERVICE_VERSION_H
#define SERVICE_VERSION_H

#include <stdbool.h>

/* "1:2.4.57+dfsg-2~deb12u1" -> "2.4.57": what the program itself says. Owned by the caller. */
char *version_upstream(const char *package_version);

/* Does a version satisfy "OP VERSION", OP being one of >= > <= < =? False when either is empty or
 * the condition is none. */
bool version_satisfies(const char *version, const char *condition);

#endif
