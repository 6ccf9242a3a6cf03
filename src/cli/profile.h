/* The subcommands of `tlsharden profile`. Each returns an exit status, or -1 with `err` set. */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include "cli/cli.h"
#include "policy/profile.h"

/* What a profile says, with --origin which file and line says it. */
int profile_show(const struct cli *cli, const struct profile *p, struct err *err);

/* Each item with its level, source and reason. */
int profile_explain(const struct cli *cli, const struct profile *p, struct err *err);

/* What one allows and the other forbids; 1 when they differ. */
int profile_diff(const struct cli *cli, const struct profile *a, const struct profile *b,
                 struct err *err);

/* Loads each, and asks the TLS libraries of this host whether they can do it. */
int profile_check(const struct cli *cli, const struct strv *names, const char *dir,
                  struct err *err);

#endif
