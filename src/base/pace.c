/* A moment is taken before it is waited for: the next to ask is given the one behind it. Waits are in whole
 * milliseconds, rounded up, so that at rates above 1000 several come at once, and never too many in all. */
#include "base/pace.h"

#include <time.h>

#include "base/fiber.h"

#define SECOND ((int64_t)1000000)

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND + t.tv_nsec / 1000;
}

int64_t pace_wait(struct pace *p)
{
    if (!p || p->per_second == 0)
        return 0;
    int64_t now = now_us(), mine = p->next > now ? p->next : now;
    p->next = mine + (SECOND + p->per_second - 1) / p->per_second;
    int64_t ms = (mine - now + 999) / 1000;
    for (int64_t left = ms; left > 0; left -= 60000)
        fiber_sleep((int)(left < 60000 ? left : 60000));
    return ms;
}
