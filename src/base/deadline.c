/* The monotonic clock: what people and NTP do to the time of day does not matter to it. */
#include "base/deadline.h"

#include <limits.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + (ts.tv_nsec + 999999) / 1000000;
}

int64_t deadline_in(int ms)
{
    return now_ms() + (ms > 0 ? ms : 0);
}

int deadline_left(int64_t deadline)
{
    int64_t left = deadline - now_ms();
    if (left <= 0)
        return 0;
    return left > INT_MAX ? INT_MAX : (int)left;
}
