/* Where the generations are, and what commands that change them have in common. */
#ifndef CLI_STATE_H
#define CLI_STATE_H

#include "cli/cli.h"
#include "txn/txn.h"

/* /var/lib/tlsharden, beneath --root where that is given. Owned by the caller (free). */
char *state_dir(const struct cli *cli);

/* Whether it is about the running host, not a tree. */
bool state_is_host(const struct cli *cli);

/* Options of a transaction that shows its progress; `cli` and `dir` are borrowed. */
struct txn_opts state_opts(const struct cli *const *cli, const char *dir);

/* Tells on stderr of a change that was interrupted, waits to be confirmed or is damaged. */
void state_warn(const struct cli *cli);

/* ERR_SYSTEM when the host's own files are to be changed by somebody else than root. */
int state_need_root(const struct cli *cli, struct err *err) MUST_CHECK;

/* The command's own option as a number from 1 to `max`; *ret stays when it is not given. */
int state_number(const struct cli *cli, const char *option, unsigned max, unsigned *ret,
                 struct err *err) MUST_CHECK;

/* "generation 0001 is RESULT", or the same as JSON. Always 0. */
int state_tell(const struct cli *cli, unsigned generation, const char *result);

#endif
