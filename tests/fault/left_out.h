/*
 * A guard.c in which points can be left out. A program that includes this is linked with it
 * instead of the real one: that is the build without that sync, or without that look.
 */
#ifndef FAULT_LEFT_OUT_H
#define FAULT_LEFT_OUT_H

#include <unistd.h>

#include "txn/guard.h"

/* GUARD_ASIDE: files stand aside beside their names, as where the records are on another file system. */
static enum guard left_out = GUARD_NONE, left_out_too = GUARD_NONE;

int guard_fsync(int fd, enum guard which)
{
    return which == left_out || which == left_out_too ? 0 : fsync(fd);
}

int guard_syncfs(int fd, enum guard which)
{
    return which == left_out || which == left_out_too ? 0 : syncfs(fd);
}

bool guard_looks(enum guard which)
{
    return which != left_out && which != left_out_too;
}

#endif
