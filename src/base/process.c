/*
 * Running another program. One child at a time: fork, exec, then one poll loop over its two
 * pipes and its pidfd until it has ended.
 *
 * Standard input is a memory file, so nothing here can block or raise SIGPIPE by writing to a
 * child that does not read. A second, close-on-exec pipe carries errno when exec fails; its
 * end of file says that the session exists and signals may be sent to it.
 */
#include "base/process.h"
#ifndef TAKE_FD
#define TAKE_FD(fd)                                                                      \
    (__extension__({                                                                     \
        int take_fd_ = (fd);                                                             \
        (fd) = -1;                                                                       \
        take_fd_;                                                                        \
    }))
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/file.h"
#include "base/strv.h"
#include "base/visible.h"

#define CLEAN_PATH "/usr/sbin:/usr/bin:/sbin:/bin"
#define LINGER_MS  200  /* for what is still in the pipes once the child has ended */
#define TERM_MS    1000 /* between SIGTERM and SIGKILL */
#define SHOWN      600  /* bytes of output in a message */

struct child {
    pid_t pid;
    int pidfd;   /* -1: the kernel has none; then the child is looked at now and then */
    int pipe[2]; /* its stdout, its stderr; -1 once closed */
    bool ended;
    int wait_status;
};

void process_release(struct process_result *r)
{
    buf_release(&r->out);
    buf_release(&r->errors);
}

bool process_ok(const struct process_result *r)
{
    return r->end == PROCESS_EXITED && r->status == 0;
}

/* --- the child's side -------------------------------------------------------------------- */

struct launch {
    char *const *argv;
    const char *path;
    struct strv environment;
    const struct user *user;
    int input, output[2], errors[2], failed[2];
};

#define LAUNCH_INIT                                                                      \
    {                                                                                    \
        .input = -1, .output = {-1, -1}, .errors = {-1, -1}, .failed = { -1, -1 }        \
    }

static void launch_release(struct launch *l)
{
    strv_release(&l->environment);
    fd_close(&l->input);
    for (int i = 0; i < 2; i++) {
        fd_close(&l->output[i]);
        fd_close(&l->errors[i]);
        fd_close(&l->failed[i]);
    }
}

static void reset_signals(void)
{
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL); /* fails for SIGKILL and the like, which is as well */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int place(const struct launch *l)
{
    reset_signals();
    umask(022);
    if (setsid() < 0 || chdir("/") < 0)
        return -1;
    if (dup2(l->input, 0) < 0 || dup2(l->output[1], 1) < 0 || dup2(l->errors[1], 2) < 0)
        return -1;
    if (l->user && user_become(l->user) < 0)
        return -1;
    return close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
}

static _Noreturn void become(const struct launch *l)
{
    if (place(l) == 0)
        execve(l->path, l->argv, l->environment.items);
    int code = errno;
    while (write(l->failed[1], &code, sizeof code) < 0 && errno == EINTR)
        continue;
    _exit(127);
}

/* --- starting ---------------------------------------------------------------------------- */

static bool sets(const char *variable, const char *entry)
{
    size_t n = strcspn(variable, "=");
    return strncmp(variable, entry, n) == 0 && entry[n] == '=';
}

static void make_environment(char *const *extra, struct strv *out)
{
    static const char *const clean[] = {"PATH=" CLEAN_PATH, "LC_ALL=C"};
    for (size_t i = 0; i < ARRAY_LEN(clean); i++) {
        bool replaced = false;
        for (char *const *e = extra; e && *e; e++)
            replaced = replaced || sets(clean[i], *e);
        if (!replaced)
            strv_add(out, clean[i]);
    }
    for (char *const *e = extra; e && *e; e++)
        strv_add(out, *e);
}

/* Where a program without a slash in its name is found; NULL: nowhere. Owned (free). */
static char *find_program(const char *name)
{
    if (strchr(name, '/'))
        return mem_strdup(name);
    for (const char *dir = CLEAN_PATH; *dir;) {
        int n = (int)strcspn(dir, ":");
        char *path = mem_printf("%.*s/%s", n, dir, name);
        if (access(path, X_OK) == 0)
            return path;
        free(path);
        dir += n + (dir[n] == ':');
    }
    return NULL;
}

/* Descriptors 0 to 2 are for the child to replace; ours stay above, even when we were started
 * with those closed. */
static int above_standard(int fd)
{
    if (fd < 0 || fd > 2)
        return fd;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int code = errno;
    close(fd);
    errno = code;
    return high;
}

