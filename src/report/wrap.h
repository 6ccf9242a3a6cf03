/* Text for a terminal, broken at spaces. */
#ifndef REPORT_WRAP_H
#define REPORT_WRAP_H

#include "base/buf.h"

#define WRAP_COLUMNS 80

/* Appends the words of `text`, made visible, where the line that is being written has come to column `at`, and a line's
 * end. Further lines begin with `prefix`. A word that is wider than a line stands alone on one. */
void wrap_add(const char *text, size_t at, const char *prefix, struct buf *out);

#endif
