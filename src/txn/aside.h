/*
 * Where a file of the record stands while it is not under its own name: the new one until it takes its
 * place, the old one from then on.
 *
 * In the folder "before" of the generation, under the file's number, where that is on the same file system:
 * no daemon reads it there, not even one that takes every file of a directory ("Include conf.d/" of
 * Apache takes hidden ones, too), and the old file is where it is kept. Otherwise beside its name, under
 * record_file.temp; so are files that are new, which get from their directory what it gives to new files
 * (default access control lists, security labels).
 */
#ifndef TXN_ASIDE_H
#define TXN_ASIDE_H

#include "txn/run.h"

/* For the way forward: decides where file `f`, whose place is `p`, will stand aside. Makes the folder. */
int aside_choose(struct run *run, struct record_file *f, const struct place *p,
                 struct err *err) MUST_CHECK;

/* For the way back of a record that was loaded: opens the folder, if it is there and the change is not settled:
 * then it is the archive, and the old files in it stay until all is done. */
int aside_open(struct run *run, struct err *err) MUST_CHECK;

/* Finds out where file `f` stands aside. */
int aside_look(const struct run *run, struct record_file *f, struct err *err) MUST_CHECK;

/* As decided or found out; nothing need be there. */
struct spot aside_spot(const struct run *run, const struct record_file *f,
                       const struct place *p);

/* fsync of the folder, if it is open. */
int aside_sync(const struct run *run, enum guard which, struct err *err) MUST_CHECK;

#endif