static int make_pipe(int ends[2])
{
    int raw[2];
    if (pipe2(raw, O_CLOEXEC) < 0)
        return -1;
    ends[0] = above_standard(raw[0]);
    ends[1] = above_standard(raw[1]);
    return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

static int make_input(struct bytes input, int *ret, struct err *err)
{
    if (input.len == 0)
        *ret = above_standard(open("/dev/null", O_RDONLY | O_CLOEXEC));
    else
        *ret = above_standard(memfd_create("input", MFD_CLOEXEC));
    if (*ret < 0)
        return err_sys(err, errno, "prepare standard input");
    if (input.len == 0)
        return 0;
    if (file_write_all(*ret, input.data, input.len, "standard input", err) < 0)
        return -1;
    return lseek(*ret, 0, SEEK_SET) < 0 ? err_sys(err, errno, "prepare standard input")
                                        : 0;
}

static int prepare(char *const argv[], const struct process_options *o, struct launch *l,
                   struct err *err)
{
    l->argv = argv;
    l->user = o->user;
    make_environment(o->environment, &l->environment);
    if (make_input(o->input, &l->input, err) < 0)
        return -1;
    if (make_pipe(l->output) < 0 || make_pipe(l->errors) < 0 || make_pipe(l->failed) < 0)
        return err_sys(err, errno, "create pipe");
    return 0;
}

/* Waits until exec has succeeded (0) or failed (its errno). */
static int exec_outcome(int fd)
{
    int code = 0;
    ssize_t n;
    do
        n = read(fd, &code, sizeof code);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof code ? code : 0;
}

static int reap(pid_t pid, int *status, int flags)
{
    pid_t got;
    do
        got = waitpid(pid, status, flags);
    while (got < 0 && errno == EINTR);
    return got == pid ? 1 : got == 0 ? 0 : -1;
}

static int start(struct launch *l, struct child *c, struct err *err)
{
    c->pid = fork();
    if (c->pid < 0)
        return err_sys(err, errno, "fork");
    if (c->pid == 0)
        become(l);
    fd_close(&l->failed[1]);
    fd_close(&l->output[1]);
    fd_close(&l->errors[1]);
    int code = exec_outcome(l->failed[0]);
    if (code) {
        reap(c->pid, &c->wait_status, 0);
        return err_sys(err, code, "start '%s'", l->path);
    }
    c->pidfd = pidfd_open(c->pid, 0);
    c->pipe[0] = TAKE_FD(l->output[0]);
    c->pipe[1] = TAKE_FD(l->errors[0]);
    return 0;
}

/* --- watching ---------------------------------------------------------------------------- */

static void keep(struct buf *out, const char *data, size_t n, size_t limit, bool *cut)
{
    size_t room = limit - out->len;
    *cut = *cut || n > room;
    buf_add(out, data, n < room ? n : room);
}

/* Reads once what is there; closes at the end of file. */
static void drain(int *fd, struct buf *out, size_t limit, bool *cut)
{
    char piece[16384];
    ssize_t n = read(*fd, piece, sizeof piece);
    if (n > 0)
        keep(out, piece, (size_t)n, limit, cut);
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
        fd_close(fd);
}

/* Waits up to `ms` for output or the child's end, and takes it. False: nothing came. */
static bool watch(struct child *c, int ms, size_t limit, struct process_result *r)
{
    struct pollfd set[] = {{.fd = c->pipe[0], .events = POLLIN},
                           {.fd = c->pipe[1], .events = POLLIN},
                           {.fd = c->ended ? -1 : c->pidfd, .events = POLLIN}};
    if (!c->ended && c->pidfd < 0 && ms > 20)
        ms = 20;
    int n = poll(set, ARRAY_LEN(set), ms);
    if (n > 0 && set[0].revents)
        drain(&c->pipe[0], &r->out, limit, &r->cut);
    if (n > 0 && set[1].revents)
        drain(&c->pipe[1], &r->errors, limit, &r->cut);
    if (!c->ended && reap(c->pid, &c->wait_status, WNOHANG) != 0)
        c->ended = true;
    return n > 0;
}

static void watch_until(struct child *c, int64_t deadline, size_t limit,
                        struct process_result *r)
{
    while (!c->ended && deadline_left(deadline) > 0)
        watch(c, deadline_left(deadline), limit, r);
}

/* What the child wrote before it ended is read to its end; a daemon that holds the pipe is
 * given up on when it is silent, or talks for longer than anybody waits. */
static void linger(struct child *c, size_t limit, struct process_result *r)
{
    int64_t deadline = deadline_in(5 * LINGER_MS);
    while ((c->pipe[0] >= 0 || c->pipe[1] >= 0) && deadline_left(deadline) > 0)
        if (!watch(c, LINGER_MS, limit, r))
            break;
}

/* The whole group, since what the child started would otherwise go on without it. */
static void stop(struct child *c, size_t limit, struct process_result *r)
{
    kill(-c->pid, SIGTERM);
    watch_until(c, deadline_in(TERM_MS), limit, r);
    kill(-c->pid, SIGKILL);
    if (!c->ended)
        reap(c->pid, &c->wait_status, 0);
    c->ended = true;
}

static void attend(struct child *c, const struct process_options *o,
                   struct process_result *r)
{
    size_t limit = o->output_limit ? o->output_limit : PROCESS_OUTPUT_LIMIT;
    int ms = o->deadline_ms > 0 ? o->deadline_ms : PROCESS_DEADLINE_MS;
    watch_until(c, deadline_in(ms), limit, r);
    bool late = !c->ended;
    if (late)
        stop(c, limit, r);
    linger(c, limit, r);
    bool by_signal = WIFSIGNALED(c->wait_status);
    r->end = late ? PROCESS_TIMED_OUT : by_signal ? PROCESS_SIGNALLED : PROCESS_EXITED;
    r->status = by_signal ? WTERMSIG(c->wait_status)
                : late    ? 0
                          : WEXITSTATUS(c->wait_status);
    fd_close(&c->pipe[0]);
    fd_close(&c->pipe[1]);
    fd_close(&c->pidfd);
}

/* Kernels before 5.9, and some sandboxes, have no close_range(). */
static void close_from(int first)
{
    if (close_range((unsigned)first, ~0U, 0) == 0)
        return;
    long end = sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < (end > 0 && end < 65536 ? end : 65536); fd++)
        close(fd);
}

