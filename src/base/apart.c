/* The answer comes through a pipe, as JSON: what may have been taken over by a stranger does not hand back memory. */
#include "base/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/confine.h"
#include "base/deadline.h"
#include "base/file.h"
#include "base/process.h"
#include "base/user.h"

#define NOBODY    65534
#define MAP_LIMIT ((size_t)1 << 16)

/* --- who it is ------------------------------------------------------------------------------- */

/* Has this user namespace one user only? user_namespaces(7) */
static bool is_alone(void)
{
    CLEANUP(buf_release) struct buf map = BUF_INIT;
    struct err unread = ERR_INIT;
    if (file_read("/proc/self/uid_map", MAP_LIMIT, &map, NULL, &unread) < 0 || !map.len)
        return false;
    char *rest = map.data;
    strtoul(rest, &rest, 10); /* inside, outside, how many */
    strtoul(rest, &rest, 10);
    return strtoul(rest, &rest, 10) == 1;
}

int apart_become(struct err *err)
{
    gid_t group = NOBODY;
    struct user nobody = {
        .uid = NOBODY, .gid = NOBODY, .groups = &group, .group_count = 1};
    if (geteuid() == 0 && !is_alone() && user_become(&nobody) < 0)
        return err_sys(err, errno, "become nobody");
    return confine(err) < 0 ? -1 : 0;
}

/* --- in the process -------------------------------------------------------------------------- */

/* {"answer": what `run` says} or {"error": why not}. The kernel forgets PR_SET_PDEATHSIG whenever the user changes. */
static json_t *answer(json_t *(*run)(void *ctx), void *ctx)
{
    struct err err = ERR_INIT;
    if (apart_become(&err) < 0)
        return json_pack("{s:s}", "error", err.text);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return json_pack("{s:s}", "error", "prctl");
    return json_pack("{s:o}", "answer", run(ctx));
}

static void child(json_t *(*run)(void *ctx), void *ctx, int pipe)
{
    if (process_keep_only(pipe) < 0)
        return;
    json_t *all CLEANUP(json_decrefp) = answer(run, ctx);
    if (all)
        (void)json_dumpfd(all, 3, JSON_COMPACT);
}

/* --- here ------------------------------------------------------------------------------------ */

/* Reads until the end of file. */
static int read_all(int fd, int deadline_ms, struct buf *out, struct err *err)
{
    int64_t deadline = deadline_in(deadline_ms);
    for (int left; (left = deadline_left(deadline)) > 0;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, left) <= 0)
            continue;
        char block[16384];
        ssize_t n = read(fd, block, sizeof block);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return err_sys(err, errno, "read from a process");
        buf_add(out, block, n > 0 ? (size_t)n : 0);
        if (out->len > APART_LIMIT)
            return err_set(err, ERR_SYSTEM, "a process of ours does not stop answering");
    }
    return err_set(err, ERR_SYSTEM, "a process of ours has not answered within %d s",
                   deadline_ms / 1000);
}

static int judge(const struct buf *text, json_t **ret, struct err *err)
{
    json_t *all CLEANUP(json_decrefp) = json_loadb(buf_str(text), text->len, 0, NULL);
    json_t *said = json_object_get(all, "answer");
    const char *error = json_string_value(json_object_get(all, "error"));
    if (error)
        return err_set(err, ERR_SYSTEM, "%s", error);
    if (!json_is_object(said) && !json_is_array(said))
        return err_set(err, ERR_SYSTEM, "a process of ours has ended without an answer");
    *ret = json_incref(said);
    return 0;
}

/* The process, and what it says. */
static int converse(json_t *(*run)(void *ctx), void *ctx, int deadline_ms,
                    struct buf *ret, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "make a pipe");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        child(run, ctx, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    CLEANUP(fd_close) int fd = ends[0];
    if (pid < 0)
        return err_sys(err, errno, "start a process");
    int failed = read_all(fd, deadline_ms, ret, err);
    kill(pid, SIGKILL); /* it has nothing left to do */
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return failed;
}

int apart(json_t *(*run)(void *ctx), void *ctx, int deadline_ms, json_t **ret,
          struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    struct sigaction before;
    process_mind_children(&before);
    int failed = converse(run, ctx, deadline_ms, &text, err);
    sigaction(SIGCHLD, &before, NULL);
    return failed < 0 ? -1 : judge(&text, ret, err);
}
