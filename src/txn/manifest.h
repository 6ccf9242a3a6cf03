/* The manifest of a record as text: the part that never changes, see record.h; store.h keeps it. */
#ifndef TXN_MANIFEST_H
#define TXN_MANIFEST_H

#include "txn/record.h"

#define MANIFEST_VERSION 2

/* Appends it, one JSON object; record_load() reads it. -1: a text in it is not UTF-8. */
int manifest_write(const struct record *r, struct buf *out) MUST_CHECK;

#endif
