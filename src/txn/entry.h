/*
 * A directory entry of the record, changed and changed back over the local socket.
 *
 * A server may answer a refused modify by breaking what it is doing already, and keep the refused values
 * in memory although the entry reads as before. So each change, and each way back, is ONE modify
 * that carries the complete set; and where a value was absent before, the way back first writes the
 * neutral one of the plan and only then removes it.
 */
#ifndef TXN_ENTRY_H
#define TXN_ENTRY_H

#include <jansson.h>

#include "txn/record.h"

/* What it holds now. FOUND_AFTER is also what a way back leaves that was stopped halfway. */
int entry_look(const json_t *entry, enum record_found *ret, struct err *err) MUST_CHECK;

int entry_change(const json_t *entry, struct err *err) MUST_CHECK;

int entry_change_back(const json_t *entry, struct err *err) MUST_CHECK;

#endif
