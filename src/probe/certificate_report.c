/* Findings about certificates. */
#include "probe/certificate_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void certificate_report_release(struct certificate_report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->items[i].file);
        free(r->items[i].what);
        free(r->items[i].remedy);
    }
    free(r->items);
    *r = (struct certificate_report)CERTIFICATE_REPORT_INIT;
}

size_t certificate_errors(const struct certificate_report *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->items[i].severity == CERTIFICATE_ERROR;
    return n;
}

void certificate_note(struct certificate_report *r, enum certificate_severity severity,
                      const char *id, const char *file, char *remedy, const char *fmt,
                      ...)
{
    va_list ap;
    char *what = NULL;
    va_start(ap, fmt);
    if (vasprintf(&what, fmt, ap) < 0)
        abort(); /* out of memory */
    va_end(ap);
    MEM_GROW(r->items, r->count, r->cap);
    r->items[r->count++] = (struct certificate_finding){.severity = severity,
                                                        .id = id,
                                                        .file = mem_strdup(file),
                                                        .what = what,
                                                        .remedy = remedy};
}
