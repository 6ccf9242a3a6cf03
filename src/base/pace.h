/*
 * Not more than so many a second, whoever asks: each is given its moment, evenly apart, in the order in which they come.
 *
 *     struct pace pace = {.per_second = 20};
 *     pace_wait(&pace);
 *     connect(...)
 */
#ifndef BASE_PACE_H
#define BASE_PACE_H

#include <stdint.h>

struct pace {
    unsigned per_second; /* 0: no limit */
    /* private */
    int64_t
        next; /* microseconds of the monotonic clock: the first moment that nobody has */
};

/* Waits for the next moment, in a fibre or outside; returns for how many milliseconds. `p` may be NULL: no limit. */
int64_t pace_wait(struct pace *p);

#endif
