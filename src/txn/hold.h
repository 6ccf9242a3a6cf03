/*
 * Signals, held: while files change nobody can stop us halfway. What came meanwhile is asked for at
 * safe points and answered by the way back, not by dying.
 */
#ifndef TXN_HOLD_H
#define TXN_HOLD_H

#include <signal.h>

struct hold {
    sigset_t before; /* the mask to put back */
    sigset_t held;
};

/* From here on SIGINT, SIGTERM and SIGHUP wait (but for those that are ignored, as under nohup), and
 * neither a closed pipe nor a file size limit kills. */
void hold_begin(struct hold *h);

/* The signal that asks us to stop, or 0. It stays pending. */
int hold_asked(const struct hold *h);

/* Drops what is pending and puts the mask back: what was asked for has been answered. */
void hold_end(struct hold *h);

#endif
