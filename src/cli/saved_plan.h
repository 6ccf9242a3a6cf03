/* diff --out and apply --plan: a plan that waits in a file, and the profile that it was made for. */
#ifndef CLI_SAVED_PLAN_H
#define CLI_SAVED_PLAN_H

#include "cli/planning.h"

int saved_plan_write(const struct cli *cli, const struct planning *p, const char *path,
                     struct err *err) MUST_CHECK;

/* Only plan and profile of `ret` are set. ERR_REFUSED: the host or the profile has changed since. */
int saved_plan_read(const struct cli *cli, const char *path, struct planning *ret,
                    struct err *err) MUST_CHECK;

#endif
