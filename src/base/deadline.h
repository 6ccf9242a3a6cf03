/*
 * Deadlines: points on the monotonic clock, in milliseconds.
 *
 *     int64_t deadline = deadline_in(5000);
 *     poll(&p, 1, deadline_left(deadline));
 */
#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include <stdint.h>

/* The point `ms` milliseconds from now; a negative `ms` is now. */
int64_t deadline_in(int ms);

/* Milliseconds until `deadline`, rounded up; 0 once it has passed. Fits poll(2). */
int deadline_left(int64_t deadline);

#endif
