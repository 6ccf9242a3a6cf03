/* Generations as people name them: "0007", "7". */
#ifndef TXN_ID_H
#define TXN_ID_H

#include "base/err.h"

/* ERR_USAGE: it is no such number. */
int id_parse(const char *text, unsigned *ret, struct err *err) MUST_CHECK;

/* ERR_REFUSED "there is no generation 0007"; always -1. */
int id_unknown(unsigned id, struct err *err);

#endif
