/* Findings about certificates, as they are added. */
#ifndef PROBE_CERTIFICATE_REPORT_H
#define PROBE_CERTIFICATE_REPORT_H

#include "probe/certificate.h"

/* Adds a finding; `id` is static, `remedy` is stolen. */
void certificate_note(struct certificate_report *r, enum certificate_severity severity,
                      const char *id, const char *file, char *remedy, const char *fmt,
                      ...) PRINTF(6, 7);

#endif
