/* What an endpoint was held against, as findings. */
#ifndef REPORT_WIRE_FINDINGS_H
#define REPORT_WIRE_FINDINGS_H

#include "probe/conform.h"
#include "report/finding.h"

/* Adds one finding per item. */
void wire_findings(const struct endpoint *endpoint, const struct conform *c,
                   struct findings *ret);

/* Adds that nothing could be found out, and why. */
void wire_findings_none(const struct endpoint *endpoint, const char *why,
                        struct findings *ret);

#endif
