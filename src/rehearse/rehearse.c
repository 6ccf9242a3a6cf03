/*
 * Processes: we; one between, which leaves our namespaces; process 1 of the new ones, which builds the scene and runs
 * the trial; and one beside it that reads its log. It answers over a pipe and ends, and the kernel takes all else of its
 * namespace with it. Should one of us be killed, the next is killed, too (PR_SET_PDEATHSIG).
 */
#include "rehearse/rehearse.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/deadline.h"
#include "base/file.h"
#include "rehearse/scene.h"
#include "rehearse/trial.h"
#include "rehearse/userns.h"

#define EXTRA_SECONDS 60 /* for the scene, and for a verify that was begun in time */

/* What comes back through the pipe first. */
struct outcome {
    int rc;
    struct err err;
};

static int not_here(struct err *err, const char *why)
{
    err_set(err, ERR_SYSTEM, "no rehearsal: %s", why);
    return 1;
}

/* What was seen follows as JSON. Where nobody listens any more there is nothing left to do. */
static void answer(int pipe, int rc, const struct err *err, const json_t *seen)
{
    const struct outcome o = {.rc = rc, .err = *err};
    struct err unheard = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    char *json = seen ? json_dumps(seen, JSON_COMPACT) : NULL;
    buf_add(&text, &o, sizeof o);
    buf_adds(&text, json ? json : "");
    free(json);
    if (file_write_all(pipe, text.data, text.len, "the answer", &unheard) < 0)
        _exit(1);
}

/* --- process 1 --------------------------------------------------------------------------- */

static _Noreturn void act(const struct plan *plan, struct trial *t, int pipe)
{
    struct err err = ERR_INIT;
    int rc = scene_build(plan, t->service, t->how, &err);
    if (rc == 0)
        rc = trial_log_mount(&t->log, SCENE_PRIVATE, &err);
    if (rc == 0)
        rc = trial_run(t, &err);
    answer(pipe, rc, &err, t->seen);
    _exit(0);
}

/* --- the one between --------------------------------------------------------------------- */

static void unblock_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void leave(const struct plan *plan, struct trial *t, int pipe,
                            pid_t parent)
{
    struct err err = ERR_INIT;
    unblock_signals();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    if (userns_unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC, &err) <
        0) {
        answer(pipe, 1, &err, NULL);
        _exit(1);
    }
    if (trial_log_open(&t->log, &err) < 0) {
        answer(pipe, -1, &err, NULL);
        _exit(1);
    }
    pid_t first = fork();
    if (first == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
            _exit(1);
        act(plan, t, pipe);
    }
    close(pipe);
    if (first > 0 && fork() == 0) /* in the namespace, too, and gone with it */
        trial_log_drain(&t->log);
    /* Process 1 ends when the last of its namespace is waited for. */
    while (wait(NULL) > 0 || errno == EINTR)
        continue;
    _exit(0);
}

/* --- we ---------------------------------------------------------------------------------- */

#define SEEN_LIMIT ((size_t)1 << 20)

/* Reads until the other end is closed, which it is when the namespace is gone. */
static bool receive(struct rehearsal *r, struct buf *ret)
{
    char piece[4096];
    for (;;) {
        struct pollfd set = {.fd = r->pipe, .events = POLLIN};
        int n = poll(&set, 1, deadline_left(r->deadline));
        if (n < 0 && errno == EINTR)
            continue;
        ssize_t got = n > 0 ? read(r->pipe, piece, sizeof piece) : -1;
        if (got < 0 && n > 0 && errno == EINTR)
            continue;
        if (got <= 0 || ret->len > SEEN_LIMIT)
            return got == 0 && ret->len >= sizeof(struct outcome);
        buf_add(ret, piece, (size_t)got);
    }
}

/* Once it has answered the namespace ends by itself, and is waited for; else it is ended. */
static void end(pid_t pid, bool answered)
{
    if (!answered)
        kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static int judge(const struct rehearsal *r, const struct buf *text, json_t **ret_seen,
                 struct err *err)
{
    struct outcome o;
    memcpy(&o, text->data, sizeof o);
    o.err.text[sizeof o.err.text - 1] = '\0';
    if (o.rc == 0 && ret_seen && text->len > sizeof o)
        *ret_seen = json_loadb(text->data + sizeof o, text->len - sizeof o, 0, NULL);
    if (o.rc == 1)
        return not_here(err, o.err.text);
    if (o.rc == 0)
        return 0;
    *err = o.err;
    return err_context(err, "rehearse %s", r->service);
}

int rehearse_end(struct rehearsal *r, json_t **ret_seen, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (ret_seen)
        *ret_seen = NULL;
    if (r->pid < 0) {
        *err = r->err;
        return r->rc;
    }
    bool answered = receive(r, &text);
    end(r->pid, answered);
    fd_close(&r->pipe);
    if (!answered)
        return err_set(err, ERR_SYSTEM, "rehearse %s: it ended without an answer",
                       r->service);
    return judge(r, &text, ret_seen, err);
}

/* A second server needs every entry as a file. */
static bool has_files(const struct plan *plan, const char *service)
{
    for (size_t i = 0; i < plan->entry_count; i++)
        if (strcmp(plan->entries[i].service, service) == 0 && !plan->entries[i].file)
            return false;
    return true;
}

static int start(const struct plan *plan, struct trial *t, enum rehearse_on on,
                 struct rehearsal *r)
{
    struct err *err = &r->err;
    if (!t->how)
        return not_here(err, "nobody has said how to start this service for a trial");
    if (strcmp(plan->root, "/") != 0)
        return not_here(err, "a tree has no daemons");
    if (!has_files(plan, t->service))
        return not_here(err, "nobody knows where the server keeps its directory entries");
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "create pipe");
    pid_t parent = getpid();
    r->deadline = deadline_in((trial_seconds(t->how) + EXTRA_SECONDS) * 1000);
    r->pipe = ends[0];
    r->pid = fork();
    if (r->pid == 0)
        leave(on == REHEARSE_PRESENT ? NULL : plan, t, ends[1], parent);
    close(ends[1]);
    if (r->pid >= 0)
        return 0;
    fd_close(&r->pipe);
    return err_sys(err, errno, "fork");
}

void rehearse_begin(const struct plan *plan, const struct plan_service *service,
                    enum rehearse_on on, const struct rehearse_calls *calls,
                    struct rehearsal *ret)
{
    struct trial t = {.service = service->name, .how = service->trial, .calls = *calls};
    *ret = (struct rehearsal){.service = service->name, .pid = -1, .pipe = -1};
    ret->rc = start(plan, &t, on, ret);
}

int rehearse_service(const struct plan *plan, const struct plan_service *service,
                     int (*verify)(void *ctx, const char *service, struct err *err),
                     void *ctx, struct err *err)
{
    const struct rehearse_calls calls = {.verify = verify, .ctx = ctx};
    struct rehearsal r;
    rehearse_begin(plan, service, REHEARSE_CANDIDATE, &calls, &r);
    return rehearse_end(&r, NULL, err);
}
