/*
 * Running another program: by argument vector, never by a shell.
 *
 *     CLEANUP(process_release) struct process_result run = PROCESS_INIT;
 *     char *argv[] = {"/usr/sbin/apache2ctl", "-t", NULL};
 *     if (process_run(argv, &(struct process_options){.deadline_ms = 10000}, &run, err) < 0)
 *         return -1;                                      it could not be started
 *     if (!process_ok(&run))
 *         return process_failed(argv, &run, err);         "apache2ctl -t: exit status 1: ..."
 *
 * The child gets a clean environment (PATH=/usr/sbin:/usr/bin:/sbin:/bin, LC_ALL=C), the working
 * directory "/", umask 022, default signal dispositions, no descriptor but 0, 1 and 2, and a session of its
 * own without a terminal, so that nothing can prompt. Standard input is what `input` holds, or
 * /dev/null. Output beyond the limit is read and thrown away.
 *
 * A daemon that the child leaves behind may keep the pipes open: the run ends when the direct
 * child has ended and the pipes are closed or silent for 200 ms. What such a daemon writes later
 * meets a closed pipe. At the deadline the child's process group gets SIGTERM, a second later
 * SIGKILL.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <signal.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/user.h"

#define PROCESS_OUTPUT_LIMIT ((size_t)64 << 10)
#define PROCESS_DEADLINE_MS  60000

struct process_options {
    struct bytes input; /* standard input; empty: /dev/null */
    char *const *
        environment; /* "NAME=value", NULL-terminated, added to the clean ones; may be NULL */
    int deadline_ms; /* 0: PROCESS_DEADLINE_MS */
    size_t
        output_limit; /* bytes kept of each of stdout and stderr; 0: PROCESS_OUTPUT_LIMIT */
    const struct user *user; /* whom to run as (needs root); NULL: as we are */
};

enum process_end {
    PROCESS_EXITED,    /* status is its exit status */
    PROCESS_SIGNALLED, /* status is the signal */
    PROCESS_TIMED_OUT, /* ended by us; status is the signal it died of, or 0 */
};

struct process_result {
    enum process_end end;
    int status;
    struct buf out, errors; /* stdout, stderr; raw bytes, cut at the limit */
    bool cut;               /* something was thrown away */
};

#define PROCESS_INIT                                                                     \
    {                                                                                    \
        .out = BUF_INIT, .errors = BUF_INIT                                              \
    }

void process_release(struct process_result *r);

/* Runs argv[0] (a path, or a name looked up in the clean PATH) to its end. `options` may be NULL;
 * `ret` is overwritten and owned by the caller (process_release). -1, ERR_SYSTEM: it could not
 * be started (not found, not executable, no such user); `ret` is then untouched. */
int process_run(char *const argv[], const struct process_options *options,
                struct process_result *ret, struct err *err) MUST_CHECK;

/* Exit status 0. */
bool process_ok(const struct process_result *r);

/* "apache2ctl -t: exit status 1: <last lines of stderr, or else of stdout>", one line, control
 * characters visible. Owned by the caller (free). */
char *process_text(char *const argv[], const struct process_result *r);

/* ERR_SYSTEM with that text; always -1. */
int process_failed(char *const argv[], const struct process_result *r, struct err *err);

/* Where SIGCHLD is ignored (we may have been started so) the kernel forgets children and their exit statuses, and
 * gives their numbers away: from now on it does not. `before` is for sigaction(2), to go back. */
void process_mind_children(struct sigaction *before);

/* In a child: closes everything but `pipe`, which becomes descriptor 3; 0 to 2 are /dev/null. A lock that is held
 * elsewhere ends with its holder. 0, or -1 with errno. */
int process_keep_only(int pipe) MUST_CHECK;

#endif
