/*
 * The way back: what rollback, recovery and a failed apply have in common. It reads the record and the
 * host, nothing else, and may be stopped and begun again at any point.
 */
#ifndef TXN_UNDO_H
#define TXN_UNDO_H

#include "txn/run.h"

/* Finds out what is at each path of run->record: `found`. Appends to `edited` what is neither as it was nor
 * as we left it, for people: "'/etc/x' (as it was: /var/lib/tlsharden/gen/0001/before/0)". */
int undo_look(struct run *run, struct buf *edited, struct err *err) MUST_CHECK;

/* Puts everything back but what was edited: files, directories, then the entries and services that may
 * have taken notice. -1 with run->begun false: nothing was changed. */
int undo(struct run *run, struct buf *edited, struct err *err) MUST_CHECK;

/* Undo for a change that failed; `err` holds why and gets what has become of it (txn.h). Always
 * -1. */
int undo_failed(struct run *run, struct err *err);

/* Undoes what an interrupted run left pending. */
int undo_pending(struct run *run, bool *ret_had_work, struct err *err) MUST_CHECK;

#endif
