/* Whether the host still is what the plan was made for; and what there is to remember of it. */
#ifndef TXN_SURVEY_H
#define TXN_SURVEY_H

#include "txn/run.h"

/* Makes run->record of the plan and the host. ERR_REFUSED: something has changed since, or is not
 * safe to change. */
int survey(struct run *run, const struct plan *plan, struct err *err) MUST_CHECK;

#endif
