/*
 * The file in which a directory server keeps an entry, as it would be after the change: what a
 * rehearsal starts a second server on. The file itself is the server's and is never written by us.
 */
#ifndef PLAN_SHADOW_H
#define PLAN_SHADOW_H

#include "plan/plan.h"
#include "service/document.h"
#include "service/host.h"

/* Sets entry->file and entry->file_after from the files that the document's description names;
 * leaves them unset when none of them holds the entry. ERR_SYSTEM: one cannot be read; ERR_INPUT. */
int shadow_entry(const struct host *host, const struct document *d,
                 struct plan_entry *entry, struct err *err) MUST_CHECK;

#endif
