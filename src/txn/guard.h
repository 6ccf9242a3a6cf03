/*
 * The points at which data is made durable and the looks that precede trust, each by its name. A
 * program that is linked with another guard.c than ours shows what each of them is for: tests/fault
 * leaves them out one at a time and must notice.
 */
#ifndef TXN_GUARD_H
#define TXN_GUARD_H

#include <stdbool.h>

enum guard {
    GUARD_NONE,
    GUARD_MADE,        /* syncfs: the directories of the records, when they were made */
    GUARD_RECORD,      /* fsync: the record and the images in it */
    GUARD_RECORD_DIR,  /* fsync: the folder that holds them, and the one above */
    GUARD_STAGED,      /* fsync: a staged file */
    GUARD_STAGED_DIR,  /* fsync: the directory it stands in */
    GUARD_STAGED_MANY, /* syncfs: both, when there are many */
    GUARD_BACK,        /* fsync: a file staged for the way back */
    GUARD_SWAPPED, /* fsync: the directories, when names have changed what they stand for */
    GUARD_STATE,   /* fsync: how far it is */
    GUARD_STATE_DIR, /* fsync: its folder */
    GUARD_BEFORE,    /* fsync: the folder that old files move to */
    GUARD_ENTRY,     /* syncfs: what a directory server wrote of an entry */
    GUARD_ASIDE, /* look: can files change places with the records? else all stays beside */
    GUARD_DISPLACED, /* look: is what came out of an exchange what the plan saw? */
    GUARD_REREAD,    /* look: does a staged file hold what was written? */
    GUARD_LATE_EDIT, /* look: was the old file written to after it was displaced? */
    GUARD_COUNT,
};

/* fsync(2) and syncfs(2); `which` says what for. */
int guard_fsync(int fd, enum guard which);
int guard_syncfs(int fd, enum guard which);

/* Whether to look. */
bool guard_looks(enum guard which);

#endif