int process_keep_only(int pipe)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return -1;
    for (int fd = 0; fd <= 2; fd++)
        if (dup2(null, fd) < 0)
            return -1;
    if (pipe != 3 && dup2(pipe, 3) < 0)
        return -1;
    close_from(4);
    return 0;
}

void process_mind_children(struct sigaction *before)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, NULL, before);
    if (before->sa_handler == SIG_IGN)
        sigaction(SIGCHLD, &standard, NULL);
}

int process_run(char *const argv[], const struct process_options *options,
                struct process_result *ret, struct err *err)
{
    static const struct process_options none = {.user = NULL};
    const struct process_options *o = options ? options : &none;
    CLEANUP(mem_freep) char *path = find_program(argv[0]);
    if (!path)
        return err_sys(err, ENOENT, "start '%s'", argv[0]);
    CLEANUP(launch_release) struct launch l = LAUNCH_INIT;
    l.path = path;
    struct child c = {.pidfd = -1, .pipe = {-1, -1}};
    if (prepare(argv, o, &l, err) < 0)
        return err_context(err, "start '%s'", argv[0]);
    struct sigaction before;
    process_mind_children(&before);
    int rc = start(&l, &c, err);
    if (rc == 0) {
        process_release(ret);
        *ret = (struct process_result)PROCESS_INIT;
        attend(&c, o, ret);
    }
    sigaction(SIGCHLD, &before, NULL);
    return rc;
}

/* --- messages ---------------------------------------------------------------------------- */

static void add_command(struct buf *out, char *const argv[])
{
    const char *slash = strrchr(argv[0], '/');
    visible_add(out, bytes_str(slash ? slash + 1 : argv[0]));
    for (size_t i = 1; argv[i]; i++) {
        buf_addc(out, ' ');
        visible_add(out, bytes_str(argv[i]));
    }
}

/* The last lines that fit, since programs say last why they gave up. */
static void add_last(struct buf *out, struct bytes text)
{
    text = bytes_trim(text);
    if (text.len > SHOWN) {
        text.data += text.len - SHOWN;
        text.len = SHOWN;
        const char *nl = memchr(text.data, '\n', text.len);
        size_t skip = nl ? (size_t)(nl - text.data) + 1 : 0;
        text.data += skip;
        text.len -= skip;
        buf_adds(out, "... ");
    }
    visible_add(out, text);
}

char *process_text(char *const argv[], const struct process_result *r)
{
    struct buf out = BUF_INIT;
    add_command(&out, argv);
    switch (r->end) {
    case PROCESS_EXITED:
        buf_addf(&out, ": exit status %d", r->status);
        break;
    case PROCESS_SIGNALLED:
        buf_addf(&out, ": ended by signal %d (%s)", r->status, strsignal(r->status));
        break;
    case PROCESS_TIMED_OUT:
        buf_adds(&out, ": did not end in time");
        break;
    }
    struct bytes errors = bytes_trim(bytes_buf(&r->errors));
    struct bytes said = errors.len ? errors : bytes_trim(bytes_buf(&r->out));
    if (said.len) {
        buf_adds(&out, ": ");
        add_last(&out, said);
    }
    return buf_take(&out);
}

int process_failed(char *const argv[], const struct process_result *r, struct err *err)
{
    CLEANUP(mem_freep) char *text = process_text(argv, r);
    return err_set(err, ERR_SYSTEM, "%s", text);
}
