/* Days for people. */
#ifndef BASE_DAY_H
#define BASE_DAY_H

#include <stdint.h>

/* "2027-02-24", in UTC, of seconds since the epoch; owned by the caller (free). */
char *day_text(int64_t seconds);

#endif
