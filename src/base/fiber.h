/*
 * Fibres: code that waits in the middle, many at a time, on one thread. What would block in poll(2)
 * or sleep lets the others run instead; outside a fibre both do what their names say, so that code
 * need not know where it runs.
 *
 *     CLEANUP(fibers_freep) struct fibers *all = fibers_new();
 *     fibers_start(all, ask_one, &question);
 *     while (fibers_count(all)) fibers_run(all);
 *
 * Only one runs at any time and it is left only where it waits, so that no locks are needed. What
 * one thread has one of (errno, libcrypto's queue of errors) must not be expected to survive a wait.
 */
#ifndef BASE_FIBER_H
#define BASE_FIBER_H

#include <poll.h>
#include <stddef.h>

#include "base/mem.h"

/* Of one fibre; only what is touched takes memory, and what lies below it may not be touched. */
#define FIBER_STACK ((size_t)256 << 10)

struct fibers;

struct fibers *fibers_new(void); /* owned by the caller (fibers_freep) */

/* One that has not ended is gone where it waits, with what it holds: it may hold nothing. */
void fibers_freep(struct fibers **all);

/* Runs `run(arg)` as a new fibre until it waits for the first time. Not from within a fibre. */
void fibers_start(struct fibers *all, void (*run)(void *arg), void *arg);

/* How many have not ended. */
size_t fibers_count(const struct fibers *all);

/* Waits until any of them can go on, and lets those. */
void fibers_run(struct fibers *all);

/* poll(2) of one descriptor; -1 for no limit of time. Goes on after signals. */
int fiber_poll(struct pollfd *p, int timeout_ms);

void fiber_sleep(int ms);

#endif
