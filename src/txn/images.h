/* Content before and after of every file of a generation, in one file, in the order of the record. */
#ifndef TXN_IMAGES_H
#define TXN_IMAGES_H

#include "base/err.h"
#include "plan/plan.h"

/* Makes "images" in the folder, durably. How to read them: store_image(). */
int images_write(int folder, const struct plan *plan, struct err *err) MUST_CHECK;

#endif
