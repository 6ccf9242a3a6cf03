/* Certificates may have dates that no calendar reaches. */
#include "base/day.h"

#include <time.h>

#include "base/mem.h"

char *day_text(int64_t seconds)
{
    char text[40] = "an unknown date";
    time_t t = (time_t)seconds;
    struct tm tm;
    if (gmtime_r(&t, &tm))
        strftime(text, sizeof text, "%Y-%m-%d", &tm);
    return mem_strdup(text);
}
