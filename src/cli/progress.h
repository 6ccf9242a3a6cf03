/* One line on a terminal that says what is under way; nothing elsewhere, unless --verbose. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/cli.h"

void progress(const struct cli *cli, const char *fmt, ...) PRINTF(2, 3);

/* Wipes the line; call it before anything else is printed. */
void progress_done(const struct cli *cli);

#endif
