/*
 * Who takes a change back that nobody confirms: not us, since our terminal may be gone with the network that
 * the change has broken. A systemd timer, or a process of its own that nothing ties to us; should both be
 * gone, the unit that runs `tlsharden recover` at the next boot.
 */
#ifndef CLI_WAITER_H
#define CLI_WAITER_H

#include "cli/cli.h"

/* From now on `recover --expired` is run `seconds` from now, and again while the time is not over. */
int waiter_start(const struct cli *cli, unsigned seconds, struct err *err) MUST_CHECK;

/* Counts down on the terminal and asks. True: it is to be kept; false: the time is over, or the
 * terminal is. */
bool waiter_ask(unsigned seconds);

#endif
