/*
 * Three processes: we; one between, which leaves our namespaces; and process 1 of the new ones, which
 * builds the scene and runs the trial. It answers over a pipe and ends, and the kernel takes all else of its
 * namespace with it. Should one of us be killed, the next is killed, too (PR_SET_PDEATHSIG).
 *
 * User namespaces are not tried: with owners mapped, permissions would not be what they are.
 */
#include "rehearse/rehearse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/file.h"
#include "rehearse/scene.h"
#include "rehearse/trial.h"

#define EXTRA_SECONDS 60 /* for the scene, and for a verify that was begun in time */

/* What comes back through the pipe: less than PIPE_BUF, so it comes whole. */
struct outcome {
    int rc;
    struct err err;
};

_Static_assert(sizeof(struct outcome) <= PIPE_BUF, "an outcome fits into a pipe at once");

static int not_here(struct err *err, const char *why)
{
    err_set(err, ERR_SYSTEM, "no rehearsal: %s", why);
    return 1;
}

static void answer(int pipe, int rc, const struct err *err)
{
    struct outcome o = {.rc = rc, .err = *err};
    while (write(pipe, &o, sizeof o) < 0 && errno == EINTR)
        continue;
}

/* --- process 1 --------------------------------------------------------------------------- */

static _Noreturn void act(const struct plan *plan, const struct trial *t, int pipe)
{
    struct err err = ERR_INIT;
    int rc = scene_build(plan, t->service, json_object_get(t->how, "private"), &err);
    if (rc == 0)
        rc = trial_run(t, &err);
    answer(pipe, rc, &err);
    _exit(0);
}

/* --- the one between --------------------------------------------------------------------- */

static void unblock_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void leave(const struct plan *plan, const struct trial *t, int pipe,
                            pid_t parent)
{
    struct err err = ERR_INIT;
    unblock_signals();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC) < 0) {
        err_sys(&err, errno, "namespaces");
        answer(pipe, 1, &err);
        _exit(1);
    }
    pid_t first = fork();
    if (first == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
            _exit(1);
        act(plan, t, pipe);
    }
    close(pipe);
    while (first > 0 && waitpid(first, NULL, 0) < 0 && errno == EINTR)
        continue;
    _exit(0);
}

/* --- we ---------------------------------------------------------------------------------- */

static bool receive(int pipe, int seconds, struct outcome *ret)
{
    struct pollfd set = {.fd = pipe, .events = POLLIN};
    int64_t deadline = deadline_in(seconds * 1000);
    int n;
    do
        n = poll(&set, 1, deadline_left(deadline));
    while (n < 0 && errno == EINTR);
    return n > 0 && read(pipe, ret, sizeof *ret) == (ssize_t)sizeof *ret;
}

/* Once it has answered the namespace ends by itself, and is waited for; else it is ended. */
static void end(pid_t pid, bool answered)
{
    if (!answered)
        kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static int watch(pid_t pid, int pipe, const struct trial *t, struct err *err)
{
    struct outcome o;
    bool answered = receive(pipe, trial_seconds(t->how) + EXTRA_SECONDS, &o);
    end(pid, answered);
    if (!answered)
        return err_set(err, ERR_SYSTEM, "rehearse %s: it ended without an answer",
                       t->service);
    o.err.text[sizeof o.err.text - 1] = '\0';
    if (o.rc == 1)
        return not_here(err, o.err.text);
    if (o.rc == 0)
        return 0;
    *err = o.err;
    return err_context(err, "rehearse %s", t->service);
}

/* A second server needs every entry as a file. */
static bool has_files(const struct plan *plan, const char *service)
{
    for (size_t i = 0; i < plan->entry_count; i++)
        if (strcmp(plan->entries[i].service, service) == 0 && !plan->entries[i].file)
            return false;
    return true;
}

int rehearse_service(const struct plan *plan, const struct plan_service *service,
                     int (*verify)(void *ctx, const char *service, struct err *err),
                     void *ctx, struct err *err)
{
    struct trial t = {
        .service = service->name, .how = service->trial, .verify = verify, .ctx = ctx};
    if (!service->trial)
        return not_here(err, "nobody has said how to start this service for a trial");
    if (strcmp(plan->root, "/") != 0)
        return not_here(err, "a tree has no daemons");
    if (!has_files(plan, service->name))
        return not_here(err, "nobody knows where the server keeps its directory entries");
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "create pipe");
    CLEANUP(fd_close) int in = ends[0];
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        leave(plan, &t, ends[1], parent);
    close(ends[1]);
    if (pid < 0)
        return err_sys(err, errno, "fork");
    return watch(pid, in, &t, err);
}
