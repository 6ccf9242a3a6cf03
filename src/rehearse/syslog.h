/*
 * The system's log, as the daemon of a rehearsal sees it: what it says there is kept, and the host's log hears nothing.
 *
 *     struct trial_log log = TRIAL_LOG_INIT;
 *     if (trial_log_open(&log, err) < 0) ...      before processes are made
 *     if (trial_log_mount(&log, dir, err) != 0) ...   in process 1, once the scene is built
 *     trial_log_drain(&log)                       in a process of its own, beside that; it never returns
 *     trial_log_read(&log, &text)                 in process 1, whenever it wants to know
 */
#ifndef REHEARSE_SYSLOG_H
#define REHEARSE_SYSLOG_H

#include "base/buf.h"
#include "base/err.h"

struct trial_log {
    int socket; /* datagrams */
    int file;   /* a memfd; a line for each */
};

#define TRIAL_LOG_INIT                                                                   \
    {                                                                                    \
        .socket = -1, .file = -1                                                         \
    }

int trial_log_open(struct trial_log *ret, struct err *err) MUST_CHECK;

/* Makes /dev/log lead to the socket, which is put into the private directory `dir`. Where the host has none there is
 * nothing to do. 0; 1: the kernel does not let us; -1: ERR_SYSTEM. */
int trial_log_mount(const struct trial_log *log, const char *dir,
                    struct err *err) MUST_CHECK;

/* Reads until it is killed. */
_Noreturn void trial_log_drain(const struct trial_log *log);

/* Appends what was said so far, without priorities, at most `limit` bytes of it. */
void trial_log_read(const struct trial_log *log, size_t limit, struct buf *out);

#endif
