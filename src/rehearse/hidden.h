/*
 * What the daemon of a rehearsal has no business with: people's files and mail, and the spools of others.
 *
 *     hidden_find(&private, &hidden);                       before anything is mounted
 *     if (hidden_mount(&hidden, &visible, err) != 0) ...
 *     if (hidden_seal(&hidden, err) != 0) ...               once everything is in its place
 */
#ifndef REHEARSE_HIDDEN_H
#define REHEARSE_HIDDEN_H

#include "rehearse/ground.h"

/* The directories to be hidden, without those that are private: these are empty anyway. */
void hidden_find(const struct grounds *private, struct grounds *ret);

/* Hides all but `visible`, which is sorted. 0; 1: the kernel does not let us; -1: ERR_SYSTEM. */
int hidden_mount(struct grounds *hidden, const struct grounds *visible,
                 struct err *err) MUST_CHECK;

/* Makes them read-only. Returns as above. */
int hidden_seal(const struct grounds *hidden, struct err *err) MUST_CHECK;

#endif
