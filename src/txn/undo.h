/*
 * The way back: what rollback, recovery and a failed apply have in common. It reads the record and the
 * host, nothing else, and may be stopped and begun again at any point.
 */
#ifndef TXN_UNDO_H
#define TXN_UNDO_H

#include "txn/run.h"

/* Finds out what is at each path of run->record: `found`, `present`, `has_temp`. */
int undo_look(struct run *run, struct err *err) MUST_CHECK;

/* What is neither as it was nor as we left it and may not be put back by force, for people:
 * "'/etc/x', '/etc/y'"; "" when there is none. */
void undo_edited(const struct run *run, struct buf *out);

/* Puts everything back but what was edited: files, directories, then the entries and services that may
 * have taken notice; `edited` gets what stays. -1 with run->begun false: nothing was changed. */
int undo(struct run *run, struct buf *edited, struct err *err) MUST_CHECK;

/* Undo for a change that failed; `err` holds why and gets what has become of it (txn.h). Always
 * -1. */
int undo_failed(struct run *run, struct err *err);

/* What becomes of a change that waits to be confirmed. */
enum undo_waiting {
    UNDO_WAITING_REFUSE, /* until its deadline nothing else may happen */
    UNDO_WAITING_LEAVE,
    UNDO_WAITING_BACK,
};

/* Finishes what an interrupted run left: undoes it, or settles what was committed. */
int undo_pending(struct run *run, enum undo_waiting waiting, bool *ret_had_work,
                 struct err *err) MUST_CHECK;

#endif
