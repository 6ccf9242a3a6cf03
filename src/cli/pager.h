/*
 * Long results on a terminal go through a pager, as git's do: $TLSHARDEN_PAGER, else $PAGER, else less.
 *
 *     pager_start(cli);          after the last message of work under way, before the first result
 *     ...                        results and messages are written as ever
 *     pager_finish(cli);         once, by the frame; waits until the reader has seen enough
 */
#ifndef CLI_PAGER_H
#define CLI_PAGER_H

#include <sys/types.h>

#include "cli/cli.h"

struct pager {
    pid_t pid; /* 0: none runs */
    int out;   /* stdout and stderr as they were; stderr -1: it is not redirected */
    int errors;
};

/* Has what follows on stdout, and on stderr where that is a terminal, go through the pager. Does nothing unless stdout is
 * a terminal, nor with --no-pager, an empty variable or "cat", or where there is no such program. */
void pager_start(const struct cli *cli);

/* Ends the output and waits for the pager; both streams are what they were. Returns whether one ran: what could not be
 * written then is no error, its reader has left. */
bool pager_finish(const struct cli *cli);

#endif
