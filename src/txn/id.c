/* Decimal, at most eight digits. */
#include "txn/id.h"

#include <stdlib.h>
#include <string.h>

int id_parse(const char *text, unsigned *ret, struct err *err)
{
    size_t digits = strspn(text, "0123456789");
    if (!digits || text[digits] || digits > 8 || strtoul(text, NULL, 10) == 0)
        return err_set(err, ERR_USAGE, "'%s' is not the number of a generation", text);
    *ret = (unsigned)strtoul(text, NULL, 10);
    return 0;
}

int id_unknown(unsigned id, struct err *err)
{
    return err_set(err, ERR_REFUSED,
                   "there is no generation %04u: see 'tlsharden history'", id);
}
