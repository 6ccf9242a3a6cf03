/* Where the generations are, and what they hold that a command should know of. */
#ifndef CLI_STATE_H
#define CLI_STATE_H

#include "cli/cli.h"
#include "txn/txn.h"

/* /var/lib/tlsharden, beneath --root where that is given. Owned by the caller (free). */
char *state_dir(const struct cli *cli);

/* Tells on stderr that an interrupted change is waiting for recover, if one is. */
void state_warn(const struct cli *cli);

/* ERR_SYSTEM when the host's own files are to be changed by somebody else than root. */
int state_need_root(const struct cli *cli, struct err *err) MUST_CHECK;

#endif
